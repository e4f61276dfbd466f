"""Where encoders connect (WHIP, RFC 9725): HTTP ends here, the offer goes to the media node.

No cookie is read, only the bearer token; so other origins may call, as RFC 9725 section 4.2 wants it.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from server.api.deps import OfficeDep
from server.api.errors import FROM_ANYWHERE
from server.errors import InvalidInput, JietanError, NotLoggedIn, TooLarge
from server.reception import cameras

router = APIRouter(prefix="/whip", include_in_schema=False)

SDP = "application/sdp"
LARGEST_OFFER = 60_000
KioskId = Annotated[int, Path(ge=1, le=2**31 - 1)]
PREFLIGHT = FROM_ANYWHERE | {
    "Accept-Post": SDP,
    "Access-Control-Allow-Methods": "POST, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": "86400",
}


class WrongType(JietanError):
    status = 415
    code = "not_sdp"
    message = "发来的不是 application/sdp。"


class NoTrickle(JietanError):
    status = 405
    code = "method_not_allowed"
    message = "这个地址不支持这样用：请在第一次请求里带上全部候选地址。"


def checked_key(kiosk_id: KioskId, request: Request, office: OfficeDep) -> None:
    """Lets only the kiosk's own encoder in; raises NotLoggedIn."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotLoggedIn("请带上编码器的密钥（Bearer）。", code="camera_key")
    with office.store.read() as session:
        cameras.check_key(session, kiosk_id, token.strip())


Key = Annotated[None, Depends(checked_key)]


@router.post("/{kiosk_id}", status_code=201)
async def connect(kiosk_id: KioskId, request: Request, office: OfficeDep, _: Key) -> Response:
    """An encoder's offer; answered with the node's answer and the address of the session."""
    sdp = await _offer(request)
    answer = await run_in_threadpool(cameras.connect, office, kiosk_id, sdp)
    headers = FROM_ANYWHERE | {"Location": f"/whip/{kiosk_id}/{answer.session}", "ETag": f'"{answer.session}"'}
    made = Response(answer.sdp, 201, headers, media_type=SDP)
    for link in _links(answer.ice_servers):
        made.headers.append("Link", link)
    return made


async def _offer(request: Request) -> str:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != SDP:
        raise WrongType
    body = await request.body()
    if len(body) > LARGEST_OFFER:
        raise TooLarge
    try:
        sdp = body.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput("发来的 SDP 读不出来。", code="sdp_malformed") from error
    if not sdp.startswith("v=0"):
        raise InvalidInput("发来的 SDP 读不出来。", code="sdp_malformed")
    return sdp


def _links(servers: tuple[dict[str, Any], ...]) -> list[str]:
    """STUN and TURN servers (RFC 9725 section 4.6)."""
    return [
        f'<{url}>; rel="ice-server"' + (
            f'; username="{server["username"]}"; credential="{server["credential"]}"; credential-type="password"'
            if "username" in server else ""
        )
        for server in servers
        for url in server["urls"]
    ]  # fmt: skip


@router.delete("/{kiosk_id}/{session}")
def disconnect(kiosk_id: KioskId, session: str, office: OfficeDep, _: Key) -> Response:
    """The encoder stops."""
    cameras.disconnect(office, kiosk_id, session)
    return Response(status_code=200, headers=FROM_ANYWHERE)


@router.options("/{kiosk_id}")
@router.options("/{kiosk_id}/{session}")
def preflight(kiosk_id: KioskId) -> Response:
    """What may be asked here."""
    return Response(status_code=204, headers=PREFLIGHT)


@router.api_route("/{kiosk_id}", methods=["GET", "HEAD", "PUT", "PATCH", "DELETE"])
@router.api_route("/{kiosk_id}/{session}", methods=["GET", "HEAD", "PUT", "POST", "PATCH"])
def not_here(kiosk_id: KioskId) -> Response:
    """Reserved methods, trickled candidates and ICE restarts (RFC 9725 sections 4.2 and 4.3)."""
    raise NoTrickle
