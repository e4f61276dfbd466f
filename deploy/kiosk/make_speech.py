"""Makes the spoken guidance of the kiosk (web/static/audio) with espeak-ng and FFmpeg, in every language whose pack has one.

    python deploy/kiosk/make_speech.py            every sentence of every pack
    python deploy/kiosk/make_speech.py zh-CN read sign

Needs the Debian packages espeak-ng and ffmpeg, and for Chinese `pip install pypinyin`; the results are committed, so nobody
else has to run it.  espeak-ng in Debian spells hanzi in English, so it is given pinyin with tone numbers.  What is said
stands in web/static/js/kiosk/languages, `spoken`.  An office puts recordings of a human voice beside: deploy/kiosk/README.md.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

STATIC = Path(__file__).resolve().parents[2] / "web" / "static"
AUDIO = STATIC / "audio"
LANGUAGES = STATIC / "js" / "kiosk" / "languages"
VOICES = {"zh-CN": ("cmn-latn-pinyin", 125), "en": ("en-gb", 135)}
"""Language of a pack: (voice of espeak-ng, words a minute)."""
TONES = {
    "ring": "0.4*sin(2*PI*784*t)*exp(-3*t)+0.4*sin(2*PI*1047*max(t-0.5\\,0))*exp(-3*max(t-0.5\\,0)):d=2",
    "tick": "0.4*sin(2*PI*1319*t)*exp(-18*t):d=0.4",
}
"""A bell when it is somebody's turn; a tick when a card was taken."""


def pinyin_of(sentence: str) -> str:
    """Pinyin with tone numbers, punctuation kept so that espeak-ng pauses."""
    from pypinyin import Style, lazy_pinyin

    joined = " ".join(lazy_pinyin(sentence, style=Style.TONE3, neutral_tone_with_five=True))
    for chinese, latin in {"，": ",", "。": ".", "、": ",", "；": ";", "？": "?", "！": "!"}.items():
        joined = joined.replace(chinese, latin)
    return re.sub(r" ([,.;?!])", r"\1", joined)


def speak(code: str, folder: Path, name: str, sentence: str) -> None:
    """Writes <folder>/<name>.opus (mono, 14 kbit/s, 150 ms of silence before and after)."""
    voice, speed = VOICES[code]
    text = pinyin_of(sentence) if code == "zh-CN" else sentence
    with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
        subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "-g", "4", "-w", wav.name, text], check=True)
        shape = "adelay=150,apad=pad_dur=0.15,loudnorm=I=-18:TP=-2"
        command = ["ffmpeg", "-v", "error", "-y", "-i", wav.name, "-af", shape, "-ac", "1", "-ar", "48000"]
        subprocess.run([*command, "-c:a", "libopus", "-b:a", "14k", "-application", "voip", str(folder / f"{name}.opus")], check=True)


def tone(name: str) -> None:
    """A sound without words."""
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"aevalsrc={TONES[name]}:s=48000", "-c:a", "libopus"]
    subprocess.run([*command, "-b:a", "32k", str(AUDIO / f"{name}.opus")], check=True)


def make(pack: dict[str, Any], wanted: list[str]) -> None:
    """The sentences of one pack; without a voice of its own it has none."""
    if pack["code"] not in VOICES:
        return
    folder = AUDIO / pack["voice"]
    folder.mkdir(parents=True, exist_ok=True)
    for name, sentence in pack["spoken"].items():
        if not wanted or name in wanted:
            speak(pack["code"], folder, name, sentence)


def main() -> None:
    code, *names = [*sys.argv[1:], ""] if len(sys.argv) == 1 else sys.argv[1:]
    for file in sorted(LANGUAGES.glob("*.json")):
        if code in ("", file.stem):
            make(json.loads(file.read_text("utf-8")), [name for name in names if name])
    for name in TONES:
        tone(name)


if __name__ == "__main__":
    main()
