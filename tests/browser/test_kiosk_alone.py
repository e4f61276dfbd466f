"""语音自助登记 in a real browser: asked by voice, answered by speaking and typing, signed, with the office out of reach; the
kiosk's program is killed in the middle, and all of it arrives once."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from server.store.models import AloneSitting, Reception, StoredUtterance
from tests.browser.kiosk_hands import do, next_question, press, screen, sign
from tests.browser.kiosk_office import KioskOffice
from tests.browser.programs import wait_until
from tests.browser.test_kiosk_copy import CopyProgram, office, page, port, program

__all__ = ["office", "page", "port", "program"]
pytestmark = [pytest.mark.browser, pytest.mark.nightly]
PICTURES = os.environ.get("SCREENSHOTS", "")


def look(page: Page, name: str) -> None:
    """Keeps a picture of the screen where somebody wants to see it."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


def test_a_matter_is_told_alone_without_the_office_and_arrives_once(office: KioskOffice, page: Page, program: CopyProgram) -> None:
    do(page, "start")
    do(page, "alone")
    screen(page, "alone-notice")
    look(page, "notice")
    page.wait_for_function("() => import('/static/js/kiosk/door.js').then((one) => one.door())")
    office.stop()
    do(page, "audio")
    screen(page, "alone-question")
    look(page, "question")
    do(page, "phone")
    press(page, *"13800001234")
    do(page, "done")
    do(page, "speak")
    wait_until(lambda: sum(program.held()) >= 4, "two seconds of the answer on the disk")
    look(page, "speaking")
    program.kill()
    page.wait_for_timeout(1200)
    expect(page.locator("[data-part=trouble]")).to_contain_text("不会丢")
    program.start()
    expect(page.locator("[data-part=trouble]")).to_be_hidden()
    do(page, "speak")
    expect(page.locator("[data-part=said] li")).to_contain_text("工作人员会听着录音写下来")
    look(page, "answered")
    for _ in range(2):
        next_question(page)
    do(page, "type")
    press(page, "h", "e", "何")
    do(page, "done")
    while page.get_attribute("body", "data-screen") == "alone-question":
        next_question(page)
    look(page, "review")
    do(page, "sign")
    sign(page)
    look(page, "sign")
    do(page, "sign")
    screen(page, "alone-slip")
    look(page, "slip")
    code = page.locator("[data-fill=code]").inner_text().replace(" ", "")
    assert page.locator("[data-fill=number]").inner_text().endswith("-01")
    do(page, "done")
    page.tap("#question-yes")
    office.start()
    wait_until(lambda: arrived(office), "the sitting at the office")
    with office.store.read() as session:
        sitting = session.scalars(select(AloneSitting)).one()
        reception = session.get_one(Reception, sitting.reception_id)
        said = [one.text for one in session.scalars(select(StoredUtterance)) if one.measures["source"] == "typed"]
        assert (reception.query_code, reception.channel, sitting.ending, sitting.missing) == (code, "alone", "signed", [])
        assert (said, reception.petitioner_phone) == (["何"], "13800001234")
        assert sitting.signature
        assert (reception.manifest or {})["segments"][0]["seconds"] > 3
    wait_until(lambda: not program.held(), "the kiosk to delete it")
    screen(page, "welcome")


def arrived(office: KioskOffice) -> bool:
    with office.store.read() as session:
        return session.scalars(select(AloneSitting)).first() is not None
