"""Whether the web program is alive, whether it can work, and its figures."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import text

from server import metrics
from server.api.deps import OfficeDep
from server.errors import NotAllowed

router = APIRouter()

LOOPBACK = frozenset({"127.0.0.1", "::1"})


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(office: OfficeDep) -> JSONResponse:
    """The store answers; also says what else is not working just now."""
    with office.store.read() as session:
        session.execute(text("SELECT 1"))
    missing = office.missing()
    return JSONResponse({"status": "ok" if not missing else "degraded", "missing": missing})


@router.get("/metrics")
def prometheus(request: Request) -> Response:
    """Figures in Prometheus' text format, for callers on this machine."""
    if request.client is None or request.client.host not in LOOPBACK:
        raise NotAllowed
    body, content_type = metrics.exposition()
    return Response(body, media_type=content_type)
