"""A leader, a guest who came by a link and the kiosk in one room of the real media node, each on their own page."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenChromium
from tests.browser.programs import Programs, talking, wait_until
from tests.e2e.office import PASSWORD, Administrator

pytestmark = pytest.mark.browser
OWN_PAGE = {"X-Jietan": "1"}
LONG_MS = 40_000
SIZES = {"leader": (1366, 768), "kiosk": (1080, 1920), "guest": (390, 844)}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    with talking(tmp_path_factory.mktemp("room")) as running:
        yield running


@pytest.fixture(scope="module")
def administrator(programs: Programs) -> Administrator:
    return Administrator(programs)


@pytest.fixture(scope="module")
def browser(open_chromium: OpenChromium) -> Browser:
    """Further cameras at every place: at the kiosk one looks at papers."""
    return open_chromium(cameras=3)


HIDE = """{ const devices = navigator.mediaDevices, list = devices?.enumerateDevices.bind(devices);
  if (list) devices.enumerateDevices = async () => (await list()).filter((one) => one.label !== "fake_device_1"); }"""
"""Pictures of Chromium's second fake camera reach no peer connection (Chromium 156, any page): the third one is taken."""


class Places:
    """The pages of the three, and what went wrong on them."""

    def __init__(self, browser: Browser, url: str, scale: float = 1) -> None:
        """`scale`: pixels painted for each of the page's."""
        self.browser, self.url, self.scale = browser, url, scale
        self.faults: list[str] = []

    def page(self, who: str) -> Page:
        width, height = SIZES[who]
        viewport = {"width": width, "height": height}
        page = self.browser.new_context(viewport=viewport, device_scale_factor=self.scale).new_page()
        page.add_init_script(HIDE)
        page.on("pageerror", lambda error: self.faults.append(f"{who}: {error}"))
        return page

    def post(self, page: Page, path: str, **body: Any) -> Any:
        answer = page.context.request.post(self.url + path, data=body, headers=OWN_PAGE)
        assert answer.ok, f"{path}: {answer.status} {answer.text()}"
        return answer.json()


