"""A petitioner's own telephone: the link with code and digits, and where the record stands."""

from fastapi import APIRouter, Request, Response

from server.api.deps import READER_COOKIE, Db, LinkReader, OfficeDep, address_of
from server.protocol.reading import OpenLink, ReaderPlace
from server.reception.record import reading_links

router = APIRouter(prefix="/reader")


@router.post("/open", status_code=204)
def open_link(asked: OpenLink, request: Request, response: Response, office: OfficeDep) -> None:
    """Code and digits are right: this browser reads that one record until the link ends."""
    address = address_of(request)
    key, seconds = reading_links.open_link(office, asked, address)
    response.set_cookie(
        READER_COOKIE, key, max_age=int(seconds), httponly=True, samesite="strict", secure=office.settings.secure
    )


@router.get("")
def place(db: Db, actor: LinkReader) -> ReaderPlace:
    """Whose record this browser reads and where it stands."""
    return reading_links.place(db, actor)
