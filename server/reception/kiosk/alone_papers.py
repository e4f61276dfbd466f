"""Papers that somebody alone photographed, as the same kind of set that a leader is shown in a talk (protocol/papers.md)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from server import clock
from server.domain.states import PapersState
from server.reception.kiosk import papers, unpacking
from server.reception.office import Office
from server.store import papersfiles
from server.store.models import StoredPapers


def kept(office: Office, kiosk_id: int, reception_id: str, begun_at: datetime, photos: Sequence[unpacking.Photo]) -> StoredPapers | None:
    """The photographs as one set, its files written; None where none can be opened.  The same again gives the same.

    Raises OSError.
    """
    pages = [one.file.read_bytes() for one in photos if papers.is_page(one.file.read_bytes())]
    if not pages:
        return None
    at = photos[0].at
    made = StoredPapers(
        id=f"a-{reception_id}", kiosk_id=kiosk_id, reception_id=reception_id, state=PapersState.STORED,
        shown_at=begun_at + timedelta(seconds=at), position=at,
        pages=[{"size": len(page), "sha256": hashlib.sha256(page).hexdigest()} for page in pages], stored_at=clock.now(),
    )  # fmt: skip
    pdf = papers.one_pdf(pages, made.shown_at, office.settings.pdf_font_dir)
    made.sha256, made.pdf_size = hashlib.sha256(pdf).hexdigest(), len(pdf)
    papersfiles.keep(office.settings.papers_dir, made, pages, pdf)
    return made


def unreadable(photos: Sequence[unpacking.Photo], made: StoredPapers | None) -> int:
    """How many photographs are no picture."""
    return len(photos) - (len(made.pages) if made else 0)
