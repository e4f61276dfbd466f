"""The live WebSocket with the real model."""

import asyncio
import json
import shutil
import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
import pytest
import websockets

from server.protocol.transcript import (
    LiveFinished,
    LivePartial,
    LiveProgress,
    LiveRepaired,
    LiveReply,
    LiveSeek,
    LiveStart,
    LiveTrouble,
    LiveUtterance,
    Utterance,
    live_reply,
)
from tests.patience import PATIENCE_S
from tests.transcription.conftest import DEMO, KEY, MODEL, clicks, noise, settings, tone
from transcription.client import recognise_live
from transcription.engine import Heard, ModelState
from transcription.evaluate import load_reference, score
from transcription.evaluation import Figures, compare
from transcription.measuring import load_dialogue, running, transcribe_dialogue
from transcription.service import Service
from transcription.voice import RATE, Samples, Signal

START = LiveStart(reception_id="r1", participant_id="p1", offset=0.0)


async def replies(address: str, samples: Samples, start: LiveStart = START, block_s: float = 0.5) -> list[LiveReply]:
    return [a.reply async for a in recognise_live(f"ws://{address}", KEY, start, samples, block_s=block_s)]


def utterances(given: list[LiveReply]) -> list[Utterance]:
    return [r.utterance for r in given if isinstance(r, LiveUtterance)]


def untils(given: list[LiveReply]) -> list[float]:
    return [r.until for r in given if isinstance(r, LiveUtterance | LiveProgress)]


def connect(address: str, key: str = KEY) -> websockets.connect:
    return websockets.connect(f"ws://{address}/live", additional_headers={"Authorization": f"Bearer {key}"})


@pytest.mark.nightly
async def test_dialogues_are_recognised_and_their_errors_marked_as_well_as_they_must_be(transcriber: tuple[str, Service]) -> None:
    total = Figures()
    for name, bound in (("land", 0.038), ("wage", 0.034), ("free-land", 0.12)):
        dialogue, reference = load_dialogue(DEMO / name), load_reference(DEMO / name / "reference.json")
        transcript = await transcribe_dialogue(transcriber[0], KEY, dialogue)
        result = score(transcript, reference)
        assert result.cer <= bound, name
        assert result.speaker_errors == 0
        assert result.starts_within_half_second >= 0.95
        assert 36 <= result.utterances <= 42
        for speaker, sound in dialogue.tracks.items():
            own = sorted((u for who, u in transcript if who == speaker), key=lambda u: u.start)
            total.add(compare(own, [s for s in reference if s.speaker == speaker], len(sound) / RATE)[0])
    marks = total.shown()
    assert marks["doubt_recall"] >= 0.9
    assert marks["doubt_share"] <= 0.19
    assert marks["invented_sentences"] == 0


