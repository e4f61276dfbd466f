"""A piece that cannot be decoded is given up; a transcriber that can decode nothing gives nothing up."""

import io
import wave
from collections.abc import Sequence

import httpx
import numpy as np
import pytest

from server.protocol.transcript import (
    LiveFinished,
    LiveGivenUp,
    LiveReply,
    LiveStart,
    LiveTrouble,
    LiveUtterance,
)
from tests.transcription.conftest import KEY, settings
from transcription import attempts
from transcription.client import recognise_live
from transcription.engine import Heard, HeardWord, ModelState
from transcription.measuring import running
from transcription.voice import RATE, Samples, Signal

LOUD = 0.6
"""Peak from which the stub cannot decode a piece."""


class StumblingEngine:
    """In the place of a model: hears one word in a quiet piece and raises at a loud one, or at every one."""

    name, state, message = "stub", ModelState.READY, ""

    def __init__(self, *, broken: bool = False, recovers_after: int = 1000) -> None:
        self.broken, self.recovers_after = broken, recovers_after
        self.failures = 0

    def load(self) -> None:
        """Is ready."""

    def transcribe(
        self, signal: Signal, language: str, hotwords: Sequence[str] = (), *, quick: bool = False
    ) -> list[Heard]:
        if self.broken or (np.abs(signal).max() > LOUD and self.failures < self.recovers_after):
            self.failures += not quick
            raise RuntimeError("cannot be decoded")
        return [Heard("好", 0.4, 0.8, (HeardWord(0.4, 0.8, "好", 0.9),), -0.1, 0.1, 1.0)]


@pytest.fixture
def sound(petitioner: Samples) -> Samples:
    """The same sentence three times, the second time loud; 16 s."""
    sentence = petitioner[round(22.5 * RATE) : round(26.1 * RATE)].astype(np.float32)
    sentence /= np.abs(sentence).max() / 32767
    quiet, loud, pause = sentence * 0.3, sentence * 0.9, np.zeros(round(1.5 * RATE), np.float32)
    return np.concatenate([quiet, pause, loud, pause, quiet, pause]).astype(np.int16)


async def hear(address: str, sound: Samples) -> list[LiveReply]:
    start = LiveStart(reception_id="r1", participant_id="p1", offset=10.0)
    arrivals = recognise_live(f"ws://{address}", KEY, start, sound, block_s=0.2)
    return [a.reply async for a in arrivals]


async def test_a_piece_that_cannot_be_decoded_is_given_up_and_the_next_is_heard(sound: Samples) -> None:
    engine = StumblingEngine()
    async with running(settings(partial_s=0.5), engine) as (address, service):
        given = await hear(address, sound)
        assert service.metrics.given_up._value.get() == 1
    told = [r for r in given if isinstance(r, LiveUtterance | LiveGivenUp)]
    assert [r.type for r in told] == ["utterance", "given_up", "utterance"]
    assert isinstance(given[-1], LiveFinished)
    assert attempts.ATTEMPTS <= engine.failures <= attempts.ATTEMPTS + 1, "once more ahead of time"
    left_out = told[1]
    assert isinstance(left_out, LiveGivenUp)
    assert left_out.start < 10.0 + 5.3
    assert 10.0 + 5.1 + 3.0 < left_out.until < 10.0 + 5.1 + 3.6 + 0.5
    assert told[0].until <= left_out.start, "nothing of the first sentence is in it"


async def test_a_piece_that_fails_only_twice_is_heard(sound: Samples) -> None:
    async with running(settings(partial_s=0), StumblingEngine(recovers_after=attempts.ATTEMPTS - 1)) as (address, _):
        given = await hear(address, sound)
    assert sum(isinstance(r, LiveUtterance) for r in given) == 3
    assert not [r for r in given if isinstance(r, LiveGivenUp)]


async def test_an_engine_that_can_decode_nothing_gives_nothing_up(sound: Samples) -> None:
    async with running(settings(partial_s=0), StumblingEngine(broken=True)) as (address, _):
        given = await hear(address, sound)
    assert isinstance(given[-1], LiveTrouble)
    assert given[-1].reason == "model_broken"
    assert not [r for r in given if isinstance(r, LiveGivenUp | LiveUtterance)]


def _wav(samples: Samples) -> bytes:
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return data.getvalue()


@pytest.mark.parametrize(("broken", "answer"), [(False, (422, "piece_failed")), (True, (503, "model_broken"))])
async def test_a_file_with_such_a_piece_is_refused_for_good_but_not_for_a_broken_engine(
    sound: Samples, broken: bool, answer: tuple[int, str]
) -> None:
    async with running(settings(), StumblingEngine(broken=broken)) as (address, _), httpx.AsyncClient() as client:
        given = await client.post(
            f"http://{address}/v1/audio/transcriptions", files={"file": ("a.wav", _wav(sound))}, timeout=30,
            headers={"Authorization": f"Bearer {KEY}"}, data={"model": "", "response_format": "verbose_json"},
        )  # fmt: skip
    assert (given.status_code, given.json()["error"]["code"]) == answer
