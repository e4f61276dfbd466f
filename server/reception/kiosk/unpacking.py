"""What is in a sitting alone that arrived (protocol/alone.py): pieces in order, sound and photographs as files.

Nothing of it is believed beyond its shape: a piece that cannot be read is noted as missing, and the rest is used.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from server.protocol import alone, sealed

LONGEST_S = 12 * 3600.0
"""A sitting is no longer; a later time is a page's error."""


@dataclass
class Run:
    """One run of the page's recorder, written to `file`."""

    take: int
    question: str
    start: float
    file: Path
    end: float = 0.0


@dataclass(frozen=True)
class Photo:
    """A paper that was photographed at this media time, written to `file`."""

    at: float
    file: Path


@dataclass
class Sitting:
    """What was found."""

    begun: alone.Begun | None = None
    person: alone.Person = field(default_factory=alone.Person)
    asked: list[alone.Asked] = field(default_factory=list)
    typed: list[alone.Typed] = field(default_factory=list)
    runs: dict[int, Run] = field(default_factory=dict)
    photos: list[Photo] = field(default_factory=list)
    lost: list[alone.Lost] = field(default_factory=list)
    signed: alone.Signed | None = None
    ended: alone.Ended | None = None
    spoilt: list[float] = field(default_factory=list)
    """When the pieces that cannot be read were written, as near as is known."""
    until: float = 0.0
    """The last moment that anything tells of."""


def read(file: Path, name: str, private: X25519PrivateKey, folder: Path) -> Sitting:
    """All of a sealed sitting; its runs and photographs go into `folder`.  Raises sealed.Unreadable, OSError."""
    found = Sitting()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    with file.open("rb") as source:
        current: Run | None = None
        for piece in sealed.unsealed(source, name, private):
            if piece.data is None:
                found.spoilt.append(found.until)
                _append(current, bytes(piece.length))
                continue
            try:
                message, data = alone.unpack(piece.data)
            except alone.NoPiece:
                found.spoilt.append(found.until)
                continue
            if isinstance(message, alone.Sound):
                current = _sound(found, message, data, folder)
            else:
                current = None
                _take(found, message, data, folder)
    return found


def _sound(found: Sitting, message: alone.Sound, data: bytes, folder: Path) -> Run:
    run = found.runs.get(message.take)
    if run is None:
        run = Run(message.take, message.question, _time(message.at), folder / f"run-{message.take:04d}.webm")
        found.runs[message.take] = run
    found.until = max(found.until, run.start)
    _append(run, data)
    return run


def _append(run: Run | None, data: bytes) -> None:
    """A second that was spoilt in the middle of a run stands in it as zeros: players pass over it."""
    if run is not None:
        with run.file.open("ab") as target:
            target.write(data)


def _take(found: Sitting, message: alone.Piece, data: bytes, folder: Path) -> None:
    """Anything but sound."""
    found.until = max(found.until, _time(getattr(message, "at", 0.0)))
    match message:
        case alone.Begun():
            found.begun = found.begun or message
        case alone.Person():
            found.person = message
        case alone.Asked():
            found.asked.append(message.model_copy(update={"at": _time(message.at)}))
        case alone.Typed():
            found.typed.append(message.model_copy(update={"at": _time(message.at)}))
        case alone.Stopped():
            _stop(found, message)
        case alone.Photo() if len(found.photos) < alone.MOST_PHOTOS:
            _photo(found, message, data, folder)
        case alone.Lost():
            end = None if message.end is None else max(_time(message.start), _time(message.end))
            found.lost.append(message.model_copy(update={"start": _time(message.start), "end": end}))
        case alone.Signed():
            found.signed = message.model_copy(update={"at": _time(message.at)})
        case alone.Ended():
            found.ended = message
        case _:
            pass


def _stop(found: Sitting, message: alone.Stopped) -> None:
    with suppress(KeyError):
        found.runs[message.take].end = _time(message.at)


def _photo(found: Sitting, message: alone.Photo, data: bytes, folder: Path) -> None:
    photo = Photo(_time(message.at), folder / f"photo-{len(found.photos) + 1:02d}.jpg")
    photo.file.write_bytes(data)
    found.photos.append(photo)


def _time(at: float) -> float:
    return min(at, LONGEST_S)
