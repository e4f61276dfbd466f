"""The film of a lecture: asked for, planned, and put in its place; the work is done as for cases (server/archive)."""

import base64
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from server import clock, signing_key
from server.archive.bundle import Bundle
from server.archive.disk import Disk
from server.archive.plan import PLAN, BundlePlan, Packed, Result, Seat, Source, VideoPlan, Written
from server.domain.states import ArchiveState
from server.durable import make_folder, replace_file, sync_folder
from server.errors import NotFound, Unavailable, WrongState
from server.protocol.canonical import canonical_json
from server.protocol.lectures import LectureView
from server.protocol.recording import MANIFEST_NAME, Manifest
from server.reception.office import Office
from server.reception.paper import archive_plans
from server.reception.paper.archiving import work_folder
from server.reception.talk import lectures
from server.settings import Settings
from server.store import lectures as store
from server.store import receptions
from server.store.access import Actor
from server.store.models import Lecture

WHY = {
    "disk_full": "存放视频的磁盘快满了，没有做成。录音录像都在。请管理员腾出空间，再做一次。",
    "disk_error": "存放视频的磁盘出了错，没有做成。录音录像都在。请管理员检查磁盘，再做一次。",
    "internal": "做的时候出了问题，没有做成。录音录像都在。请再做一次；还不行，请告诉管理员。",
}
DONE = ("", ArchiveState.READY, ArchiveState.FAILED)


def ask(session: Session, actor: Actor, lecture_id: str) -> LectureView:
    """Have it made, or made again; raises NotFound, NotAllowed, WrongState where there is no recording."""
    lecture = lectures.managed(session, actor, lecture_id)
    if not _recorded(lecture):
        raise WrongState("这个讲座没有录音录像，做不了视频。", code="no_recording")
    store.move_film(session, lecture_id, DONE, ArchiveState.WAITING, progress=0, message="")
    session.refresh(lecture)
    return lectures.view(session, actor, lecture_id)


def ask_by_itself(session: Session, lecture_id: str) -> bool:
    """Have it made when the lecture is over; False if it was asked for before."""
    return store.move_film(session, lecture_id, ("",), ArchiveState.WAITING)


def _recorded(lecture: Lecture) -> bool:
    return bool(lecture.manifest and lecture.manifest.get("segments"))


def file_of(session: Session, settings: Settings, actor: Actor, lecture_id: str) -> tuple[Path, str]:
    """The film, and a name for who saves it; raises NotFound, Unavailable when it is not whole."""
    lecture = lectures.require(session, actor, lecture_id)
    if lecture.film_state != ArchiveState.READY:
        raise NotFound("视频还没有做好。")
    path = settings.archives_dir / lecture.film_file
    if not path.is_file() or path.stat().st_size != lecture.film_size:
        raise Unavailable("视频文件不见了或者不完整，录音录像都在，请主办单位再做一次。", code="archive_damaged")
    return path, f"{lecture.title}.mp4"


def bundle(session: Session, office: Office, actor: Actor, lecture_id: str) -> tuple[Iterator[bytes], str]:
    """Everything that was recorded, the film and a page that plays and verifies it offline, as one ZIP, and its name.

    Raises NotFound, NotAllowed for others than the hosts, Unavailable where the film is not whole.
    """
    lecture = lectures.managed(session, actor, lecture_id)
    film, _ = file_of(session, office.settings, actor, lecture_id)
    manifest = lecture.manifest or {}
    sources = _sources(office.settings.recordings_dir / lecture.id, Manifest.model_validate(manifest))
    key = archive_plans.public_key(office)
    name = f"讲座 {clock.day_in_office(lecture.started_at or lecture.planned_at).isoformat()}"
    plan = BundlePlan(
        folder=name,
        about=_about(lecture, actor),
        manifest=manifest,
        public_key=base64.b64encode(key).decode(),
        signing_key=archive_plans.signing_key_of(office),
        files=(
            Packed(name="video/archive.mp4", file=film.resolve(), size=lecture.film_size, sha256=lecture.film_sha256),
            *(archive_plans.packed_track(one) for one in sources),
        ),
        texts=(
            Written(name=f"recording/{MANIFEST_NAME}", text=canonical_json(manifest).decode()),
            *((Written(name="recording/public-key.pem", text=signing_key.public_pem(key).decode()),) if key else ()),
        ),
        reserve_mb=office.settings.disk_reserve_mb,
    )
    return Bundle(plan, Disk(film.parent, 0), lambda done: None).pieces(), f"{name}.zip"


