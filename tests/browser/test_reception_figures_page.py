"""Figures of leaders' receptions, each opened to its receptions, in a real browser: by level with a target, waiting, promises kept,
satisfaction; on a telephone nothing is out of sight."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.settings import Settings
from server.store.engine import Store
from server.store.models import (
    Commitment,
    Kiosk,
    Organization,
    Reception,
    SittingRating,
    User,
)
from tests.browser import accessible
from tests.browser.test_leader_pages import (  # noqa: F401
    NewContext,
    Office,
    OfficeProgram,
    as_user,
    browser,
    new_context,
    office,
    overflow,
    program,
    talks_end,
)
from tests.browser.test_queue_pages import pictures

pytestmark = [pytest.mark.browser, pytest.mark.nightly]
LEADERS = ("zhou", "li", "fang")
TALKS = 8
"""Of each leader; every fourth on site, every third waited an hour."""


def hold(session: Session, kiosk: Kiosk, leader: User, number: int) -> Reception:
    """A talk that is over, with its matter concluded and rated, and something that was promised in it."""
    at = clock.now() - timedelta(minutes=30 + number)
    asked = at - timedelta(minutes=70 if number % 3 == 0 else 8)
    on_site = number % 4 == 0
    talk = Reception(
        id=f"r{leader.id}-{number}", organization_id=kiosk.organization_id, kiosk_id=kiosk.id, number=f"A{number:03}", state="closed",
        consent="audio_video", matter=f"宅基地登记，第 {number} 件", petitioner_name="何守田", query_code=f"Q{leader.id}X{number}", receiver_id=leader.id,
        asked_at=asked, joined_at=at, started_at=at, ended_at=at + timedelta(minutes=9), channel="on_site" if on_site else "video", seconds=540,
    )  # fmt: skip
    session.add(talk)
    session.flush()
    if not on_site:
        session.add(SittingRating(reception_id=talk.id, score="satisfied" if number % 2 else "dissatisfied", at=at))
    due = clock.today() - timedelta(days=1)
    done = number % 2 == 0
    session.add(
        Commitment(
            reception_id=talk.id, promise_id=f"typed-{talk.id}", organization_id=kiosk.organization_id, unit_id=kiosk.organization_id, what="核对账目",
            due_on=due, promised_by_id=leader.id, promised_at=at, state="done" if done else "open", ended_on=due if done else None,
        )
    )  # fmt: skip
    return talk


@pytest.fixture(scope="module")
def filled(office: Office, program: OfficeProgram) -> Office:  # noqa: F811
    """A city's leaders and a county's, each with some talks."""
    county = office.call(office.admin, "POST", "/api/admin/organizations", name="青山县信访局", parent_id=office.organization, code="QS")["id"]
    office.add_account("fang", name="方正", role="leader", title="副县长", organization_id=county)
    office.add_account("shen", name="沈岚", role="supervisor", title="", organization_id=office.organization)
    office.kiosk("石桥镇接谈室")
    store = Store(Settings(data_dir=program.folder).store_url)
    with store.write() as session:
        session.get_one(Organization, office.organization).level = "city"
        session.get_one(Organization, county).level = "county"
        kiosk = session.scalars(select(Kiosk)).first()
        assert kiosk is not None
        for name in LEADERS:
            leader = session.scalars(select(User).where(User.username == name)).one()
            for number in range(TALKS):
                hold(session, kiosk, leader, number)
    store.close()
    return office


def links(page: Page) -> list[tuple[str, str]]:
    """Address and words of each number that opens."""
    return [
        (str(one.get_attribute("href")), one.inner_text())
        for place in ("#cards a", "#leaders a")
        for one in page.locator(place).all()
        if "what=" in str(one.get_attribute("href"))
    ]


def opens_to(page: Page, office: Office, address: str, words: str) -> None:  # noqa: F811
    """The list has as many as the number says and as its heading says; it leads back."""
    page.goto(office.url + address)
    expect(page.locator("#rows tr").first).to_be_visible()
    rows = page.locator("#rows tr").count()
    hidden = page.evaluate("(() => { const box = document.querySelector('#rows').closest('.panel'); return box.scrollHeight - box.clientHeight; })()")
    assert hidden <= 1, "every row can be scrolled to"
    heading = re.search(r"(\d+) 次", page.locator("#heading").inner_text())
    assert heading is not None
    assert int(heading[1]) == rows, address
    if said := re.search(r"(\d+) 次", words):
        assert int(said[1]) == rows, (address, words)
    page.click("#back")
    expect(page.locator("#leaders tr")).to_have_count(len(LEADERS))


def test_every_figure_opens_to_its_receptions(new_context: NewContext, filled: Office) -> None:  # noqa: F811
    page = as_user(new_context(), "shen", "/stats/receptions")
    expect(page.locator("#leaders tr")).to_have_count(len(LEADERS))
    cards = page.locator("#cards")
    expect(cards).to_contain_text("市级领导视频接访比重")
    expect(cards).to_contain_text("目标 40%，够")
    expect(cards).to_contain_text("目标 60%，够")
    found = links(page)
    assert {"held", "video", "other", "waited", "long", "promised", "unkept", "said"} <= {re.search(r"what=(\w+)", one)[1] for one, _ in found}
    pictures(page, "figures")
    assert accessible.faults(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.locator(".listing .scroll").evaluate("(table) => table.scrollWidth - table.clientWidth") == 0, "all of it is in sight"
    small = page.locator("#receptions a").evaluate_all("(all) => all.filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect().height)")
    assert min(small) >= 44, "for a finger"
    page.set_viewport_size({"width": 1366, "height": 768})
    for address, words in found:
        opens_to(page, filled, address, words)
    pictures(page, "figures-again")
    page.goto(f"{filled.url}{found[0][0]}")
    expect(page.locator("#rows tr").first).to_be_visible()
    pictures(page, "figures-list")
