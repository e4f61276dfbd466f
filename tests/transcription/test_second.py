"""The second pass in the transcriber: its own settings, its own model, and every stream before it."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.protocol.transcript import LiveStart
from tests.patience import PATIENCE_S, until
from tests.transcription.conftest import KEY, MODEL, settings
from tests.transcription.test_files import wav
from transcription.client import recognise_live
from transcription.engine import Heard, HeardWord, ModelState
from transcription.measuring import running
from transcription.pool import DecodingPool
from transcription.second import SecondEngine
from transcription.service import Service
from transcription.voice import RATE, Samples, Signal


class Listening:
    """In the place of a model: notes how it was asked."""

    name, state, message = "listening", ModelState.READY, ""

    def __init__(self, *_: Any) -> None:
        self.asked: list[tuple[bool, bool, tuple[str, ...]]] = []

    def load(self) -> None:
        """Is ready."""

    def transcribe(
        self, signal: Signal, language: str, hotwords: Sequence[str] = (), *, quick: bool = False, careful: bool = False
    ) -> list[Heard]:
        self.asked.append((quick, careful, tuple(hotwords)))
        return [Heard("好", 0.4, 0.8, (HeardWord(0.4, 0.8, "好", 0.9),), -0.1, 0.1, 1.0)]


async def post(address: str, sound: Samples, **form: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=30) as client:
        return await client.post(
            f"http://{address}/v1/audio/transcriptions",
            headers={"Authorization": f"Bearer {KEY}"}, data=form, files={"file": ("sound.wav", wav(sound))},
        )  # fmt: skip


async def test_a_careful_request_is_heard_with_the_settings_of_the_second_pass(petitioner: Samples) -> None:
    engine = Listening()
    sentence = petitioner[round(22.5 * RATE) : round(26.1 * RATE)]
    async with running(settings(), engine) as (address, _):
        assert (await post(address, sentence, prompt="柳河镇")).json()["text"] == "好"
        assert (await post(address, sentence, prompt="柳河镇", quality="careful")).json()["text"] == "好"
        assert (await post(address, sentence, quality="best")).status_code == 400
    assert engine.asked == [(False, False, ()), (False, True, ("柳河镇",)), (False, True, ())], "names lead only the second pass"


@pytest.mark.parametrize(("hotwords", "used"), [("off", []), ("second", ["second"]), ("both", ["first", "second", "live"])])
async def test_hotwords_are_used_only_where_the_settings_say_so(petitioner: Samples, hotwords: str, used: list[str]) -> None:
    engine = Listening()
    sentence = petitioner[round(22.5 * RATE) : round(26.1 * RATE)]
    start = LiveStart(reception_id="r", participant_id="p", offset=0.0, hotwords=("柳河镇",))
    asked: dict[str, set[tuple[str, ...]]] = {}
    async with running(settings(hotwords=hotwords), engine) as (address, _):
        for name, quality in (("first", ""), ("second", "careful")):
            await post(address, sentence, prompt="柳河镇", quality=quality)
            asked[name] = {words for _, _, words in engine.asked}
            engine.asked.clear()
        assert [r async for r in recognise_live(f"ws://{address}", KEY, start, sentence, block_s=0.5)]
        asked["live"] = {words for quick, _, words in engine.asked if not quick}
    assert [name for name, words in asked.items() if ("柳河镇",) in words] == used
    assert all(words == {()} for name, words in asked.items() if name not in used)


async def test_a_second_model_that_is_not_there_is_told_and_disturbs_nothing(tmp_path: Path, petitioner: Samples) -> None:
    sound = petitioner[: 2 * RATE]
    async with running(settings(second_model=str(tmp_path / "none"))) as (address, service):
        await asyncio.to_thread(service.engine.load)
        answer = await post(address, sound, quality="careful")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "model_missing")
        assert answer.json()["error"]["message"].startswith("复听用的语音识别模型")
        assert (await post(address, sound)).status_code == 200
        (tmp_path / "none").symlink_to(MODEL)
        assert (await post(address, sound, quality="careful")).status_code == 200, "and it is looked for again"


async def test_a_second_model_is_let_go_when_nobody_needs_it() -> None:
    made: list[str] = []

    def make(asked: Any) -> Listening:
        made.append(asked.model)
        return Listening()

    second = SecondEngine(settings(second_model="large", second_idle_minutes=0.05 / 60), Listening(), make)
    assert not second.loaded
    async with second.lent(), second.lent():
        await asyncio.sleep(0.1)
        assert second.loaded, "not while somebody uses it"
    await until(lambda: not second.loaded, "it is let go")
    async with second.lent() as engine:
        assert engine.name == "listening"
    second.close()
    assert made == ["large", "large"]


class Decodings:
    """Decodings that end when they are told to; notes the order in which they began."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.ends: dict[str, threading.Event] = {}

    def work(self, name: str) -> str:
        self.began.append(name)
        assert self.ends.setdefault(name, threading.Event()).wait(PATIENCE_S)
        return name

    def end(self, *names: str) -> None:
        for name in names:
            self.ends.setdefault(name, threading.Event()).set()

    async def until_begun(self, name: str) -> None:
        await until(lambda: name in self.began, f"{name} begins")


