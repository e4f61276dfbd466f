"""What an officer is told, behind the bell, and an administrator who sets a stricter limit, in a real Chromium."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from server import clock
from server.domain.states import NoticeKind
from server.reception.account import accounts
from server.store.models import Notice
from tests.browser import accessible
from tests.browser.test_import_page import office, page_of

__all__ = ["office"]
pytestmark = [pytest.mark.browser, pytest.mark.nightly]
LONG_MS = 60_000


def picture(page: Page, name: str) -> None:
    """Keep what the page looks like where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_the_bell_counts_and_a_stricter_limit_is_set(office, browser: Browser) -> None:
    told = (("before", "LX-2026-000001 “办结”还有 3 天到期，最后一天是2026年8月8日（星期六）。"),
            ("late", "LX-2026-000002 “告知是否受理”过期 2 天了，应当在2026年6月24日（星期三）前办完。"))  # fmt: skip
    with office.store.write() as session:
        user = accounts.store.user_by_name(session, "clerk")
        assert user is not None
        for number, (kind, words) in enumerate(told):
            session.add(Notice(user_id=user.id, kind=NoticeKind(kind), words=words, at=clock.now() - timedelta(hours=2 - number)))
    page = page_of(office, browser, "clerk")
    page.goto(f"{office.url}/notices")
    expect(page.locator("[data-bell]")).to_have_attribute("aria-label", "提醒，2 条没看过", timeout=LONG_MS)
    expect(page.locator("#rows li.new")).to_have_count(2)
    assert accessible.faults(page) == []
    picture(page, "notices")
    page.get_by_role("button", name="都看过了").click()
    expect(page.locator("#rows li.new")).to_have_count(0)
    expect(page.locator("[data-bell] b")).to_be_hidden()
    page.get_by_label("邮箱").fill("林晓")
    page.get_by_role("button", name="记下").click()
    expect(page.get_by_text("邮箱写得不对")).to_be_visible()
    page.get_by_label("邮箱").fill("lin@example.gov.cn")
    page.get_by_role("button", name="记下").click()
    expect(page.locator("#saved")).to_have_text("记下了。")
    admin = page_of(office, browser, "admin")
    admin.goto(f"{office.url}/admin/limits")
    form = admin.locator("#form")
    conclude = admin.locator("[data-rule=conclude]")
    conclude.get_by_role("button", name="定得更紧").click(timeout=LONG_MS)
    form.get_by_label("多少").fill("90")
    form.get_by_label("依据的文件").fill("临信发〔2026〕3号")
    form.get_by_role("button", name="定下来").click()
    expect(admin.get_by_text("比法律宽，不能用")).to_be_visible()
    form.get_by_label("多少").fill("20")
    picture(admin, "limits")
    form.get_by_role("button", name="定下来").click()
    expect(conclude).to_contain_text("20 天")
    expect(admin.locator("#changes")).to_contain_text("照法律规定")
    video = admin.locator("[data-rule=video_county]")
    video.get_by_role("button", name="定得更高").click()
    form.get_by_label("多少").fill("70")
    form.get_by_label("依据的文件").fill("临信发〔2026〕3号")
    form.get_by_role("button", name="定下来").click()
    expect(video).to_contain_text("70%")
    assert accessible.faults(admin) == []
