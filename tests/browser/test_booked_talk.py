"""A talk that a clerk books with the leader of a department, from the reception day to what was promised, each on their own
page: the department has no kiosk, the person sits in a township, and nobody passes the number on."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from server import clock
from tests.browser import accessible
from tests.browser.conftest import OpenChromium
from tests.browser.kiosk_hands import do, press, screen
from tests.browser.media_files import camera_mjpeg
from tests.browser.programs import Programs, talking
from tests.browser.test_room import Places, look, look_both, moving
from tests.e2e.office import PASSWORD, Administrator

pytestmark = [pytest.mark.browser, pytest.mark.nightly]
LONG_MS = 90_000
MATTER = "修村道占地，补偿款没给够"
BUREAU = "县自然资源局"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    with talking(tmp_path_factory.mktemp("booked")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(open_chromium: OpenChromium, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    return open_chromium(camera=camera_mjpeg(tmp_path_factory.mktemp("camera") / "person.mjpeg", "leader", fps=5, width=320))


def fill(administrator: Administrator) -> str:
    """The office's clerk and leader, a department with its own leader, a kiosk in a township; the kiosk's code."""
    administrator.add_staff("clerk", "林晓")
    administrator.add_staff("leader", "周文清", "副县长")
    code = administrator.add_kiosk("石桥镇", "石桥镇接谈室").partition("code=")[2]
    county = administrator.overview()["organizations"][0]["id"]
    bureau = administrator.post("/api/admin/organizations", name=BUREAU, parent_id=county, code="ZR")["id"]
    administrator.add_account("xu", name="徐明", role="leader", title="局长", organization_id=bureau)
    return code


def log_in(places: Places, who: str) -> Page:
    page = places.page("leader")
    page.set_default_timeout(LONG_MS)
    page.goto(f"{places.url}/login")
    page.fill("#username", who)
    page.fill("#password", PASSWORD)
    page.click("#log-in [type=submit]")
    page.wait_for_url(lambda url: "/login" not in url)
    return page


def publish(clerk: Page, url: str) -> None:
    """The department's leader receives by video today, two people, the first in some minutes."""
    clerk.goto(f"{url}/reception-days?tab=days")
    clerk.select_option("#unit", label=BUREAU)
    clerk.locator("#leader_id option", has_text="徐明").wait_for(state="attached")
    begins = clock.today_in_office() + timedelta(minutes=10)
    clerk.fill("#on_day", begins.date().isoformat())
    clerk.select_option("#new-day [name=kind]", "video")
    clerk.fill("#begins", f"{begins:%H:%M}")
    clerk.fill("#slots", "2")
    clerk.fill("#slot_minutes", "5")
    clerk.fill("#charge", "自然资源")
    clerk.click("#new-day [type=submit]")
    expect(clerk.locator("#days tr")).to_contain_text("徐明", timeout=LONG_MS)
    look_both(clerk, "booked-days")


def book(clerk: Page) -> str:
    """For somebody who rings up; the code that the clerk reads out."""
    clerk.click("[data-tab=bookings]")
    clerk.click("#for-somebody")
    clerk.select_option("#office_id", label=BUREAU)
    clerk.locator("#day_id option", has_text="徐明").wait_for(state="attached")
    clerk.select_option("#place_id", clerk.locator("#place_id option", has_text="石桥镇").get_attribute("value"))
    for name, words in (("name", "何守田"), ("phone", "13800004321"), ("matter", MATTER)):
        clerk.fill(f"#new-booking [name={name}]", words)
    look_both(clerk, "booked-asking")
    clerk.click("#new-booking [type=submit]")
    expect(clerk.locator("#booked")).to_contain_text("徐明", timeout=LONG_MS)
    code = clerk.locator("#booked b").inner_text()
    clerk.get_by_role("button", name=f"打开：{MATTER}").click()
    clerk.get_by_role("button", name="排好").click()
    expect(clerk.locator("#no-bookings")).to_be_visible(timeout=LONG_MS)
    return code


