"""导入: a file of another system becomes matters, all of its rows or none.

A dry run tells every row that is wrong; with one of them nothing begins.  What has begun is registered by one transaction,
so that nobody ever sees a part of it and nothing of it is left where it fails; until then it can be given up.  What takes
longest, to have search read it, comes afterwards in pieces, between which others write.  After a crash it is taken up
where it was.  A row is known by its number (or, where it has none, by its content), so none is registered twice.
"""

import csv
import hashlib
import io
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath, PureWindowsPath

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server import clock
from server.domain import importing as rules
from server.domain.states import ImportState, StaffRole
from server.errors import Conflict, InvalidInput, NotFound, WrongState
from server.protocol.flow import NewMatter
from server.protocol.importing import (
    BeginImport,
    ImportField,
    ImportPlan,
    Imports,
    ImportSummary,
    ImportView,
    MappingView,
    WrongCell,
)
from server.reception.matter import importing_files, registering
from server.reception.office import Office
from server.store import accounts, cases
from server.store import imports as store
from server.store.access import Actor
from server.store.models import ImportFile, ImportMapping, StoredImport

AT_ONCE = 1000
"""Matters that are held in memory while they are registered."""
PIECE = 200
"""Matters that search reads in one transaction, for which other writers wait."""
KNOWN_AT_ONCE = 500
ERRORS_KEPT = 10_000
ERRORS_SHOWN = 200
SAMPLE_ROWS = 5
SAMPLE_CELL = 80
KEPT_FOR = timedelta(days=7)
"""A file that was brought and never imported is forgotten after so long: it is full of personal data."""
TELLS_S = 1.0
"""Seconds between two words of a dry run about how far it is."""
CLOCK_SET_BACK = timedelta(days=1)
"""What was registered so long before an import began is not of it, however its clock was set meanwhile."""
NOT_RUNNING = (ImportState.BROUGHT, ImportState.LOOKED_AT)


# --- a file is brought ---------------------------------------------------------------------------------------------


def bring(office: Office, actor: Actor, name: str, content: bytes) -> tuple[ImportView, bool]:
    """Take a file in; False: the office has this very file already, and how far that is is told.

    Raises InvalidInput for what is no table.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    with office.store.read() as session:
        found = store.of_file(session, actor, sha256)
        if found is not None:
            return view(session, actor, found.id), False
    table = _table(content)
    try:
        with office.store.write() as session:
            store.drop(session, store.left_lying(session, clock.now() - KEPT_FOR))
            made = StoredImport(
                organization_id=actor.organization_id, file_sha256=sha256, file_name=plain_file_name(name),
                file_kind=importing_files.kind_of(content), file_bytes=len(content), state=ImportState.BROUGHT,
                author=actor.name, user_id=actor.user_id, made_at=clock.now(), columns=list(table.columns),
                sample=_sample(table), errors=[], rows=len(table.rows),
            )  # fmt: skip
            session.add(made)
            session.flush()
            session.add(ImportFile(import_id=made.id, content=content))
            session.flush()
            return view(session, actor, made.id), True
    except IntegrityError:  # somebody brought it meanwhile
        raise Conflict("同事刚刚也拿来了这一份文件，请刷新看看。") from None


def _table(content: bytes) -> rules.Table:
    try:
        return importing_files.table(content)
    except rules.UnreadableFile as error:
        raise InvalidInput(str(error), code="unreadable_file") from None


def plain_file_name(name: str) -> str:
    """The last part of a file's name, whatever the browser sent, without signs that cannot be seen."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    return "".join(one for one in last if one.isprintable())[:200] or "没有名字的文件"


def _sample(table: rules.Table) -> list[list[str]]:
    width = len(table.columns)
    return [[*map(_shown, row.cells), *[""] * (width - len(row.cells))] for row in table.rows[:SAMPLE_ROWS]]


def _shown(cell: rules.Cell) -> str:
    return cell.shown if isinstance(cell, rules.Broken) else rules.as_text(cell)[:SAMPLE_CELL]


def _require(session: Session, actor: Actor, import_id: int) -> StoredImport:
    found = store.find(session, actor, import_id)
    if found is None:
        raise NotFound
    return found


# --- the dry run ---------------------------------------------------------------------------------------------------


def look(office: Office, actor: Actor, import_id: int, plan: ImportPlan) -> ImportView:
    """Look at every row by this plan and keep what was found; nothing is registered.

    Raises InvalidInput where the plan leaves something open, WrongState once the import has begun.
    """
    with office.store.read() as session:
        found = _require(session, actor, import_id)
        content = _content(session, found)
    table = _table(content)
    if problems := rules.plan_problems(_rules_plan(plan), table):
        raise InvalidInput(next(iter(problems.values())), fields=problems)
    looked = rules.look(_rules_plan(plan), table, clock.today(), _Telling(office, import_id))
    with office.store.write() as session:
        known = sum(len(refs) for refs in _known(session, actor.organization_id, [one.new for one in looked.ready]).values())
        values = _kept(looked) | {"known": known, "plan": plan.model_dump(mode="json", exclude={"save_as"}), "handled": 0}
        if not store.move(session, import_id, NOT_RUNNING, state=ImportState.LOOKED_AT, **values):
            raise WrongState("这份文件已经在导入了。")
        if plan.save_as.strip():
            _save_mapping(session, actor, plan)
        session.expire_all()
        return view(session, actor, import_id)


