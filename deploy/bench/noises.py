"""Sounds in which nobody says a word: `python -m deploy.bench.noises FOLDER` makes a dialogue folder of each.

Made with sox and espeak-ng, the same every time.  Whatever is written while they sound was invented.  Each folder is
one that `jietan transcriber evaluate` reads: one track, a reference without sentences, and the name of the noise as
its condition.
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
SECONDS = 16
Signal = NDArray[np.float64]

_NEWS = (
    "Good evening and welcome to the news. The ministers met again on Tuesday to talk about fisheries. "
    "In the afternoon heavy rain is expected along the western coast, with winds of up to fifty miles an hour."
)
_NEWS_DE = (
    "Guten Abend, hier sind die Nachrichten. Die Minister haben am Dienstag erneut beraten. "
    "Am Nachmittag wird an der Küste kräftiger Regen erwartet, der Wind weht stürmisch aus Westen."
)
_VOICES = (
    ("cmn-latn-pinyin+m3", "zuo2 tian1 xia4 le5 yi1 chang3 da4 yu3 lu4 shang4 dou1 shi4 shui3 mei2 you3 che1"),
    ("cmn-latn-pinyin+f2", "wo3 men5 wan3 shang4 chi1 shen2 me5 ni3 qu4 mai3 yi1 dian3 cai4 hui2 lai2 ba5"),
    ("cmn-latn-pinyin+m7", "ta1 ming2 tian1 yao4 dao4 sheng3 cheng2 qu4 kan4 bing4 piao4 hai2 mei2 you3 mai3"),
)


def silence(folder: Path) -> Signal:
    """Digital silence."""
    return np.zeros(SECONDS * RATE)


def hiss(folder: Path) -> Signal:
    """A quiet room as a microphone gives it."""
    return _sox(folder, "synth", SECONDS, "pinknoise", "vol", 0.004)


def hum(folder: Path) -> Signal:
    """Mains hum with overtones."""
    return _sox(folder, "synth", SECONDS, "sine", 50, "synth", "sine", "mix", 100, "synth", "sine", "mix", 150, "vol", 0.2)


def fan(folder: Path) -> Signal:
    """A fan with its beat."""
    return _sox(folder, "synth", SECONDS, "brownnoise", "lowpass", 700, "tremolo", 9, 30, "vol", 0.6)


def street(folder: Path) -> Signal:
    """Cars that pass, and a horn."""
    cars = _sox(folder, "synth", SECONDS, "pinknoise", "band", 300, 500, "tremolo", 0.2, 80, "vol", 0.8)
    horn = _sox(folder, "synth", 0.7, "square", 400, "synth", "square", "mix", 500, "lowpass", 2000, "vol", 0.25)
    return _placed(cars, horn, (4.0, 5.0, 11.5))


def rain(folder: Path) -> Signal:
    """Heavy rain on a tin roof."""
    drops = np.zeros(SECONDS * RATE)
    random = np.random.default_rng(3)
    drops[random.integers(0, len(drops), 6000)] = random.normal(0, 0.5, 6000)
    return _filtered(folder, drops, "highpass", 400, "reverb", 30, "vol", 1.5)


def loud_noise(folder: Path) -> Signal:
    """White noise near full scale, as of a broken microphone."""
    return _sox(folder, "synth", SECONDS, "whitenoise", "vol", 0.8)


def stuttering_noise(folder: Path) -> Signal:
    """Noise that comes and goes at the pace of speech."""
    return _sox(folder, "synth", SECONDS, "pinknoise", "band", 1200, 1500, "tremolo", 3.5, 100, "vol", 0.9)


def keyboard(folder: Path) -> Signal:
    """Somebody types."""
    key = _decaying(0.03, 0.006) * np.random.default_rng(5).normal(0, 0.5, round(0.03 * RATE))
    times = np.cumsum(np.random.default_rng(6).uniform(0.08, 0.3, 90))
    return _filtered(folder, _placed(np.zeros(SECONDS * RATE), key, times), "band", 2500, 2500, "reverb", 20)


def coughs(folder: Path) -> Signal:
    """Coughs, single and in pairs."""
    burst = _decaying(0.35, 0.09) * np.random.default_rng(8).normal(0, 0.4, round(0.35 * RATE))
    voiced = _decaying(0.35, 0.12) * np.sign(np.sin(2 * np.pi * 140 * np.arange(round(0.35 * RATE)) / RATE)) * 0.1
    cough = _filtered(folder, burst + voiced, "band", 900, 1400, "vol", 2)
    return _placed(np.zeros(SECONDS * RATE), cough, (1, 1.5, 4, 7, 7.4, 7.9, 11, 14))


def knocks(folder: Path) -> Signal:
    """Knocking at a door, a chair that is moved."""
    knock = _decaying(0.2, 0.03) * np.sin(2 * np.pi * 110 * np.arange(round(0.2 * RATE)) / RATE)
    scrape = _filtered(folder, np.random.default_rng(9).normal(0, 0.2, RATE), "band", 700, 300, "tremolo", 40, 60)
    knocked = _placed(np.zeros(SECONDS * RATE), knock * 0.7, (1, 1.3, 1.6, 6, 6.3, 6.6, 12, 12.3))
    return _placed(knocked, scrape, (3, 9))


def music(folder: Path) -> Signal:
    """Plucked chords and a melody above them."""
    chords = [
        _sox(folder, "synth", 2, "pluck", a, "synth", "pluck", "mix", b, "synth", "pluck", "mix", c, "vol", 0.5)
        for a, b, c in (("C3", "E3", "G3"), ("A2", "C3", "E3"), ("F2", "A2", "C3"), ("G2", "B2", "D3"))
    ]
    tune = [
        _sox(folder, "synth", 0.5, "triangle", n, "fade", 0.02, 0.5, 0.1, "vol", 0.2)
        for n in ("G4", "E4", "C4", "D4", "E4", "A4", "G4", "E4")
    ]
    under, over = np.concatenate(chords * 2), np.concatenate(tune * 4)
    return under[: SECONDS * RATE] + over[: SECONDS * RATE]


def erhu(folder: Path) -> Signal:
    """A bowed string that slides like a voice."""
    slides = [
        _sox(folder, "synth", 1.0, "sawtooth", f"{a}-{b}", "lowpass", 1800, "tremolo", 6, 30, "fade", 0.05, 1.0, 0.2, "vol", 0.4)
        for a, b in ((294, 440), (440, 392), (392, 494), (494, 330), (330, 294), (294, 587), (587, 440), (440, 294))
    ]
    return np.concatenate(slides * 2)


def ringing(folder: Path) -> Signal:
    """A telephone that nobody answers, and a tune of a mobile one."""
    bell = _sox(folder, "synth", 1.0, "sine", 440, "synth", "sine", "mix", 480, "tremolo", 20, 50, "vol", 0.5)
    tune = [_sox(folder, "synth", 0.15, "square", n, "lowpass", 3000, "vol", 0.3) for n in (659, 587, 370, 415, 554, 494)]
    return _placed(_placed(np.zeros(SECONDS * RATE), bell, (1, 3, 5)), np.concatenate(tune * 3), (8, 12))


def television(folder: Path) -> Signal:
    """News in English from the next room."""
    return _from_next_room(folder, _spoken(folder, "en-us", _NEWS), 0.3)


def television_german(folder: Path) -> Signal:
    """News in German from the next room."""
    return _from_next_room(folder, _spoken(folder, "de", _NEWS_DE), 0.3)


def far_voices(folder: Path) -> Signal:
    """Three people talk at the same time at the end of a corridor; nobody could say what."""
    voices = sum((_looped(_spoken(folder, voice, text)) for voice, text in _VOICES), np.zeros(SECONDS * RATE))
    far = _filtered(folder, voices * 0.3, "lowpass", 1200, "reverb", 95, 50, 100, "lowpass", 1200)[: SECONDS * RATE]
    return far * 0.02 / np.sqrt(np.mean(far**2)) + _sox(folder, "synth", SECONDS, "pinknoise", "vol", 0.01)[: len(far)]


NOISES: dict[str, Callable[[Path], Signal]] = {
    make.__name__: make
    for make in (
        silence, hiss, hum, fan, street, rain, loud_noise, stuttering_noise, keyboard, coughs, knocks, music, erhu,
        ringing, television, television_german, far_voices,
    )
}  # fmt: skip


def samples(name: str) -> NDArray[np.int16]:
    """A noise as signed 16-bit samples, 16 kHz, mono, 16 s.  Raises KeyError, OSError, CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        signal = NOISES[name](Path(folder))
    return np.asarray(np.clip(signal, -1, 1) * 32767, np.int16)


