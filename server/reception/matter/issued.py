"""Letters that were issued: who may read which, and what they look like on paper, today as on the first day."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.canonical import check_code
from server.domain.flow import LetterKind
from server.errors import NotFound, Unavailable
from server.letters import wordtemplates
from server.letters.typesetting import typeset
from server.protocol.canonical import fingerprint
from server.protocol.flow import LetterView
from server.reception.matter import supervision
from server.reception.matter.flow import of_office
from server.reception.paper import printing
from server.settings import Settings
from server.store import accounts, records
from server.store import flow as store
from server.store.access import Actor
from server.store.models import StoredCase, StoredLetter

log = structlog.get_logger()

FORMATS = ("pdf", "docx")
TEMPLATE = "letter"
"""For all kinds; an office may have one of its own for a kind, letter-acceptance.docx and so on."""
SAMPLE: Mapping[str, Any] = {
    "kind": "acceptance", "title": "受理告知书", "office": "样县信访局", "number": "YX受告〔2026〕3号", "case_no": "YX-2026-000418",
    "to": "样本人", "opening": "样句开头。", "text_label": "样句说明：", "text": ["样句正文。"], "until": "样句期限。",
    "articles": ["《样条例》第一条"], "remedies": ["样句救济。"], "query_code": "QC-SAMPLE", "progress": "样句查询。", "date": "2026年6月9日",
}  # fmt: skip
"""What templates are tried with; nobody's words."""


def readable(actor: Actor, case: StoredCase, letter: StoredLetter, units: Mapping[int, str]) -> bool:
    """Whether somebody who may read the case may read this letter: the office and those above it all of them, a unit those
    it sent or got and those to the petitioner.  `units` are paths of organizations."""
    if case.organization.path.startswith(actor.organization_path) or letter.to_organization_id is None:
        return True
    ends = (letter.organization_id, letter.to_organization_id)
    return any(units[one].startswith(actor.organization_path) for one in ends)


def written_parts(session: Session, actor: Actor, found: Sequence[StoredCase]) -> list[tuple[int, str]]:
    """What officers wrote into letters of these cases that the actor may read, each with its case's id and the letter's name."""
    letters, by_id = store.written_in(session, [case.id for case in found]), {case.id: case for case in found}
    units = accounts.named(session, {one.organization_id for one in letters} | {one.to_organization_id for one in letters if one.to_organization_id})
    paths = {number: unit.path for number, unit in units.items()}
    return [
        (one.case_id, f"{terms.LETTER[LetterKind(one.kind)]}{one.number}：{one.text}")
        for one in letters
        if readable(actor, by_id[one.case_id], one, paths)
    ]  # fmt: skip


def letter_views(session: Session, actor: Actor, case: StoredCase) -> tuple[LetterView, ...]:
    """Letters of a case that the actor may read, oldest first."""
    found = store.letters(session, case.id)
    units = accounts.named(session, {one.organization_id for one in found} | {one.to_organization_id for one in found if one.to_organization_id})
    paths = {number: unit.path for number, unit in units.items()}
    owed = supervision.answers_owed(session, case) if any(one.kind in supervision.SUPERVISION_LETTERS for one in found) else set()
    return tuple(
        LetterView(
            id=one.id, kind=one.kind, name=terms.LETTER[LetterKind(one.kind)],
            to=units[one.to_organization_id].name if one.to_organization_id else _addressee(case, one),
            issued_at=one.issued_at, author=one.author, delivered_on=one.delivered_on, delivered_how=one.delivered_how,
            number=one.number,
            urls=tuple(f"/api/cases/{case.id}/letters/{one.id}/{name}" for name in FORMATS) if one.content_sha256 else (),
            answer_url=f"/api/cases/{case.id}/supervision/{one.id}/answer" if one.id in owed and _answers(actor, one, paths) else "",
        )
        for one in found
        if readable(actor, case, one, paths)
    )  # fmt: skip


def _addressee(case: StoredCase, letter: StoredLetter) -> str:
    """The petitioner, but for a request that somebody else made; only these letters' words are fetched for it."""
    refused = letter.kind in (LetterKind.REVIEW_REFUSAL, LetterKind.REEXAMINATION_REFUSAL) and letter.content
    return str(letter.content["to"]) if refused and letter.content else case.petitioner


def _answers(actor: Actor, letter: StoredLetter, paths: Mapping[int, str]) -> bool:
    to = paths.get(letter.to_organization_id or 0, "")
    return actor.role in supervision.ANSWERED_BY and to.startswith(actor.organization_path)


