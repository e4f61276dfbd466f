"""Joint reception (联合接访) with everybody on their own page: a lawyer by link on a telephone, an officer of a department by their
account, a supervisor who observes visibly; side talk, and what the record says of who was there."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import accessible
from tests.browser.conftest import OpenChromium
from tests.browser.media_files import camera_mjpeg
from tests.browser.programs import Programs, talking
from tests.browser.test_room import (
    Places,
    assert_apart,
    enter,
    invite_guest,
    look,
    look_both,
)
from tests.e2e.office import PASSWORD, Administrator

pytestmark = [pytest.mark.browser, pytest.mark.nightly]
LONG_MS = 90_000
"""Five pages and their pictures on two cores."""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    with talking(tmp_path_factory.mktemp("joint")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(open_chromium: OpenChromium, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A camera of few and small pictures, so that two cores carry five pages."""
    return open_chromium(camera=camera_mjpeg(tmp_path_factory.mktemp("camera") / "person.mjpeg", "leader", fps=5, width=320))


def opened(places: Places, size: str) -> Page:
    page = places.page(size)
    page.set_default_timeout(LONG_MS)
    return page


def log_in(places: Places, who: str, size: str = "leader") -> Page:
    page = opened(places, size)
    places.post(page, "/api/session", username=who, password=PASSWORD)
    return page


def fill(administrator: Administrator) -> str:
    """A leader, an officer of a department, a supervisor and a kiosk; its code."""
    administrator.add_staff("leader", "周文清", "副县长")
    administrator.add_staff("supervisor", "沈岚", "督查员")
    code = administrator.add_kiosk("石桥镇", "石桥镇接谈室").partition("code=")[2]
    county = administrator.overview()["organizations"][0]["id"]
    department = administrator.post("/api/admin/organizations", name="县自然资源局", parent_id=county, code="ZR")["id"]
    administrator.add_account("handler", name="许明川", role="handler", title="", organization_id=department)
    return code


def test_a_department_a_lawyer_and_a_supervisor_join_and_talk_aside(browser: Browser, programs: Programs) -> None:
    code = fill(Administrator(programs))
    places = Places(browser, programs.url)
    kiosk = opened(places, "kiosk")
    places.post(kiosk, "/api/kiosk/enrol", code=code)
    sitting = places.post(kiosk, "/api/kiosk/sittings", consent="audio_video", name="何守田", phone="", matter="修村道占地，补偿款没给够")
    kiosk.goto(f"{programs.url}/kiosk")
    leader = log_in(places, "leader")
    leader.goto(f"{programs.url}/leader/receptions/{sitting['reception_id']}")
    leader.locator("#begin:enabled").click(timeout=LONG_MS)
    expect(leader.locator("#recording")).to_contain_text("录音录像", timeout=LONG_MS)

    lawyer = opened(places, "guest")
    enter(lawyer, invite_guest(leader, "王律师", "joint"), "王律师")
    inside(lawyer, 2)
    officer = log_in(places, "handler")
    call_in(leader, officer, programs.url)
    supervisor = log_in(places, "supervisor")
    come_to_observe(supervisor, programs.url)
    seen_by_everybody(leader, kiosk, (lawyer, officer, supervisor))
    for name, page in {"leader": leader, "officer": officer, "supervisor": supervisor}.items():
        look_both(page, f"joint-{name}")
    look(lawyer, "joint-lawyer")
    look(kiosk, "joint-kiosk")
    assert_apart(lawyer, ".tile", 3)
    assert_apart(officer, ".tile", 3)
    for page in (leader, lawyer, supervisor):
        assert accessible.faults(page) == []
    aside(leader, kiosk, (lawyer, officer, supervisor))

    supervisor.locator("#leave").click()
    expect(kiosk.locator('[data-part="observers"]')).to_be_hidden(timeout=LONG_MS)
    expect(leader.locator("#observers")).to_be_hidden(timeout=LONG_MS)
    look(supervisor, "joint-supervisor-left")
    leader.locator("#hang-up").click()
    leader.locator("#hang-up-yes").click()
    for page in (lawyer, officer):
        expect(page.locator("#after-title")).to_have_text("谈完了", timeout=LONG_MS)
    assert places.faults == []


