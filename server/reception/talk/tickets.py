"""Join tickets: the media node lets in whoever holds one (protocol/signalling.md)."""

import secrets
from typing import Any, cast

import jwt
from sqlalchemy.orm import Session

from server import clock
from server.domain.states import Consent
from server.protocol.base import Role
from server.protocol.kiosks import JoinTicket
from server.protocol.signalling import SeatClaims
from server.protocol.transcript import SeatLanguage
from server.reception.kiosk.cameras import camera_id, node_of
from server.settings import Settings
from server.store import receptions
from server.store.models import Kiosk, Participant, Reception

LIFETIME_S = 60


def place(session: Session, settings: Settings, reception: Reception) -> int:
    """The media node that a reception lives on: chosen when its first seat is handed out, the one with the fewest
    receptions that are not over, and kept.  A node that was taken out of the settings is chosen anew."""
    if reception.media_node is None or reception.media_node >= settings.media_nodes:
        node = _choose(session, settings.media_nodes, reception.kiosk)
        receptions.place(session, reception.id, node, settings.media_nodes)
        session.refresh(reception, ["media_node"])
    return reception.media_node or 0


def _choose(session: Session, nodes: int, kiosk: Kiosk) -> int:
    """Where an encoder is the kiosk's camera, it is connected to one node already."""
    if kiosk.camera_key_sha256:
        return node_of(camera_id(kiosk.id), nodes)
    loads = receptions.open_by_node(session)
    return min(range(nodes), key=lambda node: (loads.get(node, 0), node))


def ticket(settings: Settings, reception: Reception, participant: Participant) -> JoinTicket:
    """A ticket for one seat of a reception that has its place, good for one use within 60 s."""
    role = Role(participant.role)
    return issue(
        settings,
        reception.media_node or 0,
        reception_id=reception.id,
        participant_id=participant.id,
        role=role,
        name=participant.name,
        video=role != Role.ROOM and (role != Role.PETITIONER or reception.consent == Consent.AUDIO_VIDEO),
        may_end=may_end(reception, participant),
        language=cast(SeatLanguage, participant.language),
        **_camera(reception.kiosk if role == Role.PETITIONER else None),
    )


def issue(settings: Settings, node: int, **what: Any) -> JoinTicket:
    """A ticket of a media node for the seat that these claims tell of, good for one use within 60 s."""
    now = clock.now().timestamp()
    claims = SeatClaims(node=node, jti=secrets.token_hex(16), iat=now, exp=now + LIFETIME_S, **what)
    token = jwt.encode(claims.model_dump(mode="json"), settings.key("seat"), algorithm="HS256")
    return JoinTicket(token=token, signalling_url=settings.client_signalling_url(node), participant_id=claims.participant_id)


def may_end(reception: Reception, participant: Participant) -> bool:
    """Whether a seat may end the reception for everybody: the petitioner's, that of whoever receives them, a room's one
    microphone."""
    if participant.role in (Role.PETITIONER, Role.ROOM):
        return True
    receives = participant.user_id is not None and participant.user_id == reception.receiver_id
    return receives and participant.role in (Role.LEADER, Role.CLERK)


def _camera(kiosk: Kiosk | None) -> dict[str, Any]:
    """The encoder in the petitioner's room, where the kiosk has one."""
    if kiosk is None or not kiosk.camera_key_sha256:
        return {}
    return {"camera": camera_id(kiosk.id), "camera_sound": kiosk.camera_sound}
