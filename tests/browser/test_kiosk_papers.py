"""Papers at the kiosk: seen, refused with advice, photographed by themselves, looked at, put in order, at the leader's a moment later."""

import os

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from kiosk.checks.paper import WHITE
from tests.browser.kiosk_office import KioskOffice
from tests.browser.paper_camera import CAMERA, photograph
from tests.browser.programs import wait_until
from tests.browser.test_kiosk_copy import CopyProgram, office, page, port, program

__all__ = ["office", "page", "port", "program"]
pytestmark = [pytest.mark.browser, pytest.mark.nightly]

LONG_MS = 40_000


def look(page: Page, name: str) -> None:
    """Keep what the page looks like where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


def test_papers_go_from_the_camera_to_the_leader(page: Page, program: CopyProgram, office: KioskOffice) -> None:
    page.add_init_script(CAMERA)
    page.evaluate("""async () => (await (await fetch("/api/kiosk/sittings", { method: "POST", headers: { "Content-Type": "application/json", "X-Jietan": "1" },
      body: JSON.stringify({ consent: "audio_video", name: "何守田", phone: "13800004321", matter: "征地补偿" }) })).json()).reception_id""")
    page.reload()
    page.tap('[data-do="papers"]')
    page.evaluate("(jpeg) => window.lay(jpeg)", photograph("table"))
    advice = page.locator('[data-part="advice"]')
    expect(advice).to_contain_text("没有找到纸", timeout=LONG_MS)
    page.tap('[data-do="take"]')
    expect(page.locator("#toast")).to_contain_text("再按一次“拍下这一张”，留下整张照片", timeout=LONG_MS)
    page.tap('[data-do="take"]')
    expect(page.locator('[data-part="legible"]')).to_contain_text("这是整张照片", timeout=LONG_MS)
    page.tap('[data-do="again"]')
    page.evaluate("(jpeg) => window.lay(jpeg)", photograph("blurred"))
    page.tap('[data-do="take"]')
    expect(page.locator("#toast")).to_contain_text("拍糊了", timeout=LONG_MS)
    page.evaluate("(jpeg) => window.lay(jpeg)", photograph("perspective"))
    look(page, "papers-live")
    expect(page.locator("img.page")).to_be_visible(timeout=LONG_MS)  # it lay still
    look(page, "papers-page")
    page.tap('[data-do="keep"]')
    expect(page.locator(".sheets li")).to_have_count(1, timeout=LONG_MS)
    expect(advice).to_contain_text("拍过了", timeout=LONG_MS)
    for seed in (2, 3):
        page.evaluate("(jpeg) => window.lay(jpeg)", photograph("shadow", seed))
        expect(page.locator("img.page")).to_be_visible(timeout=LONG_MS)
        page.tap('[data-do="keep"]')
        expect(page.locator(".sheets li")).to_have_count(seed, timeout=LONG_MS)
    small = page.locator(".sheets img").evaluate_all("(all) => all.map((one) => one.src)")
    page.locator(".sheet").nth(1).tap()
    look(page, "papers-sheets")
    page.locator(".deeds .btn").first.tap()
    wait_until(lambda: page.locator(".sheets img").evaluate_all("(all) => all.map((one) => one.src)") == [small[1], small[0], small[2]], "the other order")
    page.locator(".deeds .btn").nth(1).tap()
    expect(page.locator(".sheets li")).to_have_count(2, timeout=LONG_MS)
    page.tap('[data-do="send"]')
    expect(page.locator('[data-part="told"]')).to_contain_text("领导已经看得到 2 张", timeout=LONG_MS)
    look(page, "papers-told")
    page.tap('[data-do="done"]')
    expect(page.locator(".papers")).to_have_count(0, timeout=LONG_MS)
    left = list((program.folder / "papers").rglob("*"))
    assert [one for one in left if one.is_file()] == [], "nothing stays on the kiosk"
    files = sorted(office.settings.papers_dir.rglob("*.jpg"))
    assert len(files) == 2
    picture = cv2.imread(str(files[1]))
    assert picture.shape[:2] == (1754, 1240)
    light = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    paper = [float(np.percentile(part, 80)) for row in np.array_split(light, 5) for part in np.array_split(row, 4, axis=1)]
    print(f"paper's brightness over the page: {min(paper):.0f} to {max(paper):.0f} of {WHITE}")
    assert min(paper) > WHITE - 12, "white"
    assert max(paper) - min(paper) < 12, "evenly lit: half of it lay in a shadow"
