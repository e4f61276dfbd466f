"""Reading the record sentence by sentence and signing it: at the kiosk by touch, by keys alone, and on a telephone."""

import hashlib
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from server.store.models import Line, SittingRating, StoredSignature, VisitRecord
from tests.browser.accessible import faults
from tests.browser.every_screen import DOOR, several_readers
from tests.browser.kiosk_hands import do, draw_a_name, form_to_sign, press, read_record, screen
from tests.browser.kiosk_office import KioskOffice
from tests.browser.kiosk_page import browser, context, fits, office, page, sit_down, stored  # noqa: F401 fixtures
from tests.browser.passing import said_in_passing
from tests.browser.programs import wait_until
from tests.browser.scripted_program import PAD, Program
from tests.kiosk.simulated_pad import ridges

pytestmark = pytest.mark.browser


def to_reading(office: KioskOffice, page: Page, **talk: Any) -> None:
    sit_down(page)
    office.leader_joins()
    office.talk_is_over(**talk)
    screen(page, "preparing")
    office.clerk_confirms()
    screen(page, "present")
    expect(page.locator("[data-part=people] li")).to_have_text([re.compile("您（信访人 何守）.*谈到结束"), re.compile("接访领导 周建国.*谈到结束")])
    do(page, "go")


TWICE = "async (texts) => { const { sumsTwice } = await import('/static/js/kiosk/sums.js'); return texts.map(sumsTwice); }"
SUMS = {
    "三万六千八块钱": "三万六千八块，就是 36800 块。",
    "先给了3.68万元，又说2050元": "3.68万元，就是 36800 元。2050元，就是两千零五十元。",
    "十万两千三百元": "十万两千三百元，就是 102300 元。",
    "一共100000500元": "100000500元，就是一亿零五百元。",
    "几十万元，上千元，两三千元，五块钱，三千块砖": "",
}
"""What is said, and its sums in words and in digits; where nobody said how much there is nothing to say."""


def test_reading_disputing_signing_and_the_slip(office: KioskOffice, page: Page) -> None:
    to_reading(office, page)
    screen(page, "read")
    do(page, "right")
    do(page, "wrong")
    do(page, "save")
    expect(page.locator('[data-part="hint"]')).to_contain_text("请点一个原因")
    page.get_by_role("button", name="数字、日期不对").tap()
    do(page, "type")
    press(page, "y", "i", "一", "m", "u", "亩")
    do(page, "done")
    expect(page.locator('[data-part="note-box"]')).to_have_text("应该是：一亩")
    do(page, "save")
    expect(page.locator('[data-fill="position"]')).to_have_text("第 3 句，共 3 句")
    wait_until(lambda: office.disputed() == ["数字、日期不对，应该是：一亩"], "the clerk has it while the person reads on")
    program = Program()
    page.route("**/api/kiosk/devices", lambda route: route.fulfill(json={"url": DOOR, "secret": "s" * 43}))
    page.route_web_socket(DOOR, program.opened)
    page.reload()
    expect(page.locator('[data-fill="position"]')).to_have_text("第 3 句，共 3 句")
    do(page, "wrong")
    page.get_by_role("button", name="还漏了话").tap()
    do(page, "save")
    expect(page.locator("h1")).to_have_text("有 2 句，等工作人员改")
    do(page, "again")
    do(page, "right")
    do(page, "right")
    do(page, "skip")
    expect(page.locator("h1")).to_have_text("有 1 句，等工作人员改")
    wait_until(lambda: office.disputed() == ["还漏了话"], "the second one was right after all")
    office.clerk_corrects("补偿款三万六千八百元，一分没给。")
    screen(page, "read")
    expect(page.locator('[data-part="was"]')).to_have_text("原来记的：补偿款三万六千八一分没给。")
    expect(page.locator('[data-part="text"]')).to_have_text("补偿款三万六千八百元，一分没给。")
    expect(page.locator('[data-part="sums"]')).to_have_text("三万六千八百元，就是 36800 元。")
    assert page.evaluate(TWICE, list(SUMS)) == list(SUMS.values())
    do(page, "right")
    form_to_sign(page)
    expect(page.locator('[data-part="changes"] li')).to_have_text("第 3 句补偿款三万六千八百元，一分没给。")
    expect(page.locator('[data-do="sign"]')).to_be_disabled()
    do(page, "film")
    expect(page.locator('[data-fill="film"]')).to_have_text("正在录像，按这里就不录")
    draw_a_name(page)
    do(page, "clear")
    expect(page.locator('[data-do="sign"]')).to_be_disabled()
    draw_a_name(page)
    do(page, "sign")
    screen(page, "slip")
    code = page.locator('[data-fill="code"]').inner_text().replace(" ", "")
    assert code == stored(office).query_code
    with office.store.read() as session:
        record = session.scalars(select(VisitRecord).where(VisitRecord.reception_id == stored(office).id)).one()
        (signature,) = session.scalars(select(StoredSignature).where(StoredSignature.record_id == record.id))
    assert (signature.name, signature.way, len(signature.strokes), len(signature.strokes[0])) == ("何守", "handwritten", 1, 21)
    times = [point[2] for point in signature.strokes[0]]
    assert times == sorted(times)
    assert times[-1] > 0, "how it was drawn is kept, with its times"
    kept = office.settings.data_dir / "signing" / record.id / f"{signature.clip_sha256}.webm"
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == signature.clip_sha256
    do(page, "record")
    said_in_passing(page, "打好了")
    ((printer, pdf),) = program.printed
    assert (printer, pdf[:5]) == ("paper", b"%PDF-")
    do(page, "done")
    page.tap("#question-yes")
    screen(page, "rate-talk")
    do(page, "words")
    do(page, "type")
    press(page, "h", "a", "o", "好")
    do(page, "done")
    screen(page, "rate-words")
    do(page, "done")
    expect(page.locator('[data-part="said-box"]')).to_have_text("好")
    do(page, "basically")
    screen(page, "welcome")
    with office.store.read() as session:
        rating = session.get_one(SittingRating, record.reception_id)
        assert (rating.score, rating.words) == ("basically", "好")
    assert page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0


