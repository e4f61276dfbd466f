"""A matter that is handled anew: when it was concluded first, that it is not concluded now, and its unit's share says so.
Limits that were never looked at again after a merger was undone are looked at, and what a leader promised runs on in it.
Telephone numbers of those who bring a matter are kept as digits (no way back: the record as it was signed has what was typed)."""

from datetime import date

import sqlalchemy as sa
from alembic import op

from server import clock
from server.domain.telephones import plain
from server.store.models import UtcMoment

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

CASES = sa.table(
    "cases", sa.column("id", sa.Integer), sa.column("concluded_on", sa.Date), sa.column("first_concluded_on", sa.Date),
    sa.column("contacted_on", sa.Date), sa.column("handled_anew", sa.Boolean),
)  # fmt: skip
EVENTS = sa.table(
    "case_events", sa.column("id", sa.Integer), sa.column("case_id", sa.Integer), sa.column("kind", sa.String), sa.column("at", UtcMoment()),
)  # fmt: skip
DEADLINES = sa.table(
    "deadlines", sa.column("id", sa.Integer), sa.column("case_id", sa.Integer), sa.column("rule", sa.String),
    sa.column("organization_id", sa.Integer), sa.column("done_at", UtcMoment()), sa.column("dropped_at", UtcMoment()),
    sa.column("dropped_on", sa.Date), sa.column("remind_on", sa.Date),
)  # fmt: skip
COMMITMENTS = sa.table("commitments", sa.column("deadline_id", sa.Integer), sa.column("state", sa.String))
SHARES = sa.table(
    "assignments", sa.column("id", sa.Integer), sa.column("case_id", sa.Integer), sa.column("organization_id", sa.Integer),
    sa.column("state", sa.String),
)  # fmt: skip
PERSONS = sa.table("case_persons", sa.column("id", sa.Integer), sa.column("phone", sa.String))
PORTION = 1000
CONTACTS = ("contact", "explain")


def upgrade() -> None:
    op.add_column("cases", sa.Column("first_concluded_on", sa.Date(), nullable=True))
    op.add_column("cases", sa.Column("handled_anew", sa.Boolean(), nullable=False, server_default=sa.false()))
    connection = op.get_bind()
    connection.execute(CASES.update().values(first_concluded_on=CASES.c.concluded_on).where(CASES.c.concluded_on.is_not(None)))
    _tell_rounds_apart(connection)
    _mark_shares(connection)
    _remind_again(connection)
    _keep_digits(connection)
    op.create_index("ix_cases_organization_first_concluded_on", "cases", ["organization_id", "first_concluded_on"])
    op.drop_index("ix_cases_organization_concluded_on", "cases")


def _tell_rounds_apart(connection: sa.Connection) -> None:
    again = sa.select(EVENTS.c.case_id, sa.func.max(EVENTS.c.id)).where(EVENTS.c.kind == "handle_anew").group_by(EVENTS.c.case_id)
    for case_id, handed_back in connection.execute(again).all():
        told = connection.execute(
            sa.select(EVENTS.c.id, EVENTS.c.kind, EVENTS.c.at)
            .where(EVENTS.c.case_id == case_id, EVENTS.c.kind.in_(("conclude", *CONTACTS))).order_by(EVENTS.c.id)
        ).all()  # fmt: skip
        days = {number: clock.day_in_office(at) for number, _, at in told}
        ended: list[date] = [days[number] for number, kind, _ in told if kind == "conclude"]
        since = [(days[number], kind) for number, kind, _ in told if number > handed_back]
        connection.execute(
            CASES.update().where(CASES.c.id == case_id).values(
                handled_anew=True,
                first_concluded_on=ended[0] if ended else None,
                concluded_on=max((day for day, kind in since if kind == "conclude"), default=None),
                contacted_on=max((day for day, kind in since if kind in CONTACTS), default=None),
            )
        )  # fmt: skip


def _mark_shares(connection: sa.Connection) -> None:
    """Those of units whose limit for handling it anew runs."""
    owed = sa.select(DEADLINES.c.id).where(
        DEADLINES.c.case_id == SHARES.c.case_id, DEADLINES.c.organization_id == SHARES.c.organization_id,
        DEADLINES.c.rule == "conclude_anew", DEADLINES.c.done_at.is_(None), DEADLINES.c.dropped_at.is_(None),
    )  # fmt: skip
    connection.execute(SHARES.update().where(SHARES.c.state == "sent_back", owed.exists()).values(state="anew"))


def _remind_again(connection: sa.Connection) -> None:
    """Whatever was said already is not said a second time."""
    promised = sa.select(COMMITMENTS.c.deadline_id).where(COMMITMENTS.c.state == "open", COMMITMENTS.c.deadline_id.is_not(None))
    connection.execute(
        DEADLINES.update().where(DEADLINES.c.rule == "promise", DEADLINES.c.id.in_(promised)).values(dropped_at=None, dropped_on=None)
    )
    running = (DEADLINES.c.done_at.is_(None), DEADLINES.c.dropped_at.is_(None), DEADLINES.c.organization_id.is_not(None))
    connection.execute(DEADLINES.update().where(DEADLINES.c.remind_on.is_(None), *running).values(remind_on=clock.today()))


def _keep_digits(connection: sa.Connection) -> None:
    last = 0
    some = sa.select(PERSONS).where(PERSONS.c.id > sa.bindparam("last"), PERSONS.c.phone != "").order_by(PERSONS.c.id).limit(PORTION)
    while rows := connection.execute(some, {"last": last}).all():
        for number, phone in rows:
            if (kept := plain(phone)) != phone:
                connection.execute(PERSONS.update().where(PERSONS.c.id == number).values(phone=kept))
        last = rows[-1].id


def downgrade() -> None:
    connection = op.get_bind()
    op.create_index("ix_cases_organization_concluded_on", "cases", ["organization_id", "concluded_on"])
    op.drop_index("ix_cases_organization_first_concluded_on", "cases")
    connection.execute(SHARES.update().where(SHARES.c.state == "anew").values(state="sent_back"))
    unknown = CASES.c.concluded_on.is_(None)
    connection.execute(CASES.update().where(CASES.c.handled_anew, unknown).values(concluded_on=CASES.c.first_concluded_on))
    op.drop_column("cases", "handled_anew")
    op.drop_column("cases", "first_concluded_on")
