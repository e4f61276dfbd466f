"""Keeps filed records and append-only tables from being changed, whatever code tries.

Importing this module arms it for every session.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, event, inspect
from sqlalchemy.orm import ORMExecuteState, Session

from server.domain.states import RecordState
from server.errors import WrongState
from server.store.models import (
    BookingEvent,
    FormEntry,
    GroupEvent,
    Line,
    SecondUtterance,
    StoredCaseEvent,
    StoredRevision,
    StoredSignature,
    StoredSupplement,
    StoredUtterance,
    VisitRecord,
)

APPEND_ONLY = (StoredUtterance, SecondUtterance, StoredRevision, StoredSignature, StoredSupplement, StoredCaseEvent, GroupEvent, BookingEvent)
PARTS = (Line, FormEntry)


class FiledRecordFixed(WrongState):
    """Something tried to change a record that is filed."""

    code = "filed"
    message = "归了档的笔录不能改。要补充，请写补正。"


@event.listens_for(Session, "before_flush")
def _check_flush(session: Session, _context: Any, _instances: Any) -> None:
    changed = [thing for thing in session.dirty if session.is_modified(thing)]
    if any(isinstance(thing, APPEND_ONLY) for thing in [*changed, *session.deleted]):
        raise FiledRecordFixed("这一类记录只能增加，不能改。")
    if any(_was_filed(thing) for thing in [*changed, *session.deleted]):
        raise FiledRecordFixed
    _check_parts(session, [*changed, *session.deleted, *session.new])


def _was_filed(thing: Any) -> bool:
    if not isinstance(thing, VisitRecord):
        return False
    history = inspect(thing).attrs.state.history
    return RecordState.FILED in (*(history.deleted or ()), *(history.unchanged or ()))


def _check_parts(session: Session, things: Iterable[Any]) -> None:
    ids = {thing.record_id for thing in things if isinstance(thing, PARTS)}
    with session.no_autoflush:
        owners = [session.get(VisitRecord, found) for found in ids]
    if any(owner is not None and owner.state == RecordState.FILED for owner in owners):
        raise FiledRecordFixed


@event.listens_for(Session, "do_orm_execute")
def _check_statement(state: ORMExecuteState) -> None:
    """A statement that changes many rows at once never goes over lines, forms or what is append-only."""
    if not (state.is_update or state.is_delete):
        return
    mapper = state.bind_mapper
    if mapper is not None and issubclass(mapper.class_, (*APPEND_ONLY, *PARTS)):
        raise FiledRecordFixed("这一类记录不能成批改。")


# The same once more in the database, for whoever comes to it without this program.

FIXED_TABLES = ("record_lines", "form_entries")
APPEND_ONLY_TABLES = ("utterances", "revisions", "signatures", "supplements", "case_events")
FIXED_COLUMNS = ("case_no", "record_id", "filed_record", "record_sha256", "manifest_sha256")
LETTER_COLUMNS = ("case_id", "kind", "organization_id", "to_organization_id", "text", "author", "issued_at", "number", "content", "content_sha256")
MESSAGE = "a filed record cannot change"


def create_triggers(connection: Connection, table: str = "") -> None:
    """Make the triggers that refuse a change of a filed record; for migrations.  `table`: those of one that is made anew."""
    sqlite = connection.dialect.name == "sqlite"
    if not sqlite and not table:
        connection.exec_driver_sql(_POSTGRESQL_FUNCTION)
    for rule in _rules(table):
        connection.exec_driver_sql(_sqlite_trigger(*rule) if sqlite else _postgresql_trigger(*rule))


def drop_triggers(connection: Connection, table: str = "") -> None:
    """Take the triggers (of one table) away again."""
    for name, of, _, _ in _rules(table):
        on = "" if connection.dialect.name == "sqlite" else f" ON {of}"
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{on}")
    if connection.dialect.name != "sqlite" and not table:
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS refuse_filed()")


def _rules(of: str = "") -> list[tuple[str, str, str, str]]:
    """Name, table, event and condition of every trigger (of one table)."""
    rules = []
    for table in FIXED_TABLES:
        for what, row in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
            filed = f"EXISTS (SELECT 1 FROM records WHERE id = {row}.record_id AND state = 'filed')"
            rules.append((f"fixed_{table}_{what.lower()}", table, what, filed))
    for table in APPEND_ONLY_TABLES:
        rules += [(f"kept_{table}_{what.lower()}", table, what, "") for what in ("UPDATE", "DELETE")]
    rules.append(("fixed_records_update", "records", "UPDATE", "OLD.state = 'filed' AND NEW.state <> 'filed'"))
    rules.append(("fixed_cases_update", "cases", f"UPDATE OF {', '.join(FIXED_COLUMNS)}", ""))
    rules.append(("fixed_cases_delete", "cases", "DELETE", ""))
    if of == "letters":  # a table that came later: named by the migration that makes its triggers
        rules.append(("fixed_letters_update", "letters", f"UPDATE OF {', '.join(LETTER_COLUMNS)}", ""))
        rules.append(("fixed_letters_delete", "letters", "DELETE", ""))
    return [rule for rule in rules if not of or rule[1] == of]


def _sqlite_trigger(name: str, table: str, what: str, condition: str) -> str:
    when = f"WHEN {condition}" if condition else ""
    return f"CREATE TRIGGER {name} BEFORE {what} ON {table} {when} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"


_POSTGRESQL_FUNCTION = (
    "CREATE FUNCTION refuse_filed() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE found boolean; BEGIN"
    " IF TG_ARGV[0] = '' THEN found := true; ELSIF TG_OP = 'INSERT' THEN"
    " EXECUTE 'SELECT ' || TG_ARGV[0] INTO found USING NEW, NEW; ELSIF TG_OP = 'DELETE' THEN"
    " EXECUTE 'SELECT ' || TG_ARGV[0] INTO found USING OLD, OLD; ELSE"
    " EXECUTE 'SELECT ' || TG_ARGV[0] INTO found USING OLD, NEW; END IF;"
    f" IF found THEN RAISE EXCEPTION '{MESSAGE}'; END IF;"
    " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
)
"""A trigger's own condition cannot look into another table on PostgreSQL, so the function does."""


def _postgresql_trigger(name: str, table: str, what: str, condition: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {what} ON {table} FOR EACH ROW"
        f" EXECUTE FUNCTION refuse_filed('{_argument(condition)}')"
    )


def _argument(condition: str) -> str:
    """The condition over $1 (old row) and $2 (new row), quoted for a string."""
    return condition.replace("OLD.", "$1.").replace("NEW.", "$2.").replace("'", "''")