def come(kiosk: Page, url: str, code: str) -> None:
    """By touch alone, from the first screen to waiting."""
    kiosk.goto(f"{url}/kiosk")
    do(kiosk, "start")
    do(kiosk, "progress")
    kiosk.keyboard.type(code.lower())
    do(kiosk, "next")
    press(kiosk, *"4321")
    do(kiosk, "next")
    screen(kiosk, "booked")
    expect(kiosk.locator('[data-fill="leader"]')).to_contain_text("徐明")
    look(kiosk, "booked-kiosk")
    do(kiosk, "begin")
    do(kiosk, "video")
    for title in ("您叫什么名字？", "您的手机号？", "想谈什么事？"):
        expect(kiosk.locator("h1")).to_have_text(title)
        do(kiosk, "skip" if title == "您的手机号？" else "next")
    screen(kiosk, "waiting")
    look(kiosk, "booked-kiosk-waiting")


def test_whom_a_clerk_books_with_a_departments_leader_talks_with_that_leader(browser: Browser, programs: Programs) -> None:
    code = fill(Administrator(programs))
    places = Places(browser, programs.url)
    clerk, leader, vice = (log_in(places, who) for who in ("clerk", "xu", "leader"))
    publish(clerk, programs.url)
    expected = book(clerk)
    kiosk = browser.new_context(viewport={"width": 1080, "height": 1920}, has_touch=True).new_page()
    kiosk.set_default_timeout(LONG_MS)
    kiosk.on("pageerror", lambda error: places.faults.append(f"kiosk: {error}"))
    places.post(kiosk, "/api/kiosk/enrol", code=code)
    expect(leader.locator("#expected")).to_contain_text(MATTER, timeout=LONG_MS)
    look_both(leader, "booked-expected")
    come(kiosk, programs.url, expected)

    row = leader.locator("#waiting .pick", has_text=MATTER)
    expect(row).to_contain_text("下一位", timeout=LONG_MS)
    expect(leader.locator("#detail")).to_contain_text("登记以后的时限", timeout=LONG_MS)
    look_both(leader, "booked-waiting")
    assert accessible.faults(leader) == []
    leader.click("#start")
    leader.locator("#begin:enabled").click()
    expect(leader.locator("#recording")).to_contain_text("录音录像", timeout=LONG_MS)
    moving(leader, "#remote")
    moving(kiosk, '[data-part="leader"]')
    expect(kiosk.locator("body")).to_contain_text("徐明")
    look_both(leader, "booked-talk")
    look(kiosk, "booked-kiosk-talk")
    expect(vice.locator("#waiting .pick", has_text=MATTER)).to_have_count(0)

    leader.click("#promise-add")
    leader.fill(".typing [name=what]", "十天以内把补偿款的账核给他看")
    leader.click(".typing [type=submit]")
    expect(leader.locator("#promises")).to_contain_text("核对过", timeout=LONG_MS)
    leader.click("#hang-up")
    leader.click("#hang-up-yes")
    card = leader.locator(".commit-card").first
    card.wait_for()
    expect(card.locator("select option:checked")).to_contain_text(BUREAU)
    look_both(leader, "booked-confirm")
    expect(card.locator(".commit-day")).to_contain_text("月")  # of what was typed
    leader.click("#commit-send")
    expect(leader.locator(".commit-card.settled")).to_have_count(1, timeout=LONG_MS)
    leader.goto(f"{programs.url}/leader/own")
    expect(leader.locator(".talk")).to_contain_text("十天以内把补偿款的账核给他看", timeout=LONG_MS)
    look_both(leader, "booked-own")
    clerk.goto(f"{programs.url}/reception-days")
    clerk.select_option("#state", "arrived")
    expect(clerk.locator("#rows")).to_contain_text("徐明", timeout=LONG_MS)
    assert places.faults == []
