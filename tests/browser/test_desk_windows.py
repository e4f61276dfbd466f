"""What a clerk has at two windows, and what meets a colleague's words in the middle of typing: nothing is lost or mixed."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from server.store import records
from tests.browser import chromium
from tests.browser.programs import wait_until
from tests.browser.test_desk_page import (
    KEPT,
    Desk,
    Seeded,
    edits_of_another,
    held_back,
    log_in,
    look,
    opened,
    row,
    saved,
    type_into,
    until,
)
from tests.browser.test_leader_pages import running_program
from tests.patience import PATIENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.nightly]
EDITS = re.compile(r"/api/(me$|records/.*/edits)")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with running_program(tmp_path_factory.mktemp("windows")) as program:
        yield Desk(program)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(timeout=chromium.START_MS, executable_path=chromium.find(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    context.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    context.on("weberror", lambda found: errors.append(str(found.error)))
    yield context
    context.close()
    assert not errors


@pytest.fixture
def page(context: BrowserContext, desk: Desk) -> Page:
    page = context.new_page()
    log_in(page, desk, "lin")
    return page


@pytest.fixture
def colleague(browser: Browser, desk: Desk) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    log_in(page, desk, "wang")
    yield page
    context.close()


def away(route: Route) -> None:
    route.abort()


def texts(desk: Desk, record: Seeded) -> list[str]:
    return [line.text for line in desk.lines(record.id)]


def field(desk: Desk, record: Seeded, name: str) -> str:
    with desk.store.read() as session:
        return records.form(session, record.id)[name].value


def test_two_windows_of_one_clerk_keep_what_each_could_not_send(context: BrowserContext, page: Page, desk: Desk) -> None:
    """Without the office in one window, with it in the other: neither takes the other's words off the disk or sends them too early."""
    record = desk.seed()
    opened(page, desk, record)
    page.route(EDITS, away)
    type_into(page, "就这些。", "第一个窗口写的。")
    until(page, f"async () => (await ({KEPT})()).includes('第一个窗口')")
    other = context.new_page()
    opened(other, desk, record)
    type_into(other, "补偿款一共", "第二个窗口写的。")
    saved(other)
    assert texts(desk, record)[-1] == "就这些。", "what the first window has is its own while it is open"
    assert "第一个窗口" in page.evaluate(KEPT)
    page.close(run_before_unload=False)
    expect(row(other, "第一个窗口写的。")).to_have_count(1)
    saved(other)
    assert texts(desk, record)[2::2] == ["第二个窗口写的。", "第一个窗口写的。"]
    assert other.evaluate(KEPT) == ""


def test_a_colleague_s_words_are_met_after_the_word_and_not_in_it(page: Page, desk: Desk, colleague: Page) -> None:
    """A save that meets them while pinyin stands there asks nothing yet; what is asked then shows no letters, and no key presses its buttons."""
    record = desk.seed()
    opened(page, desk, record)
    method = page.context.new_cdp_session(page)
    held: list[Route] = []
    page.route("**/edits?*", lambda route: held.append(route), times=1)
    type_into(page, "就这些。", "林晓写的")
    waiting = held_back(page, held)
    method.send("Input.imeSetComposition", {"text": "zi", "selectionStart": 2, "selectionEnd": 2})
    edits_of_another(colleague, desk, record, {"就这些。": "王芳写的。"})
    with page.expect_response("**/edits?*"):
        waiting.continue_()
    expect(page.get_by_role("dialog")).to_have_count(0)
    method.send("Input.insertText", {"text": "字。"})
    dialog = page.get_by_role("dialog")
    expect(dialog.locator('[data-side="theirs"]')).to_contain_text("王芳写的。")
    expect(dialog.locator('[data-side="mine"]')).to_have_text("您写的林晓写的字。")
    for key in ("Space", "Enter", "Control+Enter"):
        page.keyboard.press(key)
    expect(dialog).to_be_visible()
    look(page, "desk-met")
    page.keyboard.press("Escape")
    expect(page.locator("#saved")).to_have_text("1 处没存上")
    assert texts(desk, record)[-1] == "王芳写的。"
    page.click("#saved")
    dialog.get_by_role("button", name="用我写的").click()
    saved(page)
    assert texts(desk, record)[-1] == "林晓写的字。"


def test_words_for_a_line_that_is_gone_are_kept_and_a_press_that_was_too_late_is_told(page: Page, desk: Desk, colleague: Page) -> None:
    record = desk.seed()
    opened(page, desk, record)
    page.route(EDITS, away)
    type_into(page, "就这些。", "就这些，您再看看。")
    row(page, "您好").locator(".say").click()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#offline")).to_contain_text("还没传的：2 处")
    edits_of_another(colleague, desk, record, {"您好，请您慢慢说。": "您好，请坐。"})
    four, five = desk.lines(record.id)[3:]
    join = {"kind": "join", "line_id": four.id, "version": four.version, "next_version": five.version}
    answer = colleague.request.post(f"{desk.url}/api/records/{record.id}/edits", data={"edits": [join]}, headers={"X-Jietan": "1"})
    assert answer.ok
    page.unroute_all()
    expect(page.locator("#refused")).to_contain_text("有 1 处没存上")
    page.get_by_role("button", name="看没存上的").click()
    expect(page.locator("dialog .kept")).to_have_text("就这些，您再看看。")
    page.get_by_role("button", name="先留着").click()
    assert texts(desk, record)[3:] == ["三万六千八，单子没给过。就这些。"]
    assert not desk.lines(record.id)[0].heard, "what was heard was another text"


