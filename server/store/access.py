"""Who may read what: the one place that decides it.

Every query for receptions, records, cases and recordings starts from one of the `visible_*` selects; a use-case
never writes a select of its own over these tables.  What an actor may not see does not exist for them (404).
"""

from dataclasses import dataclass

from server.domain.states import StaffRole


@dataclass(frozen=True)
class Actor:
    """Who is asking: an account of the staff, or a kiosk on behalf of the person in front of it."""

    name: str
    organization_id: int
    organization_path: str
    """Path of the actor's organization, e.g. "/1/4/": what lies under it is theirs to see."""
    user_id: int | None = None
    role: StaffRole | None = None
    kiosk_id: int | None = None
    title: str = ""

    @property
    def is_kiosk(self) -> bool:
        return self.kiosk_id is not None
