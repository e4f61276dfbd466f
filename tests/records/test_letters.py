"""Letters that steps and supervisors issue: their numbers, their words, who may read them, and that they stay as they are."""

from datetime import date

import docx
import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError

from server.domain.flow import LetterKind, Step
from server.domain.letterkinds import LETTERS, read
from server.errors import InvalidInput, NotAllowed, NotFound, WrongState
from server.letters import wordtemplates
from server.protocol.notices import SupervisionAnswer, SupervisionOrder
from server.reception.matter import cases, issued, supervision
from server.store.models import Notice, Organization, StoredDeadline, StoredLetter, User
from tests.records.office import World
from tests.records.test_flow import (
    HANDLER,
    LAND,
    LAND_HEAD,
    PLANNER,
    PLANNING,
    SUPERVISOR,
    TOWN,
    Matter,
    at,
    refused,
)

TOWN_CLERK_ID = 4


@pytest.fixture
def matter(world: World) -> Matter:
    return Matter(world)


def letters(matter: Matter) -> list[StoredLetter]:
    with matter.world.read() as session:
        return list(session.scalars(select(StoredLetter).order_by(StoredLetter.id)))


def words(matter: Matter, letter_id: int, actor=HANDLER) -> str:
    with matter.world.read() as session:
        case = cases.require_case(session, actor, matter.id)
        make, _ = issued.fetch(session, matter.world.office.settings, actor, case, letter_id, "docx")
    return wordtemplates.text_of(make())


def write(matter: Matter, kind: str = "supervision", unit: int = LAND, due: str = "2026-06-16", actor=SUPERVISOR) -> int:
    with matter.world.write() as session:
        order = SupervisionOrder(kind=kind, unit_id=unit, text="到今天没有联系信访人。", due=date.fromisoformat(due))
        return supervision.write(session, actor, cases.require_case(session, actor, matter.id), order).id


def answer(matter: Matter, letter_id: int, actor=HANDLER) -> None:
    with matter.world.write() as session:
        given = SupervisionAnswer(text="已经上门，下周补发。")
        supervision.answer(session, actor, cases.require_case(session, actor, matter.id), letter_id, given)


def test_a_letter_says_whom_it_is_for_what_it_rests_on_until_when_and_whom_to_ask(matter: Matter):
    matter.reply()
    found = {one.kind: one for one in letters(matter)}
    accepted = words(matter, found["acceptance"].id)
    for said in ("受理告知书", "LXZR受告〔2026〕1号", "LX-2026-000001", "何守田：", "归我们办，现在决定受理", "最迟在2026年8月8日（星期六）给您",
                 "第三十四条", "可以问县自然资源局", "（盖章）", "2026年6月9日", found["acceptance"].content_sha256):
        assert said in accepted
    opinion = words(matter, found["handling_opinion"].id)
    assert "经查，补偿款已经补发。" in opinion
    assert "收到这份意见书 30 天里，可以书面请求县自然资源局的上一级机关、单位复查" in opinion
    given = words(matter, found["assignment"].id)
    assert "县自然资源局：" in given
    assert "最迟在2026年6月24日（星期三）书面告知信访人" in given
    assert "5 个工作日内书面提出异议" in given


def test_the_reason_for_an_extension_and_the_new_day_are_in_its_letter(matter: Matter):
    matter.accept()
    matter.take(HANDLER, Step.ASK_EXTENSION, days=30, reason="要重新测量")
    matter.take(LAND_HEAD, Step.GRANT_EXTENSION)
    said = words(matter, letters(matter)[-1].id)
    assert "要重新测量" in said
    assert "最迟在2026年9月7日（星期一）" in said
    assert matter.view(HANDLER).events[-1].why.endswith("LXZR延告〔2026〕1号")