class InstantEngine:
    """In the place of a model: as many characters as a quarter of a second of sound has room for, at once."""

    name, state, message = "stub", ModelState.READY, ""

    def load(self) -> None:
        """Is ready."""

    def transcribe(self, signal: Signal, language: str, hotwords: Sequence[str] = (), **how: bool) -> list[Heard]:
        text = "我家承包的地去年被占了到现在没有拿到一分钱补偿款我找过村里也找过镇里"[: len(signal) * 4 // RATE]
        return [Heard(text, 0.0, len(signal) / RATE)]


async def test_captions_only_grow_and_the_text_is_there_when_the_pause_ends(petitioner: Samples) -> None:
    sound = petitioner[22 * RATE : 34 * RATE]
    async with running(settings(), InstantEngine()) as (address, service):
        given = [a.reply async for a in recognise_live(f"ws://{address}", KEY, START, sound, speed=6.0)]
    shown: dict[float, str] = {}
    for partial in [r for r in given if isinstance(r, LivePartial)]:
        assert partial.text.startswith(shown.get(partial.start, ""))
        shown[partial.start] = partial.text
    assert sum(map(len, shown.values())) >= 10
    assert utterances(given)
    assert service.metrics.ahead._value.get() >= 1


async def test_contract_of_utterances(transcriber: tuple[str, Service], petitioner: Samples) -> None:
    given = await replies(transcriber[0], petitioner, START.model_copy(update={"offset": 100.0}))
    said = utterances(given)
    assert isinstance(given[-1], LiveFinished)
    assert [u.text for u in said][:2] == ["我同意录音录像，您记录吧。", "我叫何德顺，今年六十三岁，是柳林镇上河村的村民。"]
    assert len(said) == 4
    assert untils(given) == sorted(untils(given))
    assert untils(given)[-1] == pytest.approx(166.0, abs=0.05)
    assert abs(said[0].start - 122.838) < 0.3
    for utterance in said:
        assert "".join(w.text for w in utterance.words) == utterance.text
        assert utterance.start == utterance.words[0].start
        assert utterance.end == utterance.words[-1].end
        assert all(a.end <= b.start + 0.02 for a, b in pairwise(utterance.words))
        assert utterance.model == "model"
    assert all(a.end <= b.start for a, b in pairwise(said))
    assert len({u.id for u in said}) == 4


@pytest.mark.parametrize("block_s", [0.02, 5.0])
@pytest.mark.nightly
async def test_size_of_blocks_does_not_matter(
    transcriber: tuple[str, Service], petitioner: Samples, block_s: float
) -> None:
    sound = petitioner[22 * RATE : 42 * RATE]
    given = utterances(await replies(transcriber[0], sound, block_s=block_s))
    assert [u.text for u in given] == ["我同意录音录像，您记录吧。", "我叫何德顺，今年六十三岁，是柳林镇上河村的村民。"]


@pytest.mark.parametrize(
    "sound",
    [np.zeros(10 * RATE, np.int16), tone(10), noise(10, 0.005), noise(10, 0.3), clicks(10)],
    ids=["silence", "hum", "faint noise", "loud noise", "clicks"],
)
async def test_what_is_not_speech_gives_nothing(transcriber: tuple[str, Service], sound: Samples) -> None:
    given = await replies(transcriber[0], sound)
    assert utterances(given) == []
    assert untils(given)[-1] == pytest.approx(10.0, abs=0.05)


async def test_broken_connection_resumed_from_until_gives_everything_once(
    transcriber: tuple[str, Service], petitioner: Samples
) -> None:
    sound = petitioner[: 42 * RATE]
    whole = utterances(await replies(transcriber[0], sound))
    first, until = await _until_first_utterance(transcriber[0], sound)
    rest = sound[round(until * RATE) :]
    assert len(whole) == 2
    again = utterances(await replies(transcriber[0], rest, START.model_copy(update={"offset": until})))
    assert [u.text for u in first + again] == [u.text for u in whole]
    assert [u.start for u in first + again] == pytest.approx([u.start for u in whole], abs=0.05)


async def _until_first_utterance(address: str, samples: Samples) -> tuple[list[Utterance], float]:
    got: list[LiveReply] = []
    async for arrival in recognise_live(f"ws://{address}", KEY, START, samples, block_s=0.2):
        got.append(arrival.reply)
        if utterances(got):
            break
    return utterances(got), untils(got)[-1]


async def test_seek_finishes_what_is_open_and_moves_on(transcriber: tuple[str, Service], petitioner: Samples) -> None:
    sentence = petitioner[round(22.5 * RATE) : round(26.1 * RATE)]
    async with connect(transcriber[0]) as socket:
        await socket.send(START.model_dump_json())
        await socket.send(sentence.tobytes())
        await socket.send(LiveSeek(at=60.0).model_dump_json())
        await socket.send(sentence.tobytes())
        await socket.send('{"type":"end"}')
        given = [live_reply.validate_json(m) async for m in socket]
    said = utterances(given)
    assert [u.text for u in said] == ["我同意录音录像，您记录吧。"] * 2
    assert said[1].start - said[0].start == pytest.approx(60.0, abs=0.05)


async def test_what_was_made_up_on_the_way_is_marked(transcriber: tuple[str, Service], petitioner: Samples) -> None:
    sentence = petitioner[round(22.5 * RATE) : round(26.1 * RATE)]
    async with connect(transcriber[0]) as socket:
        await socket.send(START.model_dump_json())
        for at, how in ((0.0, "concealed"), (60.0, "recovered"), (90.0, "")):
            if at:
                await socket.send(LiveSeek(at=at).model_dump_json())
            if how:
                await socket.send(LiveRepaired(start=at + 1.0, end=at + 1.3, how=how).model_dump_json())
            await socket.send(sentence.tobytes())
        await socket.send('{"type":"end"}')
        said = utterances([live_reply.validate_json(m) async for m in socket])
    assert [(u.concealed_s, u.recovered_s) for u in said] == [(0.3, 0), (0, 0.3), (0, 0)]
    assert ["concealed" in u.doubt for u in said] == [True, False, False]


@pytest.mark.nightly
async def test_partials_come_in_real_time_and_are_superseded(
    transcriber: tuple[str, Service], petitioner: Samples
) -> None:
    sound = petitioner[34 * RATE : 42 * RATE]
    arrivals = recognise_live(f"ws://{transcriber[0]}", KEY, START, sound, speed=2.0)
    given = [a.reply async for a in arrivals]
    partial = [i for i, r in enumerate(given) if isinstance(r, LivePartial)]
    final = [i for i, r in enumerate(given) if isinstance(r, LiveUtterance)]
    assert partial
    assert final
    assert max(partial) < final[0]
    assert "我叫" in given[partial[-1]].text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "messages",
    [
        ["not json"],
        ['{"type":"seek","at":3}'],
        [b"\x00\x00"],
        [START.model_dump_json(), b"\x00\x00\x00"],
        [START.model_dump_json(), START.model_dump_json()],
        [START.model_dump_json(), b"\x00" * 64000, '{"type":"seek","at":0.5}'],
        [START.model_dump_json(), '{"type":"seek","at":-1}'],
        ['{"type":"start","reception_id":"../x","participant_id":"p","offset":0}'],
        ['{"type":"start","reception_id":"r","participant_id":"p","offset":0,"more":1}'],
    ],
)
async def test_malformed_messages_are_told_and_closed(
    transcriber: tuple[str, Service], messages: list[str | bytes]
) -> None:
    async with connect(transcriber[0]) as socket:
        for message in messages:
            await socket.send(message)
        given = [live_reply.validate_json(m) async for m in _until_closed(socket)]
        assert isinstance(given[-1], LiveTrouble)
        assert given[-1].reason == "protocol"
        assert socket.close_code == 4400
    assert transcriber[1].engine.state == "ready"