def test_a_sentence_is_played_from_its_place_and_stops_at_its_end(office: KioskOffice, page: Page) -> None:
    page.add_init_script("""
      window.played = [];
      window.looks = [];  // at every picture that the page draws
      const look = () => {
        if (window.player && !window.player.paused) window.looks.push({ at: window.player.currentTime, marked: Boolean(document.querySelector(".rd")) });
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
      const play = HTMLMediaElement.prototype.play;
      HTMLMediaElement.prototype.play = function () {
        if (this.src.includes("/recordings/")) { window.player = this; window.played.push(this.currentTime); }
        return play.call(this);
      };
    """)
    page.reload()
    to_reading(office, page)
    screen(page, "read")
    expect(page.locator('[data-do="listen"]')).to_be_disabled()
    do(page, "right")
    do(page, "listen")
    expect(page.locator('[data-fill="listen"]')).to_have_text("再听一遍")
    start, end = 4.0, 4.0 + 0.2 * len("村里修路占了我家一亩二分地。")
    assert page.evaluate("window.played[0]") == pytest.approx(start, abs=0.05)
    assert end <= page.evaluate("window.player.currentTime")
    assert page.evaluate("window.player.paused")
    looks = page.evaluate("window.looks")
    assert any(look["marked"] for look in looks), "its words are marked"
    assert sum(look["at"] >= end for look in looks) <= 2, "it stops as soon as the page sees that the sentence is over"


@pytest.mark.slow
def test_refusing_needs_a_reason_and_the_matter_goes_on(office: KioskOffice, page: Page) -> None:
    to_reading(office, page)
    read_record(page, 3)
    form_to_sign(page)
    do(page, "refuse")
    do(page, "save")
    expect(page.locator('[data-part="hint"]')).to_contain_text("请点一个原因")
    page.get_by_role("button", name="想先和家里人商量").tap()
    do(page, "witness")
    screen(page, "typing")
    expect(page.locator('[data-part="of"]')).to_contain_text("看见何守没有签名的人")
    page.tap("#key-back")
    expect(page.get_by_role("button", name="想先和家里人商量")).to_have_attribute("aria-pressed", "true")
    do(page, "witness")
    press(page, "w", "a", "n", "g", "王")
    do(page, "done")
    screen(page, "slip")
    with office.store.read() as session:
        record = session.scalars(select(VisitRecord).where(VisitRecord.reception_id == stored(office).id)).one()
        noted = session.scalars(select(StoredSignature).where(StoredSignature.record_id == record.id)).one()
    assert (noted.way, noted.reason, noted.witness) == ("refused", "想先和家里人商量", "王")
    assert "想先和家里人商量，见证人：王" in record.refusal_reason


