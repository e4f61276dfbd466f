"""What a kiosk's program last told of itself (protocol/health.py), and the order for its page."""

from datetime import datetime

from pydantic import ValidationError

from server.protocol.health import Health
from server.store.models import KioskAgent


def health_of(agent: KioskAgent | None) -> Health | None:
    """As last told; None: never, or by a program of a version whose words nobody here knows: the next report takes their place."""
    try:
        return Health.model_validate(agent.health) if agent is not None and agent.health else None
    except ValidationError:
        return None


def remember(agent: KioskAgent, told: Health | None, now: datetime) -> str:
    """Keep what a kiosk's program says of itself; gives the order for its page, empty: none."""
    if told is not None:
        known = health_of(agent)
        # A program that started again has looked at nothing yet: what was seen before still holds.
        last = {
            "camera": told.camera or (known and known.camera),
            "microphone": told.microphone or (known and known.microphone),
        }
        agent.health = told.model_copy(update=last).model_dump(mode="json")
        if told.restarted and told.restarted == agent.restart:
            agent.restart, agent.restarted_at = "", now
    return agent.restart
