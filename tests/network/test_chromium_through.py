"""Real Chromium pages behind a firewall: the product's own client library, through coturn, over TCP and over TLS."""

import mimetypes
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from server.protocol.base import Role
from tests.browser import chromium
from tests.browser.conftest import ARGUMENTS
from tests.network.clients import ticket
from tests.network.conftest import ONLY, Network

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
OFF = "WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,LocalNetworkAccessChecksWebRTC"
"""The page comes from nowhere here, and Chromium guards private networks against pages from elsewhere."""
PAGE = ROOT / "tests/browser/seat_page.html"


def start(network: Network, **launch: list[str]) -> Iterator[Browser]:
    """A Chromium in the clients' network."""
    command = network.places.folder / "chromium"
    command.write_text(f'#!/bin/sh\nexec {" ".join(network.places.prefix("client"))} {chromium.find()} "$@"\n')
    command.chmod(0o755)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(command), args=[*ARGUMENTS, *launch.get("args", [])]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser(network: Network) -> Iterator[Browser]:
    yield from start(network, args=["--ignore-certificate-errors", f"--disable-features={OFF}"])


def serve(route: Route) -> None:
    """The page and the product's own scripts, without a network."""
    path = route.request.url.removeprefix("http://localhost")
    file = PAGE if path == "/" else ROOT / "web" / path.lstrip("/")
    kind = mimetypes.guess_type(file.name)[0] or "text/plain"
    route.fulfill(body=file.read_bytes(), content_type=kind)


def sit(browser: Browser, network: Network, reception: str, role: Role) -> Page:
    page = browser.new_context(permissions=["camera", "microphone"]).new_page()
    order = {"reception": reception, "key": network.settings.key("seat"), "url": network.settings.client_signalling_url()}
    page.expose_function("ticket", lambda: ticket(order, role).model_dump())
    page.route("http://localhost/**", serve)
    page.goto("http://localhost/")
    page.evaluate("window.sit()")
    return page


@pytest.mark.parametrize("only", ["tcp", "tls on 443"])
def test_two_pages_see_each_other_the_one_way_that_is_open(network: Network, browser: Browser, only: str) -> None:
    network.places.let_through(to_relay=ONLY[only])
    pages = [sit(browser, network, f"chromium {only}".replace(" ", "-"), role) for role in (Role.PETITIONER, Role.LEADER)]
    for page in pages:
        page.wait_for_function("window.frames_shown > 10", timeout=40_000)
    for page in pages:
        page.context.close()