async def test_streams_go_before_the_second_pass_and_wait_for_one_of_its_pieces_at_most() -> None:
    pool, decodings = DecodingPool(1), Decodings()
    patient = [asyncio.create_task(pool.patient.run(decodings.work, f"second {n}")) for n in (1, 2, 3)]
    await decodings.until_begun("second 1")
    assert pool.idle, "captions need not thin out because of it"
    live = [asyncio.create_task(pool.run(decodings.work, f"live {n}")) for n in (1, 2)]
    await asyncio.sleep(0)
    decodings.end("second 1")
    await decodings.until_begun("live 1")
    patient[1].cancel()
    decodings.end("live 1", "live 2")
    await asyncio.gather(*live)
    await decodings.until_begun("second 3")
    decodings.end("second 3")
    assert await patient[2] == "second 3"
    assert decodings.began == ["second 1", "live 1", "live 2", "second 3"]
    pool.close()


async def test_the_second_pass_begins_a_piece_when_nobody_speaks_or_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, decodings = DecodingPool(1), Decodings()
    decodings.end("second 1", "second 2")
    monkeypatch.setattr("transcription.pool.LONGEST_WAIT_S", PATIENCE_S)
    pool.speaks("one", True)
    pool.speaks("other", True)
    first = asyncio.create_task(pool.patient.run(decodings.work, "second 1"))
    await asyncio.sleep(0.05)
    pool.speaks("one", False)
    await asyncio.sleep(0.05)
    assert decodings.began == [], "somebody still speaks"
    pool.speaks("other", False)
    assert await first == "second 1"
    monkeypatch.setattr("transcription.pool.LONGEST_WAIT_S", 0.05)
    pool.speaks("one", True)
    assert await pool.patient.run(decodings.work, "second 2") == "second 2"
    pool.close()


async def test_a_stream_tells_while_somebody_speaks_on_it(petitioner: Samples) -> None:
    told: list[bool] = []
    async with running(settings(), Listening()) as (address, service):
        real = service.pool.speaks
        service.pool.speaks = lambda stream, now: (told.append(now), real(stream, now))[1]  # type: ignore[method-assign]
        start = LiveStart(reception_id="r", participant_id="p", offset=0.0)
        sound = petitioner[round(20 * RATE) : round(30 * RATE)]
        async for _ in recognise_live(f"ws://{address}", KEY, start, sound, block_s=0.2):
            pass
    assert True in told
    assert told[0] is False
    assert told[-1] is False


async def test_whoever_gives_up_does_not_let_a_second_piece_of_its_kind_in_before_a_stream() -> None:
    pool, decodings = DecodingPool(1), Decodings()
    given_up = asyncio.create_task(pool.patient.run(decodings.work, "second 1"))
    await decodings.until_begun("second 1")
    given_up.cancel()
    following = asyncio.create_task(pool.patient.run(decodings.work, "second 2"))
    await asyncio.sleep(0.02)
    live = asyncio.create_task(pool.run(decodings.work, "live"))
    await asyncio.sleep(0)
    decodings.end("second 1", "live", "second 2")
    await asyncio.gather(live, following)
    assert decodings.began == ["second 1", "live", "second 2"]
    pool.close()


def test_a_second_pass_takes_longer_pieces_where_its_model_can() -> None:
    assert Service(settings(second_max_utterance_s=28), Listening()).careful_options.max_s == 28
    assert Service(settings(), Listening()).careful_options.max_s == settings().max_utterance_s
