"""待办 and 到期 in a real Chromium, with the keyboard, several matters at once, and a log-in that ends meanwhile."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from server import clock
from server.api.deps import COOKIE
from server.domain.flow import Step
from server.domain.states import StaffRole
from server.protocol.accounts import LogIn, NewUser
from server.protocol.flow import NewMatter, StepOrder, UnitOrder
from server.reception.account import accounts
from server.reception.matter import cases, registering
from server.settings import Settings
from server.store.access import Actor
from server.store.engine import Store
from server.store.models import LogInSession, Notice, Organization, StoredCase, User
from tests.browser.accessible import faults
from tests.browser.passing import keep, said_in_passing
from tests.browser.test_leader_pages import PASSWORD, OfficeProgram, running_program
from tests.patience import PATIENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MATTERS = (
    ("修村道占地，补偿款没到手", "何守田", "石桥镇", 1, "石桥镇政府", 24),
    ("低保复核没有结果", "郑玉梅", "安泰街道", 1, "县民政局", 20),
    ("村卫生室买药不能报销", "杜秋菊", "石桥镇", 1, "县医保局", 18),
    ("外墙渗水，物业推给开发商", "罗建民", "北关社区", 3, "县住建局", 14),
    ("养老金少发两个月", "高永年", "城东街道", 1, "县人社局", 13),
    ("工地拖欠工资，11 人", "唐小满", "开发区", 11, "县人社局", 12),
    ("巷口路灯不亮", "方正凯", "北关社区", 1, "", 3),
    ("咨询随迁子女入学", "柳志平", "城东街道", 1, "", 2),
    ("小区二次供水发黄", "黄小兰", "安泰街道", 1, "", 1),
)
"""Title, petitioner, place, people, unit and how many days ago it came."""
PEOPLE = (("lin", "林晓", StaffRole.CLERK), ("zhou", "周文清", StaffRole.LEADER), ("shen", "沈岚", StaffRole.SUPERVISOR))


class Desks:
    """An office with matters at every stage, and whoever looks at them."""

    def __init__(self, program: OfficeProgram) -> None:
        self.url = program.url
        self.settings = Settings(data_dir=program.folder)
        self.store = Store(self.settings.store_url)
        self.tokens: dict[str, str] = {}
        with self.store.write() as session:
            session.add(Organization(id=1, parent_id=None, name="临溪县信访局", code="LX", path="/1/"))
            session.flush()
            units = dict.fromkeys(one[4] for one in MATTERS if one[4])
            self.units = {name: number for number, name in enumerate(units, 2)}
            for name, number in self.units.items():
                session.add(Organization(id=number, parent_id=1, name=name, code=f"U{number}", path=f"/1/{number}/"))
            session.flush()
            for username, name, role in (*PEOPLE, ("wei", "韦国良", StaffRole.HANDLER)):
                organization = self.units["县人社局"] if username == "wei" else 1
                new = NewUser(username=username, name=name, role=role, organization_id=organization, password=PASSWORD)
                accounts.add_user(session, session.get_one(Organization, organization), new)
        self.clerk = Actor(name="林晓", user_id=1, role=StaffRole.CLERK, organization_id=1, organization_path="/1/")
        for matter in MATTERS:
            self.add(*matter)

    def add(self, title: str, petitioner: str, place: str, people: int, unit: str, days: int) -> None:
        """One matter as it came so many days ago."""
        then = datetime.now().astimezone() - timedelta(days=days)
        clock.set_source(lambda: then)
        new = NewMatter(
            channel="letter", received_on=clock.today_in_office().date(), name=petitioner, people=people, title=title,
            statement=f"{title}。", purpose="request", place=place,
        )  # fmt: skip
        with self.store.write() as session:
            case, _ = registering.register(session, self.clerk, new)
            if unit:
                order = StepOrder(version=1, units=(UnitOrder(organization_id=self.units[unit]),))
                cases.take_step(session, self.clerk, case.id, Step.ASSIGN, order)
        clock.set_source(None)

    def page(self, browser: Browser, username: str, path: str, **size: int) -> Page:
        """Logged in, at this path."""
        if username not in self.tokens:
            self.tokens[username] = accounts.log_in(self.settings, self.store, LogIn(username=username, password=PASSWORD), "127.0.0.1")[1]
        context = browser.new_context(viewport={"width": 1366, "height": 768, **size}, locale="zh-CN")
        context.add_cookies([{"name": COOKIE, "value": self.tokens[username], "url": self.url}])
        context.set_default_timeout(PATIENCE_MS)
        keep(context)
        page = context.new_page()
        page.goto(self.url + path)
        return page


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    folder: Path = tmp_path_factory.mktemp("desks")
    with running_program(folder) as program:
        made = Desks(program)
        yield made
        made.store.close()


def test_a_clerk_goes_through_the_list_and_gives_several_away_though_the_log_in_ends(browser: Browser, desks: Desks) -> None:
    page = desks.page(browser, "lin", "/work")
    expect(page.locator("[role=tab][aria-selected=true]")).to_have_text("新来的 3")
    expect(page.locator("#rows tr")).to_have_count(3)
    for key in ("j", "x", "j", "x", "k"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.textContent") == "巷口路灯不亮"
    expect(page.locator("#chosen b")).to_have_text("选了 2 件")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("选上，再按一次不选")
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    page.click("[data-action=assign]")
    page.select_option("#main", label="县住建局")
    page.fill("#task", "xjk 看看路灯")
    expect(page.locator(".outcome li")).to_have_count(2)
    expect(page.locator("dialog .primary")).to_have_text("交办 2 件")
    with desks.store.write() as session:
        session.query(LogInSession).delete()
    desks.tokens.clear()
    page.click("dialog .primary")
    page.wait_for_url("**/login?next=*")
    page.fill("[name=username]", "lin")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#task")).to_have_value("xjk 看看路灯")
    expect(page.locator("#main")).to_have_value(str(desks.units["县住建局"]))
    page.click("dialog .primary:text('交办 2 件')")
    expect(page.locator("dialog h3")).to_have_text("办了 2 件")
    assert faults(page) == []
    page.click("dialog :text('知道了')")
    expect(page.locator("#rows tr")).to_have_count(1)
    expect(page.locator("#chosen")).to_be_hidden()
    page.goto(f"{desks.url}/due")
    expect(page.locator("[data-part=overdue] th")).to_contain_text("已过期")
    page.locator("tr", has_text="低保复核").locator(".why-day").last.click()
    expect(page.get_by_role("dialog")).to_contain_text("从哪天起")
    page.keyboard.press("Escape")
    page.locator("tr", has_text="低保复核").get_by_role("button", name="催办").last.click()
    page.click("dialog :text('已经过了期限')")
    page.click("dialog .primary:text('催办 1 件')")
    page.click("dialog :text('知道了')")
    expect(page.locator("tr", has_text="低保复核").last).to_contain_text("催过 1 次")
    assert faults(page) == []


def test_a_figure_opens_to_the_matters_behind_it(browser: Browser, desks: Desks) -> None:
    """Limits for telling whether a matter is accepted ran out 9, 5 and 3 days ago, and nobody has been told."""
    today = clock.today_in_office().date()
    due = [today - timedelta(days=one[5] - 15) for one in MATTERS if one[4] and one[5] > 15]
    year = due[0].year
    missed = sum(day.year == year for day in due)
    page = desks.page(browser, "shen", f"/stats?period={year}")
    card = page.locator(".fig", has_text="及时受理率")
    expect(card).to_contain_text(f"0 ÷ {missed} 件，少 {missed} 件")
    expect(page.locator("#months svg")).to_be_visible()
    assert "按期办结率" in (page.locator("#months").get_attribute("aria-label") or "")
    page.click("summary:has-text('看数，全部单位')")
    expect(page.locator("#units-table tr", has_text="县民政局")).to_contain_text("0.0%")
    assert faults(page) == []
    card.get_by_role("link", name="没做到的").click()
    expect(page.locator("#rows tr")).to_have_count(missed)
    expect(page.locator("#rows")).to_contain_text("低保复核没有结果")
    assert faults(page) == []
    a_supervisor_writes_to_the_unit(page, desks)


def a_supervisor_writes_to_the_unit(page: Page, desks: Desks) -> None:
    """From the notice that it is late, from the list and from the matter itself."""
    with desks.store.write() as session:
        shen = session.scalars(select(User.id).where(User.username == "shen")).one()
        late = session.scalars(select(StoredCase).where(StoredCase.title == "低保复核没有结果")).one()
        words = f"{late.case_no} “告知是否受理”（县民政局）过期 5 天了。"
        session.add(Notice(user_id=shen, case_id=late.id, kind="late", about="告知是否受理", words=words, at=clock.now()))
    page.goto(f"{desks.url}/notices")
    page.locator("li", has_text=words).get_by_role("button", name="发督办函").click()
    expect(page.locator("#letter-text")).to_have_value(re.compile("过期 5 天"))
    assert faults(page) == []
    page.click("dialog :text('发出去')")
    expect(page.locator("li:not(.new)", has_text=words)).to_be_visible()
    page.goto(f"{desks.url}/supervision?list=all_late")
    page.locator("tr", has_text="低保复核").get_by_role("button", name="督办").first.click()
    expect(page.locator("#letter-text")).to_have_value(re.compile("过期 5 天"))
    assert faults(page) == []
    page.click("dialog :text('发出去')")
    said_in_passing(page, "发出去了，文号")
    expect(page.locator("tr", has_text="低保复核")).to_contain_text("发过函 2 次")
    page.get_by_role("link", name="低保复核没有结果").first.click()
    expect(page.locator("#letters")).to_contain_text("督办函")
    page.locator("#steps").get_by_role("button", name="督办").click()
    page.select_option("#letter-kind", label="问责建议函")
    expect(page.locator("#letter-unit option")).to_have_text(["县民政局", "临溪县信访局"])
    page.fill("#letter-text", "")
    page.click("dialog :text('发出去')")
    expect(page.get_by_role("dialog")).to_contain_text("写明存在的问题和要求")


def test_a_matter_from_its_letter_to_its_conclusion_by_keyboard(browser: Browser, desks: Desks, tmp_path: Path) -> None:
    """The office registers and gives it, the unit accepts, answers and delivers, the office concludes."""
    office = desks.page(browser, "lin", "/cases/new")
    expect(office.locator("#category-place select").first).to_be_enabled()
    office.select_option("#channel", "letter")
    office.fill("#name", "杜小满")
    office.fill("#statement", "工地上半年的工钱没有给，找过老板三次。")
    office.get_by_role("button", name="登记", exact=True).press("Enter")
    office.wait_for_url(re.compile(r"/cases/\d+"))
    path = office.url.removeprefix(desks.url).partition("?")[0]
    step(office, "甄别", {"#step-purpose": "request"}, category="劳动和社会保障")
    step(office, "转送、交办", unit="人社")
    expect(office.locator("#units")).to_contain_text("县人社局")
    unit = desks.page(browser, "wei", path)
    for name, filled in (
        ("签收", {}),
        ("受理", {}),
        ("出处理意见", {"#step-text": "经查，工钱已经由老板补发。"}),
        ("送达", {"#step-how": "当面送达"}),
    ):
        step(unit, name, filled)
    second_to_act(office)
    step(office, "办结", {})
    expect(office.locator("#state")).to_have_text("已办结")
    expect(office.locator("#events")).to_contain_text("出具处理意见书")
    assert faults(office) == []
    assert faults(unit) == []
    office.set_viewport_size({"width": 390, "height": 844})
    office.locator("#steps summary").click()
    menu = office.locator("#steps .menu").bounding_box()
    assert menu is not None
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= 390


def second_to_act(office: Page) -> None:
    """The page is from before the unit's steps: it tells what was done, keeps what was typed, and takes it the second time."""
    office.get_by_role("button", name="联系信访人", exact=True).press("Enter")
    dialog = office.locator("dialog[open]")
    dialog.locator("#step-how").fill("打过电话")
    dialog.locator("button.primary").press("Enter")
    expect(dialog.locator(".trouble")).to_have_text("韦国良刚刚办了“送达”，请看过再办。具体是：当面送达。您写的都还在，看过再按。")
    expect(dialog.locator("#step-how")).to_have_value("打过电话")
    expect(office.locator("#state")).to_have_text("已答复")
    dialog.locator("button.primary").press("Enter")
    expect(dialog).to_be_hidden()


def step(page: Page, name: str, filled: dict[str, str] | None = None, *, unit: str = "", category: str = "") -> None:
    """Take a step with the keyboard: its button, what it asks for, Enter."""
    button = page.get_by_role("button", name=name, exact=True).first
    button.press("Enter")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    for place, value in (filled or {}).items():
        field = dialog.locator(place)
        if field.evaluate("node => node.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    if category:
        dialog.locator("#category").select_option(label=category)
        for level in ("#category-kind", "#category-name"):
            dialog.locator(level).select_option(index=1)
    if unit:
        dialog.locator("#step-units").fill(unit)
        dialog.locator("#step-units").press("Enter")
        expect(dialog.locator(".unit-rows li")).to_have_count(1)
    dialog.locator("button.primary").press("Enter")
    expect(dialog).to_be_hidden()
