"""我的账号 in a browser: the second step of the log-in from turning it on to a lost telephone, and a password that somebody gave."""

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import faults
from tests.browser.test_leader_pages import (  # noqa: F401 - fixtures
    PASSWORD,
    NewContext,
    Office,
    browser,
    new_context,
    office,
    program,
)

NEW = "只有我知道的密码"


def log_in(page: Page, url: str, username: str, password: str = PASSWORD) -> None:
    page.goto(f"{url}/login")
    page.fill("#username", username)
    page.fill("#password", password)
    page.click("#log-in [type=submit]")


@pytest.mark.nightly
def test_a_second_step_is_turned_on_used_and_turned_off(office: Office, new_context: NewContext) -> None:  # noqa: F811
    page = new_context().new_page()
    log_in(page, office.url, "li")
    page.wait_for_url("**/leader*")
    page.click("header.top .own")
    page.click("#begin")
    expect(page.locator("#picture svg")).to_be_visible()
    secret = str(page.text_content("#secret")).replace(" ", "")
    page.fill("#on-password", PASSWORD)
    page.fill("#on-code", "000000")
    page.click("#on-form [type=submit]")
    expect(page.locator("#trouble-on")).to_contain_text("验证码不对")
    page.fill("#on-code", pyotp.TOTP(secret).now())
    page.click("#on-form [type=submit]")
    expect(page.locator("#codes li")).to_have_count(8)
    assert faults(page) == []
    codes = page.locator("#codes li").all_text_contents()
    other = new_context(390, 844).new_page()
    log_in(other, office.url, "li")
    expect(other.locator("#code")).to_be_focused()
    other.fill("#code", "000000")
    other.click("#log-in [type=submit]")
    expect(other.locator("#code-error")).to_contain_text("验证码不对")
    other.fill("#code", codes[0])
    other.click("#log-in [type=submit]")
    other.wait_for_url("**/leader*")
    page.click("#kept")
    page.goto(f"{office.url}/account")
    expect(page.locator("#off-form")).to_contain_text("还剩 7 个")
    page.click("summary")
    page.fill("#off-password", PASSWORD)
    page.fill("#off-code", codes[1])
    page.click("#off-form [type=submit]")
    expect(page.locator("#done")).to_contain_text("两步登录关了")
    page.click("#leave")
    expect(page.locator("#done")).to_contain_text("别处都退出了")
    other.goto(f"{office.url}/account")
    expect(other.locator("#log-in")).to_be_visible()


@pytest.mark.nightly
def test_a_given_password_is_changed_first(office: Office, new_context: NewContext) -> None:  # noqa: F811
    admin, page = new_context().new_page(), new_context().new_page()
    log_in(admin, office.url, "gu")
    admin.locator("#rows-users tr", has_text="林晓").locator("[data-password-of]").click()
    admin.fill("#given-password", "当面给您的密码啊")
    admin.click("#given-form [type=submit]")
    expect(admin.locator("#given-password-error")).to_contain_text("还差 2 位")
    admin.fill("#given-password", "当面给您的一个密码啊")
    admin.click("#given-form [type=submit]")
    expect(admin.locator("#summary")).to_contain_text("林晓的新密码设好了")
    log_in(page, office.url, "lin", "当面给您的一个密码啊")
    page.wait_for_url("**/account")
    expect(page.locator("main")).to_contain_text("别人给您的")
    assert faults(page) == []
    page.goto(f"{office.url}/desk")
    page.wait_for_url("**/account")
    page.fill("#password-old", "当面给您的一个密码啊")
    page.fill("#password-new", f"{NEW}哦哦")
    page.fill("#password-again", f"{NEW}哦哦")
    page.click("#password-form [type=submit]")
    expect(page.locator("#done")).to_contain_text("密码换好了")
    page.goto(f"{office.url}/desk")
    expect(page.locator("h1")).to_be_visible()
