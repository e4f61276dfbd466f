"""The flow of a case: units, steps, pauses, extensions, letters, and matters that come without a talk"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from server.store import guard
from server.store.models import UtcMoment

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

COMMON = (
    "id, organization_id, year, number, case_no, reception_id, record_id, state, title, petitioner, purpose, filed_at,"
    " filed_record, record_sha256, manifest_sha256"
)
RECEIVED = (
    "COALESCE((SELECT min(d.starts_on) FROM deadlines d WHERE d.case_id = k.id AND d.rule = 'register_and_refer'),"
    " CAST({day} AS {type}))"
)
DAY = {"sqlite": ("substr(k.filed_at, 1, 10)", "TEXT"), "postgresql": ("k.filed_at", "DATE")}


def upgrade() -> None:
    _make_new_cases()
    _add_columns()
    _make_tables()
    _take_from_forms()


def _moved_away() -> None:
    """The table under another name, so that one of another shape can take its place and its rows.

    Other tables point to it by name; SQLite counts what points nowhere meanwhile until the transaction ends.
    """
    guard.drop_triggers(op.get_bind(), "cases")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute("CREATE TABLE kept_cases AS SELECT * FROM cases")
    if op.get_bind().dialect.name == "sqlite":
        op.drop_table("cases")


def _make_new_cases() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _moved_away()
        op.create_table("cases", *_new_columns(), *_new_constraints())
        op.create_index("ix_cases_filed_at", "cases", ["filed_at"])
        new = "channel, version, category, place, people, litigation, simple, accusation, received_on, statement"
        day, kind = DAY["sqlite"]
        op.execute(
            f"INSERT INTO cases ({COMMON}, {new}) SELECT {COMMON}, 'video', 1, '', '', 1, 0, 0,"
            " COALESCE((SELECT r.accusation FROM records r WHERE r.id = k.record_id), 0),"
            f" {RECEIVED.format(day=day, type=kind)}, '' FROM kept_cases k"
        )
        op.drop_table("kept_cases")
        guard.create_triggers(op.get_bind(), "cases")
    else:
        _change_cases()
    for name, columns in INDEXES.items():
        op.create_index(name, "cases", columns)


INDEXES = {
    "ix_cases_organization_state": ["organization_id", "state"],
    "ix_cases_unit_state": ["unit_id", "state"],
    "ix_cases_repeat_of_id": ["repeat_of_id"],
}


def _added() -> list[tuple[sa.Column[Any], str]]:
    """Each new column, and what a case of a talk has there."""
    return [
        (sa.Column("channel", sa.String(length=20), nullable=False), "'video'"),
        (sa.Column("source_ref", sa.String(length=100), nullable=True), ""),
        (sa.Column("version", sa.Integer(), nullable=False), "1"),
        (sa.Column("category", sa.String(length=100), nullable=False), "''"),
        (sa.Column("place", sa.String(length=200), nullable=False), "''"),
        (sa.Column("people", sa.Integer(), nullable=False), "1"),
        (sa.Column("litigation", sa.Boolean(), nullable=False), "false"),
        (sa.Column("simple", sa.Boolean(), nullable=False), "false"),
        (sa.Column("accusation", sa.Boolean(), nullable=False), "false"),
        (sa.Column("unit_id", sa.Integer(), nullable=True), ""),
        (sa.Column("repeat_of_id", sa.Integer(), nullable=True), ""),
        (sa.Column("merged_into_id", sa.Integer(), nullable=True), ""),
        (sa.Column("received_on", sa.Date(), nullable=False), "CURRENT_DATE"),
        (sa.Column("accepted_on", sa.Date(), nullable=True), ""),
        (sa.Column("concluded_on", sa.Date(), nullable=True), ""),
        (sa.Column("statement", sa.Text(), nullable=False), "''"),
    ]


def _new_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("case_no", sa.String(length=40), nullable=False),
        sa.Column("reception_id", sa.String(length=64), nullable=True),
        sa.Column("record_id", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("petitioner", sa.String(length=50), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("filed_at", UtcMoment(timezone=True), nullable=False),
        sa.Column("filed_record", sa.JSON(), nullable=False),
        sa.Column("record_sha256", sa.String(length=64), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        *(column for column, _ in _added()),
    ]


def _new_constraints() -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["organizations.id"]),
        sa.ForeignKeyConstraint(["reception_id"], ["receptions.id"]),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.ForeignKeyConstraint(["repeat_of_id"], ["cases.id"]),
        sa.ForeignKeyConstraint(["merged_into_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_no"),
        sa.UniqueConstraint("reception_id"),
        sa.UniqueConstraint("record_id"),
        sa.UniqueConstraint("organization_id", "year", "number"),
        sa.UniqueConstraint("organization_id", "channel", "source_ref"),
    ]


def _change_cases() -> None:
    guard.drop_triggers(op.get_bind(), "cases")
    for column, value in _added():
        column.server_default = sa.DefaultClause(sa.text(value)) if value else None
        op.add_column("cases", column)
        if value:
            op.alter_column("cases", column.name, server_default=None)
    day, kind = DAY["postgresql"]
    op.execute(
        f"UPDATE cases k SET received_on = {RECEIVED.format(day=day, type=kind)},"
        " accusation = COALESCE((SELECT r.accusation FROM records r WHERE r.id = k.record_id), false)"
    )
    for name in ("reception_id", "record_id"):
        op.alter_column("cases", name, nullable=True)
    op.drop_column("cases", "accused_organization_id")
    op.create_unique_constraint(None, "cases", ["organization_id", "channel", "source_ref"])
    op.create_foreign_key(None, "cases", "organizations", ["unit_id"], ["id"])
    for name in ("repeat_of_id", "merged_into_id"):
        op.create_foreign_key(None, "cases", "cases", [name], ["id"])
    guard.create_triggers(op.get_bind(), "cases")


def _add_columns() -> None:
    guard.drop_triggers(op.get_bind(), "case_events")
    op.add_column("organizations", sa.Column("level", sa.String(length=20), server_default="", nullable=False))
    op.add_column("case_events", sa.Column("user_id", sa.Integer(), nullable=True))
    op.add_column("case_events", sa.Column("organization_id", sa.Integer(), nullable=True))
    op.add_column("case_events", sa.Column("from_state", sa.String(length=20), server_default="", nullable=False))
    op.add_column("case_events", sa.Column("to_state", sa.String(length=20), server_default="", nullable=False))
    op.add_column("case_events", sa.Column("details", sa.JSON(), nullable=True))
    guard.create_triggers(op.get_bind(), "case_events")
    op.add_column("deadlines", sa.Column("organization_id", sa.Integer(), nullable=True))
    op.add_column("deadlines", sa.Column("done_on", sa.Date(), nullable=True))
    op.add_column("deadlines", sa.Column("dropped_at", UtcMoment(timezone=True), nullable=True))
    op.add_column("deadlines", sa.Column("extended_days", sa.Integer(), server_default="0", nullable=False))
    op.add_column("deadlines", sa.Column("extended_on", sa.Date(), nullable=True))
    op.create_index("ix_deadlines_organization_due_on", "deadlines", ["organization_id", "due_on"])
    op.execute("UPDATE deadlines SET organization_id = (SELECT c.organization_id FROM cases c WHERE c.id = deadlines.case_id)")


def _make_tables() -> None:
    op.create_table("local_limits",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        sa.PrimaryKeyConstraint("organization_id", "rule")
    )
    op.create_table("assignments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("officer_id", sa.Integer(), nullable=True),
        sa.Column("given_by", sa.String(length=64), nullable=False),
        sa.Column("given_at", UtcMoment(timezone=True), nullable=False),
        sa.Column("received_at", UtcMoment(timezone=True), nullable=True),
        sa.Column("fed_back_at", UtcMoment(timezone=True), nullable=True),
        sa.Column("ended_at", UtcMoment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.ForeignKeyConstraint(["officer_id"], ["users.id"]),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_assignments_case_id", "assignments", ["case_id"])
    op.create_index("ix_assignments_organization_state", "assignments", ["organization_id", "state"])
    op.create_table("case_accused",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        sa.PrimaryKeyConstraint("case_id", "organization_id")
    )
    op.create_table("case_pauses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("outcome", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_case_pauses_case_id", "case_pauses", ["case_id"])
    op.create_table("case_persons",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("id_type", sa.String(length=20), nullable=False),
        sa.Column("id_number", sa.String(length=30), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_case_persons_case_id", "case_persons", ["case_id"])
    op.create_index("ix_case_persons_id_number", "case_persons", ["id_number"])
    op.create_index("ix_case_persons_name_address", "case_persons", ["name", "address"])
    op.create_index("ix_case_persons_phone", "case_persons", ["phone"])
    op.create_table("letters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("to_organization_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("issued_at", UtcMoment(timezone=True), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.Column("delivered_how", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        sa.ForeignKeyConstraint(["to_organization_id"], ["organizations.id"]),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_letters_case_id", "letters", ["case_id"])
    op.create_table("extensions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deadline_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", UtcMoment(timezone=True), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("decided_at", UtcMoment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.ForeignKeyConstraint(["deadline_id"], ["deadlines.id"]),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_extensions_case_id", "extensions", ["case_id"])
    op.create_index("ix_extensions_deadline_id", "extensions", ["deadline_id"])


def _take_from_forms() -> None:
    """What the forms of filed records say of the matter and of whoever brought it."""
    connection = op.get_bind()
    op.execute(
        "INSERT INTO case_accused (case_id, organization_id) SELECT c.id, a.organization_id FROM cases c"
        " JOIN accused_units a ON a.record_id = c.record_id WHERE c.accusation"
    )
    for number, name, content in connection.execute(sa.text("SELECT id, petitioner, filed_record FROM cases")).all():
        form = _form(content)
        connection.execute(
            sa.text("UPDATE cases SET category = :category, place = :place WHERE id = :id"),
            {"id": number, "category": form.get("category", "")[:100], "place": form.get("problem_place", "")[:200]},
        )
        connection.execute(
            sa.text(
                "INSERT INTO case_persons (case_id, position, name, phone, id_type, id_number, address)"
                " VALUES (:id, 0, :name, :phone, :id_type, :id_number, :address)"
            ),
            {
                "id": number, "name": name, "phone": form.get("phone", "")[:20], "id_type": form.get("id_type", "")[:20],
                "id_number": form.get("id_number", "")[:30], "address": form.get("address", "")[:200],
            },
        )  # fmt: skip


def _form(content: Any) -> dict[str, str]:
    record = json.loads(content) if isinstance(content, str) else content
    return {one["field"]: one["value"] for one in record.get("form", ())} if isinstance(record, dict) else {}


NEW_TABLES = ("extensions", "letters", "case_persons", "case_pauses", "case_accused", "assignments", "local_limits")


def downgrade() -> None:
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT 1 FROM cases WHERE record_id IS NULL LIMIT 1")).first():
        raise RuntimeError("there are cases without a talk; the older tables have no room for them")
    for table in NEW_TABLES:
        op.drop_table(table)
    op.drop_index("ix_deadlines_organization_due_on", "deadlines")
    for name in ("extended_on", "extended_days", "dropped_at", "done_on", "organization_id"):
        op.drop_column("deadlines", name)
    guard.drop_triggers(connection, "case_events")
    for name in ("details", "to_state", "from_state", "organization_id", "user_id"):
        op.drop_column("case_events", name)
    guard.create_triggers(connection, "case_events")
    op.drop_column("organizations", "level")
    _make_old_cases()


def _make_old_cases() -> None:
    for name in INDEXES:
        op.drop_index(name, "cases")
    if op.get_bind().dialect.name != "sqlite":
        _change_cases_back()
        return
    op.drop_index("ix_cases_filed_at", "cases")
    _moved_away()
    op.create_table(
        "cases",
        *[_required(column) for column in _new_columns()[:15]],
        sa.Column("accused_organization_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["accused_organization_id"], ["organizations.id"]),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        sa.ForeignKeyConstraint(["reception_id"], ["receptions.id"]),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_no"),
        sa.UniqueConstraint("reception_id"),
        sa.UniqueConstraint("record_id"),
        sa.UniqueConstraint("organization_id", "year", "number"),
    )
    op.create_index("ix_cases_filed_at", "cases", ["filed_at"])
    op.execute(f"INSERT INTO cases ({COMMON}) SELECT {COMMON} FROM kept_cases")
    op.drop_table("kept_cases")
    guard.create_triggers(op.get_bind(), "cases")


def _required(column: sa.Column[Any]) -> sa.Column[Any]:
    column.nullable = False
    return column


def _change_cases_back() -> None:
    guard.drop_triggers(op.get_bind(), "cases")
    for column, _ in _added():
        op.drop_column("cases", column.name)
    for name in ("reception_id", "record_id"):
        op.alter_column("cases", name, nullable=False)
    op.add_column("cases", sa.Column("accused_organization_id", sa.Integer(), nullable=True))
    op.create_foreign_key(None, "cases", "organizations", ["accused_organization_id"], ["id"])
    guard.create_triggers(op.get_bind(), "cases")
