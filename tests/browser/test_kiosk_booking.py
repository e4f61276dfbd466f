"""Somebody at a kiosk would rather come another day: day, time, who they are, the code; and on that day they sit down with it."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from server import clock
from server.store.models import Booking, ReceptionDay
from tests.browser import accessible
from tests.browser.every_screen import enter_days
from tests.browser.kiosk_hands import do, press, screen
from tests.browser.kiosk_office import KioskOffice
from tests.browser.kiosk_page import browser, context, office, page

__all__ = ["browser", "context", "office", "page"]
pytestmark = [pytest.mark.browser, pytest.mark.nightly]


def picture(page: Page, name: str) -> None:
    """Keep what the page looks like where JIETAN_SCREENSHOTS names a folder."""
    if folder := os.environ.get("JIETAN_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"kiosk-booking-{name}.png"))


def test_somebody_at_the_kiosk_books_another_day(office: KioskOffice, page: Page) -> None:
    do(page, "start")
    screen(page, "choose")
    expect(page.locator('[data-do="another"]')).to_be_hidden()
    page.locator("#key-back").tap()
    enter_days(office, 6)
    do(page, "start")
    expect(page.locator('[data-do="another"]')).to_be_visible()
    picture(page, "choose")
    assert accessible.faults(page) == []
    do(page, "another")
    expect(page.locator(".want.day")).to_have_count(6)
    picture(page, "days")
    assert accessible.faults(page) == []
    page.locator(".want.day").nth(1).tap()
    expect(page.locator("[data-part=times] button")).to_have_text(["9:00–9:30", "9:30–10:00", "10:00–10:30", "10:30–11:00"])
    picture(page, "times")
    do(page, "other")
    page.locator(".want.day").first.tap()
    page.locator("[data-part=times] button").nth(1).tap()
    screen(page, "identity")
    expect(page.locator('[data-fill="place"]')).to_have_text("第 1 项，共 3 项")
    press(page, *"wang")
    page.locator(".cands button").first.tap()
    do(page, "next")
    expect(page.locator('[data-do="skip"]')).to_have_text("没有电话，叫人帮忙")
    press(page, *"13800004321")
    picture(page, "phone")
    do(page, "next")
    expect(page.locator('[data-do="next"]')).to_be_disabled()
    press(page, *"di")
    page.locator(".cands button").first.tap()
    press(page, *"di")
    page.locator(".cands button").first.tap()
    picture(page, "matter")
    do(page, "next")
    screen(page, "made")
    picture(page, "made")
    assert accessible.faults(page) == []
    code = page.locator('[data-fill="code"]').inner_text().replace(" ", "")
    expect(page.locator('[data-fill="time"]')).to_have_text("9:30–10:00")
    expect(page.locator('[data-fill="place"]')).to_have_text("柳河镇")
    with office.store.read() as session:
        booking = session.scalars(select(Booking)).one()
        assert (booking.code, booking.phone, booking.slot, booking.state) == (code, "13800004321", 1, "asked")
    do(page, "done")
    page.locator("#question-yes").tap()
    screen(page, "welcome")
    assert code not in page.content(), "nothing of it stays on the machine"
    do(page, "start")
    do(page, "progress")
    page.keyboard.type(code.lower())
    do(page, "next")
    press(page, *"4321")
    do(page, "next")
    screen(page, "booked-later")
    expect(page.locator("h1")).to_have_text("还没有定下来")
    picture(page, "later")
    assert accessible.faults(page) == []
    do(page, "move")
    expect(page.locator("h1")).to_have_text("换到哪一天？")
    expect(page.locator(".want.day")).to_have_count(6)
    picture(page, "move-days")
    page.locator(".want.day").nth(2).tap()
    page.locator("[data-part=times] button").first.tap()
    picture(page, "move-sure")
    page.locator("#question-no").tap()
    page.locator("[data-part=times] button").last.tap()
    page.locator("#question-yes").tap()
    screen(page, "booked-later")
    expect(page.locator('[data-fill="time"]')).to_have_text("10:30–11:00")
    picture(page, "moved")
    do(page, "move")
    do(page, "none")
    screen(page, "booked-later")
    do(page, "cancel")
    page.locator("#question-yes").tap()
    expect(page.locator("h1")).to_have_text("这个预约取消了")
    do(page, "done")
    screen(page, "welcome")


def test_a_time_that_somebody_else_just_took_leads_back_to_the_days(office: KioskOffice, page: Page) -> None:
    enter_days(office, 2)
    do(page, "start")
    do(page, "another")
    page.locator(".want.day").first.tap()
    page.evaluate("async () => { (await import('/static/js/kiosk/memory.js')).keepDraft({ name: '王', phone: '13800004321' }); }")
    page.locator("[data-part=times] button").first.tap()
    with office.store.write() as session:
        day = session.scalars(select(ReceptionDay).order_by(ReceptionDay.on_day, ReceptionDay.id)).first()
        assert day is not None
        session.add(
            Booking(
                organization_id=day.organization_id, name="别人", phone="13800001111", matter="低保", state="asked", version=1, day=day, slot=0,
                asked_at=clock.now(),
            )
        )  # fmt: skip
    do(page, "next")
    do(page, "next")
    press(page, *"di")
    page.locator(".cands button").first.tap()
    press(page, *"di")
    page.locator(".cands button").first.tap()
    do(page, "next")
    screen(page, "days")
    expect(page.locator("#toast")).to_contain_text("这个时间刚刚有人约了")
    page.locator(".want.day").first.tap()
    expect(page.locator("[data-part=times] button").first).to_have_text("9:30–10:00")
