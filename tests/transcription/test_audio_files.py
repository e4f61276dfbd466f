"""Files from outside: what may be opened, and how much of it."""

import asyncio
import io
import time
from collections.abc import Iterator
from pathlib import Path

import av
import httpx
import numpy as np
import pytest

from tests.patience import PATIENCE_S
from tests.transcription.conftest import DEMO, settings, tone
from tests.transcription.test_files import post, wav, webm
from transcription.audio_files import UnreadableAudio, read_samples
from transcription.recognise import Source
from transcription.service import CallerGone, Service
from transcription.voice import RATE, Samples

SDP = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 49152 RTP/AVP 0\r\n"


def packed(samples: Samples, kind: str, codec: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def length(content: bytes, max_seconds: float = 0.0) -> float:
    return sum(len(block) for block in read_samples(io.BytesIO(content), max_seconds=max_seconds)) / RATE


def test_a_play_list_cannot_name_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("other.wav").write_bytes(wav(tone(2)))
    with pytest.raises(UnreadableAudio) as caught:
        length(b"ffconcat version 1.0\nfile other.wav\n")
    assert caught.value.code == "audio_unreadable"


def test_a_session_description_opens_no_socket() -> None:
    started = time.monotonic()
    with pytest.raises(UnreadableAudio) as caught:
        length(SDP)
    assert caught.value.code == "audio_unreadable"
    assert time.monotonic() - started < 4, "it must not wait for packets: FFmpeg does for five seconds and more"


@pytest.mark.parametrize("kind", ["wav", "webm", "flac", "mp4"])
def test_what_browsers_and_recorders_write_is_read(kind: str) -> None:
    made = {
        "wav": wav, "webm": webm,
        "flac": lambda sound: packed(sound, "flac", "flac"),
        "mp4": lambda sound: packed(sound, "ipod", "alac"),
    }  # fmt: skip
    assert length(made[kind](tone(2))) == pytest.approx(2, abs=0.1)


def test_ogg_is_read() -> None:
    with (DEMO / "land" / "petitioner.opus").open("rb") as file:
        assert len(next(read_samples(file)))


def test_a_small_file_that_unpacks_to_hours_is_refused_at_its_limit() -> None:
    content = packed(np.zeros(600 * RATE, np.int16), "flac", "flac")
    assert len(content) < 200_000
    blocks = read_samples(io.BytesIO(content), max_seconds=30)
    taken: list[int] = []
    with pytest.raises(UnreadableAudio) as caught:
        taken.extend(len(block) for block in blocks)
    assert caught.value.code == "audio_too_long"
    assert 0 < sum(taken) <= 30 * RATE


async def test_the_limit_is_a_field_of_the_request(transcriber: tuple[str, Service]) -> None:
    refused = await post(transcriber[0], wav(tone(3)), max_seconds="2")
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "audio_too_long")
    assert (await post(transcriber[0], wav(tone(3)), max_seconds="4")).status_code == 200


def endless(taken: list[int]) -> Iterator[Samples]:
    while True:
        taken.append(1)
        yield np.zeros(RATE, np.int16)


async def test_nothing_goes_on_for_a_caller_who_has_gone() -> None:
    service, taken = Service(settings()), list[int]()
    service.engine.load()

    async def gone() -> bool:
        return len(taken) > 5

    with pytest.raises(CallerGone):
        await asyncio.wait_for(service.file(endless(taken), Source("p", "", "zh", ()), 0.0, gone), PATIENCE_S)
    service.pool.close()


async def test_a_request_that_is_broken_off_is_noticed(
    transcriber: tuple[str, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    monkeypatch.setattr("transcription.service.read_samples", lambda *_, **__: endless(taken))
    with pytest.raises(httpx.TimeoutException):
        async with httpx.AsyncClient(timeout=0.5) as client:
            await client.post(
                f"http://{transcriber[0]}/v1/audio/transcriptions",
                headers={"Authorization": "Bearer test-key"}, files={"file": ("sound", b"x")},
            )  # fmt: skip
    for _ in range(round(PATIENCE_S * 10)):
        before = len(taken)
        await asyncio.sleep(0.1)
        if len(taken) == before:
            return
    raise AssertionError("the sound is still being read")
