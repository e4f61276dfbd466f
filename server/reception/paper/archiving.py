"""Films and export bundles of filed cases: asking for one, giving it up, what became of it.

The work itself is done by a process of its own (server/archive), started by a durable job (server/jobs/archiving.py).
"""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from server import clock
from server.archive.bundle import Bundle
from server.archive.disk import Disk
from server.archive.plan import PLAN, Plan, Result
from server.domain.canonical import check_code
from server.domain.captions import vtt
from server.domain.states import ArchiveKind, ArchiveState
from server.durable import make_folder, replace_file, sync_folder
from server.errors import NotFound, Unavailable, WrongState
from server.protocol.archives import Archives, ArchiveView
from server.reception.matter.cases import require_case, require_talk
from server.reception.office import Office
from server.reception.paper import archive_plans, subtitles
from server.settings import Settings
from server.store import archives, cases, records
from server.store.access import Actor
from server.store.models import Reception, StoredArchive, StoredCase, StoredCaseEvent

BY_ITSELF = "系统"
"""Who asks for a film when a case is filed."""
RECORDING = "recording"
"""In the log of accesses."""
GOES_ON = timedelta(hours=12)
"""So long the pieces of a file belong to its beginning."""
MEDIA_TYPES = {ArchiveKind.VIDEO: "video/mp4", ArchiveKind.BUNDLE: "application/zip"}
SUFFIXES = {ArchiveKind.VIDEO: "mp4", ArchiveKind.BUNDLE: "zip"}
WHY = {
    "disk_full": "存放归档文件的磁盘快满了，没有做成。录音录像都在。请管理员腾出空间，再做一次。",
    "disk_error": "存放归档文件的磁盘出了错，没有做成。录音录像都在。请管理员检查磁盘，再做一次。",
    "internal": "做的时候出了问题，没有做成。录音录像都在。请再做一次；还不行，请告诉管理员。",
    "no_recording": "这次接谈没有录音录像，做不了归档视频。",
    "no_video": "归档视频没有做成，整套材料也就导不出来。请先把归档视频做好。",
}


class NoRecording(WrongState):
    """Nothing was recorded, so there is nothing to make."""

    code = "no_recording"
    message = WHY["no_recording"]


# --- asking ------------------------------------------------------------------------------------------------------


def ask(session: Session, actor: Actor, case_id: int, kind: ArchiveKind) -> list[int]:
    """Ask for a film or a bundle; the ids of what is to be made, in order.

    What is being made already is not made twice.  A bundle needs the film: that is asked for first where there is
    none.  Raises NotFound, NoRecording.
    """
    case = require_case(session, actor, case_id)
    cases.lock(session, case.id)
    _require_recording(session, case)
    found = [_asked(session, case, kind, actor.name, actor.user_id)]
    if kind == ArchiveKind.BUNDLE and archives.ready(session, case.id, ArchiveKind.VIDEO) is None:
        found.insert(0, _asked(session, case, ArchiveKind.VIDEO, actor.name, actor.user_id))
    return found


def ask_on_filing(session: Session, case_id: int) -> list[int]:
    """The film of a case that has just been filed; none where nothing was recorded or it was asked for before."""
    case = session.get_one(StoredCase, case_id)
    cases.lock(session, case.id)
    if archives.latest(session, case.id, ArchiveKind.VIDEO) is not None or not _recorded(session, case):
        return []
    return [_asked(session, case, ArchiveKind.VIDEO, BY_ITSELF, None)]


def _recorded(session: Session, case: StoredCase) -> bool:
    return case.reception_id is not None and bool(records.segments(session, case.reception_id))


def _require_recording(session: Session, case: StoredCase) -> None:
    if not _recorded(session, case):
        raise NoRecording


def _asked(session: Session, case: StoredCase, kind: ArchiveKind, author: str, user_id: int | None) -> int:
    known = archives.latest(session, case.id, kind)
    if known is not None and known.state in archives.UNFINISHED:
        return known.id
    now = clock.now()
    made = StoredArchive(
        case_id=case.id, kind=kind, state=ArchiveState.WAITING, progress=0.0, message="", asked_by=author,
        user_id=user_id, asked_at=now, file="", sha256="", size=0,
    )  # fmt: skip
    session.add(made)
    _note(session, case.id, f"{kind}_asked", author)
    session.flush()
    return made.id


