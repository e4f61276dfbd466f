"""The clerk's list, the correction page and the case page in a real Chromium against the real web program.

The recordings are tone ladders (second n sounds at its own pitch), made here; no media node runs.
"""

import hashlib
import math
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from statistics import median
from unittest.mock import Mock

import av
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright

from server import clock
from server.domain.states import Consent, ReceptionState
from server.protocol.accounts import NewUser
from server.protocol.canonical import fingerprint
from server.protocol.edits import Edits, EditText
from server.protocol.reading import Dispute
from server.protocol.receptions import PromiseDecision
from server.protocol.signing import Refusal
from server.reception.account import accounts
from server.reception.office import Office
from server.reception.record import disputing, editing, promises, reviews, second_pass, signing
from server.reception.record.canonical import canonical_record
from server.reception.record.records import create_draft
from server.settings import Settings
from server.store import records
from server.store.engine import Store
from server.store.models import (
    GlossaryEvidence,
    GlossaryWord,
    Kiosk,
    Line,
    ModelQuestion,
    Organization,
    Participant,
    Reception,
    SecondPass,
    SecondUtterance,
    StoredCase,
    StoredGap,
    StoredMark,
    StoredPromise,
    StoredProposal,
    StoredReview,
    StoredSegment,
    StoredSignature,
    StoredSuggestion,
    StoredUtterance,
    User,
    VisitRecord,
)
from tests.browser import chromium
from tests.browser.accessible import faults
from tests.browser.kiosk_hands import draw_a_name
from tests.browser.passing import keep, said_in_passing
from tests.browser.test_leader_pages import PASSWORD, OfficeProgram, running_program
from tests.patience import PATIENCE_MS, PATIENCE_S

pytestmark = pytest.mark.browser

SECONDS = 12.0
WORD_S = 0.2
TALK = (
    ("leader", 0.5, "您好，请您慢慢说。", 1.0),
    ("petitioner", 3.0, "村里修路占了我家的承包地。", 0.3),
    ("leader", 6.0, "补偿款一共是多少？", 1.0),
    ("petitioner", 8.0, "三万六千八，单子没给过。", 1.0),
    ("petitioner", 10.8, "就这些。", 1.0),
)


CODECS = {("audio", ".webm"): "audio/opus", ("video", ".webm"): "video/VP8", ("video", ".mkv"): "video/H264"}


