"""Looking for a case on its page: what is asked for stays in the address and under a name; a whole number does not."""

from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import update

from deploy.bench import filling, synthetic
from server.reception.account.passwords import hash_password
from server.store.engine import Store
from server.store.migrate import migrate
from server.store.models import User
from tests.browser.programs import Programs

pytestmark = [pytest.mark.browser, pytest.mark.nightly]
PASSWORD = "correct horse 12"


def test_a_query_is_kept_in_the_address_and_as_a_list(tmp_path: Path, browser: Browser) -> None:
    store = Store(f"sqlite:///{tmp_path / 'jietan.sqlite'}")
    migrate(store.engine)
    filling.fill(store, synthetic.Size(300, date(2026, 6, 9)))
    with store.write() as session:
        session.execute(update(User).where(User.id == 1).values(password_hash=hash_password(PASSWORD)))
    store.close()
    programs = Programs(tmp_path)
    try:
        programs.start("web")
        programs.wait_ready("web", programs.settings.web_port)
        page = browser.new_context(locale="zh-CN").new_page()
        account = {"username": "officer1", "password": PASSWORD}
        assert page.request.post(f"{programs.url}/api/session", data=account, headers={"X-Jietan": "1"}).ok
        page.goto(f"{programs.url}/cases")
        page.get_by_role("searchbox").fill(synthetic.COMMON)
        page.get_by_role("button", name="筛选").click()
        page.get_by_label("办到哪一步").select_option("concluded")
        page.get_by_role("button", name="按这些找").click()
        expect(page.locator(".excerpt mark").first).to_have_text(synthetic.COMMON)
        found = page.locator("#sum").inner_text()
        page.get_by_role("button", name="后一页").click()
        page.wait_for_url("**before=*")
        page.get_by_role("button", name="把这次找的存成清单").click()
        page.get_by_label("清单名").fill("办结了的")
        page.get_by_role("button", name="存下").click()
        page.goto(f"{programs.url}/cases")
        page.get_by_role("link", name="办结了的").click()
        expect(page.locator("#sum")).to_have_text(found)
        page.get_by_role("button", name="按电话或证件号找").click()
        page.get_by_label("电话或证件号", exact=True).fill("10000000001")
        page.get_by_role("button", name="找", exact=True).click()
        expect(page.locator("#sum, #empty h2").filter(has_text="号码")).to_be_visible()
        assert "10000000001" not in page.url
    finally:
        programs.stop()
