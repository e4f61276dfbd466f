"""Join tickets: the media node lets in whoever holds one (protocol/signalling.md)."""

import secrets
from typing import Any

import jwt

from server import clock
from server.domain.states import Consent
from server.protocol.base import Role
from server.protocol.office import JoinTicket
from server.protocol.signalling import SeatClaims
from server.reception.cameras import camera_id
from server.settings import Settings
from server.store.models import Kiosk, Participant, Reception

LIFETIME_S = 60
ENDERS = (Role.PETITIONER, Role.LEADER)
"""Who may end the reception for everybody."""


def ticket(settings: Settings, reception: Reception, participant: Participant) -> JoinTicket:
    """A ticket for one seat, good for one use within 60 s."""
    role = Role(participant.role)
    now = clock.now().timestamp()
    claims = SeatClaims(
        reception_id=reception.id,
        participant_id=participant.id,
        role=role,
        name=participant.name,
        video=role != Role.PETITIONER or reception.consent == Consent.AUDIO_VIDEO,
        may_end=role in ENDERS,
        **_camera(reception.kiosk if role == Role.PETITIONER else None),
        jti=secrets.token_hex(16),
        iat=now,
        exp=now + LIFETIME_S,
    )
    token = jwt.encode(claims.model_dump(mode="json"), settings.key("seat"), algorithm="HS256")
    return JoinTicket(token=token, signalling_url=settings.client_signalling_url, participant_id=participant.id)


def _camera(kiosk: Kiosk | None) -> dict[str, Any]:
    """The encoder in the petitioner's room, where the kiosk has one."""
    if kiosk is None or not kiosk.camera_key_sha256:
        return {}
    return {"camera": camera_id(kiosk.id), "camera_sound": kiosk.camera_sound}