class _Telling:
    """Writes down now and then how many rows a dry run has looked at, for whoever asks meanwhile; a short file never."""

    def __init__(self, office: Office, import_id: int) -> None:
        self.office, self.import_id = office, import_id
        self.next = time.monotonic() + TELLS_S

    def __call__(self, rows: int) -> None:
        if time.monotonic() < self.next:
            return
        with self.office.store.write() as session:
            store.move(session, self.import_id, NOT_RUNNING, handled=rows)
        self.next = time.monotonic() + TELLS_S


def _content(session: Session, found: StoredImport) -> bytes:
    content = store.content(session, found.id)
    if content is None or found.state not in NOT_RUNNING:
        raise WrongState("这份文件已经导入了，不能再改。")
    return content


def _rules_plan(plan: ImportPlan) -> rules.Plan:
    return rules.Plan(columns=plan.columns, channel=plan.channel, received_on=plan.received_on)


def _kept(looked: rules.Looked) -> dict[str, object]:
    return {
        "wrong": looked.wrong_rows, "matters": len(looked.ready), "errors": [list(one) for one in looked.errors[:ERRORS_KEPT]],
    }  # fmt: skip


def _known(session: Session, organization_id: int, news: Sequence[NewMatter]) -> dict[str, set[str]]:
    """Per channel the numbers under which a matter came before."""
    refs: dict[str, list[str]] = {}
    for new in news:
        refs.setdefault(new.channel, []).append(new.source_ref)
    found: dict[str, set[str]] = {}
    for channel, all_of_it in refs.items():
        for start in range(0, len(all_of_it), KNOWN_AT_ONCE):
            piece = all_of_it[start : start + KNOWN_AT_ONCE]
            found.setdefault(channel, set()).update(cases.sources_known(session, organization_id, channel, piece))
    return found


def _save_mapping(session: Session, actor: Actor, plan: ImportPlan) -> None:
    name = plan.save_as.strip()
    kept = store.mapping_named(session, actor, name)
    if kept is None:
        kept = ImportMapping(organization_id=actor.organization_id, name=name)
        session.add(kept)
    kept.channel, kept.columns, kept.author, kept.made_at = plan.channel, dict(plan.columns), actor.name, clock.now()
    session.flush()


# --- the import ----------------------------------------------------------------------------------------------------


def begin(session: Session, actor: Actor, import_id: int, order: BeginImport) -> None:
    """Have the rows registered, all of them; raises WrongState where a row is wrong, Conflict where the plan is another."""
    found = _require(session, actor, import_id)
    if found.state != ImportState.LOOKED_AT:
        raise WrongState("请先核对一遍，再导入。" if found.state == ImportState.BROUGHT else "这份文件已经在导入了。")
    if found.wrong:
        raise WrongState(f"还有 {found.wrong} 行不对，改好以前一行也不导入。")
    if order.plan_sha256 != _plan_sha256(found):
        raise Conflict("同事刚刚换了栏目，请看过新的核对结果再导入。")
    values = {"author": actor.name, "user_id": actor.user_id, "begun_at": clock.now(), "handled": 0}
    if not store.move(session, import_id, (ImportState.LOOKED_AT,), state=ImportState.RUNNING, **values):
        raise WrongState("这份文件已经在导入了。")


def _plan_sha256(found: StoredImport) -> str:
    if found.plan is None:
        return ""
    return hashlib.sha256(ImportPlan.model_validate(found.plan).model_dump_json(exclude={"save_as"}).encode()).hexdigest()


def work(office: Office, import_id: int, rest: Callable[[float], object], breath_s: float = 0) -> None:
    """Finish an import that has begun; `rest` is called between pieces, with how long, and may raise to stop: of what was not
    registered by then nothing is left, of the rest nothing is lost.

    May be called again at any time, also by two at once.
    """
    with office.store.read() as session:
        found = session.get(StoredImport, import_id)
        content = store.content(session, import_id)
        if found is None or found.state != ImportState.RUNNING or content is None or found.begun_at is None:
            return None
        plan, begun, handled, matters = found.plan, found.begun_at, found.handled, found.matters
        actor = _importer(session, found)
    if handled < matters:
        looked = rules.look(_rules_plan(ImportPlan.model_validate(plan)), importing_files.table(content), clock.day_in_office(begun))
        if looked.wrong_rows or len(looked.ready) != matters:
            return _look_again(office, import_id, looked)
        if not _register(office, actor, import_id, looked.ready, rest):
            return None
    while _make_findable(office, actor.organization_id, begun):
        rest(breath_s)
    with office.store.write() as session:
        done = {"state": ImportState.DONE, "done_at": clock.now(), "errors": [], "sample": []}
        if store.move(session, import_id, (ImportState.RUNNING,), **done):
            store.drop_file(session, import_id)
    return None


