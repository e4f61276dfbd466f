"""The administrator's page of kiosks in a real Chromium, on a desk and on a telephone: what is wrong and where, the room and
the telephone number, orders from afar.  What the kiosks' programs tell comes over HTTP as theirs does."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from server import clock
from server.protocol.kiosks import NewKiosk
from server.reception.account import accounts
from server.reception.kiosk import copies, kiosks
from server.store.models import Kiosk, Organization
from tests.browser.accessible import faults
from tests.browser.kiosk_office import KioskOffice
from tests.browser.kiosk_page import browser, office  # noqa: F401 fixtures
from tests.office import COOKIE, OWN_PAGE, root_actor
from tests.patience import PATIENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.nightly]

WIDE, NARROW = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
OUT_OF_SIGHT = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
CUT = """() => [...document.querySelectorAll('.fk *')].filter((one) => one.checkVisibility() && !one.matches('.vh') && one.scrollWidth > one.clientWidth + 2
  && getComputedStyle(one).overflow !== 'visible').map((one) => one.textContent || one.placeholder)"""
OBEYS = ["page", "program", "computer", "room"]


class Program:
    """What a kiosk's own program tells the office."""

    def __init__(self, office: KioskOffice, kiosk_id: int) -> None:  # noqa: F811
        with office.store.write() as session:
            code = copies.agent_code(session, session.get_one(Kiosk, kiosk_id)).code
        self._http = httpx.Client(base_url=office.url, headers=OWN_PAGE, trust_env=False)
        token = self._http.post("/api/agent/enrol", json={"code": code}).json()["token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def tell(self, more: dict[str, Any] | None = None, **health: Any) -> dict[str, Any]:
        """Gives what the office wants of it."""
        now = clock.now().isoformat()
        sound = [{"name": "speech_db", "value": -38.2}, {"name": "room_db", "value": -61.0}]
        told = {"version": "0.1.0", "started_at": now, "page_seen_at": now, "disk_free": 50_000_000_000, "obeys": OBEYS,
                "camera": {"at": now, "faults": []}, "microphone": {"at": now, "faults": [], "measured": sound}} | health  # fmt: skip
        answer = self._http.post("/api/agent/report", json={"secret": "s" * 32, "health": told} | (more or {}))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def found(*codes: str) -> dict[str, Any]:
    return {"at": clock.now().isoformat(), "faults": list(codes)}


def more_kiosks(office: KioskOffice, *names: str) -> list[int]:  # noqa: F811
    with office.store.write() as session:
        actor = root_actor(session.get_one(Organization, office.ids["county"]))
        return [kiosks.create_kiosk(session, actor, NewKiosk(name=name, organization_id=office.ids["other"])).id for name in names]


@pytest.fixture
def context(office: KioskOffice, browser: Browser) -> Iterator[BrowserContext]:  # noqa: F811
    """The administrator's browser."""
    with office.store.write() as session:
        user = accounts.store.user_by_name(session, "admin")
        assert user is not None
        token = accounts.open_session(session, user, 10)
    made = browser.new_context(viewport=WIDE)
    made.set_default_timeout(PATIENCE_MS)
    made.add_cookies([{"name": COOKIE, "value": token, "url": office.url}])
    yield made
    made.close()


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"fleet-{name}.png"), full_page=True)


def usable(page: Page) -> list[str]:
    """What is wrong with the page as it stands there."""
    hidden = page.evaluate(OUT_OF_SIGHT)
    return [*([f"{hidden} px are out of sight"] if hidden > 0 else []), *(f"cut off: {one}" for one in page.evaluate(CUT)), *faults(page)]


def card(page: Page, name: str) -> Locator:
    return page.locator("li.fk").filter(has=page.get_by_role("heading", name=name, exact=True))


def test_an_administrator_sees_what_is_wrong_writes_down_where_it_is_and_orders_a_restart(office: KioskOffice, context: BrowserContext) -> None:  # noqa: F811
    deaf, empty, _ = more_kiosks(office, "石桥镇 1 号机", "石桥镇 2 号机", "石桥镇 3 号机")
    own = Program(office, office.ids["kiosk"])
    now = clock.now().isoformat()
    events = [{"number": 1, "at": now, "code": "program_started", "what": "4.2"}, {"number": 2, "at": now, "code": "screens_taken_back", "what": "1f2e3d4c"}]
    own.tell({"log": "a", "events": events})
    Program(office, deaf).tell(microphone=found("dead"), camera=found("covered"))
    Program(office, empty).tell(devices=found("slip_no_paper"))
    page = context.new_page()
    page.goto(f"{office.url}/admin/kiosks")
    expect(page.locator("#summary")).to_have_text("4 台，1 台不能用，1 台要留意，1 台没有消息")
    expect(page.locator("li.fk h2")).to_have_text(["石桥镇 1 号机", "石桥镇 2 号机", "柳河镇 1 号机", "石桥镇 3 号机"])
    expect(card(page, "石桥镇 1 号机").locator(".says p")).to_have_text(["话筒没有声音。", "摄像头被挡住了。"])
    expect(card(page, "石桥镇 1 号机").locator(".badge")).to_have_text("不能用")
    expect(card(page, "石桥镇 2 号机").locator(".says")).to_have_text("小票打印机没有纸了。")
    assert usable(page) == []
    picture(page, "wide")

    mine = card(page, "柳河镇 1 号机")
    for words in ("看自检记录、改房间和电话", "看运行记录"):
        mine.get_by_text(words).click()
    expect(mine.locator(".events li")).to_have_count(2)
    expect(mine.locator(".events li").first).to_contain_text("新界面没有显示出来，退回上一版")
    expect(mine.locator("dl")).to_contain_text("最响 -38 分贝，最静 -61 分贝")
    mine.get_by_label("房间").fill("二楼 203")
    mine.get_by_label("回执上的电话").fill("0812-2345678")
    mine.get_by_role("button", name="记下").click()
    expect(mine.locator("header")).to_contain_text("二楼 203")
    assert usable(page) == []
    picture(page, "open")
    page.reload()
    mine.get_by_text("看自检记录、改房间和电话").click()
    expect(mine.get_by_label("房间")).to_have_value("二楼 203")
    expect(mine.get_by_label("回执上的电话")).to_have_value("0812-2345678")

    page.set_viewport_size(NARROW)
    assert usable(page) == []
    picture(page, "narrow")
    mine.get_by_role("button", name="重新打开页面").click()
    expect(mine).to_contain_text("叫它重新打开页面，没有人用的时候就办")
    expect(mine.get_by_role("button", name="重启程序")).to_be_disabled()
    order = own.tell()["restart"]
    assert order.startswith("page-")
    own.tell(restarted=order)
    expect(mine).to_contain_text("上一次叫它办的，办好了")
    expect(mine.get_by_role("button", name="重启程序")).to_be_enabled()

    page.once("dialog", lambda dialog: dialog.accept())
    mine.get_by_role("button", name="停用这台机器").click()
    expect(mine.locator(".badge")).to_have_text("没有消息")
    context.set_offline(True)
    card(page, "石桥镇 2 号机").get_by_role("button", name="重启程序").click()
    expect(page.locator("#offline")).to_contain_text("网断了")
    context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()
