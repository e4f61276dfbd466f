"""Batches of pieces: the same text and words as one by one, and one by one where a batch does not do."""

from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np
import pytest

from tests.transcription.conftest import KEY, settings
from tests.transcription.test_files import wav
from transcription.batches import Foreheard, grouped
from transcription.bench import running
from transcription.engine import Heard, ModelState, WhisperEngine
from transcription.segmenter import Silence
from transcription.settings import TranscriberSettings
from transcription.voice import RATE, Samples, Signal


class Counting(WhisperEngine):
    """Says how often what was called; `fails` and `little` are what a batch does."""

    def __init__(self, given: TranscriberSettings, *, fails: bool = False, little: bool = False) -> None:
        super().__init__(given)
        self.batches: list[int] = []
        self.singles = 0
        self._fails, self._little = fails, little

    def transcribe(self, *given: Any, quick: bool = False, **more: Any) -> list[Heard]:
        self.singles += not quick
        return super().transcribe(*given, quick=quick, **more)

    def transcribe_batch(
        self, signals: Sequence[Signal], language: str, hotwords: Sequence[str], *, careful: bool = False
    ) -> list[list[Heard]]:
        self.batches.append(len(signals))
        if self._fails:
            raise RuntimeError("out of memory")
        heard = super().transcribe_batch(signals, language, hotwords, careful=careful)
        return [heard[0], [], *heard[2:]] if self._little else heard


async def transcript(engine: Counting, sound: Samples, **fields: str) -> dict[str, Any]:
    async with running(settings(), engine) as (address, service), httpx.AsyncClient(timeout=60) as client:
        service.engine.load()
        answer = await client.post(
            f"http://{address}/v1/audio/transcriptions", files={"file": ("a.wav", wav(sound))},
            headers={"Authorization": f"Bearer {KEY}"},
            data={"response_format": "verbose_json", "timestamp_granularities[]": "word", **fields},
        )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.fixture(scope="module")
def talk(petitioner: Samples) -> Samples:
    """Two sentences."""
    return petitioner[20 * RATE : 43 * RATE]


@pytest.mark.nightly
@pytest.mark.parametrize("quality", ["", "careful"])
async def test_a_batch_hears_the_same_words_at_the_same_times(talk: Samples, quality: str) -> None:
    one, many = Counting(settings()), Counting(settings(batch_size=2))
    alone = await transcript(one, talk, quality=quality)
    together = await transcript(many, talk, quality=quality)
    assert (one.batches, one.singles) == ([], 2)
    assert (many.batches, many.singles) == ([2], 0)
    assert together["text"] == alone["text"]
    assert [word["word"] for word in together["words"]] == [word["word"] for word in alone["words"]]
    assert [w["start"] for w in together["words"]] == pytest.approx([w["start"] for w in alone["words"]], abs=0.15)


@pytest.mark.parametrize(("how", "singles"), [({"fails": True}, 2), ({"little": True}, 1)])
@pytest.mark.nightly
async def test_where_a_batch_does_not_do_its_pieces_are_decoded_one_by_one(
    talk: Samples, how: dict[str, bool], singles: int
) -> None:
    engine = Counting(settings(batch_size=2), **how)
    heard = await transcript(engine, talk)
    assert (engine.batches, engine.singles) == ([2], singles)
    assert len(heard["utterances"]) == 2


@pytest.mark.nightly
async def test_where_the_language_is_to_be_found_there_are_no_batches(talk: Samples) -> None:
    engine = Counting(settings(batch_size=2))
    await transcript(engine, talk, language="auto")
    assert engine.batches == []


def test_at_another_speed_a_piece_of_a_batch_is_heard_anew() -> None:
    class Other:
        name, state, message = "other", ModelState.READY, ""

        def load(self) -> None:
            """Is ready."""

        def transcribe(self, *given: object, **more: object) -> list[Heard]:
            return [Heard("另一句", 0, 1)]

    before = Foreheard(Other(), [Heard("这一句", 0, 1)])
    silence = np.zeros(RATE, np.float32)
    assert before.transcribe(silence, "zh")[0].text == "这一句"
    assert before.transcribe(silence, "zh", quick=True)[0].text == "另一句"


def test_long_silence_is_not_waited_through() -> None:
    silences = [Silence(float(n)) for n in range(450)]
    assert [len(group) for group in grouped(iter(silences), 4)] == [200, 200, 50]
    assert [len(group) for group in grouped(iter(silences[:3]), 1)] == [1, 1, 1]
