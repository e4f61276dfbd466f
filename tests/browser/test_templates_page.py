"""The administrator changes Word templates in a real Chromium: fetches one, puts a wrong and a good one in its place, goes back."""

import os
from pathlib import Path

import docx
import pytest
from playwright.sync_api import Browser, Page, expect

from server.letters import wordtemplates
from tests.browser.accessible import faults
from tests.browser.kiosk_office import KioskOffice
from tests.browser.kiosk_page import browser, office  # noqa: F401 fixtures
from tests.browser.test_fleet_page import NARROW, OUT_OF_SIGHT, WIDE, context  # noqa: F401 fixture
from tests.patience import PATIENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.nightly]


def picture(page: Page, name: str) -> None:
    """Keep what the page looks like where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"templates-{name}.png"), full_page=True)


def fetched(page: Page, key: str, folder: Path) -> Path:
    with page.expect_download(timeout=PATIENCE_MS) as waiting:
        page.get_by_role("link", name=key).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def put(page: Page, path: Path) -> None:
    with page.expect_file_chooser(timeout=PATIENCE_MS) as waiting:
        page.get_by_role("button", name="换上改好的接谈笔录模板").click()
    waiting.value.set_files(path)


def test_a_template_is_fetched_changed_in_word_put_back_and_dropped(office: KioskOffice, browser: Browser, context, tmp_path: Path) -> None:  # noqa: F811
    page = context.new_page()
    page.set_viewport_size(WIDE)
    page.goto(f"{office.url}/admin")
    page.get_by_role("link", name="文书模板").click()
    row = page.locator('[data-template="record"]')
    expect(row).to_contain_text("程序自带的", timeout=PATIENCE_MS)
    picture(page, "first")
    assert faults(page) == []
    path = fetched(page, "取接谈笔录的模板", tmp_path)
    assert path.name == "模板-接谈笔录.docx"
    changed = docx.Document(str(path))
    changed.paragraphs[0].insert_paragraph_before("本县专用抬头")
    wrong = docx.Document(str(path))
    wrong.paragraphs[0].insert_paragraph_before("电话 {{ 联系电活 }}")
    changed.save(str(tmp_path / "good.docx"))
    wrong.save(str(tmp_path / "wrong.docx"))
    put(page, tmp_path / "wrong.docx")
    expect(page.locator("#trouble")).to_contain_text("没有换，用的还是原来的。模板里用了没有的名字：“联系电活”，是不是“联系电话”？", timeout=PATIENCE_MS)
    expect(row).to_contain_text("程序自带的")
    picture(page, "wrong")
    put(page, tmp_path / "good.docx")
    expect(page.locator("#done")).to_contain_text("接谈笔录的模板换上了", timeout=PATIENCE_MS)
    expect(row).to_contain_text("本机构自己的")
    expect(page.locator("#trouble")).to_be_hidden()
    sample = fetched(page, "看接谈笔录的样张", tmp_path).read_bytes()
    assert "本县专用抬头" in wordtemplates.text_of(sample)
    picture(page, "changed")
    page.locator("#words summary").first.click()
    expect(page.locator("#words dl").first).to_contain_text("{{ 联系电话 }}")
    page.set_viewport_size(NARROW)
    assert page.evaluate(OUT_OF_SIGHT) <= 0
    picture(page, "narrow")
    assert faults(page) == []
    page.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="不用自己的").click()
    expect(row).to_contain_text("程序自带的", timeout=PATIENCE_MS)
    assert "本县专用抬头" not in wordtemplates.text_of(fetched(page, "看接谈笔录的样张", tmp_path).read_bytes())