def inside(page: Page, others: int) -> None:
    """In the talk with so many others; a picture may be late on a busy machine, and its tile says so."""
    expect(page.locator(".tile[data-participant]")).to_have_count(others, timeout=LONG_MS)
    expect(page.locator("#recording")).to_have_text("正在录", timeout=LONG_MS)


def call_in(leader: Page, officer: Page, url: str) -> None:
    """The officer is called by account, from another office: it rings on whatever page they have open."""
    officer.goto(f"{url}/work")
    leader.locator("#people-open").click()
    leader.locator("#invite-role").select_option("joint")
    leader.locator("#colleague").fill("许明川")
    leader.locator("#colleagues li", has_text="许明川").get_by_role("button").click()
    expect(leader.locator("#people-list")).to_contain_text("许明川", timeout=LONG_MS)
    look_both(leader, "joint-asking")
    leader.locator("#people-close").click()
    expect(officer.locator("#invited")).to_contain_text("副县长 周文清请您参加石桥镇接谈室的接谈", timeout=LONG_MS)
    look_both(officer, "joint-ring")
    officer.locator("#invited a").click()
    officer.locator("#begin:enabled").wait_for(timeout=LONG_MS)
    look_both(officer, "joint-officer-before")
    officer.locator("#begin").click()
    inside(officer, 3)


def come_to_observe(supervisor: Page, url: str) -> None:
    """From the list of talks under way; nobody has to ask the supervisor."""
    supervisor.goto(f"{url}/observing")
    expect(supervisor.locator("#rows tr")).to_have_count(1, timeout=LONG_MS)
    look_both(supervisor, "joint-observing")
    assert accessible.faults(supervisor) == []
    supervisor.get_by_role("button", name="旁听").click()
    supervisor.locator("#begin:enabled").wait_for(timeout=LONG_MS)
    expect(supervisor.locator("#invited-by")).to_have_text("旁听一场接谈")
    look_both(supervisor, "joint-supervisor-before")
    supervisor.locator("#begin").click()
    inside(supervisor, 4)


def seen_by_everybody(leader: Page, kiosk: Page, others: tuple[Page, ...]) -> None:
    expect(kiosk.locator('[data-part="observers"]')).to_contain_text("沈岚", timeout=LONG_MS)
    expect(leader.locator("#observers")).to_contain_text("沈岚", timeout=LONG_MS)
    for page in others:
        expect(page.locator("#people")).to_contain_text("沈岚", timeout=LONG_MS)
    expect(kiosk.locator('[data-part="others"] figure')).to_have_count(2, timeout=LONG_MS)


def aside(leader: Page, kiosk: Page, others: tuple[Page, ...]) -> None:
    """The petitioner is told, and everybody; nothing of it is recorded; afterwards it goes on."""
    leader.locator("#side-talk").click()
    expect(kiosk.locator('[data-part="stage-words"]')).to_have_text("接谈人员正在商量，请稍等。这一段不录音。", timeout=LONG_MS)
    expect(kiosk.locator('[data-part="not-rec"]')).to_have_text("这一段不录音")
    for part in ("line", "recognition"):
        expect(kiosk.locator(f'[data-part="{part}"]')).to_be_hidden()
    expect(leader.locator("#held-banner")).to_be_visible()
    expect(leader.locator("#recording")).to_have_text("这一段不录", timeout=LONG_MS)
    for page in others:
        expect(page.locator("#recording")).to_contain_text("这一段不录", timeout=LONG_MS)
    look(kiosk, "joint-aside-kiosk")
    look_both(leader, "joint-aside-leader")
    look(others[0], "joint-aside-lawyer")
    leader.locator("#side-talk").click()
    expect(kiosk.locator('[data-part="stage-words"]')).to_have_text("", timeout=LONG_MS)
    for page in others:
        expect(page.locator("#recording")).to_have_text("正在录", timeout=LONG_MS)