def test_numbers_run_per_kind_and_year_without_gaps(world: World):
    first = Matter(world)
    first.reply()
    other = Matter.__new__(Matter)
    other.world, other.id = world, first.id
    for _ in range(2):
        write(first)
    with pytest.raises(InvalidInput):
        write(first, due="2026-06-09")
    at("2027-01-04")
    write(first, due="2027-01-08")
    numbers = [one.number for one in letters(first)]
    assert numbers == ["LX交〔2026〕1号", "LXZR受告〔2026〕1号", "LXZR处〔2026〕1号", "LX督〔2026〕1号", "LX督〔2026〕2号", "LX督〔2027〕1号"]


def test_a_letter_stays_as_it_was_issued(matter: Matter):
    matter.accept()
    letter = letters(matter)[-1]
    before = words(matter, letter.id)
    with matter.world.write() as session:
        session.get_one(Organization, LAND).name = "县自然资源和规划局"
    assert words(matter, letter.id) == before
    with pytest.raises(DatabaseError, match="cannot change"), matter.world.write() as session:
        session.execute(update(StoredLetter).where(StoredLetter.id == letter.id).values(content={"to": "别人"}))
    with pytest.raises(DatabaseError, match="cannot change"), matter.world.write() as session:
        session.delete(session.get_one(StoredLetter, letter.id))
    assert words(matter, letter.id) == before


def test_a_unit_reads_its_own_letters_and_those_to_the_petitioner(matter: Matter):
    matter.give((LAND, "main"), (PLANNING, "support"))
    matter.take(HANDLER, Step.ACCEPT)
    write(matter)
    assert [one.kind for one in matter.view(HANDLER).letters] == ["assignment", "acceptance", "supervision"]
    assert [one.kind for one in matter.view(PLANNER).letters] == ["assignment", "acceptance"]
    assert len(matter.view(SUPERVISOR).letters) == 4
    secret = letters(matter)[-1].id
    with pytest.raises(NotFound):
        words(matter, secret, PLANNER)
    assert "督办函" in words(matter, secret, SUPERVISOR)


def test_pdf_has_the_same_bytes_each_time(matter: Matter):
    matter.accept()
    with matter.world.read() as session:
        case = cases.require_case(session, HANDLER, matter.id)
        make, name = issued.fetch(session, matter.world.office.settings, HANDLER, case, letters(matter)[-1].id, "pdf")
    made = make()
    assert made.startswith(b"%PDF")
    assert made == make()
    assert name == "LXZR受告〔2026〕1号 受理告知书.pdf"


def test_a_supervision_letter_is_told_runs_and_is_answered_once(matter: Matter):
    matter.accept()
    with matter.world.write() as session:
        for number, role, unit in ((20, "handler", LAND), (21, "supervisor", 1), (22, "handler", PLANNING)):
            session.add(User(id=number, organization_id=unit, username=f"u{number}", name="人", role=role, password_hash="",
                             created_at=session.get_one(User, 1).created_at))  # fmt: skip
    with refused(InvalidInput, "不归这个单位办"):
        write(matter, unit=TOWN)
    with pytest.raises(NotAllowed):
        write(matter, actor=HANDLER)
    letter_id = write(matter)
    deadline = matter.deadlines()["supervision"]
    assert (deadline.organization_id, deadline.due_on, deadline.letter_id) == (LAND, date(2026, 6, 16), letter_id)
    case = matter.view(HANDLER)
    assert case.letters[-1].answer_url == f"/api/cases/{matter.id}/supervision/{letter_id}/answer"
    owed = next(one for one in case.deadlines if one.rule == "supervision")
    assert (case.deadline.name, owed.name) == ("办结", "回复督办")
    assert "一共 7 天" in owed.counted
    answer(matter, letter_id)
    with refused(WrongState, "已经回复过了"):
        answer(matter, letter_id)
    with pytest.raises(NotFound):
        answer(matter, letters(matter)[0].id)
    assert matter.deadlines()["supervision"].done_on == date(2026, 6, 9)
    assert [one.kind for one in matter.view(SUPERVISOR).events][-2:] == ["supervision", "supervision_answered"]
    with matter.world.read() as session:
        told = {one.user_id: one.words for one in session.scalars(select(Notice))}
    assert set(told) == {20, 21}
    assert "收到督办函（LX督〔2026〕1号），最迟2026年6月16日（星期二）书面反馈" in told[20]
    assert "县自然资源局回复了督办函" in told[21]


