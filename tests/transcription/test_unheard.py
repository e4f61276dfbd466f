"""A voice of which nothing is understood is told, never passed over in silence; noise is not a voice."""

from collections.abc import Sequence

import numpy as np
import pytest

from server.protocol.transcript import LivePartial, LiveProgress, LiveReply, LiveStart, LiveUtterance
from tests.transcription.conftest import KEY, clicks, noise, settings, tone
from tests.transcription.test_files import post, wav
from transcription.client import recognise_live
from transcription.engine import Heard, ModelState
from transcription.measuring import running
from transcription.recognise import unheard
from transcription.segmenter import Speech
from transcription.service import Service
from transcription.voice import RATE, Samples, Signal

NOISES = [np.zeros(10 * RATE, np.int16), tone(10), noise(10, 0.005), noise(10, 0.3), clicks(10)]


class DeafEngine:
    """In the place of a model: understands nothing."""

    name, state, message = "stub", ModelState.READY, ""

    def load(self) -> None:
        """Is ready."""

    def transcribe(
        self, signal: Signal, language: str, hotwords: Sequence[str] = (), *, quick: bool = False
    ) -> list[Heard]:
        return []


async def hear(address: str, sound: Samples, offset: float = 0.0) -> list[LiveReply]:
    start = LiveStart(reception_id="r1", participant_id="p1", offset=offset)
    return [a.reply async for a in recognise_live(f"ws://{address}", KEY, start, sound, block_s=0.5)]


def voices(given: list[LiveReply]) -> list[tuple[float, float]]:
    return [r.unheard for r in given if isinstance(r, LiveProgress) and r.unheard is not None]


async def test_a_voice_without_words_is_told_live_and_from_a_file(petitioner: Samples) -> None:
    sound = petitioner[20 * RATE : 42 * RATE]
    async with running(settings(), DeafEngine()) as (address, _):
        live = voices(await hear(address, sound, offset=100.0))
        body = (await post(address, wav(sound), offset="100")).json()
    assert len(live) == 2
    assert live[0] == pytest.approx((102.84, 106.1), abs=0.3)
    assert [tuple(span) for span in body["unheard"]] == live
    assert body["utterances"] == []


async def test_what_is_understood_is_not_told_as_unheard(
    transcriber: tuple[str, Service], petitioner: Samples
) -> None:
    given = await hear(transcriber[0], petitioner[20 * RATE : 42 * RATE])
    assert [r for r in given if isinstance(r, LiveUtterance)]
    assert voices(given) == []


@pytest.mark.parametrize("sound", NOISES, ids=["silence", "hum", "faint noise", "loud noise", "clicks"])
async def test_what_is_no_voice_is_not_told(transcriber: tuple[str, Service], sound: Samples) -> None:
    assert voices(await hear(transcriber[0], sound)) == []


class HastyEngine(DeafEngine):
    """Understands something as long as it has not heard all of it."""

    def transcribe(
        self, signal: Signal, language: str, hotwords: Sequence[str] = (), *, quick: bool = False
    ) -> list[Heard]:
        return [Heard("谢谢观看", 0.0, 1.0)] if quick else []


async def test_a_caption_of_what_was_nothing_is_taken_away(petitioner: Samples) -> None:
    sound, start = petitioner[round(22.5 * RATE) : 28 * RATE], LiveStart(reception_id="r1", participant_id="p1", offset=0.0)
    async with running(settings(), HastyEngine()) as (address, _):
        given = [a.reply async for a in recognise_live(f"ws://{address}", KEY, start, sound, speed=8.0)]
    captions = [r for r in given if isinstance(r, LivePartial)]
    assert captions[0].text == "谢谢观看"
    assert all(c.text for c in captions[:-1])
    assert (captions[-1].start, captions[-1].text) == (captions[-2].start, "")


@pytest.mark.parametrize(("seconds", "told"), [(0.7, False), (0.9, True)])
def test_a_cough_is_no_voice(seconds: float, told: bool) -> None:
    piece = Speech(5.0, 7.0, np.zeros(2 * RATE, np.int16), 5.5, 5.5 + seconds)
    assert (unheard(piece) is not None) == told
