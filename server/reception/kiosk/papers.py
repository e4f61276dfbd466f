"""Papers that the petitioner showed: taking them in from the kiosk's program, and showing them (protocol/papers.md)."""

import hashlib
import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from PIL import Image, UnidentifiedImageError
from sqlalchemy.orm import Session

from server import clock
from server.domain.papers import materials_words, papers_sentence
from server.domain.states import Channel, PapersState, ReceptionState
from server.errors import InvalidInput, NotAllowed, NotFound, TooLarge, WrongState
from server.letters.typesetting import typeset
from server.protocol import sealed
from server.protocol.copies import PIECE_BYTES, CopyOffset
from server.protocol.papers import LARGEST_SET, AnnouncePapers, PapersView
from server.reception.kiosk import unsealing
from server.reception.kiosk.copies import check_intact
from server.reception.office import Office
from server.store import copyfiles, papersfiles, receptions, records
from server.store import papers as store
from server.store.access import Actor
from server.store.models import Reception, StoredPapers

MOST_PIXELS = 12_000_000
A4_POINTS = (595.28, 841.89)
TITLE = "信访人出示的材料"


# --- taking them in ----------------------------------------------------------------------------------------------


def announce(office: Office, session: Session, kiosk_id: int, told: AnnouncePapers) -> CopyOffset:
    """A kiosk's program is about to send a set; told again, the answer is how much of it is here.

    Raises NotFound for a sitting that the office does not know (yet), WrongState for one that was given up,
    NotAllowed for another kiosk's, TooLarge, InvalidInput where the name stands for something else.
    """
    if told.size > LARGEST_SET:
        raise TooLarge("这些材料太大，办公室收不下，请少拍几张。")
    known = store.get(session, told.id)
    pages = [page.model_dump() for page in told.pages]
    if known is None:
        reception = _of_kiosk(session, kiosk_id, told.reception_id)
        session.add(
            StoredPapers(
                id=told.id, kiosk_id=kiosk_id, reception_id=reception.id, state=PapersState.EXPECTED,
                shown_at=told.sent_at, position=told.position, pages=pages,
            )
        )  # fmt: skip
        return CopyOffset(received=0)
    if known.kiosk_id != kiosk_id:
        raise NotAllowed
    if (known.reception_id, known.pages) != (told.reception_id, pages):
        raise InvalidInput("这个名字已经是另一份材料的了。", code="papers_known")
    return _offset(office, known)


def _of_kiosk(session: Session, kiosk_id: int, reception_id: str) -> Reception:
    reception = session.get(Reception, reception_id)
    if reception is None:
        raise NotFound("办公室还不知道这次接谈。", code="reception_unknown")
    if reception.kiosk_id != kiosk_id:
        raise NotAllowed("这次接谈不在这台终端上。", code="foreign_reception")
    if reception.state == ReceptionState.ABANDONED:
        raise WrongState("这个人没有谈就走了，材料不用传了。", code="papers_unwanted")
    return reception


def _own(session: Session, kiosk_id: int, papers_id: str) -> StoredPapers:
    papers = store.get(session, papers_id)
    if papers is None:
        raise NotFound("办公室不知道这份材料。", code="papers_unknown")
    if papers.kiosk_id != kiosk_id:
        raise NotAllowed("这份材料不是这台终端的。", code="foreign_papers")
    return papers


def _size(papers: StoredPapers) -> int:
    """Bytes of what is sent."""
    return sealed.size_of(page["size"] for page in papers.pages)


def _offset(office: Office, papers: StoredPapers) -> CopyOffset:
    if papers.state == PapersState.STORED:
        return CopyOffset(received=_size(papers), stored=True)
    return CopyOffset(received=copyfiles.received(papersfiles.incoming(office.settings.papers_dir, papers)))


def offset(office: Office, kiosk_id: int, papers_id: str) -> CopyOffset:
    """How much of a set is here."""
    with office.store.read() as session:
        return _offset(office, _own(session, kiosk_id, papers_id))


def take_piece(office: Office, kiosk_id: int, papers_id: str, at: int, data: bytes, sha256: str) -> CopyOffset:
    """Add a piece; one of a set that is whole already changes nothing.

    Raises InvalidInput for a piece that is damaged, TooLarge, copyfiles.WrongOffset, copyfiles.DiskFull.
    """
    check_intact(data, sha256)
    with office.store.read() as session:
        papers = _own(session, kiosk_id, papers_id)
    if papers.state == PapersState.STORED:
        return _offset(office, papers)
    if len(data) > PIECE_BYTES or at + len(data) > _size(papers):
        raise TooLarge("传来的比说好的多。")
    path = papersfiles.incoming(office.settings.papers_dir, papers)
    return CopyOffset(received=copyfiles.append(path, at, data, office.settings.disk_reserve_mb * 1_000_000))


