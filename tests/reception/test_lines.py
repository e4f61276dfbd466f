"""What the office reads of how the lines of a talk did."""

from datetime import UTC, datetime

import pytest

from server.protocol.signalling import LineWord
from server.reception.talk import lines
from server.store.models import Participant, Reception, StoredLine
from tests.office import running, settings_for

BEGAN = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def measured(words: str, every: float = 30.0, **numbers: float) -> list[StoredLine]:
    """One stretch for each letter: g(ood), f(air), p(oor), l(ost)."""
    names = {word.value[0]: word.value for word in LineWord}
    return [
        StoredLine(reception_id="r1", participant_id="p1", start=at * every, end=(at + 1) * every, word=names[one], **numbers)
        for at, one in enumerate(words)
    ]


def test_shares_are_of_the_measured_time() -> None:
    assert lines.shares_of(measured("gggfpl")) == {
        LineWord.GOOD: 0.5, LineWord.FAIR: 0.167, LineWord.POOR: 0.167, LineWord.LOST: 0.167,
    }  # fmt: skip
    assert set(lines.shares_of([]).values()) == {0.0}


@pytest.mark.parametrize(
    ("words", "word"),
    [("g" * 10, "good"), ("g" * 9 + "l", "good"), ("g" * 8 + "ff", "fair"), ("gg" + "p" * 8, "poor"), ("ll", "lost"), ("", "good")],
)
def test_a_line_as_a_whole_is_what_it_was_nearly_all_the_time(words: str, word: str) -> None:
    assert lines.overall(lines.shares_of(measured(words))) == word


def test_neighbouring_bad_stretches_are_one_with_its_times_of_day() -> None:
    began = BEGAN.astimezone(lines.OFFICE_ZONE)
    found = lines.stretches(measured("gplgfp", loss_up=0.25, frozen_s=1.5), began)
    assert [(one.start, one.end, one.word) for one in found] == [(30, 90, "lost"), (150, 180, "poor")]
    assert found[0].text == "17:00:30 到 17:01:30，时断时续，最多丢了 25%，画面停了 3 秒。"
    assert found[1].text == "17:02:30 到 17:03:00，线路差，最多丢了 25%，画面停了 2 秒。"


def test_a_very_bad_line_is_told_by_its_worst_stretches_and_their_number() -> None:
    told = lines.report("p1", "信访人", None, measured("pg" * 30 + "lg"))
    assert len(told.bad) == lines.MOST_STRETCHES
    assert told.more == 31 - lines.MOST_STRETCHES
    assert told.bad[-1].word == "lost", "the worst is among them, the order is that of time"
    assert told.text == "信访人的线路总的来说差，有 31 次不好，一共约 16 分钟。"
    assert lines.report("p1", "信访人", None, measured("gg")).text == "信访人的线路好，没有差的时候。"


def test_numbers_are_the_worst_the_mean_and_the_sum_of_what_is_known() -> None:
    first = measured("g", loss_up=0.02, up_kbps=100, frozen_s=0.5, level=0.25)
    some = [*first, *measured("g", loss_up=0.3, up_kbps=300, level=0.01), *measured("g")]
    told = lines.report("p1", "信访人", None, some)
    assert told.level == 0.25, "the loudest moment: whether the microphone gave anything"
    assert (told.loss_up, told.up_kbps, told.frozen_s, told.jitter_ms) == (0.3, 200, 0.5, None)


def test_a_course_has_a_bounded_number_of_bars_and_loses_no_bad_one() -> None:
    long = measured("g" * 700 + "l" + "g" * 300)
    bars = lines.bars(long)
    assert len(bars) <= lines.BARS
    assert (bars[0].start, bars[-1].end) == (0, long[-1].end)
    assert [bar.word for bar in bars].count(LineWord.LOST) == 1
    assert lines.bars([]) == ()


def test_an_administrator_sees_each_kiosk_s_last_talk_in_numbers_and_nothing_of_it(tmp_path) -> None:
    with running(settings_for(tmp_path)) as office:
        first = _talk(office, BEGAN, "pp")
        _talk(office, BEGAN.replace(hour=10), "gggg")
        answer = office.administrator.get("/api/admin/lines")
        (kiosk,) = answer.json()["kiosks"]
        assert (kiosk["kiosk"], kiosk["report"]["word"], len(kiosk["bars"])) == ("柳河镇 1 号机", "good", 4)
        assert not kiosk["talking"]
        (leader,) = kiosk["others"]
        assert (leader["name"], leader["word"], leader["participant_id"]) == ("接访领导", "lost", ""), "without a name"
        _talk(office, BEGAN.replace(hour=11), "gp", state="running")
        (kiosk,) = office.administrator.get("/api/admin/lines").json()["kiosks"]
        assert (kiosk["talking"], len(kiosk["bars"])) == (True, 2), "the talk that runs, as far as it was measured"
        assert "李秀英" not in answer.text
        assert "周建国" not in answer.text
        assert first not in answer.text
        assert office.clerk.get("/api/admin/lines").status_code == 403
        assert "线路" in office.administrator.get("/admin/lines").text
        assert office.leader.get("/admin/lines").status_code == 403


def test_a_kiosk_without_a_talk_has_no_line_yet(tmp_path) -> None:
    with running(settings_for(tmp_path)) as office:
        (kiosk,) = office.administrator.get("/api/admin/lines").json()["kiosks"]
        assert (kiosk["report"], kiosk["talked_at"], kiosk["bars"]) == (None, None, [])


def _talk(office, began: datetime, words: str, state: str = "closed") -> str:
    """A talk at the kiosk that began then, over a line with these words; the leader's was lost all the time."""
    reception_id = str(office.sitting()["reception_id"])
    with office.office.store.write() as session:
        reception = session.get(Reception, reception_id)
        reception.started_at, reception.left_kiosk_at, reception.state = began, began, state
        own = next(one.id for one in reception.participants if one.role == "petitioner")
        session.add(Participant(id=f"l-{reception_id}", reception_id=reception_id, position=9, role="leader", name="周建国"))
        session.flush()
        for line in [*measured(words), *measured("l" * 9)]:
            line.reception_id = reception_id
            line.participant_id = own if line.word != "lost" else f"l-{reception_id}"
            session.add(line)
    return reception_id
