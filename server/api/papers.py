"""Papers that were photographed at a kiosk: what its program sends, and what leaders and clerks see."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse

from server.api.agent import Agent, SentPiece
from server.api.deps import CaseReader, Db, LeaderOrClerk, OfficeDep
from server.protocol.copies import CopyOffset
from server.protocol.papers import MOST_PAGES, AnnouncePapers, PapersList
from server.reception.kiosk import papers

router = APIRouter()

PapersId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


@router.post("/agent/papers")
def announce(told: AnnouncePapers, kiosk_id: Agent, db: Db, office: OfficeDep) -> CopyOffset:
    """A set is about to be sent; how much of it is here."""
    return papers.announce(office, db, kiosk_id, told)


@router.get("/agent/papers/{papers_id}")
def offset(papers_id: PapersId, kiosk_id: Agent, office: OfficeDep) -> CopyOffset:
    """Where to go on."""
    return papers.offset(office, kiosk_id, papers_id)


@router.patch("/agent/papers/{papers_id}")
def piece(papers_id: PapersId, kiosk_id: Agent, office: OfficeDep, sent: SentPiece) -> CopyOffset:
    """Take a piece."""
    return papers.take_piece(office, kiosk_id, papers_id, sent.offset, sent.data, sent.sha256)


@router.post("/agent/papers/{papers_id}/finish")
def finish(papers_id: PapersId, kiosk_id: Agent, office: OfficeDep) -> CopyOffset:
    """All is there: check it and keep it."""
    return papers.finish(office, kiosk_id, papers_id)


@router.get("/receptions/{reception_id}/papers")
def of_reception(reception_id: PapersId, db: Db, actor: LeaderOrClerk) -> PapersList:
    """What was shown in a sitting, in the order of time."""
    return PapersList(papers=tuple(papers.of_reception(db, actor, reception_id)))


@router.get("/papers/{papers_id}/pages/{number}")
def page(
    papers_id: PapersId, number: Annotated[int, Path(ge=1, le=MOST_PAGES)], db: Db, actor: CaseReader, office: OfficeDep
) -> FileResponse:
    """The picture of one page."""
    found = papers.page_of(db, actor, office.settings.papers_dir, papers_id, number)
    return FileResponse(found, media_type="image/jpeg", content_disposition_type="inline")


@router.get("/papers/{papers_id}/file")
def file(papers_id: PapersId, db: Db, actor: CaseReader, office: OfficeDep) -> FileResponse:
    """All pages as one PDF."""
    found, name = papers.pdf_of(db, actor, office.settings.papers_dir, papers_id)
    return FileResponse(found, media_type="application/pdf", filename=name)