def test_a_supervision_letter_never_goes_to_whom_the_matter_is_against(world: World):
    matter = Matter(world, purpose="accusation", statement="县规划局的人收钱。", accused_unit="县规划局")
    matter.give((LAND, "main"))
    with matter.world.write() as session:
        session.execute(update(StoredDeadline).values(remind_on=None))
        units = [one.id for one in supervision.draft(session, SUPERVISOR, cases.require_case(session, SUPERVISOR, matter.id), LetterKind.ACCOUNTABILITY).units]
    assert PLANNING not in units
    with refused(InvalidInput, "不归这个单位办"):
        write(matter, "accountability", PLANNING)


def test_what_is_late_and_what_was_returned_is_proposed(matter: Matter):
    matter.give((LAND, "main"), (PLANNING, "support"))
    matter.take(HANDLER, Step.ACCEPT)
    matter.take(PLANNER, Step.FEED_BACK, reason="没有意见")
    matter.take(matter.world.clerk, Step.SEND_BACK, reason="没有说明依据")
    at("2026-08-12")
    with matter.world.read() as session:
        proposed = supervision.draft(session, SUPERVISOR, cases.require_case(session, SUPERVISOR, matter.id), LetterKind.SUPERVISION)
    texts = {one.id: one.text for one in proposed.units}
    assert "“办结”应在2026年8月8日（星期六）前办完，到今天过期 4 天。" in texts[LAND]
    assert "过期" not in texts[PLANNING]
    assert "退回" not in texts[LAND]
    assert "反馈退回过 1 次，最近一次的理由：没有说明依据" in texts[PLANNING]
    assert proposed.due == date(2026, 8, 19)


@pytest.mark.parametrize(("key", "wrong", "why"), [
    ("opening", "{nobody}", "no such word: nobody"),
    ("names", ["never"], "no such limit: never"),
    ("extra", "x", "wants exactly"),
])  # fmt: skip
def test_a_row_that_does_not_fit_is_told(key, wrong, why):
    table = {kind.value: {name: getattr(rule, name) for name in rule.__dataclass_fields__} for kind, rule in LETTERS.items()}
    table["extension"][key] = wrong
    with pytest.raises(ValueError, match=why):
        read(table)


def test_an_offices_own_template_for_all_letters_or_for_one_kind(matter: Matter):
    matter.accept()
    folder = matter.world.office.settings.data_dir / "letter-templates"
    folder.mkdir()
    marks = ("{{ 标题 }}{{ 文号 }}{{ 收件人 }}{{ 开头 }}{{ 期限 }}{{ 依据 }}{{ 校验值 }}{{ 日期 }}",
             "{%p for 段 in 正文 %}", "{{ 段 }}", "{%p endfor %}", "{%p for 条 in 救济 %}", "{{ 条 }}", "{%p endfor %}")  # fmt: skip
    for name, paragraphs in (("letter", ("本县所有文书", *marks)), ("letter-assignment", ("本县交办单", *marks)), ("letter-extension", ("{{ 没有 }}",))):
        paper = docx.Document()
        for text in paragraphs:
            paper.add_paragraph(text)
        paper.save(str(folder / f"{name}.docx"))
    given, accepted = letters(matter)
    assert "本县交办单" in words(matter, given.id)
    assert "本县所有文书" in words(matter, accepted.id)
    (problem,) = issued.template_problems(matter.world.office.settings.data_dir)
    assert "延期告知书" in problem
    assert "“没有”" in problem
