"""Pages for everybody: how far a matter has come, a record to read and sign for whoever was given a link,
and a hall's screen."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from server.pages.render import render

router = APIRouter()


@router.get("/progress")
def progress(request: Request) -> Response:
    return render(request, "public/progress.html")


@router.get("/read")
def reading(request: Request) -> Response:
    return render(request, "public/reading.html", code="", kiosk_name="核对谈话记录")


@router.get("/read/{code}")
def reading_by_link(request: Request, code: Annotated[str, Path(pattern=r"^[A-Za-z0-9]{1,40}$")]) -> Response:
    """The same page with the code filled in: opening a link tells nothing and uses nothing up."""
    return render(request, "public/reading.html", code=code, kiosk_name="核对谈话记录")


@router.get("/hall/{token}")
def hall(request: Request, token: Annotated[str, Path(pattern=r"^[0-9]{1,9}-[0-9a-f]{20}$")]) -> Response:
    """A hall's screen: an empty shell, the numbers come through the API, which knows the address."""
    return render(request, "public/hall.html", token=token)