async def _until_closed(socket: websockets.ClientConnection):  # type: ignore[no-untyped-def]
    try:
        async for message in socket:
            yield message
    except websockets.ConnectionClosedError:
        return


async def test_oversized_message_closes_only_its_own_connection(transcriber: tuple[str, Service]) -> None:
    async with connect(transcriber[0]) as socket:
        await socket.send(START.model_dump_json())
        await socket.send(bytes(2 << 20))
        assert [m async for m in _until_closed(socket)] == []
        assert socket.close_code == 1009
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"http://{transcriber[0]}/healthz")).json()["state"] == "ready"


async def test_a_decoding_that_hangs_is_told(transcriber: tuple[str, Service]) -> None:
    address, service = transcriber
    service.settings = service.settings.model_copy(update={"stuck_s": 0.05})
    goes_on = threading.Event()
    async with httpx.AsyncClient(base_url=f"http://{address}") as client:
        hangs = asyncio.create_task(service.pool.run(goes_on.wait, PATIENCE_S))
        await until_state(client, "stuck")
        assert (await client.get("/readyz")).status_code == 503
        goes_on.set()
        assert await hangs
        await until_state(client, "ready")


async def until_state(client: httpx.AsyncClient, state: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await client.get("/healthz")).json()["state"] != state:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("key", ["", "wrong", "钥匙"])
async def test_wrong_key_is_refused(transcriber: tuple[str, Service], key: str) -> None:
    header = {"Authorization": f"Bearer {key}".encode().decode("latin-1")}
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(f"ws://{transcriber[0]}/live", additional_headers=header)
    assert refused.value.response.status_code == 401
    assert json.loads(refused.value.response.body)["error"]["code"] == "key_wrong"


async def test_too_many_streams_are_told_to_come_back(petitioner: Samples) -> None:
    async with running(settings(max_streams=1)) as (address, service):
        service.engine.load()
        async with connect(address) as first:
            await first.send(START.model_dump_json())
            await first.send(petitioner[: 3 * RATE].tobytes())
            await first.recv()
            given = await replies(address, petitioner[:RATE])
    assert isinstance(given[-1], LiveTrouble)
    assert given[-1].reason == "overloaded"


@pytest.mark.parametrize("broken", ["missing", "empty", "truncated", "no tokenizer"])
async def test_model_that_cannot_be_used_is_told_and_picked_up_when_it_comes(
    tmp_path: Path, petitioner: Samples, broken: str
) -> None:
    folder = tmp_path / "model"
    reason = _break_model(folder, broken)
    sound = petitioner[22 * RATE : 27 * RATE]
    async with running(settings(model=str(folder))) as (address, service):
        await asyncio.to_thread(service.engine.load)
        given = await replies(address, sound)
        assert [r.reason for r in given if isinstance(r, LiveTrouble)] == [reason]
        assert "模型" in given[-1].message  # type: ignore[union-attr]
        assert await _ready(address) == (503, reason)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(MODEL, tmp_path / "copy")
        (tmp_path / "copy").rename(folder)
        async with asyncio.timeout(PATIENCE_S):
            while (await _ready(address))[0] != 200:
                await asyncio.sleep(0.05)
        assert [u.text for u in utterances(await replies(address, sound))] == ["我同意录音录像，您记录吧。"]


def _break_model(folder: Path, broken: str) -> str:
    if broken == "missing":
        return "model_missing"
    if broken == "empty":
        folder.mkdir()
        return "model_broken"
    shutil.copytree(MODEL, folder)
    if broken == "truncated":
        (folder / "model.bin").write_bytes((MODEL / "model.bin").read_bytes()[:4_000_000])
    else:
        (folder / "tokenizer.json").unlink()
    return "model_broken"


async def _ready(address: str) -> tuple[int, str]:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://{address}/readyz")
    return answer.status_code, answer.json().get("error", {}).get("code", "")