def tone_ladder(path: Path, seconds: float) -> None:
    """A WebM with one Opus track whose second n is a tone of 300 + 100 n Hz."""
    rate = 48000
    with av.open(str(path), "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=rate, layout="mono")
        for start in range(0, int(seconds * rate), 960):
            times = np.arange(start, start + 960) / rate
            samples = (0.3 * np.sin(2 * math.pi * (300 + 100 * np.floor(times)) * times)).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(samples[None, :], format="flt", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def grey_picture(path: Path, seconds: float) -> None:
    """One track of ten grey pictures a second, VP8 in WebM or H.264 in Matroska."""
    with av.open(str(path), "w", format="webm" if path.suffix == ".webm" else "matroska") as container:
        stream = container.add_stream("libvpx" if path.suffix == ".webm" else "libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(int(seconds * 10)):
            frame = av.VideoFrame.from_ndarray(np.full((120, 160, 3), number % 200, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@dataclass
class Seeded:
    """A record in the store, by the ids a test needs."""

    id: str
    reception_id: str
    petitioner: str
    leader: str
    kiosk_id: int


class Desk:
    """An office whose store the tests fill themselves; the program runs beside them."""

    def __init__(self, program: OfficeProgram) -> None:
        self.url = program.url
        self.folder = program.folder
        self.store = Store(f"sqlite:///{program.folder / 'jietan.sqlite'}")
        with self.store.write() as session:
            office = accounts.create_root(session, "临溪县信访局", "LX")
            for username, name, role in (("lin", "林晓", "clerk"), ("wang", "王芳", "clerk"), ("zhou", "周文清", "leader")):
                accounts.add_user(session, office, new_user(username, name, role, office.id))
            kiosk = Kiosk(organization_id=office.id, name="石桥镇接谈室", active=True, created_at=clock.now())
            session.add(kiosk)
            session.flush()
            self.office_id, self.kiosk_id = office.id, kiosk.id
        self.sound = program.folder / "ladder.webm"
        self.picture, self.encoder = program.folder / "grey.webm", program.folder / "grey.mkv"
        tone_ladder(self.sound, SECONDS)
        grey_picture(self.picture, SECONDS)
        grey_picture(self.encoder, SECONDS - 5.0)

    def other_office(self, code: str, username: str) -> int:
        """One more office with a clerk: what this one has signed is not there."""
        with self.store.write() as session:
            office = accounts.create_root(session, "安平县信访局", code)
            accounts.add_user(session, office, new_user(username, "林晓", "clerk", office.id))
            return office.id

    def seed(
        self, *, name: str = "何守田", matter: str = "修村道占地", copies: int = 1, office_id: int | None = None
    ) -> Seeded:
        """A closed reception with its recordings, and the draft made from it."""
        seeded = Seeded("", secrets.token_hex(8), secrets.token_hex(8), secrets.token_hex(8), self.kiosk_id)
        with self.store.write() as session:
            leader = session.query(User).filter_by(username="zhou").one()
            started = clock.now() - timedelta(hours=1)
            reception = Reception(
                id=seeded.reception_id, organization_id=office_id or self.office_id, kiosk_id=self.kiosk_id, number="A01",
                state=ReceptionState.CLOSED, consent=Consent.AUDIO_VIDEO, matter=matter, petitioner_name=name,
                petitioner_phone="13800001234", query_code=secrets.token_hex(5).upper(), receiver_id=leader.id,
                asked_at=started, joined_at=started, started_at=started, ended_at=clock.now(), seconds=SECONDS * copies,
            )
            session.add(reception)
            session.flush()
            session.add_all(self.seats(seeded, name, leader))
            session.flush()
            session.add_all(self.segments(seeded))
            session.add_all(utterances(seeded, copies))
            session.add(StoredGap(reception_id=seeded.reception_id, participant_id=None, start=5.0, end=5.5, cause="network_lost"))
            session.flush()
            seeded.id = create_draft(session, reception).id
        return seeded

    def seats(self, seeded: Seeded, name: str, leader: User) -> list[Participant]:
        sitting = {"reception_id": seeded.reception_id}
        return [
            Participant(id=seeded.petitioner, position=0, role="petitioner", name=name, **sitting),
            Participant(id=seeded.leader, position=1, role="leader", name="周文清", user_id=leader.id, **sitting),
        ]

    def segments(self, seeded: Seeded) -> list[StoredSegment]:
        """The leader in one file, the petitioner in two, with the petitioner's picture, from an encoder later on."""
        parts = [
            (seeded.leader, "audio", self.sound, 0.0, SECONDS),
            (seeded.petitioner, "audio", self.sound, 0.0, 5.0),
            (seeded.petitioner, "audio", self.sound, 5.5, SECONDS - 5.5),
            (seeded.petitioner, "video", self.picture, 0.0, 5.0),
            (seeded.petitioner, "video", self.encoder, 5.0, SECONDS - 5.0),
        ]
        return [self.segment(seeded, *part) for part in parts]

    def segment(
        self, seeded: Seeded, participant_id: str, kind: str, source: Path, start: float, seconds: float
    ) -> StoredSegment:
        folder = self.folder / "recordings" / seeded.reception_id
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{participant_id}-{kind}-{start}{source.suffix}"
        data = source.read_bytes()
        (folder / name).write_bytes(data)
        return StoredSegment(
            id=secrets.token_hex(8), reception_id=seeded.reception_id, participant_id=participant_id, kind=kind,
            codec=CODECS[kind, source.suffix], file=name, start=start, seconds=seconds,
            size=len(data), sha256=hashlib.sha256(data).hexdigest(), closed="clean",
        )

    def lines(self, record_id: str) -> list[Line]:
        with self.store.read() as session:
            return session.query(Line).filter_by(record_id=record_id).order_by(Line.position).all()

    def line(self, record_id: str, text: str) -> Line:
        return next(line for line in self.lines(record_id) if line.recognised == text)

    def state(self, record_id: str) -> str:
        with self.store.read() as session:
            return session.get_one(VisitRecord, record_id).state

    def dispute(self, seeded: Seeded, text: str, note: str) -> None:
        """The petitioner says at the kiosk that a line is wrong."""
        line_id = self.line(seeded.id, text).id
        with self.store.write() as session:
            actor = accounts.actor_of_kiosk(session.get_one(Kiosk, seeded.kiosk_id))
            line = session.get_one(Line, line_id)
            disputing.dispute(session, actor, seeded.id, Dispute(line_id=line_id, version=line.version, reason=note))


def new_user(username: str, name: str, role: str, organization_id: int) -> NewUser:
    return NewUser.model_validate(
        {"username": username, "name": name, "role": role, "organization_id": organization_id, "password": PASSWORD}
    )


def utterances(seeded: Seeded, copies: int) -> list[StoredUtterance]:
    found = []
    for copy in range(copies):
        for role, start, text, probability in TALK:
            at = start + copy * SECONDS
            words = [[at + i * WORD_S, at + (i + 1) * WORD_S, char, probability if i in (4, 5) else 1.0] for i, char in enumerate(text)]
            found.append(
                StoredUtterance(
                    id=secrets.token_hex(8), reception_id=seeded.reception_id, start=at, end=at + len(text) * WORD_S,
                    participant_id=seeded.leader if role == "leader" else seeded.petitioner, text=text, words=words,
                    measures={
                        "doubt": ["low_probability", "concealed"] if probability < 0.6 else [],
                        "unboosted": "赔偿款一共多少？" if "补偿款" in text else "",
                    },
                )
            )
    return found


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with running_program(tmp_path_factory.mktemp("desk")) as program:
        yield Desk(program)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(timeout=chromium.START_MS, executable_path=chromium.find(), args=["--no-sandbox"])
        yield browser
        browser.close()


def log_in(page: Page, desk: Desk, username: str) -> None:
    answer = page.request.post(
        f"{desk.url}/api/session", data={"username": username, "password": PASSWORD}, headers={"X-Jietan": "1"}
    )
    assert answer.ok, answer.text()


@pytest.fixture
def page(browser: Browser, desk: Desk) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    context.set_default_timeout(PATIENCE_MS)
    keep(context)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    log_in(page, desk, "lin")
    yield page
    context.close()
    assert not errors


def until(page: Page, question: str) -> None:
    """Wait for a condition in the page (the page's policy forbids what wait_for_function does)."""
    end = time.monotonic() + PATIENCE_S
    while not page.evaluate(question):
        assert time.monotonic() < end, f"still not: {question}"
        page.wait_for_timeout(30)


def opened(page: Page, desk: Desk, record: Seeded) -> None:
    page.goto(f"{desk.url}/desk/{record.id}")
    expect(page.locator(".u")).to_have_count(len(TALK))


def row(page: Page, text: str) -> Locator:
    return page.locator(".u").filter(has_text=text)


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_contain_text("已自动保存")


def held_back(page: Page, held: list[Route]) -> Route:
    """The request that the test keeps from going on, once the page has sent it."""
    end = time.monotonic() + PATIENCE_S
    while not held:
        assert time.monotonic() < end, "nothing was asked"
        page.wait_for_timeout(30)
    return held[0]


def look(page: Page, name: str) -> None:
    """A picture for whoever asks for one."""
    if folder := os.environ.get("JIETAN_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def type_into(page: Page, old: str, new: str) -> None:
    say = row(page, old).locator(".say")
    say.click()
    page.keyboard.press("Control+A")
    page.keyboard.type(new)


def hear_again(desk: Desk, record: Seeded, *heard: tuple[str, float, str]) -> None:
    """The second pass comes to its end: who said what from when on."""
    with desk.store.write() as session:
        for role, start, text in heard:
            words = [[start + i * WORD_S, start + (i + 1) * WORD_S, c, 0.9] for i, c in enumerate(text)]
            session.add(SecondUtterance(
                id=secrets.token_hex(8), reception_id=record.reception_id, start=start, end=start + len(text) * WORD_S,
                participant_id=record.leader if role == "leader" else record.petitioner, text=text, words=words, measures={},
            ))
    office = Office(settings=Settings(data_dir=desk.folder, secret="s" * 32), store=desk.store, media=Mock(), jobs=Mock())
    second_pass.conclude(office, record.reception_id)


CARET = "() => [document.activeElement.textContent, getSelection().focusNode.textContent.length ? getSelection().focusOffset : -1]"


@pytest.mark.nightly
def test_what_is_heard_again_arrives_as_suggestions_and_moves_nothing_that_is_typed(page: Page, desk: Desk) -> None:
    record = desk.seed()
    with desk.store.write() as session:
        session.add(SecondPass(
            reception_id=record.reception_id, state="running", seconds=20.0, heard=8.0, heard_until={}, left_out=[],
            asked_at=clock.now(),
        ))
    opened(page, desk, record)
    page.set_viewport_size({"width": 1366, "height": 520})
    expect(page.locator("#second-pass")).to_contain_text("正在复听 40%…")
    type_into(page, "补偿款一共", "补偿款总共是多少？")
    saved(page)
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    before, place = page.evaluate(CARET), row(page, "补偿款总共").bounding_box()
    hear_again(
        desk, record, ("leader", 0.5, "您好请你慢慢说"), ("petitioner", 3.0, "村里修路占了我家的承包地"), ("leader", 6.0, "补偿款一共是多少"),
        ("petitioner", 8.0, "三万六千九单子没给过"), ("petitioner", 10.8, "就这些"), ("leader", 11.4, "明白了"),
    )  # fmt: skip
    expect(page.locator("#second-pass")).to_contain_text("复听完成，有 3 处不同")
    expect(row(page, "您好，请您").locator(".other")).to_be_attached()
    assert page.evaluate(CARET) == before, "neither text nor caret moved"
    now = row(page, "补偿款总共").bounding_box()
    assert place is not None
    assert now is not None
    assert now["y"] == pytest.approx(place["y"], abs=1), "nor the line, though something came above it"
    line = row(page, "三万六千八")
    expect(line.locator(".two")).to_have_text("八")
    expect(line.locator(".other")).to_contain_text("复听听成“三万六千九，单子没给过。”")
    expect(line.locator(".other mark")).to_have_text("九")
    expect(page.locator("#places")).to_contain_text("八 / 九")
    line.locator("[data-play-other]").click()
    until(page, "() => [...document.querySelectorAll('#sounds audio')].some((a) => !a.paused)")
    assert page.evaluate(CARET) == before, "nor by listening"
    line.locator(".say").click()
    page.keyboard.press("F4")
    expect(page.locator(".u .say").filter(has_text="三万六千九，单子没给过。")).to_have_count(1)
    expect(page.locator(".u .other").filter(has_text="三万六千")).to_have_count(0)
    assert desk.line(record.id, "三万六千八，单子没给过。").edited_by == "林晓"
    page.get_by_role("button", name="多听到 1 句，去看").click()
    page.locator(".only-second [data-take]").click()
    expect(page.locator(".u .say").filter(has_text="明白了")).to_have_count(1)
    expect(page.locator(".only-second")).to_have_count(0)
    assert [found.text for found in desk.lines(record.id)][-2:] == ["就这些。", "明白了"]


@pytest.mark.slow
def test_what_was_undertaken_stands_at_the_head_to_hear_and_decide(page: Page, desk: Desk) -> None:
    record = desk.seed(name="何守田")
    with desk.store.write() as session:
        leader = session.query(User).filter_by(username="zhou").one()
        said = session.query(Line).filter_by(record_id=record.id, recognised="补偿款一共是多少？").one().utterance_ids[0]
        for number, (state, who, what) in enumerate((("confirmed", "镇政府", "拿出处理意见"), ("heard", "", "书面告知您是否受理"), ("struck", "", "督办"))):
            session.add(StoredPromise(
                reception_id=record.reception_id, id=f"{said}-{number}", who=who, what=what, by="五个工作日内", text=f"{what}。", start=6.0,
                state=state, user_id=leader.id, decided_by="周文清" if state != "heard" else "", decided_at=clock.now(),
            ))
    opened(page, desk, record)
    place = page.locator("#undertakings")
    expect(place.locator("summary")).to_contain_text("领导答复 2 条")
    expect(place.locator("summary")).to_contain_text("1 条是机器记下的")
    place.locator("summary").click()
    known, heard, struck = (place.locator("li").nth(number) for number in range(3))
    expect(known).to_contain_text("周文清")
    expect(heard).to_contain_text("听着像答复，还没有核对")
    expect(struck).to_contain_text("周文清定的：不是答复")
    look(page, "promises-desk")
    heard.locator(".src").click()
    until(page, "Number(document.querySelector('#position').textContent.slice(0, 5).replace(':', '')) >= 6")
    page.locator("#confirm").click()
    expect(page.get_by_role("dialog")).to_contain_text("领导答复还有 1 条没有核对")
    page.get_by_role("button", name="先不交").click()
    heard.get_by_role("button", name="属实").click()
    expect(heard).to_contain_text("林晓")
    struck.get_by_role("button", name="还是答复").click()
    expect(struck.get_by_role("button", name="不是答复")).to_be_visible()
    known.get_by_role("button", name="改").click()
    known.locator("[name=by]").fill("三个工作日内")
    look(page, "promises-desk-form")
    with desk.store.write() as session:
        meanwhile = session.get_one(StoredPromise, (record.reception_id, f"{said}-0"))
        meanwhile.by, meanwhile.version, meanwhile.decided_by = "十日内", 2, "王芳"
    known.get_by_role("button", name="记下").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("王芳改的")
    expect(dialog.locator("[data-side=theirs]")).to_contain_text("拿出处理意见，由镇政府办，十日内")
    look(page, "promises-desk-conflict")
    dialog.get_by_role("button", name="用我写的").click()
    expect(known).to_contain_text("三个工作日内")
    saved(page)
    expect(place.locator("summary")).to_contain_text("领导答复 3 条都核对过")
    page.locator("#confirm").click()
    expect(page.get_by_role("dialog")).to_contain_text("交给群众核对？")
    assert page.get_by_role("dialog").locator(".unsettled").count() == 0
    page.get_by_role("button", name="先不交").click()
    look(page, "promises-desk-done")
    with desk.store.read() as session:
        standing = [(one.state, one.by, one.decided_by) for one in records.promises(session, record.reception_id)]
    assert standing == [("confirmed", "三个工作日内", "林晓"), *[("confirmed", "五个工作日内", "林晓")] * 2]
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0


@pytest.mark.slow
def test_what_was_begun_in_a_form_outlives_a_reload(page: Page, desk: Desk) -> None:
    record = desk.seed(name="写到一半")
    with desk.store.write() as session:
        leader = accounts.actor_of_user(session.query(User).filter_by(username="zhou").one())
        said = session.query(Line).filter_by(record_id=record.id, recognised="补偿款一共是多少？").one().utterance_ids[0]
        session.add(StoredPromise(reception_id=record.reception_id, id=f"{said}-0", who="镇政府", what="拿出处理意见", by="五个工作日内", text="拿出处理意见。", start=6.0, state="heard"))
    opened(page, desk, record)
    place = page.locator("#undertakings")
    place.locator("summary").click()
    with desk.store.write() as session:
        promises.decide(session, leader, record.reception_id, f"{said}-0", PromiseDecision(state="confirmed", who="镇政府", what="书面答复", by="十日内"))
    expect(place.locator("li")).to_contain_text("周文清")
    expect(place.locator(".deed")).to_contain_text("书面答复")
    place.get_by_role("button", name="改").click()
    place.locator("[name=by]").fill("三个工作日")
    page.wait_for_timeout(300)
    page.reload()
    expect(place.locator("[name=by]")).to_have_value("三个工作日")
    expect(place.locator("[name=what]")).to_have_value("书面答复")
    look(page, "promises-desk-half")
    place.get_by_role("button", name="记下").click()
    saved(page)
    with desk.store.read() as session:
        assert [one.by for one in records.promises(session, record.reception_id)] == ["三个工作日"]
    row(page, "就这些。").locator(".say").click()
    row(page, "就这些。").get_by_role("button", name="补一句").click()
    page.get_by_role("dialog").locator("textarea").fill("信访人把协议收回去")
    page.wait_for_timeout(300)
    page.reload()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("textarea")).to_have_value("信访人把协议收回去")
    expect(dialog).to_contain_text("补到一半")
    look(page, "insert-desk-half")
    dialog.get_by_role("button", name="补上").click()
    saved(page)
    assert [line.text for line in desk.lines(record.id)][-1] == "信访人把协议收回去"
    page.reload()
    expect(page.locator(".u")).to_have_count(len(TALK) + 1)
    page.wait_for_timeout(500)
    assert page.get_by_role("dialog").count() == 0, "what was given to the record is begun no more"
    assert place.locator("form").count() == 0


def propose(desk: Desk, record: Seeded, **found: tuple[str, int]) -> None:
    """What a language model proposed: field=(value, utterance by its place in the talk)."""
    with desk.store.write() as session:
        ids = [one.id for one in records.utterances(session, record.reception_id)]
        session.get_one(ModelQuestion, record.reception_id).state = "done"
        records.lock(session, record.id, clock.now())
        session.add_all(
            StoredProposal(record_id=record.id, field=field, value=value, utterance_ids=[ids[place]], model="small", state="open")
            for field, (value, place) in found.items()
        )


@pytest.mark.slow
def test_what_a_model_proposes_is_heard_then_taken_or_dismissed(page: Page, desk: Desk) -> None:
    record = desk.seed()
    with desk.store.write() as session:
        session.add(ModelQuestion(
            reception_id=record.reception_id, state="failed", asked=5, message="模型没有答复，不影响笔录", asked_at=clock.now()
        ))
    opened(page, desk, record)
    expect(page.locator("#model")).to_contain_text("模型没有答复，不影响笔录。问过 5 次")
    expect(row(page, "补偿款一共是多少").locator(".st")).to_contain_text("不用词表时听到：“赔偿款一共多少？”")
    expect(row(page, "村里修路占了我家").locator(".st")).to_have_text("存疑：线路断续，有的字没传全")
    look(page, "model-failed")
    page.get_by_role("button", name="再问一次").click()
    expect(page.get_by_role("dialog")).to_contain_text("现在没有设模型，问不了")
    page.get_by_role("dialog").get_by_role("button", name="知道了").click()
    with desk.store.write() as session:
        session.get_one(ModelQuestion, record.reception_id).state = "waiting"
    page.reload()
    expect(page.locator("#model")).to_have_text("模型正在看笔录，有建议会写在登记表下面")
    propose(desk, record, facts=("<b>村里修路占了我家的承包地。", 1), purpose=("request", 3), sex=("male", 3))
    facts, purpose = (page.locator(f'[data-field="{field}"]') for field in ("facts", "purpose"))
    expect(facts.locator(".proposed")).to_contain_text("模型建议<b>村里修路占了我家的承包地。")
    expect(purpose.locator(".proposed .words")).to_have_text("求决")
    expect(page.locator("#model")).to_be_hidden()
    facts.scroll_into_view_if_needed()
    if os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{os.environ['SCREENSHOTS']}/proposals.png")
    before = facts.locator(".input").input_value()
    facts.locator("[data-play-proposal]").click()
    until(page, "() => [...document.querySelectorAll('#sounds audio')].some((a) => !a.paused)")
    assert facts.locator(".input").input_value() == before, "nothing is taken by being heard"
    facts.get_by_role("button", name="采用").click()
    expect(facts.locator(".input")).to_have_value("<b>村里修路占了我家的承包地。")
    expect(facts.locator(".proposed")).to_have_count(0)
    expect(facts.locator(".origin")).to_contain_text("模型")
    purpose.get_by_role("button", name="不用").click()
    expect(purpose.locator(".proposed")).to_have_count(0)
    with desk.store.read() as session:
        form = records.form(session, record.id)
        assert (form["facts"].source, form["purpose"].source) == ("model", "")


def test_an_other_reading_is_dismissed_with_one_key_and_a_known_name_taken(page: Page, desk: Desk) -> None:
    record = desk.seed()
    named = desk.line(record.id, "村里修路占了我家的承包地。")
    with desk.store.write() as session:
        session.add(StoredSuggestion(
            record_id=record.id, line_id=named.id, line_text=named.text, first=0, last=2, text="春李", words=[], utterance_id=None,
            participant_id=record.petitioner, start=3.0, end=3.4, pass_number=0, reason="known_name", state="open",
        ))
        session.add(SecondPass(
            reception_id=record.reception_id, state="running", seconds=20.0, heard_until={}, left_out=[], asked_at=clock.now()
        ))
    hear_again(desk, record, ("petitioner", 8.0, "三万六千九单子没给过"), ("leader", 11.4, "明白了"))
    page.goto(f"{desk.url}/desk/{record.id}")
    line = row(page, "单子没给过")
    expect(line.locator(".say")).to_have_text("三万六千九，单子没给过。")
    expect(line.locator(".other")).to_contain_text("当场听成“三万六千八，单子没给过。”")
    line.locator(".say").click()
    page.keyboard.press("Shift+F4")
    expect(line.locator(".other")).to_have_count(0)
    expect(line.locator(".say")).to_have_text("三万六千九，单子没给过。")
    known = row(page, "村里修路")
    expect(known.locator(".other", has_text="有音近的名字“春李修路")).to_have_count(1)
    expect(page.locator("#places .place.name")).to_contain_text("村里 / 春李")
    if os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{os.environ['SCREENSHOTS']}/known_name.png")
    known.get_by_role("button", name="采用").click()
    expect(row(page, "春李修路").locator(".say")).to_have_text("春李修路占了我家的承包地。")
    only_heard_again(page)
    assert [found.text for found in desk.lines(record.id)][-2:] == ["就这些。", "明白了"]


def only_heard_again(page: Page) -> None:
    """A sentence that only the second pass heard is a place like others: gone to, heard, added with one key."""
    place, added = page.locator("#places .place.added"), page.locator(".only-second")
    expect(place).to_contain_text("明白了")
    expect(place).to_contain_text("只有复听听到")
    for _ in range(10):
        page.keyboard.press("F9")
        if added.evaluate("row => row.classList.contains('cur')"):
            break
    expect(place).to_have_attribute("aria-current", "true")
    until(page, "() => [...document.querySelectorAll('#sounds audio')].some((a) => !a.paused)")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".toast")).to_contain_text("F4 加进笔录")
    look(page, "desk-only-second")
    page.keyboard.press("F4")
    expect(added).to_have_count(0)
    expect(place).to_have_count(0)
    expect(page.locator(".u.cur .say")).to_have_text("明白了")


def test_list_searches_and_shows_what_waits(page: Page, desk: Desk) -> None:
    record = desk.seed(name="罗建民", matter="外墙渗水")
    with desk.store.write() as session:
        waiting = session.get_one(VisitRecord, record.id)
        waiting.recognition, waiting.recognition_message = "waiting", "识别用的模型没有装好，录音都在。"
    page.goto(f"{desk.url}/desk")
    found = page.locator(f'tr[data-id="{record.id}"]')
    expect(found).to_contain_text("外墙渗水")
    expect(found).to_contain_text("识别用的模型没有装好")
    page.fill("#q", "罗建")
    expect(page.locator("#rows tr")).to_have_count(1)
    page.fill("#q", "没有这个人")
    expect(page.locator("#empty")).to_contain_text("没有找到“没有这个人”")
    page.click("#clear")
    expect(found).to_be_visible()
    page.click('[data-tab="filed"]')
    expect(found).to_have_count(0)


@pytest.mark.slow
def test_list_keeps_what_it_has_when_the_office_is_away(page: Page, desk: Desk) -> None:
    record = desk.seed(name="高永年")
    page.goto(f"{desk.url}/desk")
    found = page.locator(f'tr[data-id="{record.id}"]')
    expect(found).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_contain_text("网断了")
    expect(found).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()


WATCH = """() => {
  window.seen = [];
  const look = () => seen.push({
    sounds: [...document.querySelectorAll("#sounds audio")].map((a) => ({t: a.currentTime, paused: a.paused, whose: a.dataset.participant})),
    word: [...(CSS.highlights.get("spoken") || [])].map((range) => range.toString()).join(""),
    position: document.querySelector("#position").textContent,
    toggle: document.querySelector("#toggle").getAttribute("aria-label"),
    line: document.querySelector(".u.now")?.innerText || "",
    picture: (({videoWidth, currentTime, muted}) => ({width: videoWidth, t: currentTime, muted}))(document.querySelector("#screens video")),
  });
  setInterval(look, 20);
}"""


def test_a_sentence_is_heard_in_step_and_its_word_is_marked(page: Page, desk: Desk) -> None:
    opened(page, desk, desk.seed())
    page.evaluate(WATCH)  # the sentence lasts two seconds: a busy machine has no time to ask while it is played
    row(page, "补偿款一共").locator(".say").click()
    until(page, "seen.some((look) => look.toggle === '暂停')")
    expect(page.locator("#toggle")).to_have_attribute("aria-label", "播放")
    stopped = page.locator("#position").inner_text()
    assert stopped.startswith("00:08"), "it stops at the end of the sentence (7.8 s and a breath)"
    seen = page.evaluate("seen")
    heard = [look for look in seen if len(look["sounds"]) == 2 and all(not s["paused"] and s["t"] > 0.3 for s in look["sounds"])]
    assert heard, "both voices were played"
    times = [sorted(sound["t"] + (5.5 if sound["t"] < 4 else 0) for sound in look["sounds"]) for look in heard]
    assert all(5.8 <= first <= 8.2 for first, _ in times[len(times) // 2 :])
    assert median(second - first for first, second in times) < 0.3, "both voices play in step, from different files"
    said = [look for look in heard if look["word"]]
    assert said
    assert all(look["word"] in "补偿款一共是多少？" for look in said)
    assert any("补偿款一共" in look["line"] for look in said)
    assert any(look["picture"]["width"] == 160 and 0.5 < look["picture"]["t"] < 3.5 for look in seen)
    assert all(look["picture"]["muted"] for look in seen)


def test_playing_runs_over_the_end_of_a_file(page: Page, desk: Desk) -> None:
    record = desk.seed()
    opened(page, desk, record)
    page.evaluate(WATCH)
    row(page, "修路占了").locator("[data-hear]").click()
    page.keyboard.press("F2")  # rests, or, on a machine so slow that the sentence is over, goes on behind it
    if page.locator("#toggle").get_attribute("aria-label") == "播放":
        page.keyboard.press("F2")
    until(page, "seen.some((look) => look.position >= '00:07')")
    played = [
        (look["position"], sound["t"]) for look in page.evaluate("seen") for sound in look["sounds"]
        if sound["whose"] == record.petitioner and not sound["paused"]
    ]  # fmt: skip
    assert [t for position, t in played if position < "00:06" and t > 3], "the first file is played"
    assert [t for position, t in played if "00:06" <= position < "00:08" and 0.5 < t < 3], "media time goes on through the next one"


def test_a_correction_is_saved_by_itself_and_the_original_stays(page: Page, desk: Desk) -> None:
    record = desk.seed()
    opened(page, desk, record)
    expect(row(page, "修路占了").locator(".q")).to_have_text("路占了我")
    type_into(page, "修路占了", "村里修路，占了我家一亩二分地。")
    saved(page)
    line = desk.line(record.id, "村里修路占了我家的承包地。")
    assert (line.text, line.edited_by) == ("村里修路，占了我家一亩二分地。", "林晓")
    expect(row(page, "一亩二分")).to_contain_text("机器原来听成“村里修路占了我家的承包地。”")
    page.click("#history")
    expect(page.locator(".history")).to_contain_text("林晓")
    expect(page.locator(".history ins").get_by_text("村里修路，占了我家一亩二分地。", exact=True)).to_be_visible()


def test_half_typed_pinyin_is_not_sent_and_what_stood_before_it_is_kept(page: Page, desk: Desk) -> None:
    """The input method's letters come as Chromium gets them from one."""
    record = desk.seed()
    page.clock.install()
    opened(page, desk, record)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if "/edits" in request.url else None)
    method = page.context.new_cdp_session(page)
    row(page, "就这些。").locator(".say").click()
    page.keyboard.press("End")
    page.keyboard.type("是")
    for letters in ("bu", "budong", "budongchan"):
        method.send("Input.imeSetComposition", {"text": letters, "selectionStart": len(letters), "selectionEnd": len(letters)})
    page.clock.run_for(2300)  # longer than typing may wait
    assert row(page, "就这些。是budongchan").count() == 1
    assert not sent
    page.clock.resume()
    until(page, f"async () => (await ({KEPT})()).includes('就这些。是')")
    assert "budong" not in page.evaluate(KEPT)
    method.send("Input.insertText", {"text": "不动产"})
    saved(page)
    assert desk.line(record.id, "就这些。").text == "就这些。是不动产"
    assert not [body for body in sent if "budong" in body]


class InputMethod:
    """Writes as Chromium is told by a Chinese input method: letters that are no words yet, keys that it keeps for itself, words."""

    PROCESSED = 229

    def __init__(self, page: Page) -> None:
        self.wire = page.context.new_cdp_session(page)

    def letters(self, text: str) -> None:
        for length in range(1, len(text) + 1):
            self.wire.send("Input.imeSetComposition", {"text": text[:length], "selectionStart": length, "selectionEnd": length})

    def key(self, code: str, *, ctrl: bool = False) -> None:
        """One that it takes, with or without Ctrl."""
        for kind in ("rawKeyDown", "keyUp"):
            self.wire.send("Input.dispatchKeyEvent", {
                "type": kind, "code": code, "key": "Process", "windowsVirtualKeyCode": self.PROCESSED, "modifiers": 2 if ctrl else 0,
            })  # fmt: skip

    def words(self, text: str) -> None:
        self.wire.send("Input.insertText", {"text": text})


@pytest.mark.nightly
def test_an_input_method_is_left_alone_in_sentences_searches_and_reasons(page: Page, desk: Desk) -> None:
    """While letters stand there no key splits, moves, plays, searches or sends; with the words all of it goes on."""
    record = desk.seed()
    opened(page, desk, record)
    method = InputMethod(page)
    row(page, "三万六千八").locator(".say").click()
    page.keyboard.press("Home")
    for _ in "三万六千八，":
        page.keyboard.press("ArrowRight")
    method.letters("na")
    for code, ctrl in (("KeyK", True), ("KeyZ", True), ("ArrowDown", True), ("Enter", True), ("F9", False), ("F2", False)):
        method.key(code, ctrl=ctrl)
    expect(page.locator(".u.cur")).to_contain_text("三万六千八，na")
    expect(page.locator(".u")).to_have_count(len(TALK))
    method.words("那")
    page.keyboard.press("Control+K")
    expect(page.locator(".u")).to_have_count(len(TALK) + 1)
    assert [line.text for line in desk.lines(record.id)][3:5] == ["三万六千八，那", "单子没给过。"]
    page.keyboard.press("Control+J")
    expect(page.locator(".u")).to_have_count(len(TALK))
    page.keyboard.press("Control+F")
    method.letters("buchang")
    method.key("Enter")
    expect(page.locator("dialog p[role=status]")).to_have_text("")
    method.words("补偿")
    expect(page.locator(".hits li")).to_have_count(1)
    page.keyboard.press("Tab")
    method.letters("peichang")
    method.key("Enter")
    method.words("赔偿")
    expect(page.locator(".hits ins")).to_have_text("赔偿")
    page.keyboard.press("Enter")
    expect(row(page, "赔偿款一共是多少？")).to_have_count(1)
    row(page, "就这些。").locator(".say").click()
    page.keyboard.press("Control+E")
    method.letters("chongfu")
    method.key("Enter", ctrl=True)
    expect(page.get_by_role("dialog")).to_be_visible()
    method.words("重复")
    page.keyboard.press("Control+Enter")
    expect(row(page, "就这些。")).to_contain_text("已删：重复")
    for _ in ("delete", "replace", "join", "split", "typed"):
        page.keyboard.press("Control+Z")
    expect(page.locator("#undo")).to_be_disabled()
    assert [line.text for line in desk.lines(record.id)] == [text for _, _, text, _ in TALK]


def test_a_line_emptied_to_be_typed_anew_keeps_what_stood_there(page: Page, desk: Desk) -> None:
    record = desk.seed()
    opened(page, desk, record)
    page.route("**/edits**", lambda route: route.abort())
    type_into(page, "就这些。", "就这些，没有了。")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    expect(row(page, "没有了")).to_have_count(0)
    until(page, f"async () => (await ({KEPT})()).includes('没有了')")
    page.unroute_all()
    page.locator("#whose").click()
    expect(row(page, "没有了")).to_have_count(1)
    saved(page)
    assert desk.line(record.id, "就这些。").text == "就这些，没有了。"


def test_an_emptied_sentence_comes_back(page: Page, desk: Desk) -> None:
    record = desk.seed()
    opened(page, desk, record)
    row(page, "就这些。").locator(".say").click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.locator("#whose").click()
    expect(row(page, "就这些。")).to_have_count(1)
    assert desk.line(record.id, "就这些。").text == "就这些。"


BEGUN = """async () => {
  const base = await new Promise((done) => { const asked = indexedDB.open("jietan"); asked.onsuccess = () => done(asked.result); });
  const all = await new Promise((done) => { const got = base.transaction("unsaved").objectStore("unsaved").getAll(); got.onsuccess = () => done(got.result); });
  base.close();
  return all.some((text) => text.includes("三万八千六"));
}"""
KEPT = """async () => {
    await new Promise((done) => setTimeout(done, 100));
    const base = await new Promise((done) => { const asked = indexedDB.open("jietan"); asked.onsuccess = () => done(asked.result); });
    const all = await new Promise((done) => { const got = base.transaction("unsaved").objectStore("unsaved").getAll(); got.onsuccess = () => done(got.result); });
    base.close();
    return all.filter((text) => text.includes("line:")).join();
}"""
"""What lies on the disk of changes that the office does not have."""


def split_in_two(page: Page) -> None:
    row(page, "三万六千八").locator(".say").click()
    page.keyboard.press("Home")
    for _ in "三万六千八，":
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+K")
    expect(page.locator(".u")).to_have_count(len(TALK) + 1)


@pytest.mark.slow
def test_typing_while_sentences_are_joined_loses_neither(page: Page, desk: Desk) -> None:
    record = desk.seed()
    opened(page, desk, record)
    split_in_two(page)
    held: list[Route] = []
    page.route("**/edits?*", lambda route: held.append(route), times=1)
    page.click('.tools [data-action="join"]')
    type_into(page, "三万六千八，", "三万六千九，")
    held_back(page, held).continue_()
    dialog = page.locator("dialog")
    expect(dialog.locator('[data-side="theirs"]')).to_contain_text("三万六千八，单子没给过。")
    expect(dialog.locator('[data-side="mine"]')).to_contain_text("三万六千九，")
    dialog.get_by_role("button", name="用我写的").wait_for()
    assert "单子没给过。" in "".join(line.text for line in desk.lines(record.id))


def test_split_join_speaker_delete_restore_insert_by_keys(page: Page, desk: Desk) -> None:
    record = desk.seed()
    opened(page, desk, record)
    split_in_two(page)
    assert [line.text for line in desk.lines(record.id)][3:5] == ["三万六千八，", "单子没给过。"]
    page.keyboard.press("Control+J")
    expect(page.locator(".u")).to_have_count(len(TALK))
    expect(row(page, "三万六千八，单子没给过。")).to_have_count(1)

    page.keyboard.press("Control+U")
    expect(row(page, "三万六千八").locator(".w b")).to_have_text("周文清")
    expect(page.locator(".tools select")).to_have_value(record.leader)
    page.keyboard.press("Control+E")
    page.fill("#reason", "重复了上一句")
    page.click('dialog button[value="yes"]')
    expect(row(page, "三万六千八")).to_have_class(re.compile("deleted"))
    expect(row(page, "三万六千八")).to_contain_text("已删：重复了上一句")
    expect(row(page, "三万六千八").get_by_role("button", name="恢复这一句")).to_be_visible()
    page.keyboard.press("Control+E")
    expect(row(page, "三万六千八")).not_to_have_class(re.compile("deleted"))

    page.keyboard.press("Control+I")
    page.fill("#insert-text", "领款单我也没见过。")
    page.keyboard.press("Escape")
    page.click('.tools [data-action="insert"]')
    expect(page.locator("#insert-text")).to_have_value("领款单我也没见过。")
    page.click('dialog button[value="yes"]')
    expect(row(page, "领款单我也没见过。")).to_contain_text("手写")
    assert [line.text for line in desk.lines(record.id)][4] == "领款单我也没见过。"


def test_keys_work_and_leave_the_input_method_alone(page: Page, desk: Desk) -> None:
    record = desk.seed()
    opened(page, desk, record)
    seeks_by_keys(page)
    page.keyboard.press("F9")
    expect(page.locator(".u.cur")).to_contain_text("修路占了")
    expect(page.locator("#places-words")).to_have_text("先听最要紧的，还要听 5 秒")  # two sentences, of 2.6 and 2.4 s
    assert {kind: page.locator(f"#places .place.{kind}").count() for kind in ("weak", "number", "negation")} == {"weak": 1, "number": 1, "negation": 1}
    page.evaluate("""() => document.activeElement.dispatchEvent(new KeyboardEvent("keydown",
        {key: "Enter", code: "Enter", ctrlKey: true, isComposing: true, bubbles: true}))""")
    page.keyboard.press("Control+ArrowDown")
    expect(page.locator(".u.cur")).to_contain_text("补偿款一共")
    page.keyboard.press("Control+ArrowUp")
    expect(page.locator(".u.heard")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    expect(row(page, "修路占了")).to_have_class(re.compile("heard"))
    expect(page.locator("#places-count")).to_have_text("1 / 3")
    expect(page.locator("#places-words")).to_have_text("先听最要紧的，还要听 2 秒")
    saved(page)
    page.keyboard.press("Control+BracketLeft")
    expect(page.locator("#rate")).to_have_text("0.9 倍")
    played = "[...document.querySelectorAll('#sounds audio')].map((a) => [a.playbackRate, a.preservesPitch])"
    assert page.evaluate(played) == [[0.9, True]] * 2, "slower, at the same pitch"
    found = page.evaluate(RISKS, list(HOLDS))
    assert dict(zip(HOLDS, found, strict=True)) == HOLDS
    sureness = page.evaluate(SURENESS, [[weak, doubt, value, heard] for weak, doubt, value, heard, _ in FIELDS])
    assert sureness == [[unsure, unsure] for *_, unsure in FIELDS]


def seeks_by_keys(page: Page) -> None:
    """Two seconds back, and five, while nothing plays."""
    page.focus("#lanes")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    for key, there in (("Shift+F8", "00:07"), ("Control+F8", "00:02")):
        page.keyboard.press(key)
        assert page.locator("#position").inner_text().startswith(there)


RISKS = """async (texts) => {
  const { risksIn } = await import("/static/js/desk/risks.js");
  return texts.map((text) => risksIn({ text, words: [], doubt: [] }, [], false).map((risk) => `${risk.kind} ${text.slice(risk.from, risk.to)}`));
}"""
SURENESS = """async (cases) => {
  const { Form } = await import("/static/js/desk/form.js");
  return cases.map(([weak, doubt, value, heard]) => {
    const host = document.createElement("div");
    const text = "还差八万三千元没有给。";
    const words = [...text].map((text, i) => ({ start: i, end: i + 1, text, probability: text === weak ? 0.3 : 1 }));
    const line = { text, recognised: text, words, doubt, heard: false, deleted: false, edited_by: "", utterance_ids: ["u"] };
    const evidence = [{ utterance_id: "u", participant_id: "p", start: 0, end: 11, text }];
    const fields = [{ field: "amount", label: "涉及金额", value, choices: [], source: "speech", evidence, findings: [], version: 1 }];
    const form = new Form(host);
    const record = { started_at: "2026-11-30T01:00:00Z", form: fields, proposals: [], body: [line] };
    form.show(record, true);
    form.show({ ...record, body: [{ ...line, heard }] }, true);
    const head = document.createElement("div");
    form.head(head);
    return [host.querySelector("button.src").textContent === "没听准", head.textContent === "1 栏要看一看"];
  });
}"""
FIELDS = (
    ("三", [], "八万三千元（83000元）", False, True),
    ("三", [], "八万三千元（83000元）", True, False),
    ("没", [], "八万三千元（83000元）", False, False),
    ("没", ["low_probability"], "request", False, False),
    ("", ["unstable"], "request", False, True),
)
"""The word that was not heard well, the line's doubts, the value, whether somebody listened; whether the value's source says so."""
HOLDS = {
    "他们给了三万六千元": ["amount 三万六千元"],
    "去年五月十八号拆的": ["date 去年", "date 五月十八号"],
    "找过王主任": ["name 王主任"],
    "去过柳林镇，又跑到县法院": ["name 柳林镇", "name 县法院"],
    "从柳林镇搬到从江县": ["name 柳林镇", "name 从江县"],
    "路过和平镇时来过宏达公司": ["name 和平镇", "name 宏达公司"],
    "占了一亩地": ["number 一亩"],
    "两亩三分，一分钱没给过": ["number 两亩三分", "negation 没给过"],
    "钱没有给我": ["negation 没有给我"],
    "没关系，您说": [],
}
"""What a sentence holds that needs ears."""


def test_what_could_not_be_sent_survives_closing_the_page(page: Page, desk: Desk) -> None:
    record = desk.seed()
    opened(page, desk, record)
    page.route("**/edits?*", lambda route: route.abort())
    type_into(page, "就这些。", "就这些，没有别的了。")
    expect(page.locator("#offline")).to_contain_text("还没传的：1 处")
    page.close(run_before_unload=False)
    assert desk.line(record.id, "就这些。").text == "就这些。"

    again = page.context.new_page()
    opened(again, desk, record)
    expect(row(again, "没有别的了")).to_have_count(1)
    saved(again)
    assert desk.line(record.id, "就这些。").text == "就这些，没有别的了。"


@pytest.mark.slow
def test_an_answer_that_was_lost_writes_nothing_twice(page: Page, desk: Desk) -> None:
    record = desk.seed()
    opened(page, desk, record)

    def lose_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/edits?*", lose_answer, times=1)
    row(page, "就这些。").locator(".say").click()
    page.click('.tools [data-action="insert"]')
    page.fill("#insert-text", "补的一句。")
    page.click('dialog button[value="yes"]')
    saved(page)
    assert [line.text for line in desk.lines(record.id)].count("补的一句。") == 1


def test_two_clerks_on_one_sentence_see_both_texts(page: Page, desk: Desk, browser: Browser) -> None:
    record = desk.seed()
    opened(page, desk, record)
    other = browser.new_context().new_page()
    log_in(other, desk, "wang")
    page.route("**/pulse*", lambda route: None)  # the page does not hear of it before it saves
    edits_of_another(other, desk, record, {"就这些。": "王芳写的。"})
    type_into(page, "就这些。", "林晓写的。")
    dialog = page.locator("dialog")
    expect(dialog.locator('[data-side="theirs"]')).to_contain_text("王芳写的。")
    expect(dialog.locator('[data-side="mine"]')).to_contain_text("林晓写的。")
    dialog.get_by_role("button", name="用我写的").click()
    saved(page)
    assert desk.line(record.id, "就这些。").text == "林晓写的。"
    other.context.close()


def test_a_value_too_long_is_refused_in_words_and_kept(page: Page, desk: Desk) -> None:
    record = desk.seed()
    opened(page, desk, record)
    page.evaluate("document.querySelector('#form-address').removeAttribute('maxlength')")
    page.fill("#form-address", "长" * 300)
    expect(page.locator("#refused")).to_contain_text("没存上")
    page.get_by_role("button", name="看没存上的").click()
    expect(page.locator("dialog .kept")).to_have_text("长" * 300)


def select_words(page: Page, line: str, words: str) -> tuple[float, float]:
    """Selects words of a line as a mouse would; the middle of them on the screen."""
    say = row(page, line).locator(".say")
    say.click()
    box = say.evaluate(
        """(say, words) => {
          const walker = document.createTreeWalker(say, NodeFilter.SHOW_TEXT);
          const range = document.createRange(), from = say.textContent.indexOf(words);
          const at = (offset) => { let n, seen = 0; walker.currentNode = say; while ((n = walker.nextNode())) { if (offset <= seen + n.length) return [n, offset - seen]; seen += n.length; } };
          range.setStart(...at(from)); range.setEnd(...at(from + words.length));
          getSelection().removeAllRanges(); getSelection().addRange(range);
          const box = range.getBoundingClientRect();
          return [box.x + box.width / 2, box.y + box.height / 2];
        }""",
        words,
    )
    return box[0], box[1]


@pytest.mark.slow
def test_words_of_the_record_fill_the_form_with_their_source_and_what_is_wrong_is_told(page: Page, desk: Desk) -> None:
    record = desk.seed()
    opened(page, desk, record)
    field = page.locator("[data-field=address]")
    row(page, "修路占了").locator(".say").click()
    page.fill("#form-address", "柳湾村四组")
    expect(field.locator(".origin")).to_contain_text("林晓填的")
    field.get_by_text("用选中的那一句作出处").click()
    expect(field.locator(".origin .src")).to_be_visible()
    expect(field.locator(".said-at .words")).to_have_text("“村里修路占了我家的承包地。”")

    select_words(page, "单子没给过", "三万六千八")
    page.keyboard.press("Control+m")
    expect(page.locator("dialog .kept")).to_have_text("“三万六千八”")
    look(page, "desk-to-field")
    letter = page.locator("dialog button[value=amount] .kbd").inner_text()
    page.keyboard.press(letter.lower())
    expect(page.locator("#form-amount")).to_have_value("三万六千八")
    expect(page.locator("[data-field=amount] .origin button.src")).to_be_visible()
    a_corrected_sentence_is_offered_to_the_field(page)

    x, y = select_words(page, "修路占了", "村里修路占了我家的承包地")
    target = page.locator("#form-problem_place")
    target.scroll_into_view_if_needed()
    aim = target.bounding_box()
    assert aim
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 8, y + 4)
    page.mouse.move(aim["x"] + 40, aim["y"] + 12, steps=4)
    page.mouse.move(aim["x"] + 44, aim["y"] + 14)
    expect(page.locator(".aimed")).to_have_attribute("data-field", "problem_place")
    page.mouse.up()
    expect(target).to_have_value("村里修路占了我家的承包地")
    expect(row(page, "修路占了").locator(".say")).to_have_text("村里修路占了我家的承包地。")

    type_into(page, "就这些。", "就这些，去过柳林镇。")
    page.locator(".u.cur .say").evaluate("say => getSelection().setBaseAndExtent(say.firstChild, 6, say.firstChild, 9)")
    page.keyboard.press("Control+g")
    said_in_passing(page, "“柳林镇”送到词表了，在那里定用不用。")

    page.fill("#form-phone", "1380000432")
    page.fill("#form-amount", "38600元")
    expect(page.locator("[data-field=phone] .findings")).to_contain_text("还差 1 位")
    expect(page.locator("[data-field=amount] .findings")).to_contain_text("笔录里没有说到 38600 元")
    expect(page.locator("#unsourced")).to_contain_text("栏要看一看")
    page.fill("#form-name", "")
    expect(page.locator("[data-field=name] .findings .blocks")).to_have_text("“姓名”还没有填。")
    expect(page.locator("#confirm")).to_have_attribute("aria-disabled", "true")
    page.locator("#unsourced .link").first.click()
    look(page, "desk-form-findings")
    page.reload()
    amount = page.locator("[data-field=amount]")
    expect(amount.locator(".origin button.src")).to_be_visible()
    page.locator("#form-amount").focus()
    amount.get_by_text("不是", exact=True).click()
    expect(amount.locator(".origin")).to_have_text("林晓填的")
    if os.environ.get("JIETAN_SCREENSHOTS"):
        page.set_viewport_size({"width": 390, "height": 844})
        page.locator(".panes [data-pane=form]").click()
        look(page, "desk-form-phone")


def a_corrected_sentence_is_offered_to_the_field(page: Page) -> None:
    """What the draft wrote follows; what a clerk put into a field stays until they take the new words with one key."""
    type_into(page, "三万六千八", "三万六千九，单子没给过。")
    offer = page.locator("[data-field=amount] .proposed")
    expect(offer).to_contain_text("引的话改过了")
    expect(offer.locator("mark")).to_have_text("九")
    expect(page.locator("#form-amount")).to_have_value("三万六千八")
    expect(page.locator("#form-facts")).to_have_value(re.compile("三万六千九，单子没给过。"))
    page.locator("#form-amount").focus()
    expect(page.locator("[data-field=amount] .said-at")).to_contain_text("改过：“三万六千九")
    expect(offer).to_be_in_viewport(ratio=1)
    look(page, "desk-field-offered")
    if os.environ.get("JIETAN_SCREENSHOTS"):
        page.set_viewport_size({"width": 390, "height": 844})
        page.locator(".panes [data-pane=form]").click()
        page.locator("#form-amount").focus()
        look(page, "desk-field-offered-phone")
        page.set_viewport_size({"width": 1366, "height": 768})
        page.locator("#form-amount").focus()
    page.keyboard.press("F4")
    expect(page.locator("#form-amount")).to_have_value("三万六千九")
    expect(offer).to_have_count(0)


@pytest.mark.slow
def test_a_damaged_file_is_told_and_the_text_stays_editable(page: Page, desk: Desk) -> None:
    record = desk.seed()
    folder = desk.folder / "recordings" / record.reception_id
    damaged = next(folder.glob(f"{record.leader}-audio-*"))
    damaged.write_bytes(damaged.read_bytes()[:500])
    opened(page, desk, record)
    row(page, "修路占了").locator(".say").click()
    expect(page.locator("#trouble")).to_contain_text("不完整")
    type_into(page, "就这些。", "就这些了。")
    saved(page)


def test_from_dispute_to_case(page: Page, desk: Desk) -> None:
    record = desk.seed()
    opened(page, desk, record)
    page.fill("#form-problem_place", "石桥镇柳湾村四组")
    saved(page)
    page.click("#confirm")
    page.click('dialog button[value="yes"]')
    expect(page.locator("#state")).to_have_text("等群众签字")
    expect(page.locator(".tools")).to_have_count(0)
    open_the_kiosk(page, desk, record)
    desk.dispute(record, "就这些。", "我还有话没说完")
    expect(page.locator("#disputes")).to_contain_text("群众说有 1 句不对")
    expect(page.locator("#confirm")).to_have_attribute("aria-disabled", "true")
    type_into(page, "就这些。", "就这些，还有一件事。")
    saved(page)
    expect(page.locator("#disputes")).to_be_hidden()
    page.click("#confirm")
    page.click('dialog button[value="yes"]')
    page.get_by_role("button", name="记下不签的原因").click()
    page.fill("#reason", "本人有事先走了")
    page.click('dialog button[value="yes"]')
    page.get_by_role("link", name="看信访事项").click()
    case_reads_and_plays(page)
    supplement_is_added(page)
    case_is_found(page, desk)


def open_the_kiosk(page: Page, desk: Desk, record: Seeded) -> None:
    """The clerk sees who sits at a kiosk that has locked itself."""
    with desk.store.write() as session:
        desk_record = session.get_one(VisitRecord, record.id)
        desk_record.reception.kiosk_open_until, desk_record.reception.unlock_tries = clock.now(), 5
    page.get_by_role("button", name="给群众看").click()
    page.click('dialog button[value="unlock"]')
    with page.expect_response("**/unlock"):
        page.click('dialog button[value="yes"]')


def case_reads_and_plays(page: Page) -> None:
    expect(page.locator("#facts")).to_contain_text(re.compile(r"LX-\d{4}-\d{6}"))
    expect(page.locator("#intact")).to_contain_text("一字不差")
    expect(page.locator("#form")).to_contain_text("石桥镇柳湾村四组")
    expect(page.locator("#recordings .hash").first).to_have_text(re.compile("^[0-9a-f]{64}$"))
    expect(page.locator("#signed")).to_contain_text("本人有事先走了")
    expect(page.locator("#why dd")).to_have_count(4)
    page.locator("#lines .say").first.click()
    until(page, "() => [...document.querySelectorAll('#sounds audio')].some((a) => a.currentTime > 0.5)")


def supplement_is_added(page: Page) -> None:
    page.click("#add")
    page.fill("#why-add", "本人打电话来说")
    page.fill("#what-add", "领款单是六月十八日的。")
    page.click('dialog button[value="yes"]')
    expect(page.locator("#supplements")).to_contain_text("领款单是六月十八日的。")
    expect(page.locator("#supplements")).to_contain_text("林晓")


def case_is_found(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.url}/cases")
    page.fill("#q", "还有一件事")
    page.keyboard.press("Enter")
    expect(page.locator("#rows tr")).to_have_count(1)
    expect(page.locator("#rows mark")).to_have_text("还有一件事")
    page.fill("#q", "完全没说过的话")
    page.keyboard.press("Enter")
    expect(page.locator("#empty")).to_contain_text("没有找到")


def test_a_leader_reads_and_cannot_change(page: Page, desk: Desk) -> None:
    record = desk.seed()
    log_in(page, desk, "zhou")
    opened(page, desk, record)
    row(page, "就这些。").locator(".say").click()
    expect(page.locator(".tools")).to_have_count(0)
    expect(page.locator("#form-address")).to_be_disabled()
    expect(page.locator("#readonly")).to_contain_text("由接谈员来改")


def test_a_record_that_is_not_there(page: Page, desk: Desk) -> None:
    answer = page.goto(f"{desk.url}/desk/nothing-here")
    assert answer is not None
    assert answer.status == 404
    page.goto(f"{desk.url}/cases/999999")
    expect(page.locator("#missing")).to_contain_text("没有找到这件事")


@pytest.mark.slow
def test_words_of_the_glossary_are_added_and_decided(page: Page, desk: Desk) -> None:
    """A proposal is shown with the sentences it comes from; what is decided moves to the office's words."""
    office_id = desk.other_office("AP", "apl")
    log_in(page, desk, "apl")
    record = desk.seed(office_id=office_id)
    line = desk.line(record.id, "村里修路占了我家的承包地。")
    with desk.store.write() as session:
        session.get_one(Line, line.id).text = "柳林镇修路占了我家的承包地。"
        session.add(GlossaryEvidence(organization_id=office_id, word="柳林镇", line_id=line.id, record_id=record.id))
        session.add(GlossaryWord(
            organization_id=office_id, word="柳林镇", kind="place", state="proposed", at=clock.now(),
        ))
    page.goto(f"{desk.url}/glossary")
    proposal = page.locator("#rows-proposed tr")
    expect(proposal).to_contain_text("听写成：村里修路占了我家的承包地。")
    if os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{os.environ['SCREENSHOTS']}/glossary_wide.png")
        page.set_viewport_size({"width": 390, "height": 844})
        page.screenshot(path=f"{os.environ['SCREENSHOTS']}/glossary_proposed.png", full_page=True)
        page.set_viewport_size({"width": 1366, "height": 768})
    page.get_by_role("button", name="用上：柳林镇").click()
    expect(page.locator("#rows-words tr")).to_contain_text("柳林镇")
    expect(page.locator("#rows-words tr")).to_contain_text("等着试听")
    expect(page.locator("#rows-words tr")).to_contain_text("还没有能拿来试听的录音")
    expect(page.locator("#rows-proposed")).to_contain_text("现在没有要定的词")
    page.get_by_role("button", name="添一个词").click()
    page.get_by_label("词", exact=True).fill("柳林镇")
    page.get_by_role("button", name="添上").click()
    expect(page.locator("#word-word-error")).to_contain_text("词表里已经有这个词了")
    page.get_by_label("词", exact=True).fill("上河村")
    page.get_by_role("button", name="添上").click()
    expect(page.locator("#rows-words tr")).to_have_count(2)
    page.get_by_role("button", name="不用了：柳林镇").click()
    expect(page.locator("[data-word=柳林镇]")).to_contain_text("不用")
    expect(page.get_by_role("button", name="用上：柳林镇")).to_be_enabled()
    page.set_viewport_size({"width": 390, "height": 844})
    tall = "Array.from(document.querySelectorAll('.words td:first-child b'), (word) => word.getClientRects().length)"
    assert set(page.evaluate(tall)) == {1}, "a word stands on one line"
    lines = "Array.from(document.querySelectorAll('.panel h2'), (head) => { const text = document.createRange(); text.selectNodeContents(head); return text.getClientRects().length; })"
    assert set(page.evaluate(lines)) == {1}, "a heading does, too"
    if os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{os.environ['SCREENSHOTS']}/glossary.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.slow
def test_four_thousand_lines_stay_quick(page: Page, desk: Desk) -> None:
    record = desk.seed(name="长谈", copies=800)
    page.goto(f"{desk.url}/desk/{record.id}")
    expect(page.locator("#lines")).to_contain_text("请您慢慢说")
    lines = page.locator(".u")
    kept = lines.nth(8).element_handle()
    assert lines.count() < 400, "only lines near the window are drawn"
    lines.nth(1).locator(".say").click()
    page.keyboard.press("End")
    worked = works(page)
    page.keyboard.type("好")
    saved(page)
    assert worked() < 1.5, "typing and saving must not redraw the whole record"
    assert kept is not None
    assert page.evaluate("(row) => row.isConnected", kept), "rows that did not change are the same elements"


@pytest.mark.slow
def test_the_beginning_can_be_worked_on_while_the_rest_is_on_its_way(page: Page, desk: Desk) -> None:
    record = desk.seed(name="慢线", copies=20)
    with desk.store.write() as session:
        last = session.query(Line).filter_by(record_id=record.id).order_by(Line.position.desc()).first()
        assert last is not None
        last.disputed, last_id = "不是这样说的", last.id
    held: list[Route] = []
    page.route("**/desk/rest?*", lambda route: held.append(route))
    page.goto(f"{desk.url}/desk/{record.id}")
    expect(page.locator("#lines")).to_contain_text("请您慢慢说")
    page.locator(".u .say").first.click()
    page.keyboard.press("End")
    page.keyboard.type("好")
    assert page.locator("#places-count").inner_text() == "", "nothing is counted before everything is there"
    page.keyboard.press("F9")
    page.wait_for_timeout(300)
    assert page.locator(f".u.cur[data-id='{last_id}']").count() == 0
    held_back(page, held).continue_()
    expect(page.locator(f".u.cur[data-id='{last_id}']")).to_be_visible()
    assert page.locator(".toast").filter(has_text="群众说").count() == 0, "what was objected to before is no news"
    expect(page.locator("#places-count")).to_contain_text("/")
    saved(page)
    assert desk.lines(record.id)[0].text == "您好，请您慢慢说。好"


@pytest.mark.slow
def test_a_rest_that_did_not_come_is_fetched_again(page: Page, desk: Desk) -> None:
    record = desk.seed(name="断一下", copies=20)
    page.route("**/desk/rest?*", lambda route: route.abort())
    page.goto(f"{desk.url}/desk/{record.id}")
    expect(page.locator("#offline")).to_contain_text("网断了")
    expect(page.locator("#lines")).to_contain_text("请您慢慢说")
    page.keyboard.press("F9")
    said_in_passing(page, "后面的字还没取来")
    expect(page.locator("#places-count")).to_contain_text("/")
    expect(page.locator("#offline")).to_be_hidden()


def works(page: Page) -> Callable[[], float]:
    """Seconds of processor time that the page's scripts, styles and drawing take from now on."""
    asked = page.context.new_cdp_session(page)
    asked.send("Performance.enable", {"timeDomain": "threadTicks"})

    def so_far() -> float:
        return next(float(one["value"]) for one in asked.send("Performance.getMetrics")["metrics"] if one["name"] == "TaskDuration")

    begun = so_far()
    return lambda: so_far() - begun


@pytest.mark.slow
def test_a_colleague_hears_a_filed_record_and_the_clerk_answers_with_a_supplement(page: Page, desk: Desk, browser: Browser) -> None:
    record = desk.seed(name="马桂兰")
    with desk.store.write() as session:
        clerk = accounts.actor_of_user(session.query(User).filter_by(username="lin").one())
        signing.confirm(session, clerk, record.id)
        signing.note_refusal(session, clerk, record.id, Refusal(reason="本人有事先走了"), file_at_once=True)
        case_id = session.query(StoredCase).filter_by(record_id=record.id).one().id
        session.add(StoredReview(case_id=case_id, organization_id=desk.office_id, day=clock.today_in_office().date()))
    other = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN").new_page()
    log_in(other, desk, "wang")
    page.goto(f"{desk.url}/reviews")
    expect(page.locator("#open")).to_contain_text("没有等着听的")
    other.goto(f"{desk.url}/reviews")
    expect(other.get_by_role("button", name="我来听").first).to_be_visible()
    look(other, "reviews-open")
    other.get_by_role("button", name="我来听").first.click()
    expect(other.locator(".u")).to_have_count(len(TALK))
    other.keyboard.press("F2")
    until(other, "document.querySelector('#sounds audio').currentTime > 0.2")
    row(other, "三万六千八").locator(".say").click()
    expect(other.locator("#about")).to_contain_text("三万六千八")
    other.fill("#words", "是三万八千六")
    until(other, BEGUN)
    other.reload()
    expect(other.locator("#words")).to_have_value("是三万八千六")
    expect(other.locator("#noting")).to_be_visible()
    other.locator("#words").focus()
    other.keyboard.press("Control+Enter")
    expect(other.locator("#findings .finding")).to_contain_text("是三万八千六")
    look(other, "review")
    if os.environ.get("JIETAN_SCREENSHOTS"):
        other.set_viewport_size({"width": 390, "height": 844})
        look(other, "review-phone-text")
        other.locator(".panes [data-pane=form]").click()
        look(other, "review-phone")
        other.set_viewport_size({"width": 1366, "height": 768})
    other.click("#finish")
    other.click('dialog button[value="yes"]')
    expect(other.locator("#mine")).to_contain_text("记了 1 条")
    page.goto(f"{desk.url}/desk")
    expect(page.locator("#returned-findings")).to_contain_text("评查有 1 条意见给您")
    page.get_by_role("link", name="去看").click()
    expect(page.locator("#returned .finding")).to_contain_text("笔录里写着：“三万六千八，单子没给过。”")
    look(page, "reviews-returned")
    page.get_by_role("link", name="写补正").click()
    expect(page.locator("#why-add")).to_have_value("评查：字不对：是三万八千六")
    page.fill("#what-add", "补偿款应为三万八千六百元。")
    page.click('dialog button[value="yes"]')
    expect(page.locator("#supplements")).to_contain_text("答复评查")
    page.goto(f"{desk.url}/reviews")
    expect(page.locator("#returned")).to_contain_text("写了补正")
    page.goto(f"{desk.url}/figures")
    expect(page.locator("#own")).to_contain_text("校对一共")
    look(page, "figures")
    other.context.close()


def find_and_replace_right_after_typing(page: Page, desk: Desk, record: Seeded) -> None:
    """What was typed is found before it is saved; without the office what is chosen is kept and sent later."""
    type_into(page, "就这些。", "就那些。")
    page.keyboard.press("Control+F")
    page.fill("#find-words", "那些")
    page.fill("#find-instead", "这几样")
    saved(page)
    page.get_by_role("button", name="换选中的").click()
    expect(row(page, "就这几样。")).to_have_count(1)
    page.route(re.compile(r"/api/(me$|records/.*/edits)"), lambda route: route.abort())
    page.keyboard.press("Control+F")
    page.fill("#find-words", "这几样")
    page.fill("#find-instead", "这么多")
    page.get_by_role("button", name="换选中的").click()
    expect(row(page, "就这么多。")).to_have_count(1)
    until(page, f"async () => (await ({KEPT})()).includes('这么多')")
    page.unroute_all()
    saved(page)
    assert desk.line(record.id, "就这些。").text == "就这么多。"


@pytest.mark.slow
def test_marks_words_found_everywhere_and_keys_of_ones_own(page: Page, desk: Desk) -> None:
    record = desk.seed()
    with desk.store.write() as session:
        session.add(StoredMark(reception_id=record.reception_id, participant_id=record.petitioner, at=9.0))
        session.add(StoredMark(reception_id=record.reception_id, participant_id=record.leader, at=11.5, note="问清楚"))
    opened(page, desk, record)
    row(page, "您好").locator(".say").click()
    page.keyboard.press("Control+B")
    expect(row(page, "您好")).to_contain_text("记号：待会儿再听")
    first = page.locator("#places .place")
    expect(first.nth(0)).to_contain_text("待会儿再听")
    expect(first.nth(1)).to_have_text(re.compile("三万六千八，单子没给过。.*群众说这里要紧"))
    expect(first.nth(2)).to_contain_text("周文清打了点：问清楚")
    expect(page.locator("#lanes .flag.own")).to_have_attribute("title", re.compile("待会儿再听"))
    page.keyboard.press("Control+F")
    page.fill("#find-words", "没")
    page.fill("#find-words", "给")
    expect(page.locator(".hits li")).to_have_count(1)
    page.fill("#find-words", "就")
    page.fill("#find-instead", "也就")
    expect(page.locator(".hits li")).to_contain_text("也就")
    page.get_by_role("button", name="换选中的").click()
    expect(row(page, "也就这些。")).to_have_count(1)
    assert desk.line(record.id, "就这些。").text == "也就这些。"
    page.keyboard.press("Control+Z")
    expect(row(page, "也就这些。")).to_have_count(0)
    assert desk.line(record.id, "就这些。").text == "就这些。"
    find_and_replace_right_after_typing(page, desk, record)
    page.keyboard.press("Control+Slash")
    change = page.get_by_role("button", name="换一个键：播放、暂停")
    for key, told in (("F9", "已经用在“下一处要紧处”上了"), ("a", "单独一个字键要用来打字"), ("Control+Space", "输入法要用"), ("Control+F4", "浏览器"), ("Shift+F10", "浏览器"), ("Control+D", "现在是 Ctrl D")):
        change.click()
        page.keyboard.press(key)
        expect(page.get_by_role("dialog")).to_contain_text(told)
    page.get_by_role("button", name="关上").click()
    expect(page.locator("#key-bar")).to_contain_text("Ctrl D")
    page.reload()
    expect(page.locator(".u")).to_have_count(len(TALK))
    page.keyboard.press("Control+D")
    expect(page.locator("#toggle")).to_have_attribute("aria-label", "暂停")


@pytest.mark.slow
def test_playing_starts_at_the_word_and_rests_while_somebody_types(page: Page, desk: Desk) -> None:
    record = desk.seed()
    opened(page, desk, record)
    say = row(page, "村里修路占了我家").locator(".say")
    box = page.evaluate("(say) => { const r = document.createRange(); const t = document.createTreeWalker(say, 4); let n = t.nextNode(); let at = 10; while (n.length <= at) { at -= n.length; n = t.nextNode(); } r.setStart(n, at); r.setEnd(n, at + 1); const b = r.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }", say.element_handle())
    for _ in range(4):
        page.keyboard.press("Control+BracketLeft")  # half as fast: it has not ended before everything is done
    expect(page.locator("#rate")).to_have_text("0.5 倍")
    page.evaluate(WATCH)
    page.keyboard.down("Control")
    page.mouse.click(*box)
    page.keyboard.up("Control")
    until(page, "seen.some((look) => look.word)")
    first = page.evaluate("seen.find((look) => look.word).word")
    assert first in ("包", "承"), "from there, give or take a word on a busy machine"
    until(page, "seen.some((look) => look.position.startsWith('00:06'))")
    page.evaluate("seen.length = 0")
    page.keyboard.press("End")
    page.keyboard.type("好")
    until(page, """(() => {
      const rests = seen.findIndex((look) => look.toggle === "播放");
      return rests >= 0 && seen.slice(rests).some((look) => look.toggle === "暂停");
    })()""")
    page.keyboard.press("F2")
    expect(page.locator("#toggle")).to_have_attribute("aria-label", "播放")
    page.evaluate("seen.length = 0")
    for key in ("Home", "ArrowRight", "ArrowRight", "Shift+F2"):
        page.keyboard.press(key)
    until(page, "seen.some((look) => ['00:03', '00:04'].includes(look.position.slice(0, 5)))")


@pytest.mark.slow
def test_axe_finds_no_serious_fault_on_any_page_of_the_desk(page: Page, desk: Desk) -> None:
    record = desk.seed()
    found = {}
    for path in ("/desk", "/glossary", "/figures", "/reviews"):
        page.goto(desk.url + path)
        found[path] = faults(page)
    opened(page, desk, record)
    expect(page.locator("#places .place").first).to_be_visible()
    found["record"] = faults(page)
    page.keyboard.press("F9")
    found["a line"] = faults(page)
    for name, key, there in (("find", "Control+F", "#find-words"), ("delete", "Control+E", "#reason"), ("insert", "Control+I", "#insert-text")):
        page.keyboard.press(key)
        expect(page.locator(there)).to_be_visible()
        found[name] = faults(page)
        page.keyboard.press("Escape")
    for name in ("sheet", "history"):
        page.click(f"#{name}")
        expect(page.get_by_role("dialog")).to_be_visible()
        found[name] = faults(page)
        page.keyboard.press("Escape")
    page.set_viewport_size({"width": 390, "height": 844})
    for pane in ("text", "places", "form"):
        page.click(f'.panes [data-pane="{pane}"]')
        found[f"phone {pane}"] = faults(page)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def handed_over(desk: Desk, record: Seeded) -> None:
    with desk.store.write() as session:
        clerk = accounts.actor_of_user(session.query(User).filter_by(username="lin").one())
        signing.confirm(session, clerk, record.id)


def signed_at_the_desk(page: Page, name: str) -> list[str]:
    """Whoever is logged in draws their name in the dialog; what axe finds in it."""
    page.get_by_role("button", name="签名", exact=True).click()
    done = page.locator('dialog button[value="draw"]')
    expect(done).to_be_disabled()
    draw_a_name(page, "dialog canvas")
    page.get_by_role("button", name="重写").click()
    expect(done).to_be_disabled()
    draw_a_name(page, "dialog canvas")
    look(page, f"desk-signing-{name}")
    found = faults(page)
    done.click()
    expect(page.locator(".toast")).to_have_text("签上了")
    page.get_by_role("button", name="签名", exact=True).click()
    expect(page.locator("dialog .signatures")).to_contain_text(re.compile(f"{name} .*手写签名"))
    expect(page.locator("dialog canvas")).to_have_count(0)
    page.get_by_role("button", name="关上").click()
    return found


@pytest.mark.nightly
def test_recorder_and_leader_draw_their_names_under_the_version_that_is_read(page: Page, desk: Desk) -> None:
    record = desk.seed()
    handed_over(desk, record)
    opened(page, desk, record)
    assert signed_at_the_desk(page, "林晓") == []
    log_in(page, desk, "zhou")
    opened(page, desk, record)
    assert signed_at_the_desk(page, "周文清") == []
    with desk.store.read() as session:
        found = session.query(StoredSignature).filter_by(record_id=record.id).order_by(StoredSignature.id).all()
        version = fingerprint(canonical_record(session, session.get_one(VisitRecord, record.id)))
    assert [(one.role, one.name, one.way, one.place) for one in found] == [
        ("recorder", "林晓", "handwritten", "desk"), ("receiver", "周文清", "handwritten", "desk"),
    ]
    for one in found:
        assert one.record_sha256 == version
        assert len(one.strokes[0]) == 21
        assert one.image is not None
        assert one.image.startswith(b"\x89PNG")


@pytest.mark.nightly
def test_axe_finds_no_serious_fault_in_the_dialogs_of_reading_and_a_sheet_of_paper_is_signed(page: Page, desk: Desk) -> None:
    found = {"conflict": two_wrote_one_line(page, desk)}
    record = desk.seed()
    handed_over(desk, record)
    opened(page, desk, record)
    ways = (("给群众看", "打开终端", "unlock"), ("给群众看", "给一个链接", "link"), ("给群众看", "纸上签好了", "paper"), ("重新打开", "", ""), ("记下不签的原因", "", ""))
    for name, further, value in ways:
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        found[name] = faults(page)
        look(page, f"desk-{name}")
        if further:
            page.click(f'dialog button[value="{value}"]')
            expect(page.locator(f'dialog button[value="{value}"]')).to_have_count(0)
            expect(page.get_by_role("dialog")).to_be_visible()
            found[further] = faults(page)
            look(page, f"desk-{further}")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("给群众看", "重新打开", "记下不签的原因", "签名"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
    look(page, "desk-handed-over-narrow")
    page.goto(f"{desk.url}/desk/{record.id}/sheet")
    expect(page.locator(".lines li")).to_have_count(len(TALK))
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    look(page, "sheet-narrow")
    page.set_viewport_size({"width": 1366, "height": 768})
    found["sheet"] = faults(page)
    look(page, "sheet")
    code = re.findall("校验码 ([0-9A-F]{4})", page.locator("footer").inner_text())[0]
    opened(page, desk, record)
    page.get_by_role("button", name="给群众看").click()
    page.click('dialog button[value="paper"]')
    wrong = "0000" if code != "0000" else "1111"
    for typed, told in (("12", "至少填前 4 位"), (wrong, "纸上的不是现在这一版")):
        page.fill("#sheet-check", typed)
        page.click('dialog button[value="yes"]')
        expect(page.get_by_role("dialog")).to_contain_text(told)
    page.fill("#sheet-check", code)
    page.click('dialog button[value="yes"]')
    page.get_by_role("link", name="看信访事项").click()
    expect(page.locator("#signed")).to_contain_text("在纸上签名")
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def two_wrote_one_line(page: Page, desk: Desk) -> list[str]:
    """What axe finds in the question which of two texts shall stand."""
    record = desk.seed()
    opened(page, desk, record)
    page.route("**/pulse*", lambda route: None)
    line = desk.line(record.id, "就这些。")
    with desk.store.write() as session:
        wang = accounts.actor_of_user(session.query(User).filter_by(username="wang").one())
        editing.edit(session, wang, record.id, Edits(edits=(EditText(line_id=line.id, version=line.version, text="王芳写的。"),)))
    type_into(page, "就这些。", "林晓写的。")
    expect(page.locator('dialog [data-side="theirs"]')).to_contain_text("王芳写的。")
    look(page, "desk-conflict")
    found = faults(page)
    page.get_by_role("button", name="用我写的").click()
    saved(page)
    page.unroute_all()
    return found


@pytest.mark.nightly
def test_an_hour_without_network_is_worked_through_and_merged(page: Page, desk: Desk, browser: Browser) -> None:
    """By the page's clock: each minute something is written, a colleague works meanwhile, and everything is there afterwards."""
    record = desk.seed(name="断网一小时")
    page.clock.install()
    opened(page, desk, record)
    other = browser.new_context().new_page()
    log_in(other, desk, "wang")
    page.context.set_offline(True)
    row(page, "就这些").locator(".say").click()
    for minute in range(60):
        page.keyboard.press("End")
        page.keyboard.insert_text(f"第{minute}分。")
        page.clock.fast_forward(60_000)
    page.keyboard.press("Control+ArrowUp")
    page.keyboard.press("Control+Enter")
    page.fill("#form-address", "柳湾村四组")
    type_into(page, "补偿款一共", "林晓写的。")
    expect(page.locator("#offline")).to_contain_text("都存在这台电脑上")
    expect(page.locator("#toggle svg > :not(use)")).not_to_have_count(0)  # drawn after the line was cut
    look(page, "desk-hour-offline")
    edits_of_another(other, desk, record, {"您好，请您慢慢说。": "您好，请慢慢说。", "补偿款一共是多少？": "王芳写的。"})
    page.context.set_offline(False)
    page.clock.run_for(5000)
    page.clock.resume()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator('[data-side="theirs"]')).to_contain_text("王芳写的。")
    expect(dialog.locator('[data-side="mine"]')).to_contain_text("林晓写的。")
    dialog.get_by_role("button", name="用我写的").click()
    saved(page)
    expect(row(page, "您好，请慢慢说。")).to_have_count(1)
    written = "就这些。" + "".join(f"第{minute}分。" for minute in range(60))
    assert [line.text for line in desk.lines(record.id)] == ["您好，请慢慢说。", TALK[1][2], "林晓写的。", TALK[3][2], written]
    assert [line.heard for line in desk.lines(record.id)] == [False, False, False, True, False]
    with desk.store.read() as session:
        assert records.form(session, record.id)["address"].value == "柳湾村四组"
    other.context.close()


def edits_of_another(other: Page, desk: Desk, record: Seeded, texts: dict[str, str]) -> None:
    """A colleague's page saves these."""
    lines = [(desk.line(record.id, old), new) for old, new in texts.items()]
    edits = [{"kind": "text", "line_id": line.id, "version": line.version, "text": new} for line, new in lines]
    answer = other.request.post(f"{desk.url}/api/records/{record.id}/edits", data={"edits": edits}, headers={"X-Jietan": "1"})
    assert answer.ok, answer.text()


@pytest.mark.nightly
def test_axe_finds_no_serious_fault_in_a_record_with_all_that_can_be_said_of_it(page: Page, desk: Desk) -> None:
    record = desk.seed()
    with desk.store.write() as session:
        session.add(SecondPass(reception_id=record.reception_id, state="running", seconds=20.0, heard_until={}, left_out=[], asked_at=clock.now()))
        session.add(ModelQuestion(reception_id=record.reception_id, state="waiting", asked=1, message="", asked_at=clock.now()))
        session.add(StoredPromise(reception_id=record.reception_id, id="p-0", who="镇政府", what="拿出处理意见", by="五个工作日内", text="拿出处理意见。", start=6.0, state="heard"))
        session.add(StoredMark(reception_id=record.reception_id, participant_id=record.petitioner, at=4.0))
    hear_again(desk, record, ("leader", 6.0, "补偿款一共是多少"), ("petitioner", 8.0, "三万六千九单子没给过"), ("leader", 11.4, "明白了"))
    propose(desk, record, facts=("村里修路占了我家的承包地。", 1))
    handed_over(desk, record)
    desk.dispute(record, "就这些。", "我还有话没说完")
    page.goto(f"{desk.url}/desk/{record.id}")
    for there in ("#disputes", ".u .other", ".proposed", "#undertakings summary", "#places .place.marked"):
        expect(page.locator(there).first).to_be_visible()
    page.locator("#undertakings summary").click()
    page.locator("#undertakings li").first.get_by_role("button", name="改").click()
    look(page, "desk-crowded")
    found = {"everything": faults(page)}
    page.set_viewport_size({"width": 390, "height": 844})
    for pane in ("text", "places", "form"):
        page.click(f'.panes [data-pane="{pane}"]')
        found[f"phone {pane}"] = faults(page)
        look(page, f"desk-crowded-phone-{pane}")
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.nightly
def test_axe_finds_no_serious_fault_where_a_colleague_hears_a_record_and_in_the_figures(page: Page, desk: Desk) -> None:
    record = desk.seed()
    handed_over(desk, record)
    with desk.store.write() as session:
        clerk = accounts.actor_of_user(session.query(User).filter_by(username="lin").one())
        signing.note_refusal(session, clerk, record.id, Refusal(reason="本人有事先走了"), file_at_once=True)
        case_id = session.query(StoredCase).filter_by(record_id=record.id).one().id
        review = StoredReview(case_id=case_id, organization_id=desk.office_id, day=clock.today_in_office().date())
        session.add(review)
        session.flush()
        wang = accounts.actor_of_user(session.query(User).filter_by(username="wang").one())
        reviews.take(session, wang, review.id)
        path = f"/reviews/{review.id}"
    found = {}
    log_in(page, desk, "wang")
    page.goto(desk.url + path)
    expect(page.locator(".u")).to_have_count(len(TALK))
    found["review"] = faults(page)
    row(page, "三万六千八").locator(".say").click()
    page.fill("#words", "是三万八千六")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#findings .finding")).to_contain_text("是三万八千六")
    found["a finding"] = faults(page)
    page.set_viewport_size({"width": 390, "height": 844})
    for pane in ("text", "form"):
        page.click(f'.panes [data-pane="{pane}"]')
        found[f"review on a phone, {pane}"] = faults(page)
    page.set_viewport_size({"width": 1366, "height": 768})
    page.click("#finish")
    expect(page.get_by_role("dialog")).to_be_visible()
    found["finish"] = faults(page)
    page.click('dialog button[value="yes"]')
    expect(page.locator("#mine")).to_contain_text("记了 1 条")
    log_in(page, desk, "lin")
    page.goto(f"{desk.url}/reviews")
    expect(page.locator("#returned .finding")).to_contain_text("是三万八千六")
    found["returned"] = faults(page)
    log_in(page, desk, "zhou")
    for place, there in (("/figures", "#counts"), ("/stats", "main"), ("/stats/receptions", "main"), ("/stats/digests", "main")):
        page.goto(desk.url + place)
        expect(page.locator(there)).to_be_visible()
        page.wait_for_load_state("networkidle")
        found[place] = faults(page)
        look(page, f"figures-{place.strip('/').replace('/', '-')}")
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def with_a_word_to_decide(desk: Desk, record: Seeded) -> None:
    with desk.store.write() as session:
        line_id = desk.line(record.id, "村里修路占了我家的承包地。").id
        session.add(GlossaryEvidence(organization_id=desk.office_id, word="青石镇", line_id=line_id, record_id=record.id))
        for word, state in (("青石镇", "proposed"), ("上河村", "on")):
            session.add(GlossaryWord(organization_id=desk.office_id, word=word, kind="place", state=state, at=clock.now()))


@pytest.mark.nightly
def test_axe_finds_no_serious_fault_in_what_else_the_desk_and_reading_show(page: Page, desk: Desk) -> None:
    """Questions of the desk, words to decide, a supplement, the figures as supervisor and administrator see them, a page that is not there."""
    record = desk.seed()
    with_a_word_to_decide(desk, record)
    with desk.store.write() as session:
        office = session.get_one(Organization, desk.office_id)
        for username, name, role in (("du", "督查员", "supervisor"), ("guan", "管理员", "administrator")):
            accounts.add_user(session, office, new_user(username, name, role, office.id))
    found = {}
    opened(page, desk, record)
    page.evaluate("document.querySelector('#form-address').removeAttribute('maxlength')")
    page.fill("#form-address", "长" * 300)
    expect(page.locator("#refused")).to_be_visible()
    found["not saved"] = faults(page)
    page.get_by_role("button", name="看没存上的").click()
    found["what is not saved"] = faults(page)
    page.get_by_role("button", name="不要了").click()
    row(page, "三万六千八").locator(".say").click()
    page.keyboard.press("Control+M")
    expect(page.locator(".to-field")).to_be_visible()
    found["to which field"] = faults(page)
    look(page, "desk-to-field")
    page.keyboard.press("Escape")
    page.click("#confirm")
    expect(page.get_by_role("dialog")).to_be_visible()
    found["handing over"] = faults(page)
    look(page, "desk-handing-over")
    page.goto(f"{desk.url}/glossary")
    page.get_by_role("button", name="添一个词").click()
    page.get_by_role("button", name="添上").click()
    found["glossary"] = faults(page)
    look(page, "glossary-words")
    handed_over(desk, record)
    with desk.store.write() as session:
        clerk = accounts.actor_of_user(session.query(User).filter_by(username="lin").one())
        signing.note_refusal(session, clerk, record.id, Refusal(reason="本人有事先走了"), file_at_once=True)
        case_id = session.query(StoredCase).filter_by(record_id=record.id).one().id
    page.goto(f"{desk.url}/cases/{case_id}")
    page.click("#add")
    expect(page.locator("#what-add")).to_be_visible()
    found["supplement"] = faults(page)
    look(page, "case-supplement")
    for path in ("/desk/nothing", "/read", "/read/AAAA"):
        page.goto(desk.url + path)
        found[path] = faults(page)
    for who, path in (("du", "/figures"), ("guan", "/admin/figures")):
        log_in(page, desk, who)
        page.goto(desk.url + path)
        expect(page.locator("#offices tr")).to_have_count(1)
        found[path] = faults(page)
        look(page, f"figures-{who}")
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
