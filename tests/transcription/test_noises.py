"""Where nobody says a word nothing is written, and what nobody could understand is told as a voice."""

import pytest

from deploy.bench.noises import NOISES, samples
from server.protocol.transcript import LiveProgress, LiveStart, LiveUtterance
from tests.transcription.conftest import KEY
from tests.transcription.test_files import post, wav
from transcription.client import recognise_live
from transcription.service import Service
from transcription.voice import RATE

TEN_S = 10 * RATE
VOICES = ("television", "television_german", "far_voices")


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.nightly) if n in VOICES else n for n in NOISES])
async def test_nothing_is_invented_live(transcriber: tuple[str, Service], name: str) -> None:
    start = LiveStart(reception_id="r1", participant_id="p1", offset=0.0)
    sent = recognise_live(f"ws://{transcriber[0]}", KEY, start, samples(name)[:TEN_S], block_s=0.5)
    given = [a.reply async for a in sent]
    assert [r.utterance.text for r in given if isinstance(r, LiveUtterance)] == []
    told = sum(r.unheard[1] - r.unheard[0] for r in given if isinstance(r, LiveProgress) and r.unheard)
    assert told > 6 if name in VOICES else told < 2


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["street", *VOICES])
async def test_nothing_is_invented_when_it_is_heard_again(transcriber: tuple[str, Service], name: str) -> None:
    body = (await post(transcriber[0], wav(samples(name)), quality="careful")).json()
    assert body["utterances"] == []