@pytest.mark.slow
def test_what_was_changed_meanwhile_is_shown_again_before_it_is_signed(office: KioskOffice, page: Page) -> None:
    to_reading(office, page)
    read_record(page, 3)
    form_to_sign(page)
    with office.store.write() as session:
        record = session.scalars(select(VisitRecord).where(VisitRecord.reception_id == stored(office).id)).one()
        line = session.scalars(select(Line).where(Line.record_id == record.id).order_by(Line.position)).all()[1]
        line.text, line.version, record.version = "改过的一句。", line.version + 1, record.version + 1
    draw_a_name(page)
    do(page, "sign")
    screen(page, "read")
    expect(page.locator('[data-part="text"]')).to_have_text("改过的一句。")
    assert office.record_state() == "confirmed", "what is signed is what was read"
    do(page, "right")
    form_to_sign(page)
    draw_a_name(page)
    do(page, "sign")
    screen(page, "slip")


@pytest.mark.slow
def test_what_was_not_recorded_and_what_was_undertaken_is_told_before_signing(office: KioskOffice, page: Page) -> None:
    page.add_init_script(VOICE_OF_THE_DEVICE)
    page.reload()
    to_reading(office, page, gap=True)
    screen(page, "read")
    expect(page.locator('[data-fill="listen"]')).to_have_text("念给我听")
    do(page, "listen")
    hears(page, page.locator('[data-part="text"]').inner_text())
    read_record(page, 3)
    screen(page, "summary")
    expect(page.locator("h1")).to_have_text("有 1 段没有录上")
    expect(page.locator('[data-do="go"]')).to_have_text("知道了，看领导答应的事")
    page.locator("#key-speak").tap()
    hears(page, "接谈机网络断开，这一段没有录上")
    do(page, "go")
    expect(page.locator("h1")).to_have_text("领导当场答应了 1 件事")
    page.locator("#key-speak").tap()
    hears(page, "镇政府，拿出处理意见（五个工作日内）。")
    expect(page.locator("[data-part=list] li")).to_have_text(["镇政府拿出处理意见（五个工作日内）"])
    expect(page.locator('[data-do="go"]')).to_have_text("知道了，看登记表")
    do(page, "go")
    expect(page.locator("h1")).to_have_text("登记表上这样写")
    fields = page.locator("[data-part=list] li")
    expect(fields.filter(has_text="姓名")).to_have_text("姓名何守")
    expect(fields.filter(has_text="联系电话")).to_have_text(re.compile(r"\*\*\*\*1234$"))
    page.locator("#key-speak").tap()
    hears(page, "姓名，何守。")
    form_to_sign(page)


VOICE_OF_THE_DEVICE = """
  window.said = [];
  window.SpeechSynthesisUtterance = function (text) { this.text = text; };
  const speech = { getVoices: () => [{ lang: "zh-CN", localService: true }], speak: (one) => window.said.push(one.text), cancel: () => {} };
  Object.defineProperty(window, "speechSynthesis", { value: speech });
"""


def hears(page: Page, words: str) -> None:
    """Whoever cannot read hears what stands there."""
    page.wait_for_function("(words) => window.said.at(-1)?.includes(words)", arg=words)


def idle_for(page: Page, seconds: int) -> None:
    """Nobody touches the page; its own clock is moved on, its timers run; what is read aloud has been heard by then."""
    page.evaluate("async () => (await import('/static/js/kiosk/voice.js')).stop()")
    page.clock.run_for(seconds * 1000)


