"""文书模板: an organization's own Word templates, for itself and those below it, until one of them has its own.

A file is tried with sample words first: one that is not good is told in words and changes nothing.
"""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.flow import LetterKind
from server.durable import make_folder, replace_file, sync_folder
from server.errors import InvalidInput, NotFound
from server.letters import wordtemplates
from server.protocol.letter_templates import TemplateRow, Templates, TemplateWord, TemplateWords
from server.reception.account import accounts
from server.reception.matter import issued
from server.reception.office import Office
from server.reception.paper import printing
from server.reception.paper.letters import SAMPLE, letter_data
from server.settings import Settings
from server.store import accounts as account_store
from server.store import records
from server.store.access import Actor
from server.store.models import Organization

LARGEST = wordtemplates.LARGEST
KINDS = {f"{issued.TEMPLATE}-{kind}": kind for kind in LetterKind}
TITLES = {
    "record": "接谈笔录", "form": "来访登记表", issued.TEMPLATE: "告知书、意见书、函共用的", **{name: terms.LETTER[kind] for name, kind in KINDS.items()},
}  # fmt: skip
"""Every template that there can be."""
FOR_EVERYBODY = "服务器上放的，各机构共用"
SHOWN = 40
"""Characters of a sample word."""


def view(session: Session, settings: Settings, actor: Actor, organization_id: int) -> Templates:
    """Which templates hold at an organization of the actor's, and what may stand in them."""
    place = accounts.own_organization(session, actor, organization_id)
    names = account_store.named(session, {int(part) for part in place.path.strip("/").split("/")})
    rows = [_row(settings, place, name, names) for name in TITLES]
    return Templates(organization_id=place.id, organization=place.name, templates=tuple(rows), words=tuple(_words()))


def _row(settings: Settings, place: Organization, name: str, names: dict[int, Organization]) -> TemplateRow:
    chosen = _chosen(settings, place, name)
    if chosen.own is None:
        return TemplateRow(name=name, title=TITLES[name], source="", own=False, changed_at=None, problem="")
    folder = chosen.own.parent.name
    unit = names.get(int(folder)) if folder.isdecimal() else None
    changed_at = datetime.fromtimestamp(chosen.own.stat().st_mtime, UTC)
    source = (unit.name if unit else FOR_EVERYBODY) + ("" if chosen.own.stem == name else f"，{TITLES[chosen.own.stem]}")
    own = chosen.own == _own_path(settings, place, name)
    return TemplateRow(name=name, title=TITLES[name], source=source, own=own, changed_at=changed_at, problem=chosen.problem)


def _chosen(settings: Settings, place: Organization, name: str) -> wordtemplates.Choice:
    if name in printing.NAMES:
        return printing.template_of(name, settings.data_dir, place.path)
    return issued.template_of(KINDS.get(name, ""), settings.data_dir, place.path)


def _own_path(settings: Settings, place: Organization, name: str) -> Path:
    return printing.folders(settings.data_dir, place.path)[0] / f"{name}.docx"


def _words() -> Iterator[TemplateWords]:
    """What may stand in each sort of template, with the sample's words."""
    for of, name in ((TITLES["record"], "record"), (TITLES["form"], "form"), ("告知书、意见书、函", issued.TEMPLATE)):
        trial = _trial(name)
        pictures = () if name == issued.TEMPLATE else wordtemplates.SIGNATURES
        words = [TemplateWord(name=word, shown=_shown(value)) for word, value in trial.words.items()]
        words += [TemplateWord(name=word, shown="签名的图") for word in pictures]
        yield TemplateWords(of=of, words=tuple(words), needed=tuple(trial.needed))


def _shown(value: Any) -> str:
    if not isinstance(value, list):
        words = str(value)
        return words if len(words) <= SHOWN else f"{words[:SHOWN]}…"
    first = value[0]
    return "一条一条排：" + ("、".join(first) if isinstance(first, dict) else first)


def _trial(name: str) -> wordtemplates.Trial:
    return printing.trial(name) if name in printing.NAMES else issued.TRIAL


def problems(session: Session, settings: Settings, actor: Actor) -> list[str]:
    """A Chinese sentence for each template of the actor's organizations, or for everybody, that cannot be used."""
    found = [*printing.template_problems(settings.data_dir), *issued.template_problems(settings.data_dir)]
    for place in account_store.organizations_under(session, actor.organization_path):
        for path in sorted(printing.folders(settings.data_dir, place.path)[0].glob("*.docx")):
            chosen = _chosen(settings, place, path.stem) if path.stem in TITLES else None
            if chosen is not None and chosen.own == path and chosen.problem:
                found.append(f"{place.name}的文书模板“{TITLES[path.stem]}”没有用上，现在用的是随程序带的。{chosen.problem}")
    return found


def file_of(session: Session, settings: Settings, actor: Actor, organization_id: int, name: str) -> tuple[bytes, str]:
    """The template that holds, to be changed in Word, and its file's name; raises NotFound."""
    place = accounts.own_organization(session, actor, organization_id)
    return _chosen(settings, place, _known(name)).path.read_bytes(), f"模板-{TITLES[name]}.docx"


def sample_of(session: Session, settings: Settings, actor: Actor, organization_id: int, name: str) -> tuple[bytes, str]:
    """What the template that holds makes of sample words, and its file's name; raises NotFound."""
    place = accounts.own_organization(session, actor, organization_id)
    title = f"样张-{TITLES[_known(name)]}.docx"
    if name in printing.NAMES:
        return printing.docx(name, letter_data(SAMPLE), {}, settings.data_dir, place.path), title
    kind = KINDS.get(name)
    told = {**issued.SAMPLE, "kind": kind or "", "title": terms.LETTER[kind] if kind else issued.SAMPLE["title"]}
    return issued.docx(told, issued.SAMPLE_SHA256, settings.data_dir, place.path), title


def put(office: Office, actor: Actor, organization_id: int, name: str, content: bytes) -> Templates:
    """Use this file from now on; raises InvalidInput in words where it is not good, and the one that held goes on holding."""
    with office.store.read() as session:
        path = _own_path(office.settings, accounts.own_organization(session, actor, organization_id), _known(name))
    problem = _problem(name, content)
    if problem:
        raise InvalidInput(f"没有换，用的还是原来的。{problem}", code="template_wrong")
    with office.store.write() as session:
        _note(session, actor, "set_template", organization_id, name)
        make_folder(path.parent)
        replace_file(path, content)
        return view(session, office.settings, actor, organization_id)


def _problem(name: str, content: bytes) -> str:
    with tempfile.TemporaryDirectory(prefix="template-") as folder:
        path = Path(folder) / "tried.docx"
        path.write_bytes(content)
        return wordtemplates.problem_of(path, _trial(name))


def drop(session: Session, settings: Settings, actor: Actor, organization_id: int, name: str) -> Templates:
    """The organization has no template of its own any more: what is above it holds, or the program's own."""
    place = accounts.own_organization(session, actor, organization_id)
    path = _own_path(settings, place, _known(name))
    if path.exists():
        _note(session, actor, "drop_template", organization_id, name)
        path.unlink()
        sync_folder(path.parent)
    return view(session, settings, actor, organization_id)


def _known(name: str) -> str:
    if name not in TITLES:
        raise NotFound("没有这种文书。")
    return name


def _note(session: Session, actor: Actor, action: str, organization_id: int, name: str) -> None:
    """Written down first: a change that nobody knows of is worse than a note of one that did not come about."""
    records.note_access(session, actor, action, "template", f"{organization_id}/{name}", clock.now())
    session.flush()
