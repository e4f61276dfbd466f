"""A slip on paper: the kiosk's own browser command under its own policy prints the real slip through a real CUPS,
without a window and without a question."""

import functools
import http.server
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import Browser, sync_playwright

from kiosk.browser import Browser as KioskBrowser
from kiosk.browser import environment
from kiosk.settings import KioskSettings
from tests.browser import chromium
from tests.browser.every_screen import screens
from tests.browser.kiosk_office import ROOT, KioskOffice
from tests.browser.kiosk_page import office  # noqa: F401 fixture
from tests.browser.programs import wait_until
from tests.ports import free_port

FULL_CHROMIUM = "/usr/bin/chromium"
POLICY = ROOT / "deploy/kiosk/files/chromium-policy.json"
FIXED = "/etc/chromium"
NEEDED = {"cupsd": "cups-daemon", "lpadmin": "cups-client", "Xvfb": "xvfb", "pdftotext": "poppler-utils", FULL_CHROMIUM: "chromium", "unshare": "util-linux"}
PPD = """*PPD-Adobe: "4.3"
*FormatVersion: "4.3"
*FileVersion: "1.0"
*LanguageVersion: English
*LanguageEncoding: ISOLatin1
*PCFileName: "SLIP.PPD"
*Manufacturer: "Test"
*Product: "(Slip)"
*PSVersion: "(3010.000) 0"
*ModelName: "Slip"
*ShortNickName: "Slip"
*NickName: "Slip"
*ColorDevice: False
*LanguageLevel: "3"
*cupsVersion: 2.3
*cupsFilter: "application/pdf 0 -"
*OpenUI *PageSize/Paper: PickOne
*OrderDependency: 10 AnySetup *PageSize
*DefaultPageSize: A5
*PageSize A5/A5: "<</PageSize[420 595]>>setpagedevice"
*CloseUI: *PageSize
*OpenUI *PageRegion: PickOne
*OrderDependency: 10 AnySetup *PageRegion
*DefaultPageRegion: A5
*PageRegion A5/A5: "<</PageSize[420 595]>>setpagedevice"
*CloseUI: *PageRegion
*DefaultImageableArea: A5
*ImageableArea A5/A5: "0 0 420 595"
*DefaultPaperDimension: A5
*PaperDimension A5/A5: "420 595"
*DefaultFont: Courier
*Font Courier: Standard "(1.05)" Standard ROM
"""
"""A printer that takes PDF as it is.  Chromium prints to none whose paper it does not know: not to a queue without a driver."""
MEDIA = ["--use-fake-device-for-media-stream=device-count=2,fps=5", "--use-fake-ui-for-media-stream"]

pytestmark = [pytest.mark.browser, pytest.mark.nightly]


