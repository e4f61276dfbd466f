"""Encoders that stand in for a kiosk's camera: their keys, and what they offer (WHIP, RFC 9725)."""

import hmac
import zlib

import structlog
from pydantic import ValidationError
from sqlalchemy.orm import Session

from server.errors import JietanError, NotFound, NotLoggedIn, Unavailable
from server.protocol.kiosks import CameraKey
from server.protocol.media_control import MAX_TRICKLED, CameraAnswer, Reply
from server.protocol.signalling import Candidate
from server.reception.account.accounts import digest, new_token
from server.reception.office import Office
from server.store import accounts as store
from server.store.models import Kiosk

log = structlog.get_logger()

WAIT_S = 5.0
OVER = "这次连接已经结束了。"


class CodecNotUsable(JietanError):
    status = 422
    code = "offer_unusable"
    message = "编码器发来的格式用不上：画面要用 H.264（Baseline 或 Main）或 VP8，声音要用 Opus，音频和视频最多各一路。"


class FragmentUnusable(JietanError):
    status = 400
    code = "fragment_unusable"
    message = "补发的候选地址读不出来。"


class MediaFull(JietanError):
    status = 503
    code = "media_full"
    message = "现在同时接谈的人太多，编码器接不进来，请过一会儿再试。"


def camera_id(kiosk_id: int) -> str:
    """What the media node calls a kiosk's camera."""
    return f"kiosk-{kiosk_id}"


def node_of(camera: str, nodes: int) -> int:
    """The media node (of so many) at which a kiosk's encoder and the talks at that kiosk meet."""
    return zlib.crc32(camera.encode()) % nodes


def new_key(kiosk: Kiosk, base_url: str, *, sound: bool) -> CameraKey:
    """Address and key for this kiosk's encoder, told this once; an older key stops working."""
    token = new_token()
    kiosk.camera_key_sha256, kiosk.camera_sound = digest(token), sound
    return CameraKey(kiosk_id=kiosk.id, url=f"{base_url}/whip/{kiosk.id}", token=token)


def take_key(kiosk: Kiosk) -> None:
    """This kiosk has no encoder any more."""
    kiosk.camera_key_sha256, kiosk.camera_sound = "", False


def check_key(session: Session, kiosk_id: int, token: str) -> None:
    """Raise NotLoggedIn unless this is the key of that kiosk's encoder."""
    kiosk = store.kiosk_with_organization(session, kiosk_id)
    known = kiosk.camera_key_sha256 if kiosk else ""
    if not known or not hmac.compare_digest(known, digest(token)):
        raise NotLoggedIn("编码器的密钥不对，或者已经停用。请管理员再取一个。", code="camera_key")


def connect(office: Office, kiosk_id: int, sdp: str) -> CameraAnswer:
    """Pass an encoder's offer to the media node.  Raises CodecNotUsable, MediaFull, Unavailable."""
    reply = office.media.camera_offer(camera_id(kiosk_id), sdp, timeout=WAIT_S)
    if not reply.ok:
        raise _refusal(reply)
    return CameraAnswer.model_validate(reply.result)


def _refusal(reply: Reply) -> JietanError:
    known: dict[str, type[JietanError]] = {CodecNotUsable.code: CodecNotUsable, MediaFull.code: MediaFull}
    return known.get(reply.error, Unavailable)()


def trickle(office: Office, kiosk_id: int, session: str, fragment: str) -> None:
    """Pass on where else an encoder can be reached.  Raises FragmentUnusable, NotFound, Unavailable."""
    found = candidates(fragment)
    if found:
        reply = office.media.camera_trickle(camera_id(kiosk_id), session, found, timeout=WAIT_S)
        if not reply.ok:
            raise NotFound(OVER)


def candidates(fragment: str) -> tuple[Candidate, ...]:
    """What an SDP fragment (RFC 8840 section 9) tells of, each with its section; raises FragmentUnusable."""
    found: list[Candidate] = []
    mid: str | None = None
    for line in fragment.splitlines():
        if line[1:2] != "=":
            raise FragmentUnusable
        if line.startswith("m="):
            mid = None
        elif line.startswith("a=mid:"):
            mid = line.removeprefix("a=mid:")
        elif line.startswith("a=candidate:"):
            found.append(_candidate(line, mid))
    if "a=ice-ufrag:" not in fragment or len(found) > MAX_TRICKLED:
        raise FragmentUnusable
    return tuple(found)


def _candidate(line: str, mid: str | None) -> Candidate:
    """All sections are one bundle: without a name the first one is meant."""
    try:
        return Candidate(candidate=line.removeprefix("a="), sdp_mid=mid, sdp_m_line_index=None if mid else 0)
    except ValidationError:
        raise FragmentUnusable from None


def disconnect(office: Office, kiosk_id: int, session: str) -> None:
    """End an encoder's session; raises NotFound, Unavailable."""
    reply = office.media.camera_end(camera_id(kiosk_id), session, timeout=WAIT_S)
    if not reply.ok:
        raise NotFound(OVER)


def drop(office: Office, kiosk_id: int) -> None:
    """End whatever the kiosk's encoder has; without the node it has nothing."""
    try:
        office.media.camera_end(camera_id(kiosk_id), None, timeout=WAIT_S)
    except Unavailable:
        log.warning("encoder not ended, the media node is away")
