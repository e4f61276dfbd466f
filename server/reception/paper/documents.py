"""Documents of a filed case, printed and plain: made once after filing, kept with their hashes, made again on demand.

They come from the filed record alone, so making them late gives the same words.
"""

import hashlib
import os
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from server.domain import captions
from server.errors import NotFound, Unavailable
from server.reception.office import Office
from server.reception.paper import exports, printing, subtitles
from server.reception.paper.letters import Filed, letter_data, pictures
from server.reception.record import signatures, timestamps
from server.reception.record.agreeing import changes_of
from server.settings import Settings
from server.store import cases
from server.store.models import StoredCase, StoredDocument, VisitRecord

log = structlog.get_logger()

TITLES = {"record": "接谈笔录", "form": "来访登记表"}
MEDIA_TYPES = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pdf": "application/pdf",
    ".vtt": "text/vtt; charset=utf-8",
    ".json": "application/json",
}
Render = Callable[[Session, StoredCase, Settings], Callable[[], bytes]]
"""Reads what it needs from the store and answers with what makes the file, which may take seconds."""


def _printed(of: Callable[[Filed, Settings], bytes]) -> Render:
    return lambda session, case, settings: partial(of, filed_of(session, case.id), settings)


def _subtitles(session: Session, case: StoredCase, settings: Settings) -> Callable[[], bytes]:
    return captions.vtt(subtitles.corrected(session, case)).encode


def _plain(session: Session, case: StoredCase, settings: Settings) -> Callable[[], bytes]:
    return exports.export_of(session, case).model_dump_json(indent=1).encode


PRINTED: dict[str, Callable[[Filed, Settings], bytes]] = {
    "record.docx": lambda filed, settings: printing.docx("record", letter_data(filed), pictures(filed), settings.data_dir, filed.office_path),
    "record.pdf": lambda filed, settings: printing.pdf(
        "record", letter_data(filed), pictures(filed), filed.settled_at, settings.pdf_font_dir
    ),
    "form.docx": lambda filed, settings: printing.docx("form", letter_data(filed), pictures(filed), settings.data_dir, filed.office_path),
    "form.pdf": lambda filed, settings: printing.pdf(
        "form", letter_data(filed), pictures(filed), filed.settled_at, settings.pdf_font_dir
    ),
}
RENDER: dict[str, Render] = {
    **{name: _printed(of) for name, of in PRINTED.items()},
    "record.vtt": _subtitles,
    "record.json": _plain,
}
NAMES = tuple(RENDER)


def make_all_logged(office: Office, case_id: int) -> None:
    """Make what is missing; a failure is logged and nothing else, because the case is filed all the same."""
    for name in NAMES:
        try:
            fetch(office, case_id, name)
        except Exception as error:
            log.error("document not made", case_id=case_id, name=name, kind=type(error).__name__)


def fetch(office: Office, case_id: int, name: str) -> Path:
    """The file of a document, made now if it was not; the caller has checked that the actor may read the case.

    Raises NotFound for an unknown name, and Unavailable when it cannot be made or is not what it was.
    """
    if name not in RENDER:
        raise NotFound("没有这种文书。")
    with office.store.read() as session:
        known = {document.name: document for document in cases.documents(session, case_id)}.get(name)
    if known is None:
        known = _make(office, case_id, name)
    path = office.settings.data_dir / "documents" / known.file
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != known.sha256:
        raise Unavailable("这份文书的文件不见了或者被改过，请找管理员。案卷里的笔录都在。", code="document_damaged")
    return path


def _make(office: Office, case_id: int, name: str) -> StoredDocument:
    try:
        with office.store.read() as session:
            make = RENDER[name](session, session.get_one(StoredCase, case_id), office.settings)
        content = make()
    except Exception as error:
        log.error("rendering failed", case_id=case_id, name=name, kind=type(error).__name__)
        raise Unavailable("这份文书现在排不出来，案卷里的笔录都在，请过一会儿再试。", code="document_failed") from error
    return _keep(office, case_id, name, content)


def filed_of(session: Session, case_id: int) -> Filed:
    """A filed case as printing needs it."""
    case = session.get_one(StoredCase, case_id)
    record = session.get_one(VisitRecord, case.record_id)
    return Filed(
        case_no=case.case_no,
        content=case.filed_record,
        record_sha256=case.record_sha256,
        manifest_sha256=case.manifest_sha256,
        settled_at=record.signed_at or case.filed_at,
        refusal_reason=record.refusal_reason,
        query_code=record.reception.query_code,
        signatures=signatures.for_print(signatures.present(session, record, case.record_sha256)),
        changes=changes_of(session, case),
        timestamps=timestamps.lines(session, case.talk_id, case.record_sha256, case.manifest_sha256),
        office_path=case.organization.path,
    )


def _keep(office: Office, case_id: int, name: str, content: bytes) -> StoredDocument:
    """Write the file and then its row; whoever was first wins, so there is only ever one."""
    folder = office.settings.data_dir / "documents" / str(case_id)
    folder.mkdir(parents=True, exist_ok=True)
    stem, _, suffix = name.partition(".")
    path = folder / f"{stem}-{secrets.token_hex(4)}.{suffix}"
    with path.open("xb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    made = StoredDocument(
        case_id=case_id,
        name=name,
        file=f"{case_id}/{path.name}",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )
    return _first(office, made, path)


def _first(office: Office, made: StoredDocument, path: Path) -> StoredDocument:
    with office.store.write() as session:
        cases.lock(session, made.case_id)
        known = {document.name: document for document in cases.documents(session, made.case_id)}.get(made.name)
        if known is None:
            session.add(made)
            return made
    path.unlink()
    return known
