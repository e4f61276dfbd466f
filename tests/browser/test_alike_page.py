"""The case page shows what is like it; a clerk merges, takes it back, and puts cases into a group, in a real Chromium."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.accessible import faults
from tests.browser.test_leader_pages import look, running_program
from tests.browser.test_work_pages import Desks, step

pytestmark = [pytest.mark.browser, pytest.mark.nightly]


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    folder: Path = tmp_path_factory.mktemp("alike")
    with running_program(folder) as program:
        made = Desks(program)
        made.add("村里修村道占了我家的地，补偿款三万六千八百元没到手", "何守田", "石桥镇", 1, "", 0)
        yield made
        made.store.close()


def test_a_clerk_sees_why_merges_takes_it_back_and_makes_a_group(browser: Browser, desks: Desks) -> None:
    page = desks.page(browser, "lin", "/cases/10")
    panel = page.get_by_role("region", name="重复和相像的")
    hit = panel.locator(".alike-hit").first
    expect(hit).to_contain_text("修村道占地，补偿款没到手")
    expect(hit.locator(".alike-why li").first).to_have_text("同名的人，都在石桥镇")
    expect(hit.locator(".alike-why li").nth(1)).to_contain_text("都说到")
    look(page, "alike-case")
    step(page, "甄别", {"#step-purpose": "request"}, category="农村农业")
    expect(page.locator("#facts")).to_contain_text("求决")
    hit.get_by_role("button", name="并到那一件").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="并到那一件").click()
    expect(dialog.get_by_role("alert")).to_have_text("请写一句为什么，记在经过里。")
    dialog.get_by_label("为什么").fill("同一户，同一块地")
    look(page, "alike-merge")
    dialog.get_by_role("button", name="并到那一件").click()
    expect(page.locator("#state")).to_have_text("已并入")
    expect(panel).to_contain_text("已经并到这一件里办")
    panel.get_by_role("button", name="分回来").click()
    dialog.get_by_label("为什么").fill("是两块地")
    dialog.get_by_role("button", name="分回来").click()
    expect(page.locator("#state")).to_have_text("已登记")
    hit.get_by_role("button", name="登记为重复").click()
    dialog.get_by_label("为什么").fill("说的是一件事")
    dialog.get_by_role("button", name="登记为重复").click()
    earlier = panel.locator(".alike-hit", has_text="重复前面这一件")
    expect(earlier.get_by_role("button", name="引导回原渠道")).to_be_visible()
    panel.get_by_role("button", name="归到类案").click()
    expect(dialog.get_by_label("哪一个类案")).to_be_focused()
    dialog.get_by_label("新类案的名字").fill("石桥镇修路占地")
    dialog.get_by_label("为什么").fill("好几户都在反映")
    dialog.get_by_role("button", name="归到类案").click()
    panel.get_by_role("link", name="石桥镇修路占地").click()
    expect(page.locator("#rows tr")).to_have_count(1)
    page.get_by_role("button", name="加一条").click()
    page.get_by_label("做什么").fill("统一量地，张榜公布")
    page.get_by_label("什么时候办好").fill(datetime.now().date().isoformat())
    page.get_by_role("dialog").get_by_role("button", name="加一条措施").click()
    expect(page.locator("#measures")).to_contain_text("统一量地，张榜公布")
    look(page, "alike-group")
    assert faults(page) == []
