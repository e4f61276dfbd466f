"""Makes the spoken guidance of the kiosk (web/static/audio) with espeak-ng and FFmpeg.

Needs `pip install pypinyin` and the Debian packages espeak-ng and ffmpeg; the results are committed, so nobody else
has to run it.  espeak-ng in Debian spells hanzi in English, so it is given pinyin with tone numbers.  An office may
replace any file with a recording of a human voice: the names and the words stay.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

AUDIO = Path(__file__).resolve().parents[2] / "web" / "static" / "audio"
VOICE = "cmn-latn-pinyin"
WORDS_PER_MINUTE = 125

SENTENCES = {
    "welcome": "您好。您有什么事，请慢慢说。不用去县里，在这里就能和领导当面谈。请按，开始。",
    "notice": (
        "开始前，请听一段说明。从开始谈，到挂断，会录下您和领导的声音和画面。"
        "录下来，是为了如实记下您说的话。只有办这件事的人能看，谁看过，都有记录。"
        "您可以看记录，可以请人改，说错了可以更正。中途想停，随时按，结束。"
        "不用脸和声音认人，不给人打分。您可以选，同意录音录像，或者，只录音，不录像，也可以请人用纸记。选哪一个，都能办。"
    ),
    "name": "请填您的姓名。可以用拼音打字，也可以按，我来说，说给机器听。",
    "phone": "请填您的手机号。没有手机，也能办。",
    "matter": "您想谈什么事，可以先说一句。不说也行，可以见到领导再说。",
    "speak": "请说。",
    "waiting": "您排上了。请坐一会儿。轮到您，这里会响。",
    "turn": "轮到您了。请坐好，马上开始。",
    "recording": "现在开始录音录像。",
    "recording-audio": "现在开始录音。",
    "stopped": "谈完了，录音已经停了。",
    "preparing": "工作人员正在核对记录。核对好了，请您看一遍。请坐一会儿。",
    "present": "请先看一看，谈话的时候，有哪些人在。看过了，请按下面的键。",
    "read": "现在请您核对记录。一次一句。和您说的一样，请按，对。不一样，请按，不对。想听当时说的，请按，听当时说的。",
    "dispute": "哪里不对，请说一遍，或者点一个原因。",
    "sign": "没有问题，请用手指在框里签名。签名表示记录和您说的一样，不等于同意处理结果。不签也行，请说一句原因。",
    "slip": "办好了。请记下查询码。看完了，请按，完成。",
    "paper": "已经告诉工作人员，请人用纸给您记。请坐一会儿。",
    "help": "已经告诉工作人员了。请坐一会儿。",
}


def pinyin_of(sentence: str) -> str:
    """Pinyin with tone numbers, punctuation kept so that espeak-ng pauses."""
    from pypinyin import Style, lazy_pinyin

    joined = " ".join(lazy_pinyin(sentence, style=Style.TONE3, neutral_tone_with_five=True))
    for chinese, latin in {"，": ",", "。": ".", "、": ",", "；": ";"}.items():
        joined = joined.replace(chinese, latin)
    return re.sub(r" ([,.;])", r"\1", joined)


def speak(name: str, sentence: str) -> None:
    """Writes web/static/audio/<name>.opus (mono, 20 kbit/s, 150 ms of silence before and after)."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
        text = pinyin_of(sentence)
        subprocess.run(
            ["espeak-ng", "-v", VOICE, "-s", str(WORDS_PER_MINUTE), "-g", "4", "-w", wav.name, text], check=True
        )
        shape = "adelay=150,apad=pad_dur=0.15,loudnorm=I=-18:TP=-2"
        output = str(AUDIO / f"{name}.opus")
        command = ["ffmpeg", "-v", "error", "-y", "-i", wav.name, "-af", shape, "-ac", "1", "-ar", "48000"]
        subprocess.run([*command, "-c:a", "libopus", "-b:a", "20k", "-application", "voip", output], check=True)


def ring() -> None:
    """Two soft bell tones, for when it is somebody's turn."""
    tones = "aevalsrc=0.4*sin(2*PI*784*t)*exp(-3*t)+0.4*sin(2*PI*1047*max(t-0.5\\,0))*exp(-3*max(t-0.5\\,0)):d=2:s=48000"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", tones, "-c:a", "libopus", "-b:a", "32k"]
    subprocess.run([*command, str(AUDIO / "ring.opus")], check=True)


def main() -> None:
    AUDIO.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or SENTENCES:
        speak(name, SENTENCES[name])
    ring()


if __name__ == "__main__":
    main()
