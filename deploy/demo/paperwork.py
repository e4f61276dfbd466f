"""What follows the talk: listening again, confirming, reading, signing, filing, asking for the progress."""

import hashlib
import io
import math
from dataclasses import dataclass

import av
from office_client import patiently, wait_for
from people import People

from server.protocol.cases import CaseRow
from server.protocol.edits import EditHeard, Edits
from server.protocol.progress import Progress, ProgressQuery
from server.protocol.reading import Reading, Signature
from server.protocol.records import PlayableSegment, Record
from server.protocol.sittings import Sitting
from server.protocol.strokes import Strokes

EDITS_AT_ONCE = 100
RECOGNISED_S = 300.0


class NotAsExpected(Exception):
    """A step of the walk did not lead where it should."""


@dataclass(frozen=True)
class Recording:
    """One recorded file, fetched as a page fetches it."""

    participant: str
    kind: str
    seconds: float
    sha256: str
    playable: bool


async def record_of(people: People, record_id: str) -> Record:
    """The record as the clerk sees it."""
    return Record.model_validate(await patiently(people.clerk, "GET", f"/api/records/{record_id}"))


async def fully_recognised(people: People, record_id: str) -> Record:
    """The record once nothing is being recognised any more: after a crash that goes on behind the draft."""

    async def done() -> Record | None:
        record = await record_of(people, record_id)
        return None if record.recognition == "running" else record

    return await wait_for(done, "the last words to be recognised", RECOGNISED_S, every=0.5)


async def correct_and_confirm(people: People, record: Record) -> None:
    """The clerk has listened to every line and hands the record to the petitioner."""
    lines = [line for line in record.body if not line.heard and not line.deleted]
    for first in range(0, len(lines), EDITS_AT_ONCE):
        edits = tuple(
            EditHeard(line_id=line.id, version=line.version, heard=True)
            for line in lines[first : first + EDITS_AT_ONCE]
        )
        await people.clerk.call("POST", f"/api/records/{record.id}/edits", Edits(edits=edits))
    await people.clerk.call("POST", f"/api/records/{record.id}/confirm")


async def sign(people: People, record_id: str) -> Sitting:
    """The petitioner reads the record at the kiosk and signs it; returns the slip."""
    sitting = await people.kiosk.sitting()
    if sitting.step != "read" or sitting.record_id != record_id:
        raise NotAsExpected(f"the kiosk shows {sitting.step}")
    shown = await people.kiosk.get_as(Reading, "GET", f"/api/reading/{record_id}")
    signature = Signature(strokes=drawn_name(), aspect=1 / 3, sha256=shown.sha256)
    await people.kiosk.call("POST", f"/api/reading/{record_id}/signature", signature)
    return await people.kiosk.sitting()


async def file(people: People, record_id: str) -> str:
    """The case number, filing the record first where signing did not already."""
    record = await record_of(people, record_id)
    if record.case_no:
        return record.case_no
    return str((await people.clerk.call("POST", f"/api/records/{record_id}/file"))["case_no"])


async def find_case(people: People, case_no: str) -> CaseRow:
    """The case as a search finds it."""
    found = await people.leader.call("GET", f"/api/cases?q={case_no}")
    for row in found["cases"]:
        if row["case_no"] == case_no:
            return CaseRow.model_validate(row)
    raise NotAsExpected("the search does not find the case")


async def ask_progress(people: People, sitting: Sitting) -> Progress:
    """What anybody with the slip and the last four digits sees."""
    query = ProgressQuery(code=sitting.query_code, phone_last4=sitting.phone_last4)
    return await people.public.get_as(Progress, "POST", "/api/progress", query)


def drawn_name() -> Strokes:
    """Three characters as a finger draws them."""
    return tuple(
        tuple(
            (
                0.18 + 0.3 * stroke + 0.1 * math.cos(step / 6),
                0.17 + 0.08 * math.sin(step * (stroke + 1) / 9),
                900 * stroke + 12 * step,
                0.0,
            )
            for step in range(60)
        )
        for stroke in range(3)
    )


async def check_recordings(people: People, record: Record) -> list[Recording]:
    """Fetch every recorded file over HTTP, check its hash and decode it from start to end."""
    return [await _check(people, segment, _role(record, segment)) for segment in record.segments]


def _role(record: Record, segment: PlayableSegment) -> str:
    return next((str(p.role) for p in record.participants if p.id == segment.participant_id), "")


async def _check(people: People, segment: PlayableSegment, role: str) -> Recording:
    data = await people.clerk.fetch(segment.url)
    digest = hashlib.sha256(data).hexdigest()
    decoded = decoded_seconds(data)
    playable = digest == segment.sha256 and abs(decoded - segment.seconds) <= 0.3
    return Recording(role, str(segment.kind), round(segment.seconds, 3), digest, playable)


def decoded_seconds(data: bytes) -> float:
    """Length of a recorded file as a decoder finds it; 0 if it cannot be decoded to its end."""
    end = 0.0
    try:
        with av.open(io.BytesIO(data), "r") as container:
            for frame in container.decode(container.streams[0]):
                if isinstance(frame, av.AudioFrame | av.VideoFrame):
                    end = (frame.time or 0.0) + _length(frame)
    except av.FFmpegError:
        return 0.0
    return end


def _length(frame: av.AudioFrame | av.VideoFrame) -> float:
    return frame.samples / frame.sample_rate if isinstance(frame, av.AudioFrame) else 0.0
