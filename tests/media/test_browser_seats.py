"""Real Chromium pages on seat.js: a screen that one shows is seen by the other, and holds reach the pages."""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import av
import pytest
from playwright.async_api import Page, Route, async_playwright

from server.media.node import Node
from server.settings import Settings
from tests.browser import chromium
from tests.media.client import token, until
from tests.media.conftest import Make
from tests.media.encoder import Encoder
from tests.media.test_browser import ARGUMENTS
from tests.media.test_webm import PLAY
from tests.patience import PATIENCE_MS

ROOT = Path(__file__).parents[2]
Sit = Callable[[str, str], Awaitable[Page]]


async def _static(route: Route) -> None:
    await route.fulfill(path=ROOT / "web" / route.request.url.split("/", 3)[3])


@pytest.fixture
async def sit(node: Node, settings: Settings) -> AsyncIterator[Sit]:
    """Opens a page that sits down in the room."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(timeout=chromium.START_MS, executable_path=chromium.find(), args=ARGUMENTS)

        async def open_page(participant_id: str, role: str) -> Page:
            page = await browser.new_page()
            page.set_default_timeout(PATIENCE_MS)
            await page.route("**/static/**", _static)
            await page.goto(f"http://127.0.0.1:{node.port}/healthz")
            ticket = {
                "token": token(settings.key("seat"), participant_id, role), "participant_id": participant_id,
                "signalling_url": f"ws://127.0.0.1:{node.port}/signal",
            }  # fmt: skip
            await page.evaluate(_SIT, [ticket, role != "observer"])
            return page

        yield open_page
        await browser.close()


@pytest.mark.browser
@pytest.mark.slow
async def test_a_screen_that_one_page_shows_is_seen_at_another(node: Node, sit: Sit) -> None:
    petitioner, leader = await sit("p1", "petitioner"), await sit("l1", "leader")
    await leader.wait_for_function("seat.room && seat.room.recording")
    await leader.wait_for_function("window.firstPicture")
    milliseconds = await leader.evaluate("window.firstPicture")
    print(f"click to first remote picture: {milliseconds:.0f} ms")
    await petitioner.wait_for_function("window.firstPicture")

    await leader.evaluate(_SHOW_SCREEN)
    await petitioner.wait_for_function("window.paper && window.paper.source === 'screen'")
    await petitioner.wait_for_function("window.paperIsGreen()")
    assert await leader.evaluate("window.paper.participantId") == "l1"
    assert not await leader.evaluate("Boolean(window.paper.stream)"), "one's own screen is not sent back"
    observer = await sit("o1", "observer")
    await observer.wait_for_function("window.paperIsGreen && window.paperIsGreen()")

    asked = time.time() * 1000
    told, error = await leader.evaluate("Date.now = () => 0, [seat.clock.now(), seat.clock.error]")
    print(f"the node's time is known to {error:.1f} ms")
    assert error < 1000
    assert asked - error - 1 <= told <= time.time() * 1000 + error + 1, "whatever this machine's clock says"

    await leader.evaluate("seat.share(null)")
    await petitioner.wait_for_function("window.paper && !window.paper.stream")
    await leader.evaluate("seat.hold('p1', true)")
    await petitioner.wait_for_function("seat.room.paused && seat.room.seats.find((s) => s.role === 'petitioner').held")
    await leader.evaluate("seat.hold('p1', false)")
    await petitioner.wait_for_function("!seat.room.paused && seat.room.recording")
    await petitioner.evaluate("seat.leave()")
    await leader.wait_for_function("window.departed === '某人离开了。'")

    manifest = await node.hub.close_room("r1", "office")
    (share,) = manifest.shares
    (screen,) = [s for s in manifest.segments if s.source == "screen"]
    assert (share.participant_id, share.source) == ("l1", "screen")
    assert share.start <= screen.start < screen.start + screen.seconds <= share.end + 0.1
    with av.open(str(node.hub.folder("r1") / screen.file)) as container:
        picture = list(container.decode(video=0))[-1].to_ndarray(format="rgb24")
    red, green, blue = picture.mean(axis=(0, 1))
    assert green > 150 > 80 > max(red, blue)


@pytest.mark.browser
@pytest.mark.slow
async def test_what_is_shown_comes_back_after_a_break(node: Node, sit: Sit) -> None:
    petitioner, leader = await sit("p1", "petitioner"), await sit("l1", "leader")
    await leader.wait_for_function("seat.room && seat.room.recording")
    await leader.evaluate(_SHOW_SCREEN)
    await petitioner.wait_for_function("window.paperIsGreen()")
    await leader.evaluate("seat._line._become('lost')")
    room = node.hub.rooms["r1"]
    await until(lambda: len(room.manifest().shares) == 1, "the first showing has its end")
    frames = await petitioner.evaluate("window.paperFrames")
    await petitioner.wait_for_function("(n) => window.paperFrames > n + 5 && window.paperIsGreen()", arg=frames)
    await leader.evaluate("seat.close()")


@pytest.mark.browser
@pytest.mark.slow
async def test_an_encoders_h264_is_shown_and_its_recording_plays_and_seeks(node: Node, sit: Sit, seat: Make) -> None:
    await seat("p1", "petitioner", camera="kiosk-1")
    leader = await sit("l1", "leader")
    await leader.wait_for_function("window.otherMoves('160x120')")
    encoder = Encoder("video/H264")
    session, answer = await node.hub.cameras.offer("kiosk-1", await encoder.offer())
    await encoder.answered(answer)
    await leader.wait_for_function("window.otherMoves('320x240')")
    await until(lambda: node.hub.rooms["r1"].manifest().segments, "the own camera's file is closed")
    await leader.wait_for_function("window.framesOf('320x240') > 40")
    await node.hub.cameras.end("kiosk-1", session)
    await encoder.close()
    await leader.wait_for_function("window.otherMoves('160x120')")
    words = "import('/static/js/line.js').then((line) => line.pictureWords({picture: 'unplayable'}))"
    assert "Chrome" in await leader.evaluate(words), "a browser without H.264 says what to do"
    await leader.evaluate("seat.close()")

    manifest = await node.hub.close_room("r1", "office")
    (file,) = [s for s in manifest.segments if s.codec == "video/H264"]
    assert file.file.endswith(".mkv")
    page = leader
    await page.goto(f"file://{node.hub.folder('r1')}/manifest.json")
    played = json.loads(await page.evaluate(PLAY, file.file))
    assert "error" not in played, played
    assert played["duration"] == pytest.approx(file.seconds, abs=0.05)
    assert played["sought"] == pytest.approx(file.seconds - 1, abs=0.1)
    assert played["played"] > played["sought"] + 0.2


_SIT = """
async ([ticket, sends]) => {
  const { Seat } = await import("/static/js/seat.js");
  const media = sends ? await navigator.mediaDevices.getUserMedia({audio: true, video: {width: 640, height: 480}}) : null;
  let given = 0;
  window.seat = new Seat({ ticket: async () => { if (given++) throw new Error("resume it"); return ticket; }, media });
  const video = () => Object.assign(document.body.appendChild(document.createElement("video")), {muted: true, autoplay: true});
  const other = video(), paper = video();
  other.requestVideoFrameCallback(() => { window.firstPicture = performance.now() - clicked; });
  window.papers = window.paperFrames = 0;
  const moved = [];
  const looked = () => {
    const pen = new OffscreenCanvas(1, 1).getContext("2d");
    pen.drawImage(other, 0, 0, 1, 1);
    moved.push([`${other.videoWidth}x${other.videoHeight}`, pen.getImageData(0, 0, 1, 1).data[0]]);
    other.requestVideoFrameCallback(looked);
  };
  other.requestVideoFrameCallback(looked);
  window.otherMoves = (size) => {
    const last = moved.slice(-8);
    return last.length === 8 && last.every(([one]) => one === size) && new Set(last.map(([, grey]) => grey)).size > 4;
  };
  window.framesOf = (size) => moved.filter(([one]) => one === size).length;
  const counted = () => { window.paperFrames += 1; paper.requestVideoFrameCallback(counted); };
  paper.requestVideoFrameCallback(counted);
  seat.addEventListener("stream", ({ detail }) => { other.srcObject = detail.stream; });
  seat.addEventListener("document", ({ detail }) => { window.paper = detail; window.papers += 1; paper.srcObject = detail.stream; });
  seat.addEventListener("departed", ({ detail }) => { window.departed = detail.message; });
  window.paperIsGreen = () => {
    if (!paper.videoWidth) return false;
    const pen = new OffscreenCanvas(8, 8).getContext("2d");
    pen.drawImage(paper, 0, 0, 8, 8);
    const [red, green, blue] = pen.getImageData(4, 4, 1, 1).data;
    return green > 150 && red < 80 && blue < 80;
  };
  const clicked = performance.now();
  await seat.start();
}
"""
_SHOW_SCREEN = """
() => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 640, height: 360});
  const pen = canvas.getContext("2d");
  let n = 0;
  setInterval(() => { pen.fillStyle = n++ % 2 ? "rgb(0,200,0)" : "rgb(0,210,0)"; pen.fillRect(0, 0, 640, 360); }, 100);
  return seat.share(canvas.captureStream(10).getVideoTracks()[0], "screen");
}
"""