@pytest.mark.slow
def test_a_person_who_walked_away_from_the_record_leaves_nothing_on_the_screen(office: KioskOffice, page: Page) -> None:
    page.clock.install()
    page.reload()
    to_reading(office, page)
    screen(page, "read")
    do(page, "right")
    idle_for(page, 190)
    expect(page.locator("#away")).to_contain_text("先锁上")
    idle_for(page, 30)
    expect(page.locator("#away-left")).to_have_text(re.compile(r"^[1-5]\d$"))  # 50 to 55, and less on a slow machine: time goes on
    page.touchscreen.tap(500, 300)
    expect(page.locator("#away")).to_be_hidden()
    screen(page, "read")
    idle_for(page, 190)
    expect(page.locator("#away")).to_be_visible()
    idle_for(page, 95)
    screen(page, "locked")
    assert office.record_state() == "confirmed"
    expect(page.locator("#main")).not_to_contain_text("村里修路")
    page.reload()
    screen(page, "locked")
    expect(page.locator('[data-do="open"]')).to_be_disabled()
    press(page, *"0000")
    do(page, "open")
    expect(page.locator('[data-part="hint"]')).to_contain_text("还可以试 4 次")
    press(page, *"1234")
    do(page, "open")
    screen(page, "read")
    expect(page.locator('[data-fill="position"]')).to_have_text("第 2 句，共 3 句")


@pytest.mark.slow
def test_a_record_that_is_ready_after_its_person_left_is_shown_to_nobody_else(office: KioskOffice, page: Page) -> None:
    sit_down(page)
    office.leader_joins()
    office.talk_is_over()
    screen(page, "preparing")
    code = page.locator('[data-fill="code"]')
    do(page, "later")
    expect(page.locator("#question-text")).to_contain_text(f"您的查询码是 {code.inner_text()}。")
    page.tap("#question-no")
    page.clock.install()
    page.reload()
    expect(code).to_be_visible()
    idle_for(page, 120)  # of 180; on a slow machine some have passed already
    expect(code).to_be_visible()
    with page.expect_navigation():  # opened again, so that its memory holds nothing
        idle_for(page, 70)
    expect(code).to_be_hidden()
    expect(page.locator('[data-part="put-away"]')).to_be_visible()
    page.tap("#main")
    expect(page.locator("[data-do=other]")).to_be_visible()
    office.clerk_confirms()
    screen(page, "locked")
    do(page, "other")
    page.tap("#question-yes")
    screen(page, "welcome")
    assert office.record_state() == "confirmed"


@pytest.mark.slow
def test_the_record_is_read_and_signed_on_a_telephone_by_a_link(office: KioskOffice, page: Page, browser: Browser) -> None:
    to_reading(office, page)
    link = office.link()
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, permissions=["microphone"])
    phone = context.new_page()
    phone.goto(link.url)
    phone.fill("#digits", "9999")
    do(phone, "open")
    expect(phone.locator('[data-part="trouble"]')).to_contain_text("对不上")
    phone.fill("#digits", "1234")
    do(phone, "open")
    screen(phone, "present")
    fits(phone)
    assert faults(phone) == []
    do(phone, "go")
    do(phone, "wrong")
    fits(phone)
    assert faults(phone) == []
    do(phone, "type")
    phone.fill("#typing", "您今天来反映什么事？")
    do(phone, "done")
    do(phone, "save")
    expect(phone.locator('[data-fill="position"]')).to_have_text("第 2 句，共 3 句")
    wait_until(lambda: office.disputed() == ["应该是：您今天来反映什么事？"], "the clerk has it")
    fits(phone)
    assert faults(phone) == []
    do(phone, "wrong")
    do(phone, "speak")
    expect(phone.locator('[data-fill="speak"]')).to_contain_text("正在听")
    phone.wait_for_timeout(600)  # somebody speaks
    do(phone, "speak")
    expect(phone.locator('[data-part="note-box"]')).to_contain_text("工作人员会听您说的")
    do(phone, "save")
    expect(phone.locator('[data-fill="position"]')).to_have_text("第 3 句，共 3 句")
    wait_until(lambda: office.disputed()[1:] == ["说了一遍，没有认出字来，请听"], "nobody recognises speech here: what was said is kept all the same")
    do(phone, "right")
    screen(phone, "fixing")
    fits(phone)
    assert faults(phone) == []
    office.clerk_corrects("您今天来反映什么事？")
    screen(phone, "read")
    expect(phone.locator('[data-part="was"] del')).to_have_text("要")
    fits(phone)
    assert faults(phone) == []
    do(phone, "right")
    do(phone, "right")
    screen(phone, "summary")
    fits(phone)
    assert faults(phone) == []
    form_to_sign(phone)
    fits(phone)
    assert faults(phone) == []
    draw_a_name(phone)
    do(phone, "sign")
    screen(phone, "done")
    assert faults(phone) == []
    expect(phone.locator('[data-fill="code"]')).to_have_text(re.compile("^[A-Z0-9 ]{11}$"))
    context.close()
    screen(page, "slip")


