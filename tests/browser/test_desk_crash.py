"""Killed browsers, killed servers, cut networks and two clerks at once: no keystroke that was accepted is lost."""

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, expect, sync_playwright
from playwright.sync_api import Error as TargetClosed

from tests.browser import chromium
from tests.browser.test_desk_page import Desk, Seeded, log_in, look, opened, row, saved, type_into, until
from tests.browser.test_leader_pages import OfficeProgram, running_program
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfficeProgram]:
    with running_program(tmp_path_factory.mktemp("crash")) as program:
        yield program


@pytest.fixture(scope="module")
def desk(program: OfficeProgram) -> Desk:
    return Desk(program)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(timeout=chromium.START_MS, executable_path=chromium.find(), args=["--no-sandbox"])
    yield browser
    browser.close()


@contextmanager
def with_profile(playwright: Playwright, profile: Path) -> Iterator[BrowserContext]:
    """A Chromium whose disk outlives it."""
    context = playwright.chromium.launch_persistent_context(
        str(profile), executable_path=chromium.find(), args=["--no-sandbox"]
    )
    try:
        yield context
    finally:
        with suppress(TargetClosed):  # it was killed
            context.close()


def kill_browser(profile: Path) -> None:
    """kill -9 of all processes of the Chromium that this profile belongs to."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if f"--user-data-dir={profile}" in line:
            os.kill(int(process.name), signal.SIGKILL)


ON_DISK = """async () => {
  const base = await new Promise((done) => { const asked = indexedDB.open("jietan"); asked.onsuccess = () => done(asked.result); });
  const all = await new Promise((done) => { const got = base.transaction("unsaved").objectStore("unsaved").getAll(); got.onsuccess = () => done(got.result); });
  base.close();
  return ["没有别的了", "旁边桌上"].every((words) => all.some((text) => text.includes(words)));
}"""
"""Whether the browser has put both on its disk; it writes what is typed at once, and how soon it is through is the machine's affair."""


def test_what_was_typed_without_network_outlives_a_killed_browser(playwright: Playwright, desk: Desk, tmp_path: Path) -> None:
    record = desk.seed()
    with with_profile(playwright, tmp_path) as context:
        page = context.pages[0]
        log_in(page, desk, "lin")
        opened(page, desk, record)
        page.route("**/edits**", lambda route: route.abort())
        type_into(page, "就这些。", "就这些，没有别的了。")
        row(page, "补偿款一共").locator(".say").click()
        page.click('.tools [data-action="delete"]')
        page.fill("#reason", "听着是旁边桌上的人说的")
        until(page, ON_DISK)
        kill_browser(tmp_path)
    assert desk.line(record.id, "就这些。").text == "就这些。"
    with with_profile(playwright, tmp_path) as context:
        page = context.pages[0]
        page.goto(f"{desk.url}/desk/{record.id}")
        if page.locator("#username").count():
            log_in(page, desk, "lin")
            opened(page, desk, record)
        expect(row(page, "没有别的了")).to_have_count(1)
        row(page, "补偿款一共").locator(".say").click()
        page.click('.tools [data-action="delete"]')
        expect(page.locator("#reason")).to_have_value("听着是旁边桌上的人说的")
        look(page, "delete-begun")
        page.get_by_role("button", name="不要了，重新写").click()
        expect(page.locator("#reason")).to_have_value("")
        page.get_by_role("button", name="先不").click()
        page.click('.tools [data-action="delete"]')
        page.wait_for_timeout(200)
        expect(page.locator("#reason")).to_have_value("")
        page.get_by_role("button", name="先不").click()
        saved(page)
    assert desk.line(record.id, "就这些。").text == "就这些，没有别的了。"


def test_typing_through_a_killed_server_arrives_whole(browser: Browser, desk: Desk, program: OfficeProgram) -> None:
    record = desk.seed()
    context = browser.new_context()
    page = context.new_page()
    log_in(page, desk, "lin")
    opened(page, desk, record)
    type_into(page, "就这些。", "就这些，")
    page.wait_for_timeout(700)
    program.process.kill()
    program.process.wait()
    page.keyboard.type("没有别的要说的了。")
    expect(page.locator("#offline")).to_contain_text("都存在这台电脑上")
    program.start_again()
    # The page tries again within two seconds (the next test), the first answers of a program just started take their time.
    saved(page)
    assert desk.line(record.id, "就这些。").text == "就这些，没有别的要说的了。"
    context.close()


def test_what_is_kept_is_tried_every_two_seconds_however_long_the_office_is_away(browser: Browser, desk: Desk) -> None:
    """By the page's clock, so that a busy machine changes nothing."""
    record = desk.seed()
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    log_in(page, desk, "lin")
    opened(page, desk, record)
    tries: list[str] = []

    def away(route: Route) -> None:
        tries.append(route.request.url)
        route.abort()

    page.route(re.compile(r"/api/(me$|records/.*/edits)"), away)
    type_into(page, "就这些。", "就这些，没有别的了。")
    page.clock.run_for(1000)
    for number in range(1, 20):
        end = time.monotonic() + PATIENCE_S
        while len(tries) < number:
            assert time.monotonic() < end, f"not tried for the {number}th time"
            page.wait_for_timeout(20)
        page.clock.run_for(2000)
    page.unroute_all()
    page.clock.run_for(2000)
    saved(page)
    assert desk.line(record.id, "就这些。").text == "就这些，没有别的了。"
    context.close()


