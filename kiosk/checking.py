"""The checks at the kiosk program's door: the page shows pictures and sound, and gets words; see server/protocol/checks.py.

Nothing of what is shown is kept but the outlines of the empty room, from which no picture can be had, and what the last
self-test said.
"""

import base64
import binascii
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.checks import framing, paper, picture, sound
from kiosk.checks.picture import Picture
from server.protocol.base import Message
from server.protocol.checks import (
    Check,
    DiskAsked,
    DiskIs,
    Fault,
    HeardIs,
    Listen,
    Look,
    LoopAsked,
    PaperIs,
    Photographed,
    Seen,
    Tone,
)
from server.protocol.health import Measured, MeasuredName

MOST_PIXELS = 12_000_000
LONGEST_S = 31
DISK_LOW = Fault(code="disk_low", words="这台机器的硬盘快满了，请告诉工作人员。谈话和办公室的录音不受影响。")
DISK_LOW_BYTES = 2_000_000_000
"""Beside what copies leave free."""


class Unusable(Exception):
    """What the page showed is no picture or no sound."""


class Checks:
    """One kiosk's checks; `answer` computes and belongs into a thread."""

    def __init__(self, data_dir: Path, reserve: int = 0) -> None:
        """`reserve`: bytes of the disk that copies leave free."""
        self._data_dir = data_dir
        self._reserve = reserve
        self._outline_file = data_dir / "room-outline.npy"
        self.camera: tuple[datetime, tuple[str, ...]] | None = None
        """When the camera was last looked at, and what was wrong."""
        self.microphone: tuple[datetime, tuple[str, ...]] | None = None
        self.camera_measured: tuple[Measured, ...] = ()
        """The numbers behind."""
        self.microphone_measured: tuple[Measured, ...] = ()

    def answer(self, asked: Check) -> Message:
        """Raises Unusable."""
        match asked:
            case Look():
                return self._look(asked)
            case Listen():
                return self._listen(asked)
            case LoopAsked():
                return Tone(sound=_coded(sound.loop_sound()))
            case Photographed():
                return _paper(asked)
            case DiskAsked():
                low = shutil.disk_usage(self._data_dir).free < self._reserve + DISK_LOW_BYTES
                return DiskIs(faults=(DISK_LOW,) if low else ())

    def _look(self, asked: Look) -> Seen:
        if not asked.pictures:
            return self._no_camera()
        pictures = [(one.at, _picture(one.jpeg)) for one in asked.pictures]
        last = pictures[-1][1]
        how = framing.framing(last)
        empty = asked.nobody and how is framing.Framing.NOBODY
        found = picture.faults(pictures, self._outline() if empty else None)
        if empty and not found and not self._outline_file.exists():
            np.save(self._outline_file, picture.outline_of(last))
        self.camera = (datetime.now(UTC), tuple(found))
        self.camera_measured = _measured(picture.measured(last).items())
        faults = tuple(Fault(code=one, words=picture.WORDS[one]) for one in found)
        return Seen(faults=faults, framing=Fault(code=how, words=framing.WORDS[how]))

    def _no_camera(self) -> Seen:
        missing, nobody = picture.PictureFault.MISSING, framing.Framing.NOBODY
        self.camera, self.camera_measured = (datetime.now(UTC), (missing,)), ()
        return Seen(
            faults=(Fault(code=missing, words=picture.WORDS[missing]),),
            framing=Fault(code=nobody, words=framing.WORDS[nobody]),
        )

    def _no_microphone(self) -> HeardIs:
        missing = sound.SoundFault.MISSING
        self.microphone, self.microphone_measured = (datetime.now(UTC), (missing,)), ()
        words = sound.WORDS[missing]
        return HeardIs(faults=(Fault(code=missing, words=words),), words=words, speech_db=-120, room_db=-120)

    def _outline(self) -> NDArray[np.float32] | None:
        try:
            return np.asarray(np.load(self._outline_file, allow_pickle=False), np.float32)
        except (OSError, ValueError):
            return None

    def forget_room(self) -> None:
        """The camera was put elsewhere on purpose: the next empty room in order is the one to compare with."""
        self._outline_file.unlink(missing_ok=True)

    def _listen(self, asked: Listen) -> HeardIs:
        if not asked.sound:
            return self._no_microphone()
        heard = _sound(asked.sound)
        loop_s = sound.loop_heard(heard) if asked.loop else None
        found = [*sound.faults(heard, speaking=asked.speaking)]
        if asked.loop and loop_s is None and sound.SoundFault.DEAD not in found:
            found.append(sound.SoundFault.LOUDSPEAKER)
        levels = sound.measure(heard)
        if not asked.speaking:
            self.microphone = (datetime.now(UTC), tuple(found))
            self.microphone_measured = _measured((("speech_db", levels.speech_db), ("room_db", levels.room_db), ("hum_db", levels.hum_db)))
        faults = tuple(Fault(code=one, words=sound.WORDS[one]) for one in found)
        words = sound.in_words(heard) if asked.speaking else ""
        return HeardIs(faults=faults, words=words, speech_db=levels.speech_db, room_db=levels.room_db, loop_s=loop_s)