@pytest.mark.nightly
def test_each_of_several_reads_and_signs_in_their_own_way(office: KioskOffice, page: Page) -> None:
    program = Program()
    sit_down(page)
    page.route("**/api/kiosk/devices", lambda route: route.fulfill(json={"url": DOOR, "secret": "s" * 43}))
    page.route_web_socket(DOOR, program.opened)
    for _ in several_readers(office, page, program, "何守"):
        fits(page)
        assert faults(page) == []
    with office.store.read() as session:
        record = session.scalars(select(VisitRecord).where(VisitRecord.reception_id == stored(office).id)).one()
        found = session.scalars(select(StoredSignature).where(StoredSignature.record_id == record.id).order_by(StoredSignature.id)).all()
    assert [(one.name, one.way, one.place) for one in found] == [
        ("何守", "handwritten", "kiosk"), ("刘桂兰", "fingerprint", "kiosk"), ("李四", "unable", "kiosk"),
    ]
    drawn, pressed, unable = found
    assert len(drawn.strokes[0]) == 21
    assert (pressed.device, pressed.image, pressed.strokes) == (PAD, ridges(), []), "a picture that nobody compares with anything"
    assert (unable.reason, unable.witness, unable.image) == ("手不方便", "王", None)
    assert len({one.record_sha256 for one in found}) == 1, "all signed the same version"
    assert (record.state, record.refusal_reason) == ("filed", "")


def by_key(page: Page, name: str) -> None:
    """Go from key to key until the one with these words has the focus, and press it; as with a switch."""
    for _ in range(40):
        words = page.evaluate("document.activeElement === document.body ? '' : document.activeElement.innerText.trim()")
        if words == name:
            visible = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert visible != "none", "the focus can be seen"
            page.keyboard.press("Space")
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} cannot be reached")


@pytest.mark.slow
def test_the_record_is_read_objected_to_and_refused_by_keys_alone(office: KioskOffice, page: Page) -> None:
    to_reading(office, page)
    assert faults(page) == []
    by_key(page, "对")
    by_key(page, "听当时说的")
    by_key(page, "不对")
    assert faults(page) == []
    by_key(page, "打字")
    screen(page, "typing")
    assert faults(page) == []
    page.keyboard.type("yi")
    by_key(page, "已")
    expect(page.locator('[data-part="typed"]')).to_have_text("已")
    by_key(page, "打好了")
    by_key(page, "告诉工作人员")
    expect(page.locator('[data-fill="position"]')).to_have_text("第 3 句，共 3 句")
    by_key(page, "对")
    screen(page, "fixing")
    office.clerk_corrects("村里修路占了我家已有的地。")
    screen(page, "read")
    by_key(page, "对")
    screen(page, "summary")
    assert faults(page) == []
    by_key(page, "都对，去签名")
    screen(page, "sign")
    assert faults(page) == []
    by_key(page, "录下签名的样子（可以不录）")
    expect(page.locator('[data-fill="film"]')).to_have_text("正在录像，按这里就不录")
    by_key(page, "正在录像，按这里就不录")
    expect(page.locator('[data-fill="film"]')).to_have_text("录下签名的样子（可以不录）")
    by_key(page, "我不签")
    assert faults(page) == []
    by_key(page, "想等处理结果")
    by_key(page, "旁边有见证人，写上名字（可以不写）")
    screen(page, "typing")
    assert faults(page) == []
    page.keyboard.type("wang")
    by_key(page, "王")
    by_key(page, "打好了")
    screen(page, "slip")
    with office.store.read() as session:
        noted = session.scalars(select(StoredSignature).order_by(StoredSignature.id)).all()[-1]
    assert (noted.way, noted.reason, noted.witness) == ("refused", "想等处理结果", "王")