def write(folder: Path, names: Sequence[str] = tuple(NOISES)) -> None:
    """A dialogue folder for each of the noises."""
    for name in names:
        own = folder / name
        own.mkdir(parents=True, exist_ok=True)
        _sox_run(["-t", "raw", "-r", RATE, "-e", "signed", "-b", 16, "-c", 1, "-", own / "room.wav"], samples(name).tobytes())
        reference = {"condition": name, "tracks": {"room": "room.wav"}, "utterances": []}
        (own / "reference.json").write_text(json.dumps(reference), "utf-8")


# --- tools ------------------------------------------------------------------------------------------------------


def _sox(folder: Path, *effects: object) -> Signal:
    """What sox makes of nothing with these effects; its random numbers are the same every time."""
    return _signal(_sox_run(["-n", "-r", RATE, "-c", 1, "-b", 16, "-e", "signed", "-t", "raw", "-", *effects]))


def _filtered(folder: Path, signal: Signal, *effects: object) -> Signal:
    raw = ["-t", "raw", "-r", RATE, "-e", "floating-point", "-b", 32, "-c", 1, "-"]
    out = ["-t", "raw", "-e", "signed", "-b", 16, "-"]
    return _signal(_sox_run([*raw, *out, *effects], signal.astype(np.float32).tobytes()))


def _sox_run(arguments: Sequence[object], sound: bytes = b"") -> bytes:
    command = ["sox", "-R", "-q", "-V1", *map(str, arguments)]
    return subprocess.run(command, input=sound, stdout=subprocess.PIPE, check=True).stdout


def _signal(raw: bytes) -> Signal:
    return np.frombuffer(raw, "<i2").astype(np.float64) / 32768


def _spoken(folder: Path, voice: str, text: str) -> Signal:
    path = folder / "voice.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-w", str(path), text], check=True)
    return _signal(_sox_run([path, "-r", RATE, "-c", 1, "-b", 16, "-e", "signed", "-t", "raw", "-"]))


def _from_next_room(folder: Path, voice: Signal, level: float) -> Signal:
    return _filtered(folder, _looped(voice), "lowpass", 2500, "reverb", 60, "vol", level)[: SECONDS * RATE]


def _looped(signal: Signal) -> Signal:
    return np.resize(signal, SECONDS * RATE)


def _decaying(seconds: float, falls: float) -> Signal:
    return np.exp(-np.arange(round(seconds * RATE)) / RATE / falls)


def _placed(under: Signal, sound: Signal, times: Sequence[float] | Signal) -> Signal:
    mixed = under.copy()
    for at in times:
        start = round(float(at) * RATE)
        part = sound[: max(len(mixed) - start, 0)]
        mixed[start : start + len(part)] += part
    return mixed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    write(parser.parse_args().folder)


if __name__ == "__main__":
    main()
