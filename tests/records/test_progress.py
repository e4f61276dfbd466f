"""What whoever holds a query code sees and may do, for a matter that came without a talk."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from server.domain.desks import Desk
from server.domain.flow import Step
from server.domain.joins import Deed
from server.domain.limits import RULES
from server.domain.progress_words import _AHEAD, ASKED, due, now
from server.domain.states import CaseState
from server.errors import InvalidInput, NotAllowed, NotFound, TooOften, WrongState
from server.protocol.alike import LinkOrder
from server.protocol.flow import NewMatter, NewRating
from server.protocol.progress import Progress, ProgressCopy, ProgressQuery, ProgressRating, ProgressReview
from server.reception import tries
from server.reception.matter import cases, filing, joining, progress, registering, work
from server.reception.paper import documents
from server.reception.record import signing
from server.store import flow as flow_store
from server.store.models import AccessEntry, CasePerson, LocalLimit, Reception, StoredCase, StoredDeadline
from tests.records.office import World, sign
from tests.records.test_flow import HANDLER, LAND, LAND_HEAD, LETTER, TOWN, TOWN_HANDLER, Matter, at, refused

HOME = "203.0.113.7"
ID_LAST6 = str(LETTER["id_number"])[-6:].upper()


@pytest.fixture
def matter(world: World) -> Matter:
    return Matter(world)


def code_of(matter: Matter) -> str:
    with matter.world.read() as session:
        return session.get_one(StoredCase, matter.id).query_code or ""


def ask(matter: Matter, kind: type = ProgressQuery, do=progress.look_up, **more: object):
    asked = kind.model_validate({"code": code_of(matter), "phone_last4": "4321"} | more)
    return do(matter.world.office, asked, HOME)


def steps(shown: Progress) -> list[str]:
    return [f"{one.at[5:].split('（')[0]} {one.what}" for one in shown.steps if one.done]


def test_every_step_is_told_with_its_day_and_nothing_of_what_was_said(matter: Matter):
    first = ask(matter)
    assert (first.now, first.deadline.due) == ("临溪县信访局登记好了，正在看归哪个单位办。", "2026-06-24")
    assert first.next_step == "2026年6月24日（星期三）以前，临溪县信访局会转给该办的单位。"
    matter.give((LAND, "main"), (TOWN, "support"))
    waiting = ask(matter)
    assert (waiting.now, waiting.deadline.name) == ("已经转给县自然资源局，等它答复受理不受理。", "告知是否受理")
    at("2026-06-12")
    matter.take(HANDLER, Step.ACCEPT)
    matter.take(HANDLER, Step.ASK_EXTENSION, days=10, reason="要重新量地")
    matter.take(LAND_HEAD, Step.GRANT_EXTENSION)
    assert "原因：要重新量地" in [one.note for one in ask(matter).steps]
    matter.mediate()
    assert ask(matter).now.endswith("现在有人在给您调解。")
    matter.take(HANDLER, Step.BEGIN_PAUSE, pause="mediation", reason="双方同意")
    assert ask(matter).steps[-3].note == "调解的日子不算在期限里。"
    assert ask(matter).next_step.endswith("处理意见。现在期限停着，停几天，这一天就往后移几天。")
    matter.take(HANDLER, Step.END_MEDIATION, result="not_agreed", outcome="没谈成，何守田不同意")
    assert "没有谈成，接着依法办。期限接着算。" in [one.note for one in ask(matter).steps]
    matter.take(TOWN_HANDLER, Step.FEED_BACK, reason="底册登记 1.2 亩")
    matter.take(HANDLER, Step.REPLY, text="经查，补偿款已经补发。")
    matter.take(HANDLER, Step.DELIVER, day="2026-06-12", how="当面送达")
    shown = ask(matter)
    assert steps(shown) == [
        "6月9日 登记", "6月9日 转给县自然资源局、石桥镇政府", "6月12日 县自然资源局受理", "6月12日 延长 10 天", "6月12日 开始调解",
        "6月12日 期限停下来", "6月12日 调解结束", "6月12日 县自然资源局出了处理意见书", "6月12日 文书送到",
    ]  # fmt: skip
    assert [one.note for one in shown.steps if one.what == "文书送到"] == ["受理告知书、延期告知书、处理意见书"]
    assert (shown.deadline.name, shown.deadline.due, shown.review.until) == ("申请复查", "2026-07-13", "2026年7月13日（星期一）")
    told = shown.model_dump_json()
    assert not [word for word in ("何守田", "补偿款", "底册", "4321", "110101", "石桥镇政府还") if word in told]
    assert (shown.steps[-1].what, shown.steps[-1].done) == ("不服可以申请复查", False)
    at("2026-07-20")
    assert ask(matter).deadline.overdue is False
    assert ask(matter).next_step == "申请复查的最后一天是2026年7月13日（星期一），已经过了。"
    assert ask(matter).steps[-1].what == "文书送到"
    with refused(WrongState, "30 天已经过了"):
        ask(matter, ProgressReview, progress.ask_review)


def test_what_is_to_come_is_told_with_the_limits_of_this_matter(matter: Matter):
    def to_come() -> list[str]:
        return [one.note for one in ask(matter).steps if not one.done and one.what == "书面答复"]

    assert to_come() == ["受理以后 60 天里"]
    with matter.world.write() as session:
        session.add(LocalLimit(organization_id=1, rule="conclude", value=20, unit="days", source="县里的规定"))
    assert to_come() == ["受理以后 20 天里"]
    matter.take(matter.world.clerk, Step.SCREEN, purpose="request", category="物业纠纷", simple=True)
    assert to_come() == ["受理以后 10 个工作日里"]
    at("2026-06-30")
    assert ask(matter).next_step == "2026年6月24日（星期三）以前，临溪县信访局应当转给该办的单位，过了 6 天了。"


def test_a_review_is_asked_for_in_time_and_the_office_takes_it_on(matter: Matter):
    with refused(WrongState, "现在还不能申请"):
        ask(matter, ProgressReview, progress.ask_review)
    matter.reply()
    matter.take(HANDLER, Step.DELIVER, day="2026-06-09", how="当面送达")
    at("2026-07-09")
    asked = ask(matter, ProgressReview, progress.ask_review, words="量得不对，请再量一次。")
    assert (asked.review.asked, steps(asked)[-1]) == ("2026年7月9日（星期四）", "7月9日 您申请复查")
    assert asked.next_step == "您申请了复查，临溪县信访局收到了。2026年8月8日（星期六）以前，会给您复查意见。"
    assert (asked.deadline.name, asked.deadline.due) == ("复查意见", "2026-08-08")
    assert [one.what for one in asked.steps if not one.done] == ["复查意见", "不服可以申请复核"]
    with refused(WrongState, "已经申请了复查"):
        ask(matter, ProgressReview, progress.ask_review)
    with matter.world.read() as session:
        (row,) = work.listed(session, matter.world.clerk, Desk.REQUESTS, "").rows
        assert (row.id, row.what, row.said) == (matter.id, "收到复查申请", "申请复查：量得不对，请再量一次。")
        assert work.listed(session, matter.world.town_clerk, Desk.REQUESTS, "").rows == ()
    seen = matter.view(matter.world.clerk)
    assert [(one.step, one.words, str(one.asked_on)) for one in seen.requests] == [("request_review", "量得不对，请再量一次。", "2026-07-09")]
    at("2026-07-20")
    with refused(InvalidInput, "2026年7月9日（星期四）就在网上申请了"):
        matter.take(matter.world.clerk, Step.REQUEST_REVIEW, day="2026-07-20", reason="晚了")
    matter.take(matter.world.clerk, Step.REQUEST_REVIEW, day="2026-07-09")
    with matter.world.read() as session:
        assert work.listed(session, matter.world.clerk, Desk.REQUESTS, "").rows == ()
    assert matter.view(matter.world.clerk).requests == ()
    with matter.world.read() as session:
        (review,) = session.scalars(select(StoredDeadline).where(StoredDeadline.rule == "review")).all()
    assert (review.due_on.isoformat(), review.dropped_at) == ("2026-08-08", None)
    assert ask(matter).now == "正在复查。"


def test_ratings_from_home_are_told_to_nobody(matter: Matter):
    def rate(body: str, score: str) -> Progress:
        return ask(matter, ProgressRating, progress.rate, rating=NewRating(body=body, score=score))

    with refused(WrongState, "还没有转出去"):
        rate("office", "satisfied")
    matter.reply()
    shown = rate("unit", "dissatisfied")
    assert [(one.body, one.name, one.given, one.why_not) for one in shown.ratings] == [
        ("office", "临溪县信访局", False, ""), ("unit", "县自然资源局", True, ""),
    ]  # fmt: skip
    assert "dissatisfied" not in shown.model_dump_json()
    assert "dissatisfied" not in matter.view(HANDLER).model_dump_json()
    with refused(WrongState, "只评一次"):
        rate("unit", "satisfied")


def test_nothing_tells_a_wrong_code_from_wrong_digits_and_digits_cannot_be_tried_out(matter: Matter):
    right, office = code_of(matter), matter.world.office
    told = set()
    for code, digits in ((right, "0000"), ("NOSUCHCODE", "4321"), (right, "1234")):
        for kind, do in ((ProgressQuery, progress.look_up), (ProgressReview, progress.ask_review)):
            with pytest.raises(NotFound) as error:
                do(office, kind(code=code, phone_last4=digits), f"198.51.100.{len(told)}")
            told.add(error.value.message)
    assert len(told) == 1
    for number in range(tries.MOST_WRONG_OF_CODE - 4):
        with pytest.raises(NotFound):
            progress.look_up(office, ProgressQuery(code=right, phone_last4="9999"), f"192.0.2.{number}")
    with pytest.raises(TooOften):
        ask(matter)


def test_the_office_alone_looks_the_code_up_and_that_is_written_down(matter: Matter):
    matter.give((LAND, "main"))
    with matter.world.write() as session:
        assert cases.open_query_code(session, matter.world.clerk, matter.id) == code_of(matter)
        with pytest.raises(NotAllowed):
            cases.open_query_code(session, LAND_HEAD, matter.id)
    with matter.world.read() as session:
        assert [one.thing_id for one in session.scalars(select(AccessEntry)) if one.action == "open_code"] == [str(matter.id)]


def test_without_a_number_the_digits_are_zeros(world: World):
    matter = Matter(world, phone="")
    assert ask(matter, phone_last4="0000").number == "LX-2026-000001"
    with pytest.raises(NotFound):
        ask(matter)


def test_a_merged_matter_goes_on_in_the_other_one_of_the_same_person(world: World):
    matter = Matter(world)
    with world.write() as session:
        other, _ = registering.register(session, world.clerk, NewMatter.model_validate(LETTER))
        case = session.get_one(StoredCase, matter.id)
        case.state, case.merged_into_id = CaseState.MERGED, other.id
    assert ask(matter).number == "LX-2026-000002"
    with world.write() as session:
        session.query(CasePerson).where(CasePerson.case_id == other.id).one().phone = "13900000000"
    assert (ask(matter).number, ask(matter).now) == ("LX-2026-000001", "并到您的另一件事里一起办。")


def test_who_comes_again_is_told_that_the_earlier_matter_goes_on(world: World):
    matter = Matter(world)
    with world.write() as session:
        second, _ = registering.register(session, world.clerk, NewMatter.model_validate(LETTER))
        order = LinkOrder(version=second.version, other_id=matter.id, other_version=1, reason="同一件事")
        joining.decide(session, world.clerk, second.id, Deed.GUIDE_BACK, order)
        code, phone = second.query_code, session.query(CasePerson).where(CasePerson.case_id == matter.id).one()
    told = ask(matter, code=code)
    assert told.now == "您前面反映的那一件（编号 LX-2026-000001）还在办，这件不另外办，请等那一件的结果。"
    assert told.steps[-1].what == "前面一件还在办，这件不另外办"
    with world.write() as session:
        session.merge(phone).phone = "13900000000"
    assert "LX-2026-000001" not in ask(matter, code=code).model_dump_json()
    with world.write() as session:
        second = session.get_one(StoredCase, second.id)
        joining.decide(session, world.clerk, second.id, Deed.UNGUIDE_BACK, LinkOrder(version=second.version, reason="是两件"))
    assert ask(matter, code=code).now == "临溪县信访局登记好了，正在看归哪个单位办。"


def test_own_copies_need_the_number_of_the_card_and_no_accusation_is_given_out(world: World, record_id: str, monkeypatch, tmp_path: Path):
    with world.write() as session:
        session.get_one(Reception, "r1").query_code = "QCR1ABCD"
        signing.confirm(session, world.clerk, record_id)
    with world.write() as session:
        sign(session, world, record_id, file_at_once=False)
        filed = filing.file_record(session, world.clerk, record_id)
        person = session.query(CasePerson).where(CasePerson.case_id == filed.case_id).one()
        person.id_number = ""
    printed = tmp_path / "record.pdf"
    printed.write_bytes(b"%PDF-1.7")
    monkeypatch.setattr(documents, "fetch", lambda office, case_id, name: printed)

    def fetch(**changed: str):
        asked = {"code": "QCR1ABCD", "phone_last4": "4321", "name": "record.pdf", "id_last6": "07511X"} | changed
        return progress.fetch_copy(world.office, ProgressCopy(**asked), HOME)

    with refused(WrongState, "没有登记您的证件号码"):
        fetch()
    with world.write() as session:
        session.get_one(CasePerson, person.id).id_number = "11010119590307511x"
    assert fetch() == (b"%PDF-1.7", "接谈笔录-LX-2026-000001.pdf")
    with refused(NotFound, "最后 6 位对不上"):
        fetch(id_last6="000000")
    with refused(NotFound, "没有查到"):
        fetch(phone_last4="0000")
    with refused(InvalidInput, "没有这份文书"):
        fetch(name="record-x.pdf")
    with world.write() as session:
        session.get_one(StoredCase, filed.case_id).accusation = True
    with refused(WrongState, "检举控告"):
        fetch()


def test_letters_are_among_the_own_copies_once_they_were_delivered(matter: Matter):
    matter.accept()
    assert ask(matter).copies == ()
    matter.take(HANDLER, Step.DELIVER, day="2026-06-09", how="当面送达")
    matter.take(HANDLER, Step.REPLY, text="已经补发。")
    (copy,) = ask(matter).copies
    assert copy.title == "受理告知书（LXZR受告〔2026〕1号）"
    content, name = ask(matter, ProgressCopy, progress.fetch_copy, name=copy.name, id_last6=ID_LAST6)
    assert content.startswith(b"%PDF")
    assert name == "LXZR受告〔2026〕1号 受理告知书.pdf"
    with matter.world.read() as session:
        others = [one.id for one in flow_store.letters(session, matter.id) if f"letter-{one.id}.pdf" != copy.name]
    assert len(others) == 2, "to the unit, and not delivered yet"
    for number in others:
        with refused(InvalidInput, "没有这份文书"):
            ask(matter, ProgressCopy, progress.fetch_copy, name=f"letter-{number}.pdf", id_last6=ID_LAST6)


def test_every_state_and_limit_has_its_words():
    for state in CaseState:
        assert now(state, "县局", "县信访局").endswith("。")
    silent = {name for name in RULES if not due(name, date(2026, 6, 9), "县局", "县信访局")}
    assert silent == {"object_to_assignment", "extended_conclude", "supervision"}
    assert set(CaseState) - set(_AHEAD) == {
        CaseState.GUIDED, CaseState.NOT_ACCEPTED, CaseState.NO_LONGER_ACCEPTED, CaseState.REEXAMINED, CaseState.MERGED,
    }  # fmt: skip
    assert set(ASKED) == {Step.REQUEST_REVIEW, Step.REQUEST_REEXAMINATION}