def _importer(session: Session, found: StoredImport) -> Actor:
    path = accounts.organization(session, found.organization_id).path
    return Actor(
        name=found.author, user_id=found.user_id, role=StaffRole.CLERK, organization_id=found.organization_id, organization_path=path
    )


def _look_again(office: Office, import_id: int, looked: rules.Looked) -> None:
    """The rows mean something else than when the import began, as after an update of the program with other words: it
    goes back to the clerk, with what is wrong now; rows that are in are known by their numbers."""
    with office.store.write() as session:
        store.move(session, import_id, (ImportState.RUNNING,), state=ImportState.LOOKED_AT, handled=0, **_kept(looked))


def _register(
    office: Office, actor: Actor, import_id: int, ready: Sequence[rules.Ready], rest: Callable[[float], object]
) -> bool:
    """All of them in one transaction; False: somebody else was there before, or it was given up."""
    with office.store.write() as session:
        if not store.take_on(session, import_id):
            return False
        for start in range(0, len(ready), AT_ONCE):
            rest(0)
            piece = ready[start : start + AT_ONCE]
            known = _known(session, actor.organization_id, [one.new for one in piece])
            fresh = [one for one in piece if one.new.source_ref not in known.get(one.new.channel, ())]
            incoming = [registering.Incoming(one.new, {"import": import_id, "row": one.row}) for one in fresh]
            made = registering.register_all(session, actor, incoming, findable=False)
            store.note_added(session, import_id, len(made))
            session.expunge_all()
    return True


def _make_findable(office: Office, organization_id: int, begun: datetime) -> int:
    """Have search read one piece of what was registered; 0: it has read all of it."""
    with office.store.write() as session:
        return registering.make_findable_late(session, organization_id, begun - CLOCK_SET_BACK, PIECE)


def give_up(session: Session, actor: Actor, import_id: int) -> None:
    """Forget a file of which nothing was registered, also one whose import has begun; raises WrongState where something was."""
    found = _require(session, actor, import_id)
    if not store.take_back(session, found.id):
        raise WrongState("已经导入的不能撤掉。")
    store.drop(session, [found.id])


# --- what it looks like --------------------------------------------------------------------------------------------


def view(session: Session, actor: Actor, import_id: int) -> ImportView:
    """An import of the actor's office; raises NotFound."""
    found = _require(session, actor, import_id)
    return ImportView(
        **_summary(found).model_dump(), wrong=found.wrong, errors=_wrong_cells(found.errors[:ERRORS_SHOWN]),
        errors_in_all=len(found.errors), columns=tuple(found.columns), sample=tuple(map(tuple, found.sample)),
        proposed=rules.proposed(found.columns), plan=ImportPlan.model_validate(found.plan) if found.plan else None,
        plan_sha256=_plan_sha256(found),
        fields=tuple(ImportField(field=one.field, label=one.label, required=one.required) for one in rules.FIELDS.values()),
    )  # fmt: skip


def _wrong_cells(errors: Iterable[Sequence[object]]) -> tuple[WrongCell, ...]:
    return tuple(WrongCell.model_validate(dict(zip(("row", "column", "value", "message"), one, strict=True))) for one in errors)


def _summary(found: StoredImport) -> ImportSummary:
    return ImportSummary(
        id=found.id, state=found.state, file_name=found.file_name, file_sha256=found.file_sha256, author=found.author,
        made_at=found.made_at, done_at=found.done_at, rows=found.rows, matters=found.matters, known=found.known,
        handled=found.handled, added=found.added,
    )  # fmt: skip


def listed(session: Session, actor: Actor) -> Imports:
    """The office's last imports, and the mappings it has kept."""
    return Imports(
        imports=tuple(map(_summary, store.listed(session, actor))),
        mappings=tuple(
            MappingView(id=one.id, name=one.name, channel=one.channel, columns=one.columns) for one in store.mappings(session, actor)
        ),
    )


def drop_mapping(session: Session, actor: Actor, mapping_id: int) -> None:
    """Forget a mapping; raises NotFound."""
    if not store.drop_mapping(session, actor, mapping_id):
        raise NotFound


FORMULA_SIGNS = tuple("=+-@\t\r＝＋－＠")
"""A cell that begins so would be run by a spreadsheet program (OWASP, CSV injection)."""


def errors_csv(session: Session, actor: Actor, import_id: int) -> bytes:
    """What is wrong, as a CSV file that spreadsheet programs open: UTF-8 with its mark, nothing in it is a formula."""
    found = _require(session, actor, import_id)
    told = io.StringIO(newline="")
    writer = csv.writer(told)
    writer.writerow(("行", "列", "现在的内容", "哪里不对"))
    writer.writerows([row, guarded(column), guarded(value), guarded(message)] for row, column, value, message in found.errors)
    return told.getvalue().encode("utf-8-sig")


def guarded(cell: str) -> str:
    """A cell that no spreadsheet program takes for a formula."""
    return "'" + cell if cell.lstrip(" ").startswith(FORMULA_SIGNS) else cell
