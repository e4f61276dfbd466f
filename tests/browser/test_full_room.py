"""A full room: five people and an observer, each on their own real page, at the three sizes of screens.

Six pages with five pictures each take about a minute of two cores, so that this is asked for: `make full-room`
(SCREENSHOTS=folder keeps a picture of each page).
"""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenChromium
from tests.browser.media_files import camera_mjpeg
from tests.browser.programs import Programs, talking
from tests.browser.test_room import (
    LONG_MS,
    Places,
    assert_apart,
    boxes,
    enter,
    invite_guest,
    look,
    moving,
    observe,
    person,
)
from tests.e2e.office import PASSWORD, Administrator

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not os.environ.get("JIETAN_FULL_ROOM"), reason="asked for by make full-room"),
]
PHONE, DESK = (390, 844), (1366, 768)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    with talking(tmp_path_factory.mktemp("full-room")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(open_chromium: OpenChromium, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A camera of few and small pictures and pages of few pixels, so that two cores carry them all."""
    return open_chromium(camera=camera_mjpeg(tmp_path_factory.mktemp("camera") / "person.mjpeg", "leader", fps=3, width=160))


def test_five_people_and_an_observer(browser: Browser, programs: Programs) -> None:
    administrator = Administrator(programs)
    administrator.add_staff("leader", "周文清", "副县长")
    administrator.add_staff("clerk", "林晓")
    code = administrator.add_kiosk("石桥镇", "石桥镇接谈室").partition("code=")[2]
    places = Places(browser, programs.url, scale=0.5)
    kiosk, leader = places.page("kiosk"), places.page("leader")
    places.post(kiosk, "/api/kiosk/enrol", code=code)
    sitting = places.post(kiosk, "/api/kiosk/sittings", consent="audio_video", name="何守田", phone="", matter="修村道占地")
    kiosk.goto(f"{programs.url}/kiosk")
    places.post(leader, "/api/session", username="leader", password=PASSWORD)
    leader.goto(f"{programs.url}/leader/receptions/{sitting['reception_id']}")
    leader.locator("#begin:enabled").click(timeout=LONG_MS)
    expect(leader.locator("#recording")).to_contain_text("录音录像", timeout=LONG_MS)

    guests = {}
    for name, role, who in (("王律师", "joint", "guest"), ("阿依古丽", "interpreter", "leader"), ("赵科长", "joint", "guest")):
        guests[name] = places.page(who)
        enter(guests[name], invite_guest(leader, name, role), name)
        expect(kiosk.locator('[data-part="others"] figcaption', has_text=name)).to_be_visible(timeout=LONG_MS)
    observer = places.page("leader")
    observe(places, leader, observer)
    everybody = {"kiosk": kiosk, "leader": leader, "observer": observer, **guests}
    everybody_sees_everybody(everybody)
    expect(kiosk.locator('[data-part="observers"]')).to_have_text("旁听：林晓", timeout=LONG_MS)
    expect(leader.locator("#observers")).to_have_text("旁听：林晓")
    for page in guests.values():
        expect(page.locator("#people")).to_contain_text("旁听 林晓", timeout=LONG_MS)
    for name, page in everybody.items():
        look(page, f"five-{name}")

    arrangements(leader, guests["王律师"], guests["阿依古丽"])
    papers(leader, kiosk, everybody)
    hold(leader, kiosk, guests["王律师"])
    departures(leader, kiosk, guests)
    assert places.faults == []


def everybody_sees_everybody(everybody: dict[str, Page]) -> None:
    """Each page shows the four others, moving, none over another; the kiosk shows the leader large."""
    for name, page in everybody.items():
        others = {"kiosk": 3, "observer": 5}.get(name, 4)
        selector = '[data-part="others"] figure' if name == "kiosk" else ".tile"
        expect(page.locator(selector)).to_have_count(others, timeout=LONG_MS) if name == "kiosk" else None
        page.wait_for_function(
            "([selector, count]) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility() "
            "&& one.querySelector('video')?.currentTime > 0.3).length === count",
            arg=[selector, others], timeout=LONG_MS,
        )  # fmt: skip
        assert_apart(page, selector, others)
    leader_is_large(everybody["kiosk"])


def leader_is_large(kiosk: Page) -> None:
    picture = boxes(kiosk, '[data-part="leader"]')[0]
    others = boxes(kiosk, '[data-part="others"] figure')
    assert all(picture["width"] * picture["height"] > 4 * one["width"] * one["height"] for one in others)
    assert picture["width"] > 900


def arrangements(leader: Page, phone: Page, desk: Page) -> None:
    """Side by side, and the speaker large, at each size."""
    for page, side, speaker in ((leader, "2", "1"), (phone, "", ""), (desk, "", "")):
        name = {leader: "leader", phone: "phone", desk: "desk"}[page]
        _arrange(page, side, "side")
        assert_apart(page, ".tile", 4)
        sizes = [one["width"] * one["height"] for one in boxes(page, ".tile")]
        assert max(sizes) < 1.1 * min(sizes), "side by side"
        look(page, f"five-side-{name}")
        _arrange(page, speaker, "speaker")
        assert_apart(page, ".tile", 4)
        large = boxes(page, ".tile.large")[0]
        assert large["width"] * large["height"] > 4 * max(one["width"] * one["height"] for one in boxes(page, ".tile:not(.large)"))
        assert min(min(one["width"], one["height"]) for one in boxes(page, ".ctl .cb")) >= 44, "for a finger"
    leader.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert_apart(leader, ".tile", 4)
    assert_apart(leader, ".ctl .cb", 9)
    look(leader, "five-leader-phone")
    leader.set_viewport_size({"width": DESK[0], "height": DESK[1]})


def _arrange(page: Page, key: str, name: str) -> None:
    if key:
        page.locator("#tiles").click(position={"x": 5, "y": 200})
        page.keyboard.press(key)
    else:
        page.locator(f'[data-arrangement="{name}"].cb').click()
    expect(page.locator("#tiles")).to_have_attribute("data-arrangement", name)


def papers(leader: Page, kiosk: Page, everybody: dict[str, Page]) -> None:
    """A document beside the speaker on every page; the kiosk shows the leader large above it."""
    leader.evaluate(
        """() => { const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
          const pen = canvas.getContext("2d"); let n = 0;
          setInterval(() => { pen.fillStyle = "#fff"; pen.fillRect(0, 0, 1280, 720); pen.fillStyle = "#000"; pen.font = "60px sans-serif"; pen.fillText("土地承包经营权证 " + n++, 100, 200); }, 100);
          navigator.mediaDevices.getDisplayMedia = async () => canvas.captureStream(10); }"""
    )
    leader.locator("#share").click()
    leader.locator('#share-choices [data-source="screen"]').click()
    moving(kiosk, '[data-part="paper"]')
    for name, page in everybody.items():
        if name in ("kiosk", "leader"):
            continue
        moving(page, ".tile.paper video")
        assert_apart(page, ".tile", 6 if name == "observer" else 5)
        paper = boxes(page, ".tile.paper")[0]
        assert paper["width"] * paper["height"] > 2 * max(one["width"] * one["height"] for one in boxes(page, ".tile:not(.paper)"))
        look(page, f"five-paper-{name}")
    assert boxes(kiosk, '[data-part="leader"]')[0]["height"] > 250
    assert_apart(kiosk, '[data-part="others"] figure', 3)
    look(kiosk, "five-paper-kiosk")
    look(leader, "five-paper-leader")
    leader.locator("#share").click()
    expect(kiosk.locator('[data-part="paper-box"]')).to_be_hidden(timeout=LONG_MS)


def hold(leader: Page, kiosk: Page, guest: Page) -> None:
    """Whoever is on hold is told so, and everybody sees it."""
    person(leader, "王律师").get_by_text("请等一等").click()
    expect(guest.locator("#held-banner")).to_be_visible(timeout=LONG_MS)
    expect(kiosk.locator('[data-part="others"]')).to_contain_text("在等候", timeout=LONG_MS)
    look(guest, "five-held-guest")
    look(kiosk, "five-held-kiosk")
    person(leader, "王律师").get_by_text("请回来").click()
    expect(guest.locator("#held-banner")).to_be_hidden(timeout=LONG_MS)


def departures(leader: Page, kiosk: Page, guests: dict[str, Page]) -> None:
    """One is sent out, one leaves, each with a reason that the others read."""
    person(leader, "赵科长").get_by_text("请出去").click()
    leader.locator("#remove-yes").click()
    expect(kiosk.locator("#toast")).to_contain_text("赵科长被请出了接谈", timeout=LONG_MS)
    expect(guests["赵科长"].locator("#after-words")).to_contain_text("请您离开", timeout=LONG_MS)
    look(guests["赵科长"], "five-sent-out")
    leader.locator("#people-close").click()
    guests["阿依古丽"].locator("#leave").click()
    expect(kiosk.locator("#toast")).to_contain_text("阿依古丽离开了", timeout=LONG_MS)
    expect(leader.locator("#line-banner")).to_contain_text("阿依古丽离开了", timeout=LONG_MS)
    look(leader, "five-left")
    expect(leader.locator(".tile[data-participant]")).to_have_count(1, timeout=LONG_MS)
