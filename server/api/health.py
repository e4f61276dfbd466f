"""Whether the web program is alive, whether it can work, its figures, and the key its recordings are signed with."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import text

from server import metrics, signing_key
from server.api.deps import OfficeDep
from server.errors import NotAllowed, NotFound

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


@router.get("/.well-known/jietan-recording-key.pem")
def recording_key(office: OfficeDep) -> Response:
    """The public key that recordings are signed with, for whoever wants to verify one."""
    path = signing_key.public_path(office.settings)
    if not path.exists():
        raise NotFound("这台服务器上还没有录音录像的公钥。")
    return Response(path.read_bytes(), media_type="application/x-pem-file")


@router.get("/metrics")
def prometheus(request: Request) -> Response:
    """Figures in Prometheus' text format, for callers on this machine."""
    if request.client is None or request.client.host not in LOOPBACK:
        raise NotAllowed
    body, content_type = metrics.exposition()
    return Response(body, media_type=content_type)
