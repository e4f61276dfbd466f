"""Chromium with a fake camera and microphone."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import chromium
from tests.patience import PATIENCE_MS

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]

expect.set_options(timeout=PATIENCE_MS)

OpenChromium = Callable[..., Browser]


@pytest.fixture(scope="module")
def open_chromium() -> Iterator[OpenChromium]:
    """Opens a Chromium: `open_chromium(microphone=WAV, camera=MJPEG, cameras=2, fps=5)`, each file played over and over."""
    with sync_playwright() as playwright, ExitStack() as opened:

        def open_one(microphone: Path | None = None, camera: Path | None = None, cameras: int = 1, fps: int = 20) -> Browser:
            files = [f"--use-fake-device-for-media-stream=device-count={cameras},fps={fps}"]
            files += [f"--use-file-for-fake-audio-capture={microphone}"] if microphone else []
            files += [f"--use-file-for-fake-video-capture={camera}"] if camera else []
            browser = playwright.chromium.launch(timeout=chromium.START_MS, executable_path=chromium.find(), args=[*ARGUMENTS, *files])
            opened.callback(browser.close)
            return browser

        yield open_one


@pytest.fixture(scope="module")
def browser(open_chromium: OpenChromium) -> Browser:
    """One Chromium with the built-in fake camera and microphone."""
    return open_chromium()