def _about(lecture: Lecture, actor: Actor) -> tuple[tuple[str, str], ...]:
    began = lecture.started_at.astimezone(clock.OFFICE_ZONE) if lecture.started_at else None
    return (
        ("讲座", lecture.title),
        ("主办", lecture.organization.name),
        ("主讲", receptions.shown_name(lecture.speaker)),
        ("时间", f"{began:{archive_plans.MOMENT}}" if began else ""),
        ("来看的单位", "、".join(one.organization.name for one in lecture.invited if one.came_at is not None)),
        ("导出人", actor.name),
        ("导出时间", f"{clock.today_in_office():{archive_plans.MOMENT}}"),
        ("录音录像清单 SHA-256", lecture.manifest_sha256),
    )


# --- for the job, which acts for nobody ----------------------------------------------------------------------------


def begin(office: Office, lecture_id: str) -> Path | None:
    """The worker's folder with its plan in it; None when nothing is to be made.  A plan that is there is kept."""
    with office.store.write() as session:
        if not store.move_film(session, lecture_id, store.UNFINISHED, ArchiveState.RUNNING):
            return None
        lecture = session.get_one(Lecture, lecture_id)
        made = plan(session, office.settings, lecture)
    folder = work_folder(office, lecture_id)
    if not (folder / PLAN).exists():
        make_folder(folder)
        replace_file(folder / PLAN, made.model_dump_json().encode())
    return folder


def plan(session: Session, settings: Settings, lecture: Lecture) -> VideoPlan:
    """The film of a lecture: the speaker, whoever was given the floor, and what was shown."""
    manifest = Manifest.model_validate(lecture.manifest)
    sources = tuple(_sources(settings.recordings_dir / lecture.id, manifest))
    seats = dict.fromkeys(sorted((one.seat_id for one in sources), key=lambda seat: not seat.startswith("s")))
    accounts = {seat: lectures.account_of(seat) for seat in seats}
    names = store.people(session, [one for one in accounts.values() if one is not None])
    return VideoPlan(
        heading=f"{lecture.organization.name}　{lecture.title}",
        started_at=manifest.started_at.astimezone(clock.OFFICE_ZONE) if manifest.started_at else None,
        seconds=max([manifest.seconds, *(one.end for one in sources)]),
        seats=tuple(
            Seat(id=seat, role="主讲" if seat.startswith("s") else "发言", name=names[number].name if number in names else "")
            for seat, number in accounts.items()
        ),
        sources=sources,
        font_dir=settings.pdf_font_dir,
        reserve_mb=settings.disk_reserve_mb,
    )


def _sources(folder: Path, manifest: Manifest) -> Iterator[Source]:
    for found in manifest.segments:
        yield Source(
            id=found.id, seat_id=found.participant_id, kind=found.kind, document=found.source.shared,
            file=(folder / Path(found.file).name).resolve(), start=found.start, seconds=found.seconds, size=found.size,
            sha256=found.sha256,
        )  # fmt: skip


def progress(office: Office, lecture_id: str, done: float) -> bool:
    """Keep how far it is; False: it is not wanted any more."""
    with office.store.write() as session:
        return store.move_film(session, lecture_id, [ArchiveState.RUNNING], ArchiveState.RUNNING, progress=done)


def finish(office: Office, lecture_id: str, result: Result) -> None:
    """Take what the worker made: the file to its place, then the row."""
    work = work_folder(office, lecture_id)
    name = f"{lecture_id}/{result.sha256[:16]}.mp4"
    target = office.settings.archives_dir / name
    make_folder(target.parent)
    if (work / result.file).exists():
        os.replace(work / result.file, target)
        sync_folder(target.parent)
    with office.store.write() as session:
        store.move_film(
            session, lecture_id, store.UNFINISHED, ArchiveState.READY, progress=1.0, file=name, size=result.size,
            sha256=result.sha256, message="\n".join(result.notes),
        )  # fmt: skip
    for older in target.parent.iterdir():
        if older != target:
            older.unlink(missing_ok=True)
    shutil.rmtree(work, ignore_errors=True)


def fail(office: Office, lecture_id: str, why: str) -> None:
    """It cannot be made now, for this reason (a Chinese sentence); nothing half is left."""
    with office.store.write() as session:
        store.move_film(session, lecture_id, store.UNFINISHED, ArchiveState.FAILED, message=why)
    shutil.rmtree(work_folder(office, lecture_id), ignore_errors=True)
