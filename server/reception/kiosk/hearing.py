"""Short spoken answers at the kiosk, so that nobody has to type: heard, shown, never stored."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from server.errors import InvalidInput, TooOften
from server.protocol.kiosks import Heard
from server.reception.record import transcriber
from server.settings import Settings

WAIT_S = 15.0
LONGEST_S = 30.0
"""Seconds of sound; a small file can unpack into hours of it."""
LONGEST = 200
"""Characters of an answer; a matter is told in one sentence."""

DIGITS = {
    "零": "0", "〇": "0", "洞": "0", "幺": "1", "一": "1", "二": "2", "两": "2", "三": "3", "四": "4",
    "五": "5", "六": "6", "七": "7", "拐": "7", "八": "8", "九": "9", "勾": "9",
}  # fmt: skip
"""How digits of a telephone number are said, one by one."""

BEFORE_NAME = re.compile(r"^(您好|你好|嗯|啊|呃|那个|我的名字叫|我的名字是|我的姓名是|我叫做|我叫|我是|姓名|叫做|叫)")


_listening: set[str] = set()
_guard = threading.Lock()


@contextmanager
def _one_at_a_time(place: str) -> Iterator[None]:
    """Raise TooOften while another answer from the same place is being understood."""
    with _guard:
        if place in _listening:
            raise TooOften("上一句还在听，请等一等再说。", code="still_listening")
        _listening.add(place)
    try:
        yield
    finally:
        with _guard:
            _listening.discard(place)


def hear(settings: Settings, place: str, sound: bytes, want: str) -> Heard:
    """Understand one answer of at most 30 seconds; `place`: which kiosk or telephone it comes from.

    Raises InvalidInput when there is no sound in it or too much, TooOften while the place's last answer is still
    being understood, Unavailable when nobody listens.
    """
    if not sound:
        raise InvalidInput("没有听到声音，请再说一遍。", code="no_sound")
    with _one_at_a_time(place):
        parts = transcriber.transcribe(settings, sound, timeout=WAIT_S, longest=LONGEST_S).utterances
    text = "".join(part.text for part in parts)
    if want == "name":
        return Heard(text=name_in(text))
    if want == "phone":
        return Heard(text=text[:LONGEST], digits=digits_in(text))
    return Heard(text=text[:LONGEST])


def digits_in(text: str) -> str:
    """The digits said in a text, 幺三八 → 138; everything else is left out."""
    plain = "".join(DIGITS.get(character, character) for character in text)
    return "".join(character for character in plain if character in "0123456789")


def name_in(text: str) -> str:
    """A name as it was said, without punctuation and without what people say before their name."""
    plain = re.sub(r"[^\w·]", "", text)
    shorter = BEFORE_NAME.sub("", plain)
    while shorter != plain and shorter:
        plain, shorter = shorter, BEFORE_NAME.sub("", shorter)
    return plain[:50]
