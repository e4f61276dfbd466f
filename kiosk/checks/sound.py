"""Is the microphone dead, clipping, too quiet or humming; is the loudspeaker heard by it; can what is said be made out.

Sound is mono, 16 kHz, floats from -1 to 1.  Levels are dB below full scale.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
Sound = NDArray[np.float32]
FRAME = 320
"""20 ms."""
DEAD_DB = -80.0
CLIPPED = 0.002
"""Share of samples at the limit."""
LIMIT = 0.985
QUIET_DB = -42.0
"""Of speech; Whisper hears it worse below (transcription/guard)."""
CLOSE_DB = 12.0
"""Speech above the room: below, words are lost."""
FAR_DB = 6.0
HUM_DB = 14.0
"""The mains and its overtones above what is beside them."""
MAINS_HZ = (50, 100, 150, 200)
HEARD = 8.0
"""Of the loop test: the peak of the correlation above what it is elsewhere."""
LOOP_S = 1.0
LOOP_HZ = (400.0, 3400.0)


class SoundFault(StrEnum):
    MISSING = "missing"
    DEAD = "dead"
    CLIPPING = "clipping"
    QUIET = "quiet"
    HUM = "hum"
    NOISY = "noisy"
    LOUDSPEAKER = "loudspeaker"


WORDS = {
    SoundFault.MISSING: "话筒打不开，请叫工作人员看看线接好没有。",
    SoundFault.DEAD: "话筒没有声音，请叫工作人员看看线接好没有。",
    SoundFault.CLIPPING: "声音太大，破音了，请往后坐一点。",
    SoundFault.QUIET: "请坐近一点，听不清。",
    SoundFault.HUM: "话筒里有嗡嗡的电流声，请叫工作人员看看。",
    SoundFault.NOISY: "屋里太吵，请关上门窗，或者坐近一点。",
    SoundFault.LOUDSPEAKER: "话筒听不到喇叭的声音，请把音量开大，或者叫工作人员看看。",
}
CLEAR = "听得清。"


@dataclass(frozen=True)
class Heard:
    """What a stretch of sound measured."""

    speech_db: float
    """Level of the loudest tenth of frames."""
    room_db: float
    """Level of the quietest tenth."""
    clipped: float
    hum_db: float

    @property
    def above_room_db(self) -> float:
        return self.speech_db - self.room_db


def measure(sound: Sound) -> Heard:
    """ValueError: shorter than half a second."""
    if sound.size < RATE // 2:
        raise ValueError("too short to be measured")
    frames = sound[: sound.size // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    levels = np.sort(_db(np.sqrt((frames**2).mean(axis=1))))
    tenth = max(1, len(levels) // 10)
    return Heard(
        speech_db=float(levels[-tenth:].mean()),
        room_db=float(levels[:tenth].mean()),
        clipped=float((np.abs(sound) >= LIMIT).mean()),
        hum_db=_hum(sound.astype(np.float64)),
    )


def _db(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(20 * np.log10(np.maximum(values, 1e-6)), np.float64)


def _hum(sound: NDArray[np.float64]) -> float:
    """How far the strongest line of the mains stands out of its neighbourhood, in dB."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(sound.size)))
    step = RATE / sound.size
    return max(_line(spectrum, round(hertz / step), max(2, round(12 / step))) for hertz in MAINS_HZ)


def _line(spectrum: NDArray[np.float64], place: int, around: int) -> float:
    peak = spectrum[max(0, place - 1) : place + 2].max()
    beside = np.concatenate([spectrum[max(0, place - around) : max(0, place - 2)], spectrum[place + 3 : place + around]])
    return float(20 * np.log10((peak + 1e-9) / (np.median(beside) + 1e-9)))


def faults(sound: Sound, *, speaking: bool) -> list[SoundFault]:
    """What is wrong with a microphone, or with how somebody is heard.

    `speaking`: somebody is known to speak in it; otherwise only what the device does is judged.
    """
    heard = measure(sound)
    if heard.speech_db < DEAD_DB:
        return [SoundFault.DEAD]
    found = []
    if heard.clipped > CLIPPED:
        found.append(SoundFault.CLIPPING)
    if not speaking and heard.hum_db > HUM_DB and heard.room_db > -65:
        found.append(SoundFault.HUM)
    if speaking and heard.speech_db < QUIET_DB:
        found.append(SoundFault.QUIET)
    elif speaking and heard.above_room_db < FAR_DB:
        found.append(SoundFault.NOISY)
    return found


def in_words(sound: Sound) -> str:
    """The room meter: what the recogniser is likely to make of somebody who speaks."""
    found = faults(sound, speaking=True)
    if found:
        return WORDS[found[0]]
    return CLEAR if measure(sound).above_room_db >= CLOSE_DB else "勉强听得清，再坐近一点更好。"


# --- the loop: loudspeaker to microphone ---------------------------------------------------------------------------


def loop_sound() -> Sound:
    """A second of a rising tone that the loudspeaker plays, softly faded in and out."""
    at = np.arange(int(LOOP_S * RATE)) / RATE
    low, high = LOOP_HZ
    phase = 2 * np.pi * (low * at + (high - low) * at**2 / (2 * LOOP_S))
    fade = np.minimum(1, np.minimum(at, LOOP_S - at) / 0.05)
    return np.asarray(0.3 * fade * np.sin(phase), np.float32)


def loop_heard(recorded: Sound) -> float | None:
    """Seconds after which the rising tone is in what was recorded; None: it is not."""
    tone = loop_sound().astype(np.float64)
    if recorded.size < tone.size:
        return None
    size = 1 << (recorded.size + tone.size - 1).bit_length()
    spectrum = np.fft.rfft(recorded.astype(np.float64), size) * np.conj(np.fft.rfft(tone, size))
    match = np.abs(np.fft.irfft(spectrum / (np.abs(spectrum) + 1e-9), size))[: recorded.size]
    place = int(match.argmax())
    around = np.delete(match, np.arange(max(0, place - 200), min(match.size, place + 200)))
    return place / RATE if match[place] > HEARD * float(np.sqrt((around**2).mean())) else None