def look(page: Page, name: str) -> None:
    """Keep a picture where JIETAN_SCREENSHOTS names a folder."""
    if folder := os.environ.get("JIETAN_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def look_both(page: Page, name: str) -> None:
    """The same on a telephone, too."""
    if "JIETAN_SCREENSHOTS" not in os.environ:
        return
    size = page.viewport_size
    assert size is not None
    look(page, name)
    page.set_viewport_size({"width": 390, "height": 844})
    look(page, f"{name}-phone")
    page.set_viewport_size(size)


def boxes(page: Page, selector: str) -> list[dict[str, float]]:
    """Where each of these that is shown lies."""
    return page.evaluate(
        """(selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility()).map((one) => {
          const { x, y, width, height } = one.getBoundingClientRect(); return { x, y, width, height }; })""",
        selector,
    )


def assert_apart(page: Page, selector: str, count: int) -> None:
    """So many of them are shown, all inside the window, none over another, none too small to see."""
    found = boxes(page, selector)
    assert len(found) == count, found
    size = page.viewport_size
    assert size is not None
    for n, a in enumerate(found):
        assert min(a["x"], a["y"]) >= -1, (selector, a)
        assert a["x"] + a["width"] <= size["width"] + 1, (selector, a)
        assert a["y"] + a["height"] <= size["height"] + 1, (selector, a)
        assert min(a["width"], a["height"]) >= 40, (selector, a)
        for b in found[:n]:
            beside = a["x"] >= b["x"] + b["width"] - 1 or b["x"] >= a["x"] + a["width"] - 1
            below = a["y"] >= b["y"] + b["height"] - 1 or b["y"] >= a["y"] + a["height"] - 1
            assert beside or below, (selector, a, b)


def moving(page: Page, selector: str) -> None:
    page.wait_for_function("(s) => { const v = document.querySelector(s); return v && v.videoWidth > 0 && v.currentTime > 0.5; }", arg=selector, timeout=LONG_MS)


def test_a_leader_a_guest_by_link_and_the_kiosk(browser: Browser, programs: Programs, administrator: Administrator) -> None:
    administrator.add_staff("leader", "周文清", "副县长")
    administrator.add_staff("clerk", "林晓")
    code = administrator.add_kiosk("石桥镇", "石桥镇接谈室").partition("code=")[2]
    places = Places(browser, programs.url)
    kiosk, leader, guest = (places.page(who) for who in ("kiosk", "leader", "guest"))
    places.post(kiosk, "/api/kiosk/enrol", code=code)
    sitting = places.post(kiosk, "/api/kiosk/sittings", consent="audio_video", name="何守田", phone="", matter="修村道占地")
    kiosk.goto(f"{programs.url}/kiosk")
    places.post(leader, "/api/session", username="leader", password=PASSWORD)
    leader.goto(f"{programs.url}/leader/receptions/{sitting['reception_id']}")
    leader.locator("#begin:enabled").click(timeout=LONG_MS)
    expect(leader.locator("#recording")).to_contain_text("录音录像", timeout=LONG_MS)
    moving(kiosk, '[data-part="leader"]')
    look(leader, "leader-two")

    link = invite_guest(leader, "王律师", "joint")
    enter(guest, link, "王律师")
    moving(leader, '.tile[data-participant] video')
    expect(leader.locator(".tile[data-participant] .tag")).to_contain_text("联合接访 王律师")
    expect(kiosk.locator('[data-part="others"] figcaption')).to_have_text("联合接访 王律师", timeout=LONG_MS)
    moving(guest, ".tile.large video")
    assert_apart(guest, ".tile", 2)

    clerk = places.page("leader")
    observe(places, leader, clerk)
    expect(kiosk.locator('[data-part="observers"]')).to_have_text("旁听：林晓", timeout=LONG_MS)
    expect(leader.locator("#observers")).to_have_text("旁听：林晓")
    arrangements(leader)
    look(kiosk, "kiosk-three")
    look(guest, "guest-two")
    look(clerk, "observer")

    papers(leader, kiosk, guest)
    kiosk_papers(kiosk, leader, guest)
    wait_until(lambda: document_recorded(programs, sitting), "a file of the paper's camera")
    hold(leader, kiosk)
    send_out(leader, guest, kiosk)
    again = places.page("guest")
    again.goto(link)
    expect(again.locator("#problem-words")).to_contain_text("这个链接不能用了", timeout=LONG_MS)
    assert places.faults == []


@pytest.mark.slow
def test_three_clicks_from_log_in_to_talking_and_seconds_from_hang_up_to_confirmed(
    browser: Browser, programs: Programs, administrator: Administrator
) -> None:
    """The leader's whole way, counted and timed; the figures are printed (pytest -s)."""
    county = administrator.overview()["organizations"][0]["id"]
    administrator.add_account("li", name="李明", role="leader", title="副县长", organization_id=county)
    code = administrator.post("/api/admin/kiosks", name="安泰接谈室", organization_id=county)["url"].partition("code=")[2]
    places = Places(browser, programs.url)
    kiosk, leader = places.page("kiosk"), places.page("leader")
    places.post(kiosk, "/api/kiosk/enrol", code=code)
    places.post(kiosk, "/api/kiosk/sittings", consent="audio_video", name="郑玉梅", phone="", matter="低保复核没有结果，要求给个说法")
    kiosk.goto(f"{programs.url}/kiosk")
    leader.goto(f"{programs.url}/login")
    leader.fill("#username", "li")
    leader.fill("#password", PASSWORD)
    clicks = Clicks(leader)
    began = time.monotonic()
    clicks("#log-in [type=submit]")
    expect(leader.locator("#detail")).to_contain_text("登记以后的时限", timeout=LONG_MS)
    look_both(leader, "today")
    clicks("#start")
    leader.locator("#begin:enabled").wait_for(timeout=LONG_MS)
    look_both(leader, "prepare")
    clicks("#begin")
    expect(leader.locator("#recording")).to_contain_text("录音录像", timeout=LONG_MS)
    moving(leader, "#remote")
    to_talking, needed = time.monotonic() - began, clicks.count
    leader.click("#promise-add")
    leader.fill(".typing [name=what]", "把复核结果送到家")
    leader.click(".typing [type=submit]")
    expect(leader.locator("#promises")).to_contain_text("核对过", timeout=LONG_MS)
    look_both(leader, "talk")
    leader.click("#hang-up")
    leader.click("#hang-up-yes")
    hung_up, clicks.count = time.monotonic(), 0
    card = leader.locator(".commit-card").first
    card.wait_for(timeout=LONG_MS)
    card.get_by_role("button", name="一周").click()
    clicks.count += 1
    look_both(leader, "confirm")
    clicks("#commit-send")
    expect(leader.locator(".commit-card.settled")).to_have_count(1, timeout=LONG_MS)
    confirmed = time.monotonic() - hung_up
    print(f"\nlog-in to talking: {needed} clicks, {to_talking:.1f} s; hang-up to confirmed promises: {clicks.count} clicks, {confirmed:.1f} s")
    assert needed == 3
    assert confirmed < 30
    leader.goto(f"{programs.url}/leader/own")
    expect(leader.locator(".talk")).to_contain_text("把复核结果送到家", timeout=LONG_MS)
    look_both(leader, "own")
    assert places.faults == []


class Clicks:
    """Presses of one pointer, counted."""

    def __init__(self, page: Page) -> None:
        self._page, self.count = page, 0

    def __call__(self, selector: str) -> None:
        self.count += 1
        self._page.click(selector)


def invite_guest(leader: Page, name: str, role: str) -> str:
    leader.locator("#people-open").click()
    leader.locator("#invite-role").select_option(role)
    leader.locator("#guest-name").fill(name)
    before = leader.locator("#invite-url").input_value()
    leader.locator("#invite-guest button").click()
    leader.wait_for_function("(before) => !['', before].includes(document.querySelector('#invite-url').value)", arg=before)
    expect(leader.locator("#invite-url")).to_have_value(re.compile("/join/"))
    look(leader, "leader-people")
    link = leader.locator("#invite-url").input_value()
    leader.locator("#people-close").click()
    return link


def enter(guest: Page, link: str, name: str) -> None:
    guest.goto(link)
    expect(guest.locator("#invited-by")).to_have_text("副县长 周文清请您参加一次接谈", timeout=LONG_MS)
    expect(guest.locator("#about")).to_contain_text(name)
    assert "修村道" not in guest.content(), "nothing of the matter"
    guest.locator("#begin:enabled").wait_for(timeout=LONG_MS)
    look(guest, "guest-before")
    guest.locator("#begin").click()


def observe(places: Places, leader: Page, clerk: Page) -> None:
    """A colleague is asked, reads it on the own page within seconds, and joins."""
    places.post(clerk, "/api/session", username="clerk", password=PASSWORD)
    clerk.goto(f"{places.url}/desk")
    leader.locator("#people-open").click()
    leader.locator("#invite-role").select_option("observer")
    leader.locator("#colleague").fill("林晓")
    leader.locator("#colleagues button").first.click()
    expect(leader.locator("#people-list")).to_contain_text("林晓", timeout=LONG_MS)
    leader.locator("#people-close").click()
    expect(clerk.locator("#invited")).to_contain_text("副县长 周文清请您参加石桥镇接谈室的接谈，您是旁听。", timeout=LONG_MS)
    clerk.locator("#invited a").click()
    clerk.locator("#begin:enabled").click(timeout=LONG_MS)
    moving(clerk, ".tile.large video")


def arrangements(leader: Page) -> None:
    leader.keyboard.press("2")
    assert_apart(leader, ".tile", 2)
    one, other = boxes(leader, ".tile")
    assert abs(one["width"] - other["width"]) < 2, "side by side"
    look(leader, "leader-side")
    leader.keyboard.press("1")
    assert_apart(leader, ".tile", 2)
    large, small = boxes(leader, ".tile.large")[0], boxes(leader, ".tile:not(.large)")[0]
    assert large["height"] > 2 * small["height"], "the speaker is large"
    assert_apart(leader, ".ctl .cb", 9)
    look(leader, "leader-speaker")
    leader.set_viewport_size({"width": 390, "height": 844})
    assert_apart(leader, ".tile", 2)
    assert_apart(leader, ".ctl .cb", 9)
    look(leader, "leader-phone")
    leader.set_viewport_size({"width": 1366, "height": 768})


def papers(leader: Page, kiosk: Page, guest: Page) -> None:
    """The leader shows a picture as others would a screen; the browser's own chooser cannot be pressed here."""
    leader.evaluate(
        """() => { const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
          const pen = canvas.getContext("2d"); let n = 0;
          setInterval(() => { pen.fillStyle = "#fff"; pen.fillRect(0, 0, 1280, 720); pen.fillStyle = "#000"; pen.font = "60px sans-serif"; pen.fillText("土地承包经营权证 " + n++, 100, 200); }, 100);
          navigator.mediaDevices.getDisplayMedia = async () => canvas.captureStream(10); }"""
    )
    leader.locator("#share").click()
    leader.locator('#share-choices [data-source="screen"]').click()
    moving(kiosk, '[data-part="paper"]')
    moving(guest, ".tile.paper video")
    picture, paper = boxes(kiosk, '[data-part="leader"]')[0], boxes(kiosk, '[data-part="paper"]')[0]
    assert picture["height"] > 250
    assert paper["width"] > 900
    assert paper["y"] >= picture["y"] + picture["height"] - 2, "the leader stays large above the paper"
    assert_apart(guest, ".tile", 3)
    look(kiosk, "kiosk-paper")
    look(guest, "guest-paper")
    expect(leader.locator("#share")).to_have_text("停止给看")
    leader.locator("#share").click()
    expect(kiosk.locator('[data-part="paper-box"]')).to_be_hidden(timeout=LONG_MS)


def kiosk_papers(kiosk: Page, leader: Page, guest: Page) -> None:
    """The kiosk's second camera is found, shown to everybody and stopped; unplugged, refused or not there, the person is
    told and the talk goes on."""
    key, toast = kiosk.locator('[data-do="show"]'), kiosk.locator("#toast")
    expect(key).to_have_text("给领导看材料")
    kiosk.evaluate(
        """() => { const devices = navigator.mediaDevices, open = devices.getUserMedia.bind(devices), list = devices.enumerateDevices.bind(devices);
          window.papers = [];
          devices.getUserMedia = async (wanted) => {
            if (window.refused) throw new DOMException("", "NotAllowedError");
            const stream = await open(wanted); window.papers.push(stream.getVideoTracks()[0]); return stream; };
          devices.enumerateDevices = async () => (await list()).filter((one) => !window.single || one.kind !== "videoinput"); }"""
    )
    key.click()
    moving(leader, ".tile.paper video")
    moving(guest, ".tile.paper video")
    expect(guest.locator(".tile.paper .tag")).to_contain_text("何守田")
    own, used = kiosk.evaluate("() => [document.querySelector('[data-part=self]').srcObject.getVideoTracks()[0], window.papers[0]].map((one) => one.getSettings().deviceId)")
    assert own != used, "it is the other camera"
    look(kiosk, "kiosk-shows")
    look(leader, "leader-sees-paper")
    kiosk.evaluate("() => window.papers[0].dispatchEvent(new Event('ended'))")  # as when its plug is pulled
    expect(toast).to_contain_text("看材料的摄像头断开了", timeout=LONG_MS)
    expect(leader.locator(".tile.paper")).to_be_hidden(timeout=LONG_MS)
    expect(key).to_have_text("给领导看材料")
    kiosk.evaluate("() => { window.refused = true; }")
    key.click()
    expect(toast).to_contain_text("打不开，请叫工作人员", timeout=LONG_MS)
    expect(key).to_have_text("给领导看材料")
    kiosk.evaluate("() => { window.single = true; navigator.mediaDevices.dispatchEvent(new Event('devicechange')); }")
    expect(key).to_be_hidden()
    kiosk.evaluate("() => { window.single = window.refused = false; navigator.mediaDevices.dispatchEvent(new Event('devicechange')); }")
    expect(key).to_be_visible()


def document_recorded(programs: Programs, sitting: dict[str, Any]) -> bool:
    """Whether a file of the kiosk's paper camera is closed and in the journal."""
    folder = programs.settings.recordings_dir / sitting["reception_id"]
    facts = [line for file in folder.glob("journal*") for line in file.read_text("utf-8").splitlines()]
    return any('"segment_closed"' in line and '"document"' in line and sitting["participant_id"] in line for line in facts)


def person(leader: Page, name: str) -> Any:
    if not leader.locator("#people").is_visible():
        leader.locator("#people-open").click()
    return leader.locator("#people-list li", has_text=name)


def hold(leader: Page, kiosk: Page) -> None:
    person(leader, "何守田").get_by_label("说什么话").select_option("yue")
    leader.locator("#people-close").click()
    expect(person(leader, "何守田").get_by_label("说什么话")).to_have_value("yue", timeout=LONG_MS)
    look(leader, "leader-languages")
    leader.locator("#people-close").click()
    leader.locator("#side-talk").click()
    expect(kiosk.locator('[data-part="stage-words"]')).to_have_text("接谈人员正在商量，请稍等。这一段不录音。", timeout=LONG_MS)
    look(kiosk, "kiosk-held")
    expect(leader.locator("#held-banner")).to_contain_text("这一段不录音")
    expect(leader.locator("#side-talk")).to_have_text("请回来")
    leader.locator("#side-talk").click()
    expect(kiosk.locator('[data-part="stage-words"]')).to_have_text("", timeout=LONG_MS)


def send_out(leader: Page, guest: Page, kiosk: Page) -> None:
    person(leader, "王律师").get_by_text("请出去").click()
    leader.locator("#remove-yes").click()
    expect(guest.locator("#after-words")).to_contain_text("请您离开", timeout=LONG_MS)
    expect(leader.locator("#line-banner")).to_contain_text("王律师被请出了接谈", timeout=LONG_MS)
    expect(kiosk.locator("#toast")).to_contain_text("王律师被请出了接谈", timeout=LONG_MS)
    expect(leader.locator(".tile[data-participant]")).to_have_count(0, timeout=LONG_MS)