def finish(office: Office, kiosk_id: int, papers_id: str) -> CopyOffset:
    """Check every page and keep them, with all of them as one PDF; from then on leaders and clerks see them.

    Raises copyfiles.WrongOffset while something is missing, copyfiles.CopyDamaged, unsealing.NotForUs, InvalidInput for what
    is no picture.
    """
    with office.store.read() as session:
        papers = _own(session, kiosk_id, papers_id)
    if papers.state == PapersState.STORED:
        return _offset(office, papers)
    folder = office.settings.papers_dir
    try:
        pages = papersfiles.opened(folder, papers, unsealing.private_key(office.settings))
    except sealed.Unreadable:
        raise unsealing.NotForUs from None
    pdf = one_pdf(pages, papers.shown_at, office.settings.pdf_font_dir)
    papersfiles.keep(folder, papers, pages, pdf)
    with office.store.write() as session:
        stored = _own(session, kiosk_id, papers_id)
        stored.state, stored.stored_at = PapersState.STORED, clock.now()
        stored.sha256, stored.pdf_size = hashlib.sha256(pdf).hexdigest(), len(pdf)
    copyfiles.remove(papersfiles.incoming(folder, papers))
    return CopyOffset(received=_size(papers), stored=True)


def one_pdf(pages: Sequence[bytes], shown_at: datetime, font_dir: str) -> bytes:
    """The pages as one PDF/A, a sheet each, the JPEGs in it as they came; the same pages give the same file.

    Raises InvalidInput where one is no JPEG of at most MOST_PIXELS.
    """
    files = {f"page-{number}.jpg": page for number, page in enumerate(pages, start=1)}
    sheets = [_sheet(name, number, page) for number, (name, page) in enumerate(files.items(), start=1)]
    data = {"title": TITLE, "pages": sheets}
    return typeset("papers", data, font_dir, files, format="pdf", timestamp=int(shown_at.timestamp()), pdf_standards=["a-2b"])


def is_page(page: bytes) -> bool:
    """Whether it is a JPEG that can be one."""
    try:
        _sheet("page-1.jpg", 1, page)
    except InvalidInput:
        return False
    return True


def _sheet(name: str, number: int, page: bytes) -> dict[str, object]:
    try:
        with Image.open(io.BytesIO(page), formats=("JPEG",)) as picture:
            wide, high = picture.size
            if wide * high > MOST_PIXELS:
                raise InvalidInput("这一张太大。", code="no_page")
            picture.load()
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        raise InvalidInput("传来的不是照片。", code="no_page") from None
    short, long = A4_POINTS
    sheet = (short, long) if high >= wide else (long, short)
    return {"file": name, "width": sheet[0], "height": sheet[1], "alt": f"第 {number} 张"}


# --- showing them ------------------------------------------------------------------------------------------------


def of_reception(session: Session, actor: Actor, reception_id: str) -> list[PapersView]:
    """Sets of one sitting that are here; raises NotFound where the actor may not see it."""
    reception = receptions.reception_of(session, actor, reception_id)
    if reception is None:
        raise NotFound("没有找到这次接谈。")
    return list(views(session, reception))


def views(session: Session, reception: Reception) -> Iterator[PapersView]:
    """Sets of a sitting as pages show them; the caller has checked that the actor may read it."""
    alone = reception.channel == Channel.ALONE
    for one in store.of_reception(session, reception.id):
        shown = one.shown_at.astimezone(clock.OFFICE_ZONE)
        base = f"/api/papers/{one.id}"
        yield PapersView(
            id=one.id,
            pages=tuple(f"{base}/pages/{number}" for number in range(1, len(one.pages) + 1)),
            pdf=f"{base}/file",
            sha256=one.sha256,
            shown_at=one.shown_at,
            position=one.position,
            words=papers_sentence(shown, len(one.pages), one.position is not None, alone=alone),
        )


def page_of(session: Session, actor: Actor, folder: Path, papers_id: str, number: int) -> Path:
    """The picture of a page, from 1; raises NotFound, papersfiles.PapersDamaged."""
    papers = require(session, actor, papers_id)
    if not 1 <= number <= len(papers.pages):
        raise NotFound
    return papersfiles.whole(papersfiles.page_path(folder, papers, number), papers.pages[number - 1]["sha256"])


def pdf_of(session: Session, actor: Actor, folder: Path, papers_id: str) -> tuple[Path, str]:
    """All pages as one file, and a name for it; that it was fetched is written down.  Raises as `page_of` does."""
    papers = require(session, actor, papers_id)
    records.note_access(session, actor, "download", "papers", papers.id, clock.now())
    shown = papers.shown_at.astimezone(clock.OFFICE_ZONE)
    return papersfiles.whole(papersfiles.pdf_path(folder, papers), papers.sha256), f"材料-{shown:%Y%m%d-%H%M}.pdf"


def require(session: Session, actor: Actor, papers_id: str) -> StoredPapers:
    """The set; raises NotFound where it is not or the actor may not see it."""
    papers = store.find(session, actor, papers_id)
    if papers is None:
        raise NotFound("没有这份材料。")
    return papers


def for_form(session: Session, reception_id: str) -> str:
    """What the form says of them, also of those that are still on their way."""
    return materials_words([len(one.pages) for one in store.handed_over(session, reception_id)])


def to_json(session: Session, reception_id: str) -> list[dict[str, object]]:
    """For the canonical record: which pages were shown when, with their hashes."""
    return [
        {"id": one.id, "shown_at": one.shown_at.isoformat(), "position": one.position, "pages": [page["sha256"] for page in one.pages]}
        for one in store.handed_over(session, reception_id)
    ]