def test_a_cut_network_is_typed_through(browser: Browser, desk: Desk) -> None:
    record = desk.seed()
    context = browser.new_context()
    page = context.new_page()
    log_in(page, desk, "lin")
    opened(page, desk, record)
    type_into(page, "就这些。", "断网以前，")
    context.set_offline(True)
    page.keyboard.type("断网以后。")
    row(page, "补偿款一共是多少").locator(".say").click()
    page.keyboard.press("End")
    page.keyboard.type("您说一下。")
    expect(page.locator("#offline")).to_contain_text("还没传的：2 处")
    context.set_offline(False)
    saved(page)
    assert desk.line(record.id, "就这些。").text == "断网以前，断网以后。"
    assert desk.line(record.id, "补偿款一共是多少？").text == "补偿款一共是多少？您说一下。"
    context.close()


def two_clerks(browser: Browser, desk: Desk, record: Seeded) -> list[Page]:
    """The pages of 林晓 and 王芳 with the same record."""
    pages = [browser.new_context(viewport={"width": 1366, "height": 768}).new_page() for _ in range(2)]
    for page, name in zip(pages, ("lin", "wang"), strict=True):
        log_in(page, desk, name)
        opened(page, desk, record)
    return pages


def test_two_clerks_see_each_other_and_lose_nothing(browser: Browser, desk: Desk) -> None:
    record = desk.seed()
    lin, wang = two_clerks(browser, desk, record)
    row(wang, "就这些").locator(".say").click()
    expect(lin.locator("#fellows")).to_contain_text("王芳也开着")
    expect(row(lin, "就这些")).to_have_attribute("data-fellow", "王芳")
    expect(wang.locator("#fellows")).to_contain_text("林晓也开着")
    type_into(lin, "您好，请您慢慢说。", "您好，请慢慢说。")
    expect(row(wang, "您好，请慢慢说。")).to_have_count(1)
    row(lin, "就这些").locator(".say").click()
    expect(lin.locator("#fellows")).to_contain_text("王芳也在改这一句")
    look(lin, "desk-fellows")
    both_are_told_where_they_wrote_at_once(lin, wang, desk, record)
    wang.context.close()
    expect(lin.locator("#fellows")).to_be_empty()
    lin.context.close()


def both_are_told_where_they_wrote_at_once(lin: Page, wang: Page, desk: Desk, record: Seeded) -> None:
    """Who came second chooses; who was first hears of it, and afterwards what became of their words."""
    wang.route("**/changes?*", lambda route: route.abort())  # her page does not hear of it before it saves
    type_into(lin, "就这些。", "林晓写的。")
    saved(lin)
    type_into(wang, "就这些。", "王芳写的。")
    dialog = wang.get_by_role("dialog")
    expect(dialog).to_contain_text("林晓改的")
    expect(lin.locator("#fellows")).to_contain_text("王芳也改了第 5 句，正在选")
    look(lin, "desk-choosing")
    wang.unroute_all()
    dialog.get_by_role("button", name="用我写的").click()
    told = lin.locator("#overwritten")
    expect(told).to_contain_text("王芳改了您改过的第 5 句，您写的是“林晓写的。”")
    look(lin, "desk-overwritten")
    told.get_by_role("button", name="去看").click()
    expect(told).to_be_hidden()
    assert desk.line(record.id, "就这些。").text == "王芳写的。"


@pytest.mark.nightly
def test_two_clerks_in_one_field_are_told_who_wrote_what(browser: Browser, desk: Desk) -> None:
    record = desk.seed()
    lin, wang = two_clerks(browser, desk, record)
    wang.route("**/changes?*", lambda route: route.abort())  # her page does not hear of it before it saves
    lin.fill("#form-address", "柳湾村四组")
    expect(lin.locator("[data-field=address] .origin")).to_have_text("林晓填的")
    wang.fill("#form-address", "柳湾村五组")
    dialog = wang.get_by_role("dialog")
    expect(dialog.locator("[data-side=theirs]")).to_have_text("现在写着的（林晓改的）柳湾村四组")
    look(wang, "desk-field-choosing")
    wang.unroute_all()
    dialog.get_by_role("button", name="用我写的").click()
    expect(lin.locator("#overwritten")).to_contain_text("王芳改了您填的“住址”，您写的是“柳湾村四组”。")
    expect(lin.locator("#form-address")).to_have_value("柳湾村五组")
    for page in (lin, wang):
        page.context.close()


def test_steps_are_taken_back_by_keys_and_buttons(browser: Browser, desk: Desk) -> None:
    record = desk.seed()
    context = browser.new_context()
    page = context.new_page()
    log_in(page, desk, "lin")
    opened(page, desk, record)
    expect(page.locator("#undo")).to_be_disabled()
    type_into(page, "就这些。", "就这些，没有了。")
    saved(page)
    row(page, "村里修路").locator(".say").click()
    page.keyboard.press("Control+Enter")
    saved(page)
    expect(row(page, "村里修路")).to_have_class(re.compile("heard"))
    page.keyboard.press("Control+z")
    expect(row(page, "村里修路")).not_to_have_class(re.compile("heard"))
    page.keyboard.press("Control+z")
    expect(row(page, "没有了")).to_have_count(0)
    assert desk.line(record.id, "就这些。").text == "就这些。"
    expect(page.locator("#redo")).to_be_enabled()
    page.click("#redo")
    expect(row(page, "没有了")).to_have_count(1)
    page.keyboard.press("Control+y")
    expect(row(page, "村里修路")).to_have_class(re.compile("heard"))
    expect(page.locator("#redo")).to_be_disabled()
    context.close()
