"""A day is entered and published, somebody books it from a phone, and a clerk decides, in a real Chromium."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from server import clock
from server.domain.states import OrganizationLevel
from server.reception import accounts
from tests.browser import accessible
from tests.browser.test_import_page import office, page_of

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
