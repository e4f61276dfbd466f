"""A day is entered and published, somebody books it from a phone, and a clerk decides, in a real Chromium."""

import os
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from server import clock
from server.domain.states import OrganizationLevel
from server.protocol.accounts import NewUser
from server.reception.account import accounts
from server.reception.kiosk import kiosks
from server.store.models import Booking, ReceptionDay
from tests.browser import accessible
from tests.browser.test_import_page import office, page_of
from tests.office import COOKIE, OWN_PAGE, PASSWORD

__all__ = ["office"]
pytestmark = [pytest.mark.browser, pytest.mark.nightly]
LONG_MS = 60_000


def picture(page: Page, name: str) -> None:
    """Keep what the page looks like where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"booking-{name}.png"), full_page=True)


def test_a_day_is_published_booked_from_a_phone_and_approved(office, browser: Browser) -> None:
    with office.store.write() as session:
        leader = accounts.store.user_by_name(session, "leader")
        clerk = accounts.store.user_by_name(session, "clerk")
        assert leader is not None
        assert clerk is not None
        clerk.organization = leader.organization
        leader.organization.level = OrganizationLevel.COUNTY
    page = page_of(office, browser, "clerk")
    page.goto(f"{office.url}/reception-days?tab=days")
    day = clock.today_in_office().date() + timedelta(days=3)
    page.get_by_label("哪天").fill(day.isoformat(), timeout=LONG_MS)
    page.get_by_label("领导分管什么").fill("自然资源、城乡建设")
    page.get_by_label("在哪里").fill("县信访局一楼接访室")
    page.get_by_label("怎么接").select_option("on_site")
    page.get_by_role("button", name="排上这一天").click()
    expect(page.locator("#days tr")).to_have_count(1, timeout=LONG_MS)
    picture(page, "days")
    assert accessible.faults(page) == []
    phone = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    phone.goto(f"{office.url}/schedule")
    expect(phone.locator("#days li")).to_have_count(1, timeout=LONG_MS)
    picture(phone, "public")
    assert accessible.faults(phone) == []
    phone.get_by_role("button", name="约 ").click()
    phone.get_by_role("button", name="约好").click()
    expect(phone.get_by_text("请填姓名")).to_be_visible()
    phone.get_by_label("您的姓名").fill("何守田")
    phone.get_by_label("手机或座机").fill("13800004321")
    phone.get_by_label("为什么事").fill("征地补偿款没有给够")
    picture(phone, "asking")
    phone.get_by_role("button", name="约好").click()
    code = phone.locator(".code-shown").inner_text(timeout=LONG_MS)
    picture(phone, "told")
    page.locator("[data-tab=bookings]").click()
    page.get_by_role("button", name="打开：征地补偿款没有给够").click(timeout=LONG_MS)
    expect(page.get_by_label("内容类别")).to_have_value("征地补偿")
    expect(page.locator("#booking")).to_contain_text("138****4321")
    page.get_by_role("button", name="打开何守田的电话和预约码").click()
    expect(page.locator("#booking")).to_contain_text("13800004321", timeout=LONG_MS)
    expect(page.locator("#booking")).to_contain_text(code.replace(" ", ""))
    picture(page, "deciding")
    assert accessible.faults(page) == []
    page.get_by_role("button", name="排好").click()
    expect(page.locator("#no-bookings")).to_be_visible(timeout=LONG_MS)
    page.locator("[data-tab=duty]").click()
    expect(page.locator("#duty")).to_contain_text("还差 1 天", timeout=LONG_MS)
    picture(page, "duty")
    phone.get_by_role("button", name="回到接访日").click()
    phone.get_by_label("预约码").fill(code.lower())
    phone.get_by_label("手机号的最后 4 位").fill("4321")
    phone.get_by_role("button", name="查一下").click()
    expect(phone.locator("#told")).to_contain_text("排好了，请按时来", timeout=LONG_MS)
    phone.get_by_role("button", name="换个时间").click()
    expect(phone.locator("#moving")).to_contain_text("另选一天")
    expect(phone.locator("#find-card")).to_be_hidden()
    picture(phone, "moving")
    phone.get_by_role("button", name="改到 ").click()
    expect(phone.get_by_label("您的姓名")).to_be_hidden()
    phone.get_by_label("几点").select_option("9:30–10:00")
    picture(phone, "moved-to")
    assert accessible.faults(phone) == []
    phone.get_by_role("button", name="就改到这个时间").click()
    expect(phone.locator("#told")).to_contain_text("9:30–10:00", timeout=LONG_MS)
    expect(phone.locator("#told")).to_contain_text("排好了，请按时来")
    page.locator("[data-tab=bookings]").click()
    page.locator("#state").select_option("approved")
    page.get_by_role("button", name="打开：征地补偿款没有给够").click(timeout=LONG_MS)
    expect(page.locator("#booking ol")).to_contain_text("信访人：改了时间")
    picture(page, "moved")
    phone.get_by_role("button", name="不去了，取消").click()
    phone.get_by_role("button", name="再点一次，就取消").click()
    expect(phone.locator("#told")).to_contain_text("还要谈的，请再约一次", timeout=LONG_MS)


def test_a_township_books_a_leader_of_the_county_and_the_county_passes_it_on(office, browser: Browser) -> None:
    with office.store.write() as session:
        county = accounts.store.organization(session, office.ids["county"])
        land = accounts.add_organization(session, "青山县自然资源局", "ZR", county)
        for username, place in (("county", county), ("land", land)):
            asked = NewUser(username=username, name="林悦", role="clerk", title="", organization_id=place.id, password=PASSWORD)
            accounts.add_user(session, place, asked)
        session.add(
            ReceptionDay(
                organization_id=county.id, leader_id=office.ids["leader"], on_day=clock.today() + timedelta(days=2), kind="video", begins=540,
                slots=2, slot_minutes=30, place="", charge="", state="planned", version=1, author="x", made_at=clock.now(),
            )
        )  # fmt: skip
    town = page_of(office, browser, "clerk")
    town.goto(f"{office.url}/reception-days")
    expect(town.locator("#no-bookings")).to_be_visible(timeout=LONG_MS)
    town.get_by_role("button", name="替群众约").click(timeout=LONG_MS)
    expect(town.locator("#office_id optgroup")).to_have_count(1, timeout=LONG_MS)
    town.get_by_label("约哪个单位的领导").select_option("青山县信访局")
    expect(town.get_by_label("到哪个接谈室")).to_have_value(str(office.ids["town"]), timeout=LONG_MS)
    for label, words in (("群众姓名", "何守田"), ("手机或座机", "13800004321"), ("为什么事", "宅基地的证办不下来")):
        town.get_by_label(label).fill(words)
    picture(town, "for-somebody")
    assert accessible.faults(town) == []
    town.get_by_role("button", name="约上").click()
    expect(town.locator("#booked")).to_contain_text("约上了", timeout=LONG_MS)
    page = page_of(office, browser, "county")
    page.goto(f"{office.url}/reception-days")
    page.get_by_role("button", name="打开：宅基地的证办不下来").click(timeout=LONG_MS)
    days = page.get_by_label("排到哪天、哪位领导，或者转给谁")
    expect(page.get_by_text("归口的部门：青山县自然资源局")).to_be_visible(timeout=LONG_MS)
    page.get_by_label("内容类别").fill("最低生活保障")
    page.get_by_label("内容类别").blur()
    expect(page.get_by_text("归口的部门：")).to_be_hidden(timeout=LONG_MS)
    days.select_option("青山县自然资源局")
    expect(page.get_by_text("举报、控告哪个单位的，不要转给那个单位")).to_be_visible()
    picture(page, "passing-on")
    assert accessible.faults(page) == []
    page.get_by_label("改时间、转给别的单位、取消").fill("办证归他们管")
    page.get_by_role("button", name="转过去").click()
    expect(page.get_by_role("button", name="打开：宅基地的证办不下来")).to_be_visible(timeout=LONG_MS)
    theirs = page_of(office, browser, "land")
    theirs.goto(f"{office.url}/reception-days")
    theirs.get_by_role("button", name="打开：宅基地的证办不下来").click(timeout=LONG_MS)
    expect(theirs.locator("#booking ol")).to_contain_text("青山县自然资源局：办证归他们管")


def test_the_leader_sees_who_was_booked_for_today_come_late_and_sit_down(office, browser: Browser) -> None:
    now = clock.today_in_office()
    minute = now.hour * 60 + now.minute
    with office.store.write() as session:
        leader, place = office.ids["leader"], office.ids["county"]
        for kind, begins, name, state in (
            ("video", max(0, minute - 12), "何守田", "approved"), ("on_site", min(1400, minute + 40), "王秀英", "approved"),
            ("video", max(0, minute - 90), "罗建民", "no_show"),
        ):  # fmt: skip
            day = ReceptionDay(
                organization_id=place, leader_id=leader, on_day=now.date(), kind=kind, begins=begins, slots=1, slot_minutes=30, place="",
                charge="", state="planned", version=1, author="x", made_at=clock.now(),
            )  # fmt: skip
            booking = Booking(
                organization_id=place, place_id=office.ids["town"], name=name, phone="13800001234", matter=f"{name}说的补偿款没有给够",
                state=state, version=1, day=day, slot=0, asked_at=clock.now(),
            )  # fmt: skip
            session.add(booking)
            session.flush()
            if kind == "on_site":
                on_site = booking.id
            elif state == "approved":
                late = booking.code
    page = page_of(office, browser, "leader")
    page.goto(f"{office.url}/leader")
    rows = page.locator("#expected li")
    expect(rows).to_have_count(3, timeout=LONG_MS)
    expect(rows.filter(has_text="何守田")).to_contain_text("晚了")
    expect(rows.filter(has_text="罗建民")).to_contain_text("没有来")
    expect(page.locator("#expected-count")).to_have_text("还有 2 位")
    expect(rows.filter(has_text="王秀英").get_by_role("link", name="当面谈")).to_have_attribute("href", f"/on-site?booking={on_site}")
    picture(page, "today")
    assert accessible.faults(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "today-390")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    with office.store.write() as session:
        terminal = accounts.store.kiosks_under(session, "/")[0]
        token = kiosks.enrol(session, kiosks.enrolment(session, terminal, office.url).code)[1]
    kiosk = httpx.Client(base_url=office.url, headers=OWN_PAGE, cookies={COOKIE: token}, trust_env=False)
    sat = {"consent": "audio_video", "name": "何守田", "booking": {"code": late, "phone_last4": "1234"}}
    assert kiosk.post("/api/kiosk/sittings", json=sat).status_code == 201
    expect(page.locator("#waiting")).to_contain_text("何守田", timeout=LONG_MS)
    expect(rows).to_have_count(2, timeout=LONG_MS)