def missing() -> str:
    """What keeps this from running here; empty: nothing."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    lacking = [package for program, package in NEEDED.items() if not shutil.which(program, path=path)]
    if lacking:
        return f"Debian's {', '.join(lacking)} are not installed"
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True, check=False)
    return tried.stderr.strip()[:80]


@contextmanager
def cups(folder: Path) -> Iterator[tuple[str, Path]]:
    """A CUPS of our own with one printer, the default one, that throws its paper away: its address, and where what was printed
    stays (CUPS keeps it for a day if nobody says otherwise)."""
    address, printed = f"127.0.0.1:{free_port()}", folder / "spool/d00001-001"
    (folder / "spool/tmp").mkdir(parents=True)
    (folder / "cupsd.conf").write_text(
        f"Listen {address}\nBrowsing No\nDefaultAuthType None\nLogLevel warn\n<Location />\nOrder allow,deny\nAllow 127.0.0.1\n</Location>\n"
        "<Policy default>\n<Limit All>\nOrder allow,deny\nAllow all\n</Limit>\n</Policy>\n"
    )
    (folder / "slip.ppd").write_text(PPD)
    kept = {"ServerRoot": folder, "CacheDir": folder, "StateDir": folder, "RequestRoot": folder / "spool", "TempDir": folder / "spool/tmp",
            "AccessLog": folder / "access", "ErrorLog": folder / "error", "PageLog": folder / "page", "FileDevice": "Yes"}  # fmt: skip
    (folder / "cups-files.conf").write_text("".join(f"{name} {value}\n" for name, value in kept.items()))
    command = [shutil.which("cupsd", path="/usr/sbin:/usr/bin") or "", "-f", "-c", str(folder / "cupsd.conf"), "-s", str(folder / "cups-files.conf")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_until(lambda: _lpadmin(address, "-p", "SLIP", "-E", "-v", "file:///dev/null", "-P", str(folder / "slip.ppd")), "CUPS", 30)
            assert _lpadmin(address, "-d", "SLIP")
            yield address, printed
        finally:
            server.terminate()


def _lpadmin(address: str, *options: str) -> bool:
    return subprocess.run(["lpadmin", "-h", address, *options], capture_output=True, check=False, timeout=20).returncode == 0


def _done(address: str) -> bool:
    command = ["lpstat", "-h", address, "-W", "completed", "-o"]
    return "SLIP-1" in subprocess.run(command, capture_output=True, text=True, check=False, timeout=20).stdout


@contextmanager
def display() -> Iterator[str]:
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1080x1920x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            yield f":{server.stdout.readline().strip()}"
        finally:
            server.terminate()


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """Pages of a folder on a port of 127.0.0.1."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def slip(at: KioskOffice, browser: Browser) -> tuple[str, str]:
    """The slip as it stands on the screen when its key is pressed, and its query code."""
    for name, page in screens("from the talk on", at, browser):
        if name != "slip":
            continue
        page.evaluate("window.print = () => { window.asked = true; }")
        page.tap('[data-do="print"]')
        page.wait_for_function("window.asked")
        code = page.locator(".slip [data-fill=code]").inner_text()
        content = re.sub(r"<script.*?</script>", "", page.content(), flags=re.S).replace("<head>", f'<head><base href="{at.url}/">')
        page.context.close()
        return content.replace("</body>", "<script>addEventListener('load', () => print())</script></body>"), code
    raise AssertionError("no slip")


@contextmanager
def kiosk_browser(folder: Path, port: int, surroundings: dict[str, str]) -> Iterator[None]:
    """Chromium as the kiosk opens it, in a mount namespace where its policy is the kiosk's."""
    managed = folder / "policies/managed"
    managed.mkdir(parents=True)
    (managed / "jietan.json").write_text(POLICY.read_text().replace(":8611", f":{port}"))
    settings = KioskSettings(browser=FULL_CHROMIUM, browser_dir=folder, screens_port=port, browser_flags=["--no-sandbox", "--disable-gpu"])
    profile = folder / "profile"
    (profile / "tmp").mkdir(parents=True)
    command = KioskBrowser(settings).command(profile)
    mounted = ["unshare", "--mount", "sh", "-ec", f'mount --bind "$0" {FIXED}; exec "$@"', str(folder)]
    with subprocess.Popen([*mounted, *command], env=environment(profile) | surroundings, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, 9)


def test_the_slip_is_printed_at_once_under_the_kiosks_policy(office: KioskOffice, tmp_path: Path) -> None:  # noqa: F811
    if reason := missing():
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox", *MEDIA, "--autoplay-policy=no-user-gesture-required"])
        content, code = slip(office, browser)
        browser.close()
    pages = tmp_path / "pages"
    (pages / "kiosk").mkdir(parents=True)
    (pages / "kiosk/index.html").write_text(content)
    with TemporaryDirectory(prefix="jt") as short, cups(tmp_path) as (address, printed), display() as screen, serving(pages) as port:
        surroundings = {"DISPLAY": screen, "CUPS_SERVER": address}
        with kiosk_browser(Path(short), port, surroundings):
            wait_until(lambda: _done(address), "a slip on paper", 60)
        told = subprocess.run(["pdftotext", "-layout", str(printed), "-"], capture_output=True, text=True, check=True).stdout
    assert code.replace(" ", "") in told.replace(" ", "")
    assert "接谈回执" in told
    assert "叫工作人员" not in told, "what is pressed on the screen is not on paper"
    assert told.count("\f") == 1, "one page"
    assert "127.0.0.1" not in told, "nothing of the browser's own"
