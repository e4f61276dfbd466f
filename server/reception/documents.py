"""Printed documents of a filed case: made once after filing, kept with their hashes, made again on demand.

They come from the filed record alone, so making them late gives the same words.
"""

import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from server.errors import NotFound, Unavailable
from server.reception import printing
from server.reception.letters import Filed, letter_data
from server.reception.office import Office
from server.store import cases, records
from server.store.models import StoredCase, StoredDocument, VisitRecord

log = structlog.get_logger()

TITLES = {"record": "接谈笔录", "form": "来访登记表"}
MEDIA_TYPES = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pdf": "application/pdf",
}
RENDER: dict[str, Callable[[Filed, str], bytes]] = {
    "record.docx": lambda filed, fonts: printing.record_docx(letter_data(filed), filed.signature),
    "record.pdf": lambda filed, fonts: printing.pdf(
        "record", letter_data(filed), filed.signature, filed.settled_at, fonts
    ),
    "form.docx": lambda filed, fonts: printing.form_docx(letter_data(filed)),
    "form.pdf": lambda filed, fonts: printing.pdf("form", letter_data(filed), None, filed.settled_at, fonts),
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
    with office.store.read() as session:
        filed = filed_of(session, case_id)
    try:
        content = RENDER[name](filed, office.settings.pdf_font_dir)
    except Exception as error:
        log.error("rendering failed", case_id=case_id, name=name, kind=type(error).__name__)
        raise Unavailable("这份文书现在排不出来，案卷里的笔录都在，请过一会儿再试。", code="document_failed") from error
    return _keep(office, case_id, name, content)


def filed_of(session: Session, case_id: int) -> Filed:
    """A filed case as printing needs it."""
    case = session.get_one(StoredCase, case_id)
    record = session.get_one(VisitRecord, case.record_id)
    signature = records.signature(session, record.id)
    return Filed(
        case_no=case.case_no,
        content=case.filed_record,
        record_sha256=case.record_sha256,
        manifest_sha256=case.manifest_sha256,
        settled_at=record.signed_at or case.filed_at,
        refusal_reason=record.refusal_reason,
        signature=signature.image if signature else None,
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