def _measured(numbers: Iterable[tuple[MeasuredName, float]]) -> tuple[Measured, ...]:
    return tuple(Measured(name=name, value=round(value, 2)) for name, value in numbers)


def _paper(asked: Photographed) -> PaperIs:
    shot = _picture(asked.jpeg)
    told = _page(asked, shot)
    return _whole(shot, told.faults) if asked.whole and told.readable else told


def _page(asked: Photographed, shot: Picture) -> PaperIs:
    corners = paper.find(shot)
    if corners is None:
        return _refused(paper.PageFault.NO_PAGE)
    places = np.clip(corners / np.array(shot.shape[1::-1]), 0, 1)
    shares = tuple((float(x), float(y)) for x, y in places)
    found = paper.faults(shot, corners, sharp=asked.straighten)
    if found:
        return _refused(*found, corners=shares)
    return PaperIs(faults=(), corners=shares, page=_base64(paper.evened(paper.straightened(shot, corners))) if asked.straighten else "")


def _refused(*found: paper.PageFault, corners: tuple[tuple[float, float], ...] = ()) -> PaperIs:
    return PaperIs(faults=tuple(map(_page_fault, found)), readable=paper.NO_OUTLINE.issuperset(found), corners=corners)


def _whole(shot: Picture, faults: tuple[Fault, ...]) -> PaperIs:
    """The photograph as it is, where that can be read."""
    spoilt = paper.whole_faults(shot)
    return _refused(*spoilt) if spoilt else PaperIs(faults=faults, page=_base64(paper.whole(shot)))


def _base64(page: Picture) -> str:
    return base64.b64encode(paper.jpeg(page)).decode()


def _page_fault(fault: paper.PageFault) -> Fault:
    return Fault(code=fault, words=paper.WORDS[fault])


def _bytes(coded: str) -> bytes:
    try:
        return base64.b64decode(coded, validate=True)
    except binascii.Error:
        raise Unusable from None


def _picture(coded: str) -> Picture:
    return _decoded(_bytes(coded))


def _decoded(data: bytes) -> Picture:
    """A JPEG's picture; the size is read before anything is unpacked."""
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data[:2] == b"\xff\xd8" else None
    except cv2.error:
        image = None
    if image is None or image.shape[0] * image.shape[1] > MOST_PIXELS or min(image.shape[:2]) < 32:
        raise Unusable
    return np.asarray(image, np.uint8)


def _sound(coded: str) -> sound.Sound:
    data = _bytes(coded)
    samples = np.asarray(np.frombuffer(data[: len(data) // 2 * 2], "<i2") / 32768, np.float32)
    if not sound.RATE // 2 <= samples.size <= LONGEST_S * sound.RATE:
        raise Unusable
    return samples


def _coded(samples: sound.Sound) -> str:
    return base64.b64encode((samples * 32767).astype("<i2").tobytes()).decode()


