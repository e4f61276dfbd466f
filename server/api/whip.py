"""Where encoders connect (WHIP, RFC 9725): HTTP ends here, the offer goes to the media node.

No cookie is read, only the bearer token; so other origins may call, as RFC 9725 section 4.2 wants it.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from server.api.deps import OfficeDep
from server.api.errors import FROM_ANYWHERE, problem_answer
from server.errors import InvalidInput, JietanError, NotLoggedIn, TooLarge
from server.reception.kiosk import cameras

router = APIRouter(prefix="/whip", include_in_schema=False)

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
LARGEST_OFFER = 60_000
KioskId = Annotated[int, Path(ge=1, le=2**31 - 1)]
PREFLIGHT = FROM_ANYWHERE | {
    "Accept-Post": SDP,
    "Accept-Patch": FRAGMENT,
    "Access-Control-Allow-Methods": "POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": "86400",
}


class WrongType(JietanError):
    status = 415
    code = "not_sdp"
    message = "发来的不是 application/sdp。"


class NoFragment(JietanError):
    status = 415
    code = "not_sdp_fragment"
    message = f"发来的不是 {FRAGMENT}。"


class NoTag(JietanError):
    status = 428
    code = "if_match_missing"
    message = "补发候选地址时要带上 If-Match，里面写第一次请求得到的 ETag。"


class OtherTag(JietanError):
    status = 412
    code = "if_match_other"
    message = "这些候选地址是给另一次连接的。"


class NoRestart(JietanError):
    status = 422
    code = "no_ice_restart"
    message = "不支持 ICE 重启：网络变了，请重新连接一次。"


class Reserved(JietanError):
    status = 405
    code = "method_not_allowed"
    message = "这个地址不支持这样用。"


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
    sdp = await _text(request, SDP, WrongType())
    if not sdp.startswith("v=0"):
        raise _malformed()
    return sdp


async def _text(request: Request, wanted: str, otherwise: JietanError) -> str:
    """The body as text, if it is of the wanted type and not too large."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != wanted:
        raise otherwise
    body = await request.body()
    if len(body) > LARGEST_OFFER:
        raise TooLarge
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise _malformed() from error


def _malformed() -> InvalidInput:
    return InvalidInput("发来的 SDP 读不出来。", code="sdp_malformed")


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


@router.patch("/{kiosk_id}/{session}", status_code=204)
async def trickle(kiosk_id: KioskId, session: str, request: Request, office: OfficeDep, _: Key) -> Response:
    """Addresses that the encoder found after its offer (RFC 9725 section 4.3.2); restarts of ICE are not possible
    (aiortc #1367), which section 4.3.1 wants answered with 422."""
    fragment = await _text(request, FRAGMENT, NoFragment())
    tags = [tag.strip().strip('"') for tag in request.headers.get("if-match", "").split(",") if tag.strip()]
    if not tags:
        raise NoTag
    if tags == ["*"]:
        raise NoRestart
    if session not in tags:
        raise OtherTag
    await run_in_threadpool(cameras.trickle, office, kiosk_id, session, fragment)
    return Response(status_code=204, headers=FROM_ANYWHERE)


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
def not_here(kiosk_id: KioskId) -> Response:
    """Methods reserved for later (RFC 9725 section 4.2)."""
    return _reserved("POST, OPTIONS")


@router.api_route("/{kiosk_id}/{session}", methods=["GET", "HEAD", "PUT", "POST"])
def not_there(kiosk_id: KioskId) -> Response:
    """The same of a session."""
    return _reserved("PATCH, DELETE, OPTIONS")


def _reserved(allowed: str) -> Response:
    refusal = problem_answer(Reserved())
    refusal.headers["Allow"] = allowed
    return refusal