def fetch(session: Session, settings: Settings, actor: Actor, case: StoredCase, letter_id: int, form: str) -> tuple[Callable[[], bytes], str]:
    """What makes a letter's file, which may take a second, and the file's name; that it was read is written down.

    Raises NotFound where there is none or the actor may not read it, Unavailable where its words are not what they were.
    """
    letter = store.letter_of(session, case.id, letter_id)
    if letter is None or form not in FORMATS:
        raise NotFound
    ends = {letter.organization_id, letter.to_organization_id or letter.organization_id}
    if not readable(actor, case, letter, {number: one.path for number, one in accounts.named(session, ends).items()}):
        raise NotFound
    content = _words(letter)
    if content["query_code"] and not of_office(actor, case):
        content = {**content, "query_code": "＊＊＊＊"}
    records.note_access(session, actor, "open", "letter", str(letter.id), clock.now())
    name = f"{letter.number} {content['title']}.{form}"
    if form == "pdf":
        made_at, sha256 = int(letter.issued_at.timestamp()), letter.content_sha256
        return lambda: pdf(content, sha256, made_at, settings.pdf_font_dir), name
    sha256, office = letter.content_sha256, accounts.organization(session, letter.organization_id).path
    return lambda: docx(content, sha256, settings.data_dir, office), name


def _words(letter: StoredLetter) -> Mapping[str, Any]:
    """Its words as they were issued; raises NotFound where none were kept, Unavailable where they are not what they were."""
    if not letter.content_sha256 or letter.content is None:
        raise NotFound("这份文书出得早，没有留下全文。")
    if fingerprint(letter.content) != letter.content_sha256:
        log.error("a letter is not what it was", letter=letter.id)
        raise Unavailable("这份文书和出的时候不一样了，请找管理员。", code="document_damaged")
    return letter.content


# --- for the petitioner ------------------------------------------------------------------------------------------


def own_letters(session: Session, case: StoredCase) -> list[StoredLetter]:
    """Letters that the petitioner has already been given, oldest first: nobody reads here what was not delivered yet."""
    found = store.letters(session, case.id)
    return [one for one in found if one.to_organization_id is None and one.delivered_on is not None and one.content_sha256]


def own_copy(session: Session, settings: Settings, case: StoredCase, letter_id: int) -> tuple[Callable[[], bytes], str]:
    """What makes the PDF of a letter for its petitioner, and its name; raises as `fetch` does."""
    letter = store.letter_of(session, case.id, letter_id)
    if letter is None or letter.id not in {one.id for one in own_letters(session, case)}:
        raise NotFound
    content, sha256, made_at = _words(letter), letter.content_sha256, int(letter.issued_at.timestamp())
    return lambda: pdf(content, sha256, made_at, settings.pdf_font_dir), f"{letter.number} {content['title']}.pdf"


# --- on paper ----------------------------------------------------------------------------------------------------


def pdf(content: Mapping[str, Any], sha256: str, made_at: int, font_dir: str) -> bytes:
    """The letter as PDF; the same words give the same bytes."""
    data = {**content, "sha256": sha256, "check": check_code(sha256)}
    return typeset(TEMPLATE, data, font_dir, format="pdf", timestamp=made_at)


def docx(content: Mapping[str, Any], sha256: str, data_dir: Path, office: str = "/") -> bytes:
    """The letter as .docx, by the template that holds for the office at this path, which issued it."""
    chosen = template_of(content["kind"], data_dir, office)
    if chosen.problem:
        log.warning("office's template not used", name=TEMPLATE)
    return wordtemplates.render(chosen.path, template_words(content, sha256), {}, content["office"])


def template_words(content: Mapping[str, Any], sha256: str) -> dict[str, Any]:
    """The words under the names that a template of Word uses (deploy/letters.zh-CN.md)."""
    return {
        "机关": content["office"], "标题": content["title"], "文号": content["number"], "编号": content["case_no"],
        "收件人": content["to"], "开头": content["opening"], "正文标题": content["text_label"], "正文": content["text"],
        "期限": content["until"], "依据": "、".join(content["articles"]), "救济": content["remedies"],
        "查询码": content["query_code"], "校验码": check_code(sha256), "校验值": sha256, "查询": content["progress"], "日期": content["date"],
    }  # fmt: skip


def template_of(kind: str, data_dir: Path, office: str = "/") -> wordtemplates.Choice:
    """The template of the nearest unit that has one, for this kind before its one for all kinds, else the shipped one."""
    own = [folder / f"{name}.docx" for folder in printing.folders(data_dir, office) for name in (f"{TEMPLATE}-{kind}", TEMPLATE)]
    return wordtemplates.choose(own, TEMPLATE, TRIAL)


def template_problems(data_dir: Path) -> list[str]:
    """A Chinese sentence for each template of the office's own that cannot be used."""
    names = {template_of(kind, data_dir).problem: kind for kind in LetterKind}
    return [
        f"文书模板 {printing.FOLDER}/letter（{terms.LETTER[kind]}用的）没有用上，现在用的是随程序带的。{problem}"
        for problem, kind in names.items()
        if problem
    ]


SAMPLE_SHA256 = "0123456789abcdef" * 4
_WORDS = template_words(SAMPLE, SAMPLE_SHA256)
TRIAL = wordtemplates.Trial(
    _WORDS,
    {one: _WORDS[one] if isinstance(_WORDS[one], list) else [_WORDS[one]]
     for one in ("标题", "文号", "收件人", "开头", "正文", "期限", "依据", "救济", "校验值", "日期")},
)  # fmt: skip
"""What every letter has to say."""