def _note(session: Session, case_id: int, kind: str, author: str, why: str = "") -> None:
    session.add(StoredCaseEvent(case_id=case_id, at=clock.now(), author=author, kind=kind, why=why))


def cancel(session: Session, actor: Actor, case_id: int, kind: ArchiveKind) -> None:
    """Give up what is waiting or being made; raises NotFound, WrongState when nothing is."""
    case = require_case(session, actor, case_id)
    known = archives.latest(session, case.id, kind)
    moved = known is not None and archives.move(
        session, known.id, archives.UNFINISHED, ArchiveState.CANCELLED, finished_at=clock.now()
    )
    if not moved:
        raise WrongState("现在没有正在做的。")
    _note(session, case.id, f"{kind}_cancelled", actor.name)


# --- looking -----------------------------------------------------------------------------------------------------


def view(session: Session, actor: Actor, case_id: int) -> Archives:
    """What there is, and how far what is being made has come; raises NotFound, also where the case did not come by a talk."""
    case = require_talk(session, actor, case_id)
    return Archives(
        video=_view(session, case.id, ArchiveKind.VIDEO),
        bundle=_view(session, case.id, ArchiveKind.BUNDLE),
        captions_url=f"/api/cases/{case.id}/archive/captions.vtt",
        seconds=session.get_one(Reception, case.reception_id).seconds,
    )


def _view(session: Session, case_id: int, kind: ArchiveKind) -> ArchiveView | None:
    found = archives.latest(session, case_id, kind)
    if found is None:
        return None
    there = archives.ready(session, case_id, kind)
    return ArchiveView(
        state=found.state,
        progress=found.progress,
        messages=tuple(found.message.split("\n")) if found.message else (),
        asked_by=found.asked_by,
        asked_at=found.asked_at,
        finished_at=found.finished_at,
        expires_at=found.expires_at,
        size=there.size if there else 0,
        sha256=there.sha256 if there else "",
        url=f"/api/cases/{case_id}/archive/{kind}/file" if there else "",
    )


def file_of(session: Session, settings: Settings, actor: Actor, case_id: int, kind: ArchiveKind) -> tuple[Path, str]:
    """The file that is there, and a name for who saves it; raises NotFound, Unavailable when it is not whole."""
    case = require_case(session, actor, case_id)
    found = archives.ready(session, case.id, kind)
    if found is None:
        raise NotFound("还没有做好，或者已经过期删掉了。")
    path = settings.archives_dir / found.file
    if not path.is_file() or path.stat().st_size != found.size:
        raise Unavailable("归档文件不见了或者不完整，录音录像都在，请再做一次。", code="archive_damaged")
    return path, f"{case.case_no}.{SUFFIXES[kind]}"


def note_fetched(session: Session, actor: Actor, case_id: int, kind: ArchiveKind, *, save: bool, begins: bool) -> None:
    """Write down who saw the file or took a copy out of the system; once for all pieces of it that a player asks for.

    A piece from the middle is written down, too, where nothing is known of its beginning: so nobody fetches a file unseen.
    """
    action, thing, now = "download" if save else "open", f"{case_id}/{kind}", clock.now()
    if not begins and records.accessed_since(session, actor, action, RECORDING, thing, now - GOES_ON):
        return
    records.note_access(session, actor, action, RECORDING, thing, now)
    if save:
        _note(session, case_id, f"{kind}_downloaded", actor.name)


def own_copy(session: Session, office: Office, actor: Actor, case_id: int) -> tuple[Iterator[bytes], str]:
    """What the petitioner takes away as a ZIP, packed while it is saved, and its name; that it was is written down.

    Raises NotFound, also where the case did not come by a talk, and Unavailable where the record cannot be printed.
    """
    case = require_talk(session, actor, case_id)
    plan = archive_plans.own_plan(session, office, case, actor.name)
    records.note_access(session, actor, "download", RECORDING, f"{case.id}/own", clock.now())
    _note(session, case.id, "own_downloaded", actor.name)
    return Bundle(plan, Disk(office.settings.data_dir, 0), lambda done: None).pieces(), f"{plan.folder}.zip"


def captions_of(session: Session, actor: Actor, case_id: int) -> str:
    """The corrected text as WebVTT; raises NotFound."""
    return vtt(subtitles.corrected(session, require_talk(session, actor, case_id)))


