"""A talk whose recording lacks ten seconds, and the kiosk's own copy of it: real speech of the demo's dialogue.

Media time 0 is 45 s into the dialogue.  The office recorded the petitioner from 0 to 12 and from 22 to 33; the copy
begins at 1.5, and the kiosk's clock says 2.6.
"""

import hashlib
import shutil
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from sqlalchemy import delete
from sqlalchemy.orm import Session

from server.reception.office import Office
from server.store.models import KioskCopy, StoredGap, StoredSegment
from tests.records.office import TALK

LAND = Path(__file__).parents[2] / "deploy/demo/land"
OFFSET = 45.0
GAP = (12.0, 22.0)
END = 33.0
COPY_BEGINS = 1.5
KIOSK_SAYS = 2.6
RATE = 48_000


def make_recording(target: Path, start: float, end: float) -> None:
    """The petitioner's sound between two media times as the office records it: packets as they came."""
    with av.open(str(LAND / "petitioner.opus")) as source, av.open(str(target), "w", format="webm") as sink:
        stream = sink.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.pts is None or not start + OFFSET <= packet.pts * packet.time_base < end + OFFSET:
                continue
            packet.pts = packet.dts = packet.pts - round((start + OFFSET) / packet.time_base)
            packet.stream = stream
            sink.mux(packet)


def make_copy(target: Path, role: str = "petitioner") -> None:
    """What the kiosk's recorder made of the same microphone: encoded anew, with pictures."""
    with av.open(str(target), "w", format="webm") as sink:
        sound = sink.add_stream("libopus", rate=RATE, layout="mono", options={"b": "48000"})
        picture = sink.add_stream("libvpx", rate=5, options={"g": "10", "deadline": "realtime"})
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        for number in range(round((END - COPY_BEGINS) * 5)):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number % 250, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 5)
            sink.mux(picture.encode(frame))
        for frame in _sound(role):
            sink.mux(sound.encode(frame))
        sink.mux([*picture.encode(None), *sound.encode(None)])


def _sound(role: str) -> list[av.AudioFrame]:
    """Frames of 20 ms from the copy's beginning to its end, a little louder than they were."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(str(LAND / f"{role}.opus")) as source:
        blocks = [part.to_ndarray()[0] for frame in source.decode(audio=0) for part in resampler.resample(frame)]
    first, last = (round((OFFSET + at) * RATE) for at in (COPY_BEGINS, END))
    whole = np.clip(np.concatenate(blocks)[first:last] * 1.3, -32768, 32767).astype(np.int16)
    frames = []
    for at in range(0, len(whole) - 960, 960):
        frame = av.AudioFrame.from_ndarray(whole[None, at : at + 960], format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, at
        frames.append(frame)
    return frames


class Recording:
    """The office's files, made once for all tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_recording(folder / "before.webm", 0.0, GAP[0])
        make_recording(folder / "after.webm", GAP[1], END)

    def segments(self, office: Office, reception_id: str, participant_id: str) -> list[StoredSegment]:
        """The recording, laid into the office's folder."""
        target = office.settings.recordings_dir / reception_id
        target.mkdir(parents=True, exist_ok=True)
        found = []
        for name, start, end in (("before", 0.0, GAP[0]), ("after", GAP[1], END)):
            shutil.copy(self.folder / f"{name}.webm", target)
            size = (target / f"{name}.webm").stat().st_size
            found.append(StoredSegment(
                id=f"{reception_id}-{name}", reception_id=reception_id, participant_id=participant_id, kind="audio",
                codec="audio/opus", file=f"{name}.webm", start=start, seconds=end - start, size=size, sha256="0" * 64,
                closed="clean",
            ))  # fmt: skip
        return found

    def replace(self, session: Session, office: Office, reception_id: str, participant_id: str) -> None:
        """These files in the place of whatever recording the reception has, with no gap noted."""
        session.execute(delete(StoredGap))
        session.execute(delete(StoredSegment))
        session.add_all(self.segments(office, reception_id, participant_id))


class Files(Recording):
    """The same with copies of the kiosk."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        make_copy(folder / "copy.webm")
        make_copy(folder / "other.webm", "leader")

    def gap(self, reception_id: str, participant_id: str, cause: str = "network_lost") -> StoredGap:
        return StoredGap(
            reception_id=reception_id, participant_id=participant_id, start=GAP[0], end=GAP[1], cause=cause
        )

    def copy(self, office: Office, reception_id: str, participant_id: str, name: str = "copy") -> KioskCopy:
        """The copy, whole at the office."""
        target = office.settings.copies_dir / reception_id
        target.mkdir(parents=True, exist_ok=True)
        content = (self.folder / f"{name}.webm").read_bytes()
        (target / "c1.webm").write_bytes(content)
        return KioskCopy(
            id="c1", kiosk_id=1, reception_id=reception_id, participant_id=participant_id, state="stored",
            announced_at=TALK, begun_at=TALK, position=KIOSK_SAYS, size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
