"""A name written with a finger on the kiosk's own screens, read by its own program."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.kiosk_computer import KioskComputer, profile
from tests.browser.kiosk_hands import begin, do
from tests.browser.kiosk_office import KioskOffice
from tests.browser.kiosk_page import fits
from tests.kiosk.test_handwriting import WRITTEN
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.nightly]


def write(page: Page, character: str) -> None:
    """Draw it in the square, stroke by stroke."""
    box = page.locator(".writing canvas").bounding_box()
    assert box is not None
    for stroke in WRITTEN[character]:
        points = [(box["x"] + x * box["width"] / 1000, box["y"] + y * box["height"] / 1000) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=8)
        page.mouse.up()


def test_a_name_is_written_with_a_finger(tmp_path: Path) -> None:
    office = KioskOffice(tmp_path / "office")
    with sync_playwright() as playwright:
        try:
            agent_port = free_port()
            office.start()
            (tmp_path / "computer").mkdir()
            computer = KioskComputer(office, tmp_path / "computer", agent_port)
            with profile(playwright, tmp_path / "profile") as context:
                page = context.pages[0]
                page.goto(computer.url)
                begin(page)
                page.screenshot(path=tmp_path / "pinyin.png")
                page.get_by_role("button", name="手写", exact=True).tap()
                typed = page.locator("[data-part=typed]")
                for character, so_far in (("李", "李"), ("十", "李十")):
                    write(page, character)
                    page.locator(".cands").get_by_role("button", name=character, exact=True).tap()
                    expect(typed).to_have_text(so_far)
                write(page, "口")
                expect(page.locator('[data-do="next"]')).to_be_disabled()
                expect(page.locator(".cands button")).to_have_count(8)
                fits(page)
                page.screenshot(path=tmp_path / "writing.png")
                page.get_by_role("button", name="重写", exact=True).tap()
                expect(page.locator(".cands")).to_contain_text("写一个字")
                do(page, "next")
            computer.close()
        finally:
            office.close()