def test_a_long_way_back_and_forth_over_a_reload(page: Page, desk: Desk) -> None:
    record = desk.seed()
    opened(page, desk, record)
    before = texts(desk, record)
    line = desk.line(record.id, "就这些。")
    for number in range(110):
        edit = {"kind": "text", "line_id": line.id, "version": line.version + number, "text": f"就这些。{number}"}
        assert page.request.post(f"{desk.url}/api/records/{record.id}/edits", data={"edits": [edit]}, headers={"X-Jietan": "1"}).ok
    page.reload()
    expect(row(page, "就这些。109")).to_have_count(1)
    for _ in range(110):
        page.keyboard.press("Control+z")
    expect(page.locator("#undo")).to_be_disabled()
    assert texts(desk, record) == before
    expect(page.locator("#overwritten")).to_be_hidden()
    page.reload()
    expect(page.locator("#redo")).to_be_enabled()
    for _ in range(110):
        page.keyboard.press("Control+y")
    expect(page.locator("#redo")).to_be_disabled()
    assert texts(desk, record)[-1] == "就这些。109"


def test_replacing_by_keys_goes_from_hit_to_hit_and_leaves_no_line_empty(page: Page, desk: Desk) -> None:
    record = desk.seed(copies=2)
    page.goto(f"{desk.url}/desk/{record.id}")
    expect(page.locator(".u")).to_have_count(10)
    for place in (4, 9):  # Enter goes on from where one is
        page.keyboard.press("Control+F")
        page.keyboard.insert_text("就这些。")
        page.keyboard.press("Enter")
        expect(page.locator(".u").nth(place)).to_have_class(re.compile("cur"))
    page.locator(".u .say").nth(2).click()
    page.keyboard.press("Home")
    page.keyboard.insert_text("就这些。")
    page.keyboard.press("Control+F")
    expect(page.locator("#find-words")).to_have_value("就这些。")
    expect(page.locator(".hits li")).to_have_count(3)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("换了 1 处。有 2 句换了就一个字不剩，没有换")
    assert [text for text in texts(desk, record) if "就这些" in text] == ["就这些。", "就这些。"]
    page.keyboard.press("Control+F")
    page.keyboard.press("Tab")
    page.keyboard.insert_text("没有了。")
    page.keyboard.press("Enter")
    expect(row(page, "没有了。")).to_have_count(2)
    page.keyboard.press("Control+E")
    page.keyboard.insert_text("重复了")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".u.deleted")).to_contain_text("已删：重复了")
    page.locator(".u .say").nth(0).click()
    for words in ("补的第一句。", "补的第二句。"):
        page.keyboard.press("Control+I")
        page.keyboard.insert_text(words)
        page.keyboard.press("Control+Enter")
        expect(page.locator(".u.cur")).to_contain_text(words)
    assert texts(desk, record)[1:3] == ["补的第一句。", "补的第二句。"], "one follows the other"


def test_every_hit_of_hundreds_can_be_looked_at_and_left_out(page: Page, desk: Desk) -> None:
    record = desk.seed(copies=110)
    page.goto(f"{desk.url}/desk/{record.id}")
    expect(page.locator(".u").first).to_be_visible()
    until(page, "document.querySelector('#places-words').textContent !== ''")
    page.keyboard.press("Control+F")
    page.keyboard.insert_text("。")
    expect(page.get_by_role("dialog")).to_contain_text("找到 440 处，这里列出前 300 处，选中 440 处。")
    page.locator(".hits input").nth(1).uncheck()
    expect(page.locator("#find-all")).not_to_be_checked()
    page.get_by_role("button", name="再列后面的 140 处").click()
    expect(page.locator(".hits li")).to_have_count(440)
    page.locator(".hits input").nth(439).uncheck()
    expect(page.get_by_role("dialog")).to_contain_text("找到 440 处，选中 438 处。")
    look(page, "desk-find-many")
    page.fill("#find-instead", "！")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("换了 438 处。")
    left = [text for text in texts(desk, record) if "。" in text]
    assert left == ["村里修路占了我家的承包地。", "就这些。"]


def test_without_the_office_what_was_typed_last_is_taken_back_where_it_was_typed(page: Page, desk: Desk) -> None:
    record = desk.seed()
    opened(page, desk, record)
    page.route(EDITS, away)
    type_into(page, "就这些。", "就这些，没有了。")
    expect(page.locator("#offline")).to_contain_text("还没传的：1 处")
    written = page.locator(".u .say").nth(4)
    for key, left in (("z", "就这些，"), ("y", "就这些，没有了。"), ("z", "就这些，")):
        for _ in "没有了。":
            page.keyboard.press(f"Control+{key}")
        expect(written).to_have_text(left)
    page.keyboard.press("End")
    page.keyboard.insert_text("谢谢。")
    for words in ("补的第一句。", "补的第二句。"):
        page.keyboard.press("Control+I")
        page.keyboard.insert_text(words)
        page.keyboard.press("Control+Enter")
    page.unroute_all()
    saved(page)
    assert texts(desk, record)[-3:] == ["就这些，谢谢。", "补的第一句。", "补的第二句。"]


def test_a_space_or_a_new_line_before_the_next_word_outlives_a_save(page: Page, desk: Desk) -> None:
    record = desk.seed()
    opened(page, desk, record)
    type_into(page, "就这些。", "Li Si ")
    saved(page)
    assert texts(desk, record)[-1] == "Li Si"
    page.keyboard.type("Wang")
    page.locator("#whose").click()
    wait_until(lambda: texts(desk, record)[-1] == "Li Si Wang", "the line is saved")
    page.fill("#form-facts", "第一件。")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    wait_until(lambda: field(desk, record, "facts") == "第一件。", "the field is saved")
    saved(page)
    page.keyboard.insert_text("第二件。")
    wait_until(lambda: field(desk, record, "facts") == "第一件。\n第二件。", "the field is saved")
