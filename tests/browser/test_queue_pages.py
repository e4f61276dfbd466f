"""The queue as leaders work it, in a real browser: on duty, called by F9, put back, passed on; the hall's screen and the figures."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from server import clock
from server.settings import Settings
from server.store.engine import Store
from server.store.models import Reception, User
from tests.browser.test_leader_pages import (  # noqa: F401
    NewContext,
    Office,
    OfficeProgram,
    as_user,
    browser,
    look,
    new_context,
    office,
    overflow,
    program,
    talks_end,
)

pytestmark = [pytest.mark.browser, pytest.mark.nightly]
SIZES = ((1366, 768), (390, 844))


def pictures(page: Page, name: str) -> None:
    """Both sizes; neither is wider than its window."""
    for width, height in reversed(SIZES):
        page.set_viewport_size({"width": width, "height": height})
        look(page, f"{name}-{width}")
        assert overflow(page) == 0, f"{name} at {width}"


def deed(page: Page, words: str) -> None:
    page.locator("#detail .deeds").get_by_role("button", name=words).click()


def say_why(page: Page, words: str) -> None:
    page.fill("#queue-why", words)
    page.locator("#queue-dialog").get_by_role("button", name="就这样办").click()
    expect(page.locator("#queue-dialog")).to_be_hidden()


def test_a_leader_works_the_line_by_its_buttons(new_context: NewContext, office: Office) -> None:  # noqa: F811
    sat = [
        office.sit_down(office.kiosk(f"{place}接谈室"), name, matter)
        for place, name, matter in (("石桥镇", "何守田", "修村道占地，补偿款没到手"), ("柳河镇", "王桂兰", "宅基地登记"), ("北关社区", "罗建民", "外墙渗水"))
    ]
    page = as_user(new_context(), "zhou", "/leader")
    rows = page.locator("#waiting .pick")
    expect(rows).to_have_count(3)
    expect(page.locator("#duty")).to_contain_text("您不在岗")
    page.locator("#duty [data-hall]").first.click()
    expect(page.locator("#duty")).to_contain_text("您在岗")
    expect(rows.first).to_contain_text("下一位")
    pictures(page, "queue-on-duty")
    page.keyboard.press("F9")
    expect(rows.first).to_contain_text("已经叫了")
    page.locator(f'[data-id="{sat[0]}"]').click()
    deed(page, "人不在，往后让")
    expect(rows.last).to_contain_text("何守田")

    page.locator(f'[data-id="{sat[1]}"]').click()
    deed(page, "叫号")
    expect(rows.first).to_contain_text("已经叫了")
    other = as_user(new_context(), "li", "/leader")
    other.locator(f'[data-id="{sat[1]}"]').click()
    deed(other, "替他放回去")
    expect(other.locator("#queue-dialog")).to_contain_text("周文清叫的")
    pictures(other, "queue-for-a-colleague")
    say_why(other, "周县长接电话去了")
    expect(page.locator(f'[data-id="{sat[1]}"]')).to_contain_text("下一位")
    page.locator("#detail .queue-history summary").click()
    expect(page.locator("#detail .queue-history")).to_contain_text("李明：放回原来的位置（周县长接电话去了）")
    pictures(page, "queue-history")

    page.locator(f'[data-id="{sat[2]}"]').click()
    deed(page, "要照顾")
    page.locator("#queue-dialog input[type=checkbox]").first.check()
    pictures(page, "queue-claims")
    say_why(page, "拄着拐杖")
    expect(rows.first).to_contain_text("罗建民")
    deed(page, "转给别人")
    page.select_option("#queue-to", page.locator("#queue-to option", has_text="李明").get_attribute("value"))
    pictures(page, "queue-transfer")
    say_why(page, "这事归李县长")
    expect(page.locator("#detail")).to_contain_text("李明")
    page.locator(f'[data-id="{sat[0]}"]').click()
    deed(page, "没有来，取消")
    pictures(page, "queue-no-show")
    say_why(page, "叫了两次都不在")
    expect(rows).to_have_count(2)

    hall = new_context().new_page()
    hall.goto(page.locator("#duty a", has_text="大厅屏幕").get_attribute("href"))
    expect(hall.locator("#next")).to_contain_text("A")
    page.locator(f'[data-id="{sat[1]}"]').click()
    deed(page, "叫号")
    expect(hall.locator("#called")).to_contain_text("请到柳河镇接谈室")
    assert "王桂兰" not in hall.content(), "numbers and no names"
    pictures(hall, "hall")
    hall.set_viewport_size({"width": 1920, "height": 1080})
    look(hall, "hall-1920")


def test_the_figures_of_receptions_on_both_screens(new_context: NewContext, office: Office, program: OfficeProgram) -> None:  # noqa: F811
    reception = office.sit_down(office.kiosk("城关镇接谈室"), "孙玉梅", "低保复核没有结果")
    store = Store(Settings(data_dir=program.folder).store_url)
    with store.write() as session:
        talk = session.get_one(Reception, reception)
        receiver = session.scalars(select(User).where(User.username == "zhou")).one()
        talk.receiver_id, talk.joined_at, talk.started_at, talk.ended_at, talk.state = receiver.id, *(clock.now(),) * 3, "closed"
    store.close()
    page = as_user(new_context(), "zhou", "/stats/receptions")
    expect(page.locator("#leaders")).to_contain_text("周文清")
    expect(page.locator("#cards")).to_contain_text("次视频接访，还没有人当场评")
    expect(page.locator("#cards")).to_contain_text("还没有能评的")
    pictures(page, "stats-receptions")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.locator(".listing .scroll").evaluate("(table) => table.scrollWidth - table.clientWidth") == 0, "all of it is in sight"
    page.click("#leaders a >> nth=0")
    expect(page.locator("#rows")).to_contain_text("低保复核没有结果")
    pictures(page, "stats-receptions-list")
    page.goto("/stats")
    expect(page.locator("#cards")).to_contain_text("这段时间还没有人评")
    expect(page.locator("#cards .card", has_text="满意率").locator("a")).to_have_count(0)
    pictures(page, "stats")
