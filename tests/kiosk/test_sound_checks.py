"""Dead, clipping, quiet, humming, noisy microphones, and a loudspeaker that is heard or not: on made sounds."""

import numpy as np
import pytest

from kiosk.checks import sound
from kiosk.checks.sound import RATE, SoundFault


def room(db: float, seconds: float = 2.0, seed: int = 1) -> np.ndarray:
    """The noise of a room at this level."""
    values = np.random.default_rng(seed).normal(0, 1, int(seconds * RATE))
    return (values * 10 ** (db / 20)).astype(np.float32)


def speech(db: float, over: float, seconds: float = 2.0) -> np.ndarray:
    """Something like a voice, on and off, over a room that is `over` dB below it."""
    at = np.arange(int(seconds * RATE)) / RATE
    voice = sum(np.sin(2 * np.pi * 140 * part * at) / part for part in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 1.5 * at), 0, 1)
    loud = voice * syllables / np.sqrt((voice**2).mean()) * 10 ** (db / 20)
    return (loud + room(db - over, seconds)).astype(np.float32)


def test_a_voice_close_by_is_clear():
    assert sound.faults(speech(-20, 30), speaking=True) == []
    assert sound.in_words(speech(-20, 30)) == "听得清。"


@pytest.mark.parametrize(
    ("heard", "speaking", "fault"),
    [
        (np.zeros(RATE, np.float32), False, SoundFault.DEAD),
        (np.clip(speech(-3, 40) * 3, -1, 1), True, SoundFault.CLIPPING),
        (speech(-52, 20), True, SoundFault.QUIET),
        (room(-25), True, SoundFault.NOISY),
        (room(-50) + 0.01 * np.sin(2 * np.pi * 50 * np.arange(2 * RATE) / RATE).astype(np.float32), False, SoundFault.HUM),
        (room(-50) + 0.004 * np.sin(2 * np.pi * 100 * np.arange(2 * RATE) / RATE).astype(np.float32), False, SoundFault.HUM),
    ],
)
def test_what_is_wrong_is_named(heard, speaking, fault):
    assert sound.faults(heard.astype(np.float32), speaking=speaking) == [fault]
    assert sound.WORDS[fault]


def test_a_quiet_room_is_no_fault_while_nobody_speaks():
    assert sound.faults(room(-60), speaking=False) == []


@pytest.mark.parametrize("after", [0.0, 0.12, 0.8])
def test_the_loudspeaker_is_heard_through_a_room(after):
    """Quieter, late, with an echo, in the noise of the room, through a microphone that cuts low sounds."""
    tone = sound.loop_sound()
    heard = room(-45, 3.0)
    for delay, loud in ((after, 0.15), (after + 0.03, 0.06)):
        start = int(delay * RATE)
        heard[start : start + tone.size] += loud * tone
    found = sound.loop_heard(np.diff(heard, prepend=np.float32(0)).astype(np.float32) * 3)
    assert found == pytest.approx(after, abs=0.01)


def test_a_loudspeaker_that_is_off_is_not_heard():
    assert sound.loop_heard(room(-45, 3.0)) is None
    assert sound.loop_heard(speech(-20, 20, 3.0)) is None
    assert sound.loop_heard(room(-45, 0.5)) is None


def test_too_short_a_stretch_is_refused():
    with pytest.raises(ValueError):
        sound.measure(np.zeros(100, np.float32))
