"""What clients need to get through: STUN and TURN addresses, and credentials that run out by themselves."""

import base64
import hashlib
import hmac
from datetime import datetime

from server.settings import Settings


def ice_servers(settings: Settings, participant_id: str, now: datetime) -> tuple[dict[str, object], ...]:
    """RTCIceServer dictionaries for one participant.  Raises UnusableSecret."""
    servers: list[dict[str, object]] = [{"urls": [url]} for url in settings.ice_servers]
    if settings.turn_urls:
        username = f"{int(now.timestamp() + settings.turn_hours * 3600)}:{participant_id}"
        credential = _credential(settings.turn_key, username)
        servers.append({"urls": list(settings.turn_urls), "username": username, "credential": credential})
    return tuple(servers)


def _credential(secret: str, username: str) -> str:
    """Password for a user name that begins with the Unix time of its end (draft-uberti-behave-turn-rest-00
    section 2.2; coturn: use-auth-secret)."""
    return base64.b64encode(hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()).decode()
