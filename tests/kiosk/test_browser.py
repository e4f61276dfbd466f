"""The kiosk's browser: opened again with nothing of the person before; and what the program tells of itself."""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk import browser as program
from kiosk import startup
from kiosk.browser import Browser, NoBrowser, Orders, PathTooLong, find_browser
from kiosk.events import MOST_KEPT, EventLog
from kiosk.settings import KioskSettings
from server.protocol.health import MOST_EVENTS
from tests.patience import PATIENCE_S

PRETENDS = """#!/bin/sh
for word in "$@"; do case "$word" in --user-data-dir=*) profile=${word#*=};; esac; done
echo "何守田" > "$profile/Cookies"; echo "何守田" > "$TMPDIR/film"; echo "何守田" > "$HOME/.history"
echo "$@" >> @LOG@
(sleep 60) &
sleep 60
"""


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[KioskSettings]:
    """With something that stays open like a browser, writes like one, and has a child."""
    command = tmp_path / "chromium"
    command.write_text(PRETENDS.replace("@LOG@", str(tmp_path / "opened")))
    command.chmod(0o700)
    with tempfile.TemporaryDirectory(prefix="jt") as short:
        yield KioskSettings(data_dir=tmp_path, browser=str(command), browser_dir=Path(short), browser_flags=["--own"])


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the program answers, the last one for good."""
    given = [""]

    async def order(_: object) -> str:
        return given[0]

    monkeypatch.setattr(program, "_order", order)
    monkeypatch.setattr(program, "ASK_EVERY_S", 0.01)
    return given


async def opened(settings: KioskSettings, times: int) -> list[str]:
    log = settings.data_dir / "opened"
    async with asyncio.timeout(PATIENCE_S):
        while not log.exists() or len(log.read_text().splitlines()) < times:
            await asyncio.sleep(0.01)
    return log.read_text().splitlines()


async def test_after_a_sitting_the_browser_is_another_that_knows_nothing(settings: KioskSettings, orders: list[str]) -> None:
    profiles = settings.browser_dir
    assert profiles is not None
    left = profiles / "jietan-b-cut-off"
    left.mkdir(parents=True)
    running = asyncio.create_task(Browser(settings).run())
    (first,) = await opened(settings, 1)
    assert first.endswith(f"--own http://127.0.0.1:{settings.screens_port}/kiosk")
    assert not left.exists(), "of a run that was cut off"
    (profile,) = profiles.iterdir()
    orders[0] = "over"
    await opened(settings, 2)
    assert not profile.exists()
    await asyncio.sleep(0.05)
    assert len(await opened(settings, 2)) == 2, "an order is obeyed once"
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert list(profiles.iterdir()) == []
    with pytest.raises(NoBrowser):
        find_browser(KioskSettings(browser="no-such-browser"))
    with pytest.raises(PathTooLong):
        Browser(settings.model_copy(update={"browser_dir": profiles / ("x" * 60)}))


def test_a_browser_is_opened_again_after_a_sitting_and_when_its_page_is_silent() -> None:
    orders = Orders(0.0)
    orders.page_says("welcome", False, 1.0)
    assert orders.look(True, 2.0) == ""
    orders.page_says("notice", True, 3.0)
    orders.page_says("welcome", False, 4.0)
    assert orders.look(True, 10.0) == "", "nobody said anything about themselves"
    orders.page_says("name", True, 11.0)
    orders.page_says("", False, 12.0)
    assert orders.look(True, 20.0) == "", "the page was opened again in the middle of a sitting"
    orders.page_says("welcome", False, 21.0)
    assert orders.look(True, 21.5) == ""
    assert (orders.look(True, 24.0), len(orders.order)) == ("over", 16)
    first = orders.order
    assert orders.look(True, 24.0 + orders.PAGE_WITHIN_S) == "", "it is opening"
    assert orders.look(True, 25.0 + orders.PAGE_WITHIN_S) == "stuck"
    assert orders.order != first
    assert orders.look(False, 500.0) == "", "no page of ours is open: screens are being fetched, or the key was taken away"


def test_events_are_kept_until_the_office_has_them_and_never_grow(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.json")
    log.add("browser_ended", "-9")
    log.add("browser_ended", "-9")
    log.add("page_fault", "张三 main.js")
    first, second = log.unsent()
    assert (first.count, first.what, second.what) == (2, "-9", "___main.js")
    assert second.at - first.at < timedelta(seconds=5)
    assert EventLog(tmp_path / "events.json").unsent() == (first, second)
    log.sent(first.number)
    assert EventLog(tmp_path / "events.json").unsent() == (second,)
    for number in range(MOST_KEPT + 10):
        log.add("screens_changed", str(number))
    kept = EventLog(tmp_path / "events.json")
    assert (len(kept.unsent()), kept.unsent()[0].what) == (MOST_EVENTS, "10")
    assert kept.name == log.name


def test_a_start_is_timed_from_the_programs_first_moment(tmp_path: Path) -> None:
    assert startup.last(tmp_path / "startup.json") is None
    assert 0 < startup.since_start() < startup.since_boot()
    kept = startup.keep(tmp_path / "startup.json", 850)
    assert (startup.last(tmp_path / "startup.json"), kept.page_s) == (kept, 0.85)
