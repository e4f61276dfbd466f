"""What a line that loses packets costs in words: decoded as in a room, recognised as in a room.

No packet is sent again here, so this is the worst that a loss can do; in a room most lost packets come a second time.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from server.media import rtp
from server.media.inputs import TapInput
from server.media.tap import Tap
from server.media.timeline import Timeline
from server.protocol.transcript import LiveRepaired
from tests.media.speech import encoded
from transcription.evaluate import Sentence, load_reference, score
from transcription.measuring import Dialogue, load_dialogue, running, transcribe_dialogue
from transcription.settings import TranscriberSettings
from transcription.voice import RATE, Samples

DEMO = Path(__file__).parents[2] / "deploy/demo"
SECONDS = 90.0
LOSS, COST = 0.05, 0.03
"""Share of packets, and how much the error rate may rise by it."""


class Kept(Tap):
    """A tap that keeps its sound where others send it on."""

    def __init__(self, seconds: float) -> None:
        self.sound = np.zeros(round((seconds + 1) * RATE), np.int16)
        self.repaired = 0.0

    def push(self, at: float, samples: bytes, repairs: Sequence[LiveRepaired] = ()) -> None:
        piece = np.frombuffer(samples, np.int16)
        first = round(at * RATE)
        self.sound[first : first + len(piece)] = piece[: len(self.sound) - first]
        self.repaired += sum(repair.end - repair.start for repair in repairs)


def received(samples: Samples, loss: float, seed: int) -> tuple[Samples, float]:
    """What the recogniser gets of it, and how many seconds of that nobody sent like that."""
    tap, timeline, chance = Kept(len(samples) / RATE), Timeline(rtp.AUDIO_CLOCK), random.Random(seed)
    into = TapInput(tap, timeline, lambda at: at)
    for number, payload in enumerate(encoded(samples, expected_loss=10)):
        if chance.random() >= loss:
            at = number * 0.02
            timeline.arrived(number * 960, at)
            into(rtp.Packet(number, number * 960, False, payload, at))
            into.tick(at + 2.0)
    into.flush()
    return tap.sound, tap.repaired


def beginning(reference: Sequence[Sentence], seconds: float) -> list[Sentence]:
    return [sentence for sentence in reference if sentence.end < seconds]


@pytest.mark.nightly
async def test_a_twentieth_of_the_packets_costs_few_words() -> None:
    dialogue = load_dialogue(DEMO / "land")
    reference = load_reference(DEMO / "land" / "reference.json")
    seconds = max(sentence.end for sentence in beginning(reference, SECONDS)) + 0.5
    settings = TranscriberSettings(model=str(DEMO / "model"), key="k" * 32)
    rates = {}
    async with running(settings) as (address, _service):
        for loss in (0.0, LOSS):
            tracks, repaired = {}, 0.0
            for seed, (speaker, samples) in enumerate(dialogue.tracks.items()):
                tracks[speaker], lost = received(samples[: round(seconds * RATE)], loss, seed)
                repaired += lost
            assert (repaired > 0.5 * LOSS * 2 * seconds) == bool(loss), "as much is lost as is meant to be"
            said = await transcribe_dialogue(address, "k" * 32, Dialogue(dialogue.folder, tracks))
            rates[loss] = score(said, beginning(reference, seconds)).cer
    assert rates[0.0] < 0.05, "without any loss it is understood"
    assert rates[LOSS] <= rates[0.0] + COST, rates
