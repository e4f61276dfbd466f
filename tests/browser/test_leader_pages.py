"""Log-in, administrator, leader and public pages in a real Chromium against the real web program.

No media node runs here: what the pages do without one is part of what is tested.  The talk itself is in the walk.
"""

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright
from sqlalchemy import select, update

from server import clock
from server.domain.deadline_words import explain
from server.domain.deadlines import Pause, count
from server.domain.limits import RULES
from server.pages.login import safe_next
from server.protocol.progress import Progress
from server.settings import Settings
from server.store.engine import Store
from server.store.models import Participant, Reception, StoredPromise, StoredUtterance
from tests.accounts import add_account
from tests.browser import chromium
from tests.browser.passing import keep, said_in_passing
from tests.browser.programs import wait_until
from tests.patience import PATIENCE_MS
from tests.ports import free_port

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
START_S = 180.0
PASSWORD = "长一点的密码-2026"
OWN_PAGE = {"X-Jietan": "1"}
FAKE_MEDIA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]

NewContext = Callable[..., BrowserContext]


class OfficeProgram:
    """The web program as a process of its own, with an empty data folder."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.folder = folder
        self.output = folder / "web.log"
        settings = {"DATA_DIR": folder, "WEB_PORT": port, "MEDIA_PORT": free_port(), "TRANSCRIBER_PORT": free_port()}
        self._env = os.environ | {f"JIETAN_{name}": str(value) for name, value in settings.items()}
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.output.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-c", "from server.cli import app; app()", "web"],
                cwd=ROOT, env=self._env, stdout=output, stderr=subprocess.STDOUT,
            )

    def start_again(self) -> None:
        """After it was killed."""
        self.process = self._start()
        self.wait()

    def wait(self) -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until and self.process.poll() is None:
            try:
                httpx.get(f"{self.url}/healthz", trust_env=False).raise_for_status()
                return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise AssertionError(f"the web program does not answer:\n{self.output.read_text()[-4000:]}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def running_program(folder: Path) -> Iterator[OfficeProgram]:
    """The web program, answering."""
    program = OfficeProgram(folder)
    try:
        program.wait()
        yield program
    finally:
        program.stop()


class Office:
    """An office with an administrator, a leader, a clerk and one kiosk, set up through the same API as the pages."""

    def __init__(self, url: str, setup_link: str) -> None:
        self.url = url
        self.admin = self.client()
        token = setup_link.partition("token=")[2]
        self.call(
            self.admin, "POST", "/api/setup",
            token=token, username="gu", name="顾远", password=PASSWORD, organization="临溪县信访局",
        )
        self.organization = self.call(self.admin, "GET", "/api/admin/overview")["organizations"][0]["id"]
        for username, name, role in (("zhou", "周文清", "leader"), ("lin", "林晓", "clerk"), ("li", "李明", "leader")):
            self.add_account(username, name=name, role=role, title="", organization_id=self.organization)

    def add_account(self, username: str, **account: object) -> None:
        """One that its owner has taken over."""
        add_account(self.url, partial(self.call, self.admin, "POST"), username, PASSWORD, **account)

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=OWN_PAGE, trust_env=False, timeout=60)

    def call(self, client: httpx.Client, method: str, path: str, **body: object) -> dict:
        answer = client.request(method, path, json=body or None)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}

    def kiosk(self, name: str) -> httpx.Client:
        enrolment = self.call(self.admin, "POST", "/api/admin/kiosks", name=name, organization_id=self.organization)
        kiosk = self.client()
        self.call(kiosk, "POST", "/api/kiosk/enrol", code=enrolment["code"])
        return kiosk

    def sit_down(self, kiosk: httpx.Client, name: str, matter: str) -> str:
        sitting = self.call(
            kiosk, "POST", "/api/kiosk/sittings", consent="audio_video", name=name, phone="13800001234", matter=matter
        )
        return str(sitting["reception_id"])


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfficeProgram]:
    with running_program(tmp_path_factory.mktemp("office")) as program:
        yield program


@pytest.fixture(scope="module")
def office(program: OfficeProgram) -> Office:
    return Office(program.url, (program.folder / "first-admin-link.txt").read_text().strip())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(timeout=chromium.START_MS, executable_path=chromium.find(), args=["--no-sandbox", *FAKE_MEDIA])
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def talks_end(program: OfficeProgram) -> Iterator[None]:
    """Nobody is in two talks at once: whoever talked in one test is free in the next."""
    yield
    store = Store(Settings(data_dir=program.folder).store_url)
    with store.write() as session:
        session.execute(update(Reception).where(Reception.state == "running").values(state="closed"))
    store.close()


@pytest.fixture
def new_context(browser: Browser, office: Office) -> Iterator[NewContext]:
    """Makes browser contexts; a test fails when a page of them raised an error, broke the content policy or asked what it may not."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def make(width: int = 1366, height: int = 768) -> BrowserContext:
        context = browser.new_context(base_url=office.url, viewport={"width": width, "height": height})
        context.on("weberror", lambda error: faults.append(str(error.error)))
        context.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
        context.on("response", lambda answer: faults.append(f"403: {answer.url}") if answer.status == 403 and "/api/" in answer.url else None)
        context.set_default_timeout(PATIENCE_MS)
        keep(context)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert faults == []


