"""A clerk imports a file in a real Chromium: wrong rows first, then the corrected file; a key for another system."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from server.reception.account import accounts
from tests.browser import accessible
from tests.browser.kiosk_office import KioskOffice
from tests.office import COOKIE

pytestmark = [pytest.mark.browser, pytest.mark.nightly]
LONG_MS = 60_000
HEAD = "工单编号,来电时间,来电人,联系电话,反映内容,诉求类型,问题属地\n"
GOOD = "RX1,2026-06-09 10:23,何守田,13800004321,村里修路占了我家的地，补偿款没给。,求决,石桥镇\n"
WRONG = "RX2,6/9/2026,,13900001111,外墙渗水，物业推给开发商。,吵架,临溪县\n"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[KioskOffice]:
    made = KioskOffice(tmp_path / "data", disk_reserve_mb=0)
    made.start()
    yield made
    made.close()


def page_of(office: KioskOffice, browser: Browser, name: str) -> Page:
    with office.store.write() as session:
        user = accounts.store.user_by_name(session, name)
        assert user is not None
        token = accounts.open_session(session, user, 10)
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    context.add_cookies([{"name": COOKIE, "value": token, "url": office.url}])
    return context.new_page()


def picture(page: Page, name: str) -> None:
    """Keep what the page looks like where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"import-{name}.png"), full_page=True)


def choose(page: Page, name: str, text: str) -> None:
    page.locator("#file").set_input_files({"name": name, "mimeType": "text/csv", "buffer": text.encode("gb18030")})


def test_a_file_is_chosen_looked_at_and_imported(office: KioskOffice, browser: Browser) -> None:
    page = page_of(office, browser, "clerk")
    page.goto(f"{office.url}/cases/import")
    expect(page.get_by_text("还没有导入过")).to_be_visible(timeout=LONG_MS)
    picture(page, "empty")
    choose(page, "热线 6 月.csv", HEAD + GOOD + WRONG)
    expect(page.locator("#column-statement")).to_have_value("反映内容", timeout=LONG_MS)
    picture(page, "columns")
    page.get_by_role("button", name="核对一遍").click()
    expect(page.locator("#looked-title")).to_have_text("有 1 行不对，一行也没有导入", timeout=LONG_MS)
    expect(page.locator("#errors tr")).to_have_count(3)
    picture(page, "wrong")
    assert accessible.faults(page) == []
    page.get_by_role("button", name="换一份文件").click()
    choose(page, "热线 6 月（改过）.csv", HEAD + GOOD)
    page.get_by_label("这份对照表存下来，下次直接用").fill("12345 工单")
    page.get_by_role("button", name="核对一遍").click()
    expect(page.locator("#looked-title")).to_have_text("1 行都对", timeout=LONG_MS)
    picture(page, "right")
    page.context.set_offline(True)
    page.get_by_role("button", name="导入 1 件").click()
    expect(page.locator("#offline")).to_contain_text("网断了")
    picture(page, "offline")
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden(timeout=LONG_MS)
    page.get_by_role("button", name="导入 1 件").click()
    expect(page.locator("#running-title")).to_have_text("导入完了：新登记 1 件", timeout=LONG_MS)
    expect(page.locator("#rows")).to_contain_text("新登记 1 件")
    picture(page, "done")
    assert accessible.faults(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "done-390")
    page.context.close()
    admin = page_of(office, browser, "admin")
    admin.goto(f"{office.url}/admin")
    admin.get_by_role("button", name="添一把密钥").click()
    admin.locator("#intake-name").fill("12345 热线平台")
    expect(admin.locator("#intake-organization")).to_have_value(re.compile(r"\d"), timeout=LONG_MS)
    admin.locator("#form-intake").get_by_role("button", name="添上").click()
    expect(admin.locator("#intake-key")).to_have_value(re.compile("^jietan-"), timeout=LONG_MS)
    admin.locator("#panel-intake").scroll_into_view_if_needed()
    picture(admin, "keys")
    admin.context.close()