# --- for the job, which acts for nobody ----------------------------------------------------------------------------


def begin(office: Office, archive_id: int) -> Path | None:
    """The worker's folder with its plan in it; None when it was given up or cannot be made (that is told then).

    A plan that is there already is kept: the parts made so far follow it.
    """
    with office.store.write() as session:
        if not archives.move(session, archive_id, archives.UNFINISHED, ArchiveState.RUNNING):
            return None
        archive = session.get_one(StoredArchive, archive_id)
        video = archives.ready(session, archive.case_id, ArchiveKind.VIDEO)
    folder = work_folder(office, archive_id)
    if (folder / PLAN).exists():
        return folder
    plan: Plan
    if archive.kind == ArchiveKind.VIDEO:
        plan = archive_plans.video_plan(office, archive.case_id)
    elif video is not None:
        plan = archive_plans.bundle_plan(office, archive, video)
    else:
        fail(office, archive_id, WHY["no_video"])
        return None
    make_folder(folder)
    replace_file(folder / PLAN, plan.model_dump_json().encode())
    return folder


def work_folder(office: Office, archive_id: int | str) -> Path:
    """Where the worker of one film or bundle, or of a lecture's film, works."""
    return (office.settings.archives_dir / f"work-{archive_id}").resolve()


def progress(office: Office, archive_id: int, done: float) -> bool:
    """Keep how far it is; False: it was given up."""
    with office.store.write() as session:
        return archives.set_progress(session, archive_id, done)


def finish(office: Office, archive_id: int, result: Result) -> None:
    """Take what the worker made: the file to its place, then the row; what the file replaces goes."""
    work = work_folder(office, archive_id)
    with office.store.read() as session:
        archive = session.get_one(StoredArchive, archive_id)
    kind = ArchiveKind(archive.kind)
    name = f"{archive.case_id}/{kind}-{archive_id}.{SUFFIXES[kind]}"
    target = office.settings.archives_dir / name
    make_folder(target.parent)
    if (work / result.file).exists():
        os.replace(work / result.file, target)
        sync_folder(target.parent)
    if _ready(office, archive_id, name, result):
        shutil.rmtree(work, ignore_errors=True)
    else:
        clear(office, archive_id)
        target.unlink(missing_ok=True)


def _ready(office: Office, archive_id: int, name: str, result: Result) -> bool:
    now = clock.now()
    with office.store.write() as session:
        archive = session.get_one(StoredArchive, archive_id)
        ends = now + timedelta(days=office.settings.export_days) if archive.kind == ArchiveKind.BUNDLE else None
        done = archives.move(
            session, archive_id, archives.UNFINISHED, ArchiveState.READY, progress=1.0, file=name, size=result.size,
            sha256=result.sha256, message="\n".join(result.notes), finished_at=now, expires_at=ends,
        )  # fmt: skip
        if not done:
            return archive.state == ArchiveState.READY
        _note(session, archive.case_id, f"{archive.kind}_ready", archive.asked_by, check_code(result.sha256))
        replaced = archives.others_ready(session, archive)
        for older in replaced:
            archives.move(session, older.id, [ArchiveState.READY], ArchiveState.EXPIRED)
    _delete(office.settings, replaced)
    return True


def fail(office: Office, archive_id: int, why: str) -> None:
    """It cannot be made now, for this reason (a Chinese sentence); nothing half is left."""
    with office.store.write() as session:
        archives.move(
            session, archive_id, archives.UNFINISHED, ArchiveState.FAILED, message=why, finished_at=clock.now()
        )
    clear(office, archive_id)


def clear(office: Office, archive_id: int) -> None:
    """Delete what a worker made so far."""
    shutil.rmtree(work_folder(office, archive_id), ignore_errors=True)


def clear_outdated(office: Office) -> None:
    """Delete bundles whose time is over."""
    with office.store.write() as session:
        found = archives.outdated(session, clock.now())
        for archive in found:
            archives.move(session, archive.id, [ArchiveState.READY], ArchiveState.EXPIRED)
    _delete(office.settings, found)


def _delete(settings: Settings, found: Iterable[StoredArchive]) -> None:
    for archive in found:
        with contextlib.suppress(OSError):
            (settings.archives_dir / archive.file).unlink()