def log_in(page: Page, username: str, password: str = PASSWORD) -> None:
    page.fill("#username", username)
    page.fill("#password", password)
    page.click("#log-in [type=submit]")


def as_user(context: BrowserContext, username: str, path: str) -> Page:
    page = context.new_page()
    page.goto(f"/login?next={path}")
    log_in(page, username)
    expect(page).to_have_url(path)
    return page


def look(page: Page, name: str) -> None:
    """Keep a picture where JIETAN_SCREENSHOTS names a folder."""
    if folder := os.environ.get("JIETAN_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/leader", "/leader"),
        ("/desk/abc?x=1", "/desk/abc?x=1"),
        ("//evil.example", ""),
        ("/\\evil.example", ""),
        ("/a\\b", ""),
        ("https://evil.example", ""),
        ("javascript:alert(1)", ""),
        ("/login?next=/login", ""),
        ("/api/session", ""),
        ("/a\nb", ""),
        ("", ""),
    ],
)
def test_after_logging_in_one_stays_on_this_site(path: str, kept: str) -> None:
    assert safe_next(path) == kept


def test_not_logged_in_leads_through_the_log_in_and_back(new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto("/leader")
    assert page.url.endswith("/login?next=/leader")
    page.click("#log-in [type=submit]")
    expect(page.locator("#username-error")).to_have_text("请填账号")
    log_in(page, "zhou", "不是这个密码")
    expect(page.locator("#trouble")).to_contain_text("不对")
    log_in(page, "zhou")
    expect(page).to_have_url("/leader")
    page.goto("/")
    expect(page).to_have_url("/leader")
    page.click("[data-log-out]")
    expect(page).to_have_url("/login")
    page.goto("/leader")
    assert "/login" in page.url


@pytest.mark.parametrize(("username", "path"), [("lin", "/admin"), ("zhou", "/admin"), ("gu", "/leader/receptions/x")])
def test_the_wrong_role_gets_a_page_that_says_so(new_context: NewContext, username: str, path: str) -> None:
    context = new_context()
    page = as_user(context, username, {"lin": "/desk", "zhou": "/leader", "gu": "/admin"}[username])
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 403
    expect(page.locator("h1")).to_have_text("这一页不归您的账号看")


@pytest.mark.slow
def test_the_set_up_link_works_once_and_says_so_in_the_page(new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto("/setup?token=used-up")
    for field, value in (("organization", "某局"), ("name", "某人"), ("username", "someone")):
        page.fill(f"#{field}", value)
    page.fill("#password", "短")
    page.fill("#again", "不同")
    page.click("#set-up [type=submit]")
    expect(page.locator("#password-error")).to_have_text("密码至少 10 位，还差 9 位")
    expect(page.locator("#again-error")).to_have_text("两遍填的不一样")
    page.fill("#password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.click("#set-up [type=submit]")
    expect(page.locator("#trouble")).to_contain_text("链接已经用过或过期")
    assert "used-up" not in page.url


@pytest.mark.slow
def test_the_administrator_adds_what_an_office_needs(new_context: NewContext, office: Office) -> None:
    page = as_user(new_context(), "gu", "/admin")
    expect(page.locator("#status")).to_contain_text("没有在跑")
    page.click("[data-open=form-organizations]")
    page.fill("#organization-name", "石桥镇政府")
    page.fill("#organization-code", "石桥")
    page.click("#form-organizations [type=submit]")
    expect(page.locator("#organization-code-error")).to_contain_text("大写字母和数字")
    page.fill("#organization-code", "sq1")
    page.click("#form-organizations [type=submit]")
    expect(page.locator("#rows-organizations")).to_contain_text("SQ1")
    page.click("[data-open=form-kiosks]")
    page.fill("#kiosk-name", "石桥镇 2 号接谈室")
    page.select_option("#kiosk-organization", label="石桥镇政府")
    page.click("#form-kiosks [type=submit]")
    expect(page.locator("#enrolment-title")).to_have_text("石桥镇 2 号接谈室的接入链接")
    expect(page.locator("#enrolment-url")).to_have_value(re.compile(f"^{re.escape(office.url)}/kiosk/enrol"))
    expect(page.locator("#rows-kiosks tr", has_text="石桥镇 2 号")).to_contain_text("还没接入")
    page.click("#enrolment-close")
    expect(page.locator("#enrolment-url")).to_have_value("")
    page.click("[data-open=form-users]")
    page.fill("#user-name", "<b>方正</b>")
    page.fill("#user-username", "zhou")
    page.fill("#user-password", PASSWORD)
    page.click("#form-users [type=submit]")
    expect(page.locator("#trouble-users")).to_contain_text("已经有人用了")
    page.fill("#user-username", "fang")
    page.click("#form-users [type=submit]")
    expect(page.locator("#rows-users tr", has_text="fang").locator("td").first).to_have_text("<b>方正</b>")


def test_the_leader_sees_at_once_who_waits_and_who_calls(new_context: NewContext, office: Office) -> None:
    page = as_user(new_context(), "zhou", "/leader")
    kiosk = office.kiosk("石桥镇智能接谈室")
    reception = office.sit_down(kiosk, "何守田", "修村道占地，补偿款没到手")
    row = page.locator(f'#waiting [data-id="{reception}"]')
    expect(row).to_contain_text("修村道占地")
    row.click()
    expect(page.locator("#detail")).to_contain_text("何守田，在石桥镇智能接谈室")
    expect(page.locator("#detail")).to_contain_text("同意录音录像")
    expect(page.locator("#start")).to_have_attribute("href", f"/leader/receptions/{reception}")
    office.call(kiosk, "POST", "/api/kiosk/help")
    expect(page.locator("#calls")).to_contain_text("石桥镇智能接谈室有人在叫工作人员")
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_contain_text("网断了")
    expect(row).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()
    office.call(kiosk, "POST", "/api/kiosk/sitting/leave")
    expect(row).to_have_count(0)


def test_preparing_shows_ones_own_picture_and_the_talk_says_that_the_line_is_down(
    new_context: NewContext, office: Office
) -> None:
    reception = office.sit_down(office.kiosk("北关社区接谈室"), "罗建民", "外墙渗水")
    other = as_user(new_context(), "li", f"/leader/receptions/{reception}")
    expect(other.locator("#begin")).to_be_enabled()
    page = as_user(new_context(), "zhou", f"/leader/receptions/{reception}")
    expect(page.locator("#begin")).to_be_enabled()
    expect(page.locator("#begin-words")).to_have_text("开始接谈")
    page.evaluate(PLAYING, "preview")
    page.click("#begin")
    expect(page.locator("#talk")).to_be_visible()
    expect(page.locator("#recording")).to_have_text("还没开始录")
    expect(page.locator("#line-banner")).to_contain_text("正在重新接通")
    page.click("#mute-audio")
    expect(page.locator("#mute-audio")).to_have_text("麦克风关")
    page.click("#mark")
    said_in_passing(page, "没有记上")
    assert overflow(page) == 0
    told_below_the_picture(page)

    asked: list[str] = []
    other.on("request", lambda request: asked.append(request.url))
    other.click("#begin")
    expect(other.locator("#problem-words")).to_contain_text("别人在接谈")
    assert not [url for url in asked if "/promises" in url], "what a colleague undertakes is not theirs to ask for"


def told_below_the_picture(page: Page) -> None:
    """On a telephone no face is covered: what is told of lines takes one line below the picture, and a touch opens all of it."""
    size = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate("for (const id of ['held-banner', 'own-device']) { const one = document.getElementById(id); one.hidden = false; one.lastElementChild.textContent = '话筒断开了，现在说的没有录上，请检查插头，或者换一个话筒。'; }")
    more = page.locator("#over .more")
    expect(more).to_have_text("还有 2 条")
    look(page, "talk-told-phone")
    picture, strip = (page.locator(place).bounding_box() for place in ("#tiles", "#over"))
    assert picture is not None
    assert strip is not None
    assert strip["y"] >= picture["y"] + picture["height"]
    assert strip["height"] <= 44
    told, key = (page.locator(place).bounding_box() for place in ("#line-banner div", "#over .more"))
    assert told is not None
    assert key is not None
    assert told["x"] + told["width"] <= key["x"]
    more.click()
    expect(page.locator("#own-device")).to_be_visible()
    expect(more).to_have_attribute("aria-expanded", "true")
    look(page, "talk-told-phone-open")
    more.click()
    expect(page.locator("#own-device")).to_be_hidden()
    page.evaluate("for (const id of ['held-banner', 'own-device']) document.getElementById(id).hidden = true")
    page.set_viewport_size(size or {"width": 1366, "height": 768})


@pytest.mark.slow
def test_notes_typed_while_the_office_is_away_are_kept_and_arrive(new_context: NewContext, office: Office) -> None:
    reception = office.sit_down(office.kiosk("城东街道接谈室"), "方正凯", "随迁子女入学")
    page = as_user(new_context(), "zhou", f"/leader/receptions/{reception}")
    page.click("#begin:enabled")

    def away(route: Route) -> None:
        route.abort("connectionrefused")

    page.route("**/notes", away)
    page.fill("#notes", "问一问学籍")
    expect(page.locator("#notes-state")).to_contain_text("先记在这台电脑上")
    page.unroute("**/notes", away)
    expect(page.locator("#notes-state")).to_contain_text("已记下")
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.click("#begin:enabled")
    expect(page.locator("#notes")).to_have_value("问一问学籍")


@pytest.mark.slow
def test_hanging_up_asks_first_and_works_without_a_line(new_context: NewContext, office: Office) -> None:
    reception = office.sit_down(office.kiosk("安泰街道接谈室"), "郑玉梅", "低保复核")
    page = as_user(new_context(), "zhou", f"/leader/receptions/{reception}")
    page.click("#begin:enabled")
    expect(page.locator("#line-banner")).to_contain_text("正在重新接通")
    page.click("#hang-up")
    page.click("#hang-up-no")
    expect(page.locator("#talk")).to_be_visible()
    page.click("#hang-up")
    page.click("#hang-up-yes")
    expect(page.locator("#after")).to_be_visible()
    tracks = page.evaluate("document.getElementById('self').srcObject.getTracks().map((track) => track.readyState)")
    assert set(tracks) == {"ended"}


def told(program: OfficeProgram, reception: str, *texts: str) -> None:
    """Sentences of the leader as they are stored while a talk runs."""
    store = Store(Settings(data_dir=program.folder).store_url)
    seated = select(Participant.id).where(Participant.reception_id == reception, Participant.role == "leader")

    def leaders() -> list[str]:
        with store.read() as session:
            return list(session.scalars(seated))

    wait_until(leaders, "the office knows of the leader's seat")
    leader = leaders()[0]
    with store.write() as session:
        session.add_all(
            StoredUtterance(
                id=f"{reception[:20]}-{i}", reception_id=reception, participant_id=leader, start=10.0 * i, end=10.0 * i + 4,
                text=text, words=[], measures={},
            )
            for i, text in enumerate(texts)
        )  # fmt: skip
    store.close()


@pytest.mark.slow
def test_what_was_undertaken_is_confirmed_before_hanging_up(
    new_context: NewContext, office: Office, program: OfficeProgram
) -> None:
    reception = office.sit_down(office.kiosk("石桥镇接谈室"), "何守田", "修村道占地")
    page = as_user(new_context(), "zhou", f"/leader/receptions/{reception}")
    page.click("#begin:enabled")
    expect(page.locator("#talk")).to_be_visible()
    told(
        program, reception, "请镇政府在五个工作日内拿出处理意见。", "如果不行，我来督办。",
        "您的问题由县自然资源局负责办理，石桥镇政府配合，我来包案。", "十五日内书面告知您是否受理。",
    )  # fmt: skip
    cards = page.locator(".promise:visible")
    expect(cards).to_have_count(3)
    page.click("#hang-up")
    expect(page.locator("#hang-up-promises")).to_contain_text("还有 3 条答复没有核对")
    expect(page.locator("#hang-up-yes")).to_be_visible()
    look(page, "promises-hang-up")
    page.click("#hang-up-no")
    look(page, "promises")
    assert overflow(page) == 0

    cards.filter(has_text="拿出处理意见").get_by_role("button", name="对，记下").click()
    expect(cards.filter(has_text="拿出处理意见")).to_contain_text("核对过")
    cards.filter(has_text="书面告知").get_by_role("button", name="不算").click()
    expect(cards).to_have_count(2)
    cards.filter(has_text="包案").get_by_role("button", name="改").click()
    page.fill(".promise form [name=what]", "办理，石桥镇政府配合")
    page.fill(".promise form [name=by]", "本月底以前")
    page.set_viewport_size({"width": 390, "height": 844})
    page.click("#tab-promises")
    look(page, "promises-phone")
    assert overflow(page) == 0
    page.locator(".promise form [type=submit]").click()
    expect(cards.filter(has_text="石桥镇政府配合")).to_contain_text("本月底以前")
    expect(page.locator("#promises-left")).to_be_empty()

    page.evaluate("sessionStorage.clear()")
    page.goto(f"/leader/receptions/{reception}")
    page.click("#begin:enabled")
    page.click("#tab-promises")
    expect(cards).to_have_count(2)
    expect(cards.filter(has_text="本月底以前")).to_contain_text("核对过")


@pytest.mark.slow
def test_all_promises_are_confirmed_in_one_step_and_followed(new_context: NewContext, office: Office, program: OfficeProgram) -> None:
    reception = office.sit_down(office.kiosk("柳湾接谈室"), "何守田", "修村道占地")
    leader = office.client()
    office.call(leader, "POST", "/api/session", username="li", password=PASSWORD)
    office.call(leader, "POST", f"/api/receptions/{reception}/join")
    told(program, reception, "请镇政府在五个工作日内拿出处理意见。", "十五日内书面告知您是否受理。")
    store = Store(Settings(data_dir=program.folder).store_url)
    with store.write() as session:
        talk = session.get_one(Reception, reception)
        talk.started_at, talk.ended_at, talk.state = talk.asked_at, clock.now(), "closed"
        kept = {"who": "镇政府", "what": "拿出处理意见", "by": "五个工作日内", "text": "请镇政府在五个工作日内拿出处理意见。", "start": 0.0}
        session.add(StoredPromise(reception_id=reception, id=f"{reception[:20]}-0-0", state="heard", version=1, **kept))
    store.close()
    page = as_user(new_context(), "li", "/leader")
    page.locator(f'#mine [data-id="{reception}"]', has_text="还有 1 件没确认").click()
    look(page, "unconfirmed")
    page.click("#confirm")
    expect(page).to_have_url(f"/leader/receptions/{reception}")
    cards = page.locator(".commit-card")
    expect(cards).to_have_count(2)
    for place in range(2):
        cards.nth(place).locator("select").select_option(index=1)
    page.click("#commit-add")
    expect(page.locator("#commit-send")).to_be_disabled()
    cards.nth(2).locator("textarea").fill("到地里重新量地")
    cards.nth(2).locator("select").select_option(index=1)
    cards.nth(2).get_by_role("button", name="一周").click()
    look(page, "commitments")
    assert page.locator("#commit-send").bounding_box()["y"] < 768, "the one button is in sight"
    page.click("#commit-send")
    expect(page.locator(".commit-card.settled")).to_have_count(3)
    page.goto("/promises")
    expect(page.locator("#rows tr")).to_have_count(3)
    expect(page.locator("#ending")).to_be_hidden()
    look(page, "promises-ledger")
    page.set_viewport_size({"width": 390, "height": 844})
    look(page, "promises-ledger-390")
    assert overflow(page) == 0
    assert page.locator("#counts").bounding_box()["height"] > 60, "the figures are not squeezed away above a long list"
    page.set_viewport_size({"width": 1366, "height": 768})
    page.get_by_role("button", name="记办成：到地里重新量地").click()
    page.fill("#words", "量过了，签字单在卷里")
    page.click("#ending-yes")
    expect(page.locator("#rows tr")).to_have_count(2)
    assert overflow(page) == 0


PLAYING = """(id) => new Promise((moving) => {
  const video = document.getElementById(id);
  const look = () => (video.currentTime > 0.2 && video.videoWidth > 0 ? moving() : setTimeout(look, 50));
  look();
})"""
REFUSED = """() => { if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', '%s')); }"""
NO_CAMERA = """() => {
  if (!navigator.mediaDevices) return;
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (wanted) => wanted.video ? Promise.reject(new DOMException('', 'NotFoundError')) : open(wanted);
}"""


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "words"), [("NotAllowedError", "改成“允许”"), ("NotFoundError", "没有找到麦克风"), ("NotReadableError", "被别的程序占着")])
def test_a_microphone_that_does_not_open_is_told_in_plain_words(
    new_context: NewContext, office: Office, fault: str, words: str
) -> None:
    reception = office.sit_down(office.kiosk(f"接谈室 {fault}"), "王秀英", "")
    context = new_context()
    context.add_init_script(f"({REFUSED % fault})()")
    page = as_user(context, "zhou", f"/leader/receptions/{reception}")
    expect(page.locator("#device-trouble")).to_contain_text(words)
    expect(page.locator("#begin")).to_be_disabled()
    expect(page.locator("#devices-again")).to_be_visible()


def call_first(page: Page, office: Office, reception: str) -> None:
    """The leader calls somebody before those who came earlier, and says why."""
    for method, path, body in (
        ("PUT", "duty", {"halls": [office.organization]}),
        ("POST", f"{reception}/call", {"version": 1, "why": "行动不便"}),
    ):
        answer = page.request.fetch(f"{office.url}/api/queue/{path}", method=method, data=body, headers=OWN_PAGE)
        assert answer.ok, answer.text()


@pytest.mark.slow
def test_without_a_camera_sound_alone_will_do(new_context: NewContext, office: Office) -> None:
    reception = office.sit_down(office.kiosk("柳湾村便民服务点"), "王秀英", "")
    context = new_context(390, 844)
    context.add_init_script(f"({NO_CAMERA})()")
    page = as_user(context, "li", f"/leader/receptions/{reception}")
    expect(page.locator("#no-camera")).to_contain_text("没有找到摄像头")
    expect(page.locator("#preview-none")).to_be_visible()
    call_first(page, office, reception)
    page.click("#begin:enabled")
    expect(page.locator("#mute-video")).to_be_disabled()
    expect(page.locator("#pane-notes")).to_be_hidden()
    page.click("#tab-notes")
    expect(page.locator("#pane-notes")).to_be_visible()
    expect(page.locator("#pane-captions")).to_be_hidden()
    assert overflow(page) == 0


CAPTIONS = """async (captions) => {
  const { Captions } = await import('/static/js/leader/captions.js');
  document.body.innerHTML = '<div id="place" class="caps scroll" style="height:300px;overflow:auto"></div><button id="latest"></button>';
  const list = new Captions(place, latest, (who) => ({ name: who, tone: who === 'a' ? 'a' : 'l' }));
  for (const caption of captions) list.add(caption);
  return Array.from(place.querySelectorAll('.cap'), (line) => [line.dataset.id, line.classList.contains('said'), line.textContent.replace(line.querySelector('b').textContent, ''), Array.from(line.querySelectorAll('.hl'), (word) => word.textContent).join('')]);
}"""


def caption(key: str, who: str, start: float, text: str, *, final: bool = True, doubtful: str = "") -> dict:
    words = [{"start": start, "end": start, "text": c, "probability": 0.8 if c in doubtful else 0.9} for c in text]
    said = {"id": key, "participant_id": who, "start": start, "end": start + 1, "text": text, "words": words}
    return {"final": final, "utterance": said}


@pytest.mark.slow
def test_captions_keep_the_order_of_the_talk_and_frame_the_newest(new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto("/login")
    lines = page.evaluate(
        CAPTIONS,
        [
            caption("u1", "a", 1, "第一句", doubtful="句"),
            caption("p1", "a", 9, "我想", final=False),
            caption("u3", "l", 6, "第三句"),
            caption("u2", "l", 3, "第二句"),
            caption("p1", "a", 9, "我想看看", final=False),
            caption("u2", "l", 3, "第二句"),
        ],
    )
    assert [line[0] for line in lines] == ["u1", "u2", "u3", "p1"]
    assert [line[1] for line in lines] == [False, False, False, True]
    assert lines[0][3] == "句"
    assert lines[3][2] == "我想看看"
    markup = page.evaluate(CAPTIONS, [caption("u1", "a", 1, "<img src=x onerror=alert(1)>")])
    assert markup[0][2] == "<img src=x onerror=alert(1)>"


def test_a_finished_utterance_takes_the_place_of_what_was_being_said(new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto("/login")
    said = [caption("p", "a", 1, "我就想", final=False), caption("q", "l", 2, "嗯", final=False), caption("u", "a", 1, "我就想看看")]
    assert [line[0] for line in page.evaluate(CAPTIONS, said)] == ["u", "q"]
    echo = caption("e", "l", 1.3, "我就想看看")
    echo["utterance"]["doubt"] = ["echo"]
    assert [line[0] for line in page.evaluate(CAPTIONS, [*said, echo])] == ["u"], "nothing stands twice"
    shown = caption("e", "l", 0.9, "我就想看看")
    assert [line[0] for line in page.evaluate(CAPTIONS, [shown, *said[::2], echo])] == ["u"], "what turns out an echo goes"
    late = [caption("u", "a", 1, "说完了"), caption("u", "a", 1, "说", final=False)]
    assert [line[2] for line in page.evaluate(CAPTIONS, late)] == ["说完了"]


SETTLED = """async ([file, captions]) => {
  const { Captions } = await import(file);
  document.body.innerHTML = '<div id="place" class="caps scroll" style="height:300px;overflow:auto"></div><button id="latest"></button>';
  const list = file.includes('kiosk') ? new Captions(place, 'a', (who) => who) : new Captions(place, latest, (who) => ({ name: who, tone: who }));
  const text = (line) => line.textContent.slice(line.querySelector('b').textContent.length);
  return captions.map((caption) => {
    file.includes('kiosk') ? list.take(caption) : list.add(caption);
    const lines = Array.from(place.querySelectorAll('.cap'));
    return [lines.filter((line) => !line.matches('.part, [data-partial]')).map(text), lines.filter((line) => line.matches('.part, [data-partial]')).map(text)];
  });
}"""


def a_talk(r: random.Random) -> Iterator[dict]:
    """Sentences of two people: looks that hear each time something else, then a finished text, nothing, or an echo."""
    for n in range(60):
        who, text = r.choice("al"), "".join(r.choices("我家的地被占了，。", k=r.randint(1, 8)))
        for _ in range(r.randint(0, 4)):
            yield caption(f"p{n}", who, n, "".join(r.choices("我家的地被占了，。", k=r.randint(1, 8))), final=False)
        said = caption(f"u{n}", who, n, text)
        said["utterance"]["doubt"] = ["echo"] if r.random() < 0.1 else []
        yield caption(f"p{n}", who, n, "", final=False) if r.random() < 0.2 else said


@pytest.mark.parametrize("file", ["/static/js/leader/captions.js", "/static/js/kiosk/captions.js"])
def test_a_word_once_shown_as_settled_stays_whatever_is_heard(new_context: NewContext, file: str) -> None:
    page = new_context().new_page()
    page.goto("/login")
    told, finished = list(a_talk(random.Random(4))), list[str]()
    for one, (settled, open_) in zip(told, page.evaluate(SETTLED, [file, told]), strict=True):
        finished += [one["utterance"]["text"]] if one["final"] and not one["utterance"]["doubt"] else []
        assert settled == finished[len(finished) - len(settled) :], "only what is finished stands there as settled, and as it was"
        assert len(settled) + len(open_) >= min(len(finished), 1)
        assert open_ if not one["final"] and one["utterance"]["text"] else True


def test_what_is_being_said_is_lighter_until_it_is_finished(new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto("/login")
    page.evaluate(CAPTIONS, [caption("u", "a", 1, "我家的地"), caption("p", "l", 2, "什么时候", final=False)])
    colours = page.locator(".cap").evaluate_all("(lines) => lines.map((line) => getComputedStyle(line).color)")
    assert len(set(colours)) == 2
    page.evaluate(CAPTIONS, [caption("p", "l", 2, "什么时候", final=False), caption("p", "l", 2, "", final=False)])
    expect(page.locator(".cap")).to_have_count(0)


def progress_of_a_paused_case() -> dict[str, object]:
    """As the server would answer for a deadline over the National Day that stands still."""
    today = date(2026, 10, 14)
    deadline = count(
        RULES["simple_conclude"], date(2026, 9, 28), pauses=[Pause("mediation", date(2026, 10, 12))], today=today
    )
    progress = Progress(
        number="LX-2026-000418", state="已登记", office="县信访局", steps=(), next_step="", deadline=explain(deadline, today)
    )
    return progress.model_dump(mode="json")


def test_the_public_page_says_what_is_missing_finds_nothing_for_a_wrong_code_and_explains_a_date(new_context: NewContext) -> None:
    page = new_context(390, 844).new_page()
    page.goto("/progress")
    page.fill("#code", "7k3")
    page.click("#query [type=submit]")
    expect(page.locator("#code-error")).to_contain_text("还差 3 位")
    expect(page.locator("#phone_last4-error")).to_have_text("请填手机号的最后 4 位")
    page.fill("#code", " ab c123 4567 ")
    page.fill("#phone_last4", "1234")
    page.click("#query [type=submit]")
    expect(page.locator("#trouble")).to_be_visible()
    expect(page.locator("#result")).to_be_hidden()
    page.route("**/api/progress", lambda route: route.fulfill(json=progress_of_a_paused_case()))
    page.click("#query [type=submit]")
    page.click("details.why summary")
    expect(page.locator(".why dd")).to_have_count(6)
    expect(page.locator(".why")).to_contain_text("2026年10月10日（星期六）是国庆节的调休上班日，算 1 天。")
    expect(page.locator(".why")).to_contain_text("现在还在调解，期限停着。")
    assert overflow(page) == 0
