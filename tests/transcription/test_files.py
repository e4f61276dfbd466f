"""POST /v1/audio/transcriptions with the real model."""

import io
import wave
from pathlib import Path

import av
import httpx
import pytest

from server.protocol.transcript import Utterance
from tests.transcription.conftest import KEY, settings
from transcription.measuring import running
from transcription.service import Service
from transcription.voice import RATE, Samples

SENTENCES = ["我同意录音录像，您记录吧。", "我叫何德顺，今年六十三岁，是柳林镇上河村的村民。"]


def wav(samples: Samples) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def webm(samples: Samples) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        resampler = av.AudioResampler("s16", "mono", 48_000, frame_size=960)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return buffer.getvalue()


async def post(address: str, content: bytes, key: str = KEY, **fields: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=60) as client:
        return await client.post(
            f"http://{address}/v1/audio/transcriptions",
            headers={"Authorization": f"Bearer {key}"},
            files={"file": ("sound", content)},
            data={"response_format": "verbose_json", "timestamp_granularities[]": "word", **fields},
        )


@pytest.fixture(scope="module")
def sound(petitioner: Samples) -> Samples:
    return petitioner[20 * RATE : 42 * RATE]


async def test_file_gives_openai_fields_and_utterances(transcriber: tuple[str, Service], sound: Samples) -> None:
    answer = await post(transcriber[0], webm(sound), participant_id="p7", offset="300", language="zh")
    body = answer.json()
    assert answer.status_code == 200
    assert body["text"] == "".join(SENTENCES)
    assert body["duration"] == pytest.approx(22, abs=0.1)
    assert [s["text"] for s in body["segments"]] == SENTENCES
    assert "".join(w["word"] for w in body["words"]) == "".join(SENTENCES)
    utterances = [Utterance.model_validate(u) for u in body["utterances"]]
    assert [u.participant_id for u in utterances] == ["p7", "p7"]
    assert utterances[0].start == pytest.approx(302.838, abs=0.3)


async def test_silent_file_gives_no_text(transcriber: tuple[str, Service], sound: Samples) -> None:
    body = (await post(transcriber[0], wav(sound[: 2 * RATE] * 0))).json()
    assert (body["text"], body["utterances"]) == ("", [])


@pytest.mark.parametrize(("content", "code"), [(b"", "audio_unreadable"), (b"hello" * 100, "audio_unreadable")])
async def test_what_is_no_recording_is_refused(transcriber: tuple[str, Service], content: bytes, code: str) -> None:
    answer = await post(transcriber[0], content)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize("kind", ["wav", "webm"])
async def test_truncated_recording_is_told_and_may_still_be_read(
    transcriber: tuple[str, Service], sound: Samples, kind: str
) -> None:
    content = wav(sound) if kind == "wav" else webm(sound)
    half = content[: len(content) // 2]
    answer = await post(transcriber[0], half)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "audio_truncated"
    assert "不完整" in answer.json()["error"]["message"]
    forgiven = await post(transcriber[0], half, partial="true")
    assert forgiven.status_code == 200
    assert forgiven.json()["text"].startswith(SENTENCES[0])


async def test_missing_file_and_bad_fields_are_told(transcriber: tuple[str, Service], sound: Samples) -> None:
    answer = await post(transcriber[0], wav(sound[:RATE]), offset="-4")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "invalid_input", "offset")
    async with httpx.AsyncClient() as client:
        url = f"http://{transcriber[0]}/v1/audio/transcriptions"
        empty = await client.post(url, headers={"Authorization": f"Bearer {KEY}"})
    assert (empty.status_code, empty.json()["error"]["code"]) == (400, "invalid_input")


async def test_wrong_key_and_too_large_are_refused(sound: Samples) -> None:
    async with running(settings(max_upload_mb=1)) as (address, service):
        service.engine.load()
        refused = await post(address, wav(sound[:RATE]), key="wrong")
        large = await post(address, bytes(2 << 20))
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "key_wrong")
    assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")


async def test_missing_model_is_told(tmp_path: Path, sound: Samples) -> None:
    async with running(settings(model=str(tmp_path / "none"))) as (address, service):
        service.engine.load()
        answer = await post(address, wav(sound[:RATE]))
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "model_missing")


async def test_metrics_count_utterances(transcriber: tuple[str, Service], sound: Samples) -> None:
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"http://{transcriber[0]}/metrics")).text
    assert "jietan_live_streams 0.0" in text
