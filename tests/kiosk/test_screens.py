"""The kiosk's own address: signed screens, changed and taken back; what its page asks the office; who is not answered."""

import asyncio
import base64
import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk import agent as program
from kiosk import screens as shown
from kiosk.computer import Computer
from kiosk.office import OfficeRefused
from kiosk.screens import NO_PAGE_S, TRIAL_S, ScreenStore, ShownScreens, Unsound
from kiosk.serving import LARGEST_ASKED, own_socket
from kiosk.serving import Screens as OwnAddress
from kiosk.settings import KioskSettings
from server.protocol.chain import key_name
from server.protocol.copies import AgentKey
from server.protocol.screens import SHELL, PageBeat, ScreenFile, Screens, to_sign, version_of
from tests.office import TestOffice, running, settings_for
from tests.patience import PATIENCE_S

HERE = "http://127.0.0.1:8611"
POLICY = "default-src 'self'"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestOffice]:
    with running(settings_for(tmp_path_factory.mktemp("office"))) as started:
        yield started


@pytest.fixture
def enrolled(office: TestOffice, tmp_path: Path) -> KioskSettings:
    """A computer that the office knows."""
    settings = KioskSettings(server="http://office.test", data_dir=tmp_path / "kiosk", agent_port=0, disk_reserve_mb=0)
    code = office.administrator.post(f"/api/admin/kiosks/{office.ids['kiosk']}/agent").json()["code"]
    key = AgentKey.model_validate(office.anonymous.post("/api/agent/enrol", json={"code": code}).json())
    program.keep_key(settings, key)
    return settings


@pytest.fixture
async def computer(office: TestOffice, enrolled: KioskSettings) -> AsyncIterator[Computer]:
    made = Computer(enrolled, httpx.ASGITransport(office.anonymous.app))
    yield made
    made.agent.outbox.close()


def browser(computer: Computer, **headers: str) -> httpx.AsyncClient:
    app = OwnAddress(computer, computer.to_office, 8611)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE, headers=headers)


def beat(version: str, screen: str = "welcome", *, busy: bool = False) -> PageBeat:
    return PageBeat(version=version, screen=screen, busy=busy)


# --- the office's version ----------------------------------------------------------------------------------------


async def test_the_screens_of_the_office_are_served_whole_and_signed(computer: Computer) -> None:
    async with browser(computer) as page:
        assert (await page.get(SHELL)).status_code == 503
        assert await computer.fetch_screens()
        shell = await page.get(SHELL)
        assert shell.status_code == 200
        assert f'data-agent="{computer.state().version}"' in shell.text
        assert f"ws://127.0.0.1:{8610}" in shell.headers["content-security-policy"]
        assert computer.screens is not None
        assert computer.screens.current is not None
        for file in computer.screens.current.manifest.files:
            if file.path != SHELL:
                answer = await page.get(file.path)
                assert (answer.status_code, len(answer.content), answer.headers["content-type"]) == (200, file.size, file.media_type)
        sound = await page.get("/static/audio/welcome.opus", headers={"Range": "bytes=4-7"})
        assert (sound.status_code, len(sound.content), sound.headers["content-range"][:9]) == (206, 4, "bytes 4-7")
        known = await page.get("/static/js/kiosk/main.js")
        again = await page.get("/static/js/kiosk/main.js", headers={"If-None-Match": known.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert (await page.get("/static/../kiosk.key")).status_code == 404
        assert (await page.get("/", follow_redirects=False)).headers["location"] == SHELL


async def test_only_pages_of_this_address_are_answered(computer: Computer) -> None:
    foreign = (
        {"Host": "evil.test:8611"}, {"Host": "localhost:8611"}, {"Origin": "http://evil.test"}, {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    )  # fmt: skip
    for headers in foreign:
        async with browser(computer, **headers) as page:
            assert (await page.get("/agent/state")).status_code == 403, headers
    async with browser(computer, Origin=HERE) as page:
        assert (await page.get("/agent/state")).json()["office"] == "unknown"
        assert (await page.post("/agent/page", json={"version": "", "busy": False})).status_code == 403, "no page of ours"


# --- the office behind it ----------------------------------------------------------------------------------------


async def test_what_the_page_asks_the_office_is_asked_as_this_kiosk(computer: Computer, office: TestOffice) -> None:
    async with browser(computer, **{"X-Jietan": "1", "Origin": HERE}) as page:
        begun = await page.post("/api/kiosk/sittings", json={"consent": "audio_video", "name": "何守田", "phone": "", "matter": ""})
        assert (begun.status_code, begun.json()["step"]) == (201, "waiting")
        assert (await page.get("/api/kiosk/sitting")).json()["number"] == begun.json()["number"]
        assert (await page.post("/api/kiosk/sitting/leave")).status_code == 204
        assert (await page.get("/api/kiosk/sitting")).status_code == 404
        assert computer.state().office == "answers"
        assert (await page.get("/api/agent/screens")).status_code == 404, "with the program's own key a page asks nothing"
        around = await page.get("/api/kiosk/%2e%2e/agent/screens")
        assert around.status_code == 404
        assert (await page.get("/api/cases")).status_code == 403, "a kiosk is no officer"
        assert (await page.post("/api/kiosk/help", content=bytes(LARGEST_ASKED + 1))).status_code == 413
    async with browser(computer) as page:
        assert (await page.post("/api/kiosk/help")).status_code == 403, "the office still wants its own page"


async def test_an_answer_leaves_at_once_and_waits_for_nobody_to_confirm_its_first_half() -> None:
    kept = asyncio.Queue[int]()
    server = await asyncio.start_server(
        lambda _, writer: kept.put_nowait(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)),
        sock=own_socket(0),
    )
    async with server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert await asyncio.wait_for(kept.get(), PATIENCE_S)
        writer.close()


async def test_without_the_office_the_screens_live_and_say_so(enrolled: KioskSettings) -> None:
    def dead(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    computer = Computer(enrolled, httpx.MockTransport(dead))
    with contextlib.closing(computer.agent.outbox):
        async with browser(computer, **{"X-Jietan": "1"}) as page:
            answer = await page.get("/api/kiosk/sitting")
            assert (answer.status_code, answer.json()["error"]["code"]) == (504, "offline")
            told = (await page.post("/agent/page", json={"version": "", "busy": False})).json()
            assert (told["office"], told["kiosk"]) == ("silent", "柳河镇 1 号机")
            assert told["door"]["secret"] == computer.agent.secret


async def test_a_computer_whose_key_was_taken_away_says_so_and_serves_nothing(computer: Computer, office: TestOffice) -> None:
    assert await computer.fetch_screens()
    office.administrator.post(f"/api/admin/kiosks/{office.ids['kiosk']}/enrolment")
    with pytest.raises(OfficeRefused):
        await computer.agent.uploader.work()
    async with browser(computer, **{"X-Jietan": "1"}) as page:
        assert "停用" in (await page.get(SHELL)).text
        assert (await page.get("/static/js/kiosk/main.js")).status_code == 403
        assert (await page.get("/api/kiosk/sitting")).json()["error"]["code"] == "revoked"
        told = await page.post("/agent/page", json={"version": computer.state().version, "screen": "welcome", "busy": False})
        assert (told.json()["office"], told.json()["reload"]) == ("revoked", True)


async def test_a_program_or_computer_is_started_again_once_nobody_is_there(
    computer: Computer, enrolled: KioskSettings, office: TestOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert computer._doing.obeys == ("page", "room"), "nothing starts this one again"
    ended = list[int]()
    monkeypatch.setattr(os, "kill", lambda _, number: ended.append(number))
    monkeypatch.setenv("INVOCATION_ID", "of systemd")
    computer.agent.outbox.close()
    asked_for = tmp_path / "reboot"
    one = Computer(enrolled.model_copy(update={"reboot_file": asked_for}), httpx.ASGITransport(office.anonymous.app))
    with contextlib.closing(one.agent.outbox):
        await one.agent.uploader.work()
        path = f"/api/admin/fleet/{office.ids['kiosk']}/restart?what=computer"
        assert office.administrator.post(path).json()["kiosks"][0]["order"] == "computer"
        one.page_says(beat("", "talk", busy=True))
        await one.agent.uploader.work()
        now = time.monotonic()
        one._look_once(now)
        assert (ended, asked_for.exists()) == ([], False)
        one.page_says(beat("", "welcome"))
        one._look_once(now)
        assert (ended, asked_for.exists()) == ([signal.SIGTERM], True)
    again = Computer(enrolled, httpx.ASGITransport(office.anonymous.app))
    with contextlib.closing(again.agent.outbox):
        again._doing.ordered(one._doing._order)
        again._look_once(now + 3600)
        assert ended == [signal.SIGTERM], "not twice for one order"
        await again.agent.uploader.work()
    assert office.administrator.get("/api/admin/fleet").json()["kiosks"][0]["restart"] == "done"


# --- versions ----------------------------------------------------------------------------------------------------


class Maker:
    """An office's signed versions, and a computer that fetches them without one."""

    def __init__(self, folder: Path) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes_raw()
        self.folder, self.now = folder, 0.0
        self.events: list[tuple[str, str]] = []
        self.offered: Screens | None = None
        self.files: dict[str, bytes] = {}
        self.computer = self.started()

    def started(self) -> ShownScreens:
        return ShownScreens(ScreenStore(self.folder, self.public), lambda *what: self.events.append(what), lambda: self.now)

    def offer(self, word: str, **changes: Any) -> str:
        """The office has screens that say this word; gives their version."""
        files = []
        for path, content in ((SHELL, f"<html>@screens@ {word}".encode()), ("/static/a.js", word.encode() * 100)):
            name = shown.hashlib.sha256(content).hexdigest()
            self.files[name] = content
            files.append(ScreenFile(path=path, media_type="text/html", size=len(content), sha256=name))
        version = version_of(tuple(files), POLICY)
        signature = base64.b64encode(self.key.sign(to_sign(version))).decode()
        made = Screens(version=version, files=tuple(files), policy=POLICY, key=key_name(self.public), signature=signature)
        self.offered = made.model_copy(update=changes)
        return version

    async def fetch(self, path: str) -> bytes:
        assert self.offered is not None
        return self.offered.model_dump_json().encode() if path.endswith("/screens") else self.files[path.rsplit("/", 1)[1]]

    async def get(self) -> None:
        await self.computer.fetch(self)  # type: ignore[arg-type]

    @property
    def word(self) -> str:
        assert self.computer.current is not None
        found = self.computer.current.file(SHELL)
        assert found is not None
        return found[1].split()[-1].decode()


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path / "screens")


async def test_screens_change_between_sittings_only(maker: Maker) -> None:
    first = maker.offer("one")
    await maker.get()
    assert maker.computer.page_says(beat(first)) is False
    second = maker.offer("two")
    await maker.get()
    assert maker.computer.page_says(beat(first, "talk", busy=True)) is False
    assert maker.word == "one"
    assert maker.computer.page_says(beat(first)) is True
    assert maker.word == "two"
    maker.offer("three")
    await maker.get()
    assert maker.computer.page_says(beat(second, "")) is False, "the one on trial first"
    assert maker.word == "two"
    maker.computer.page_says(beat(second))
    assert maker.word == "three"


async def test_screens_that_do_not_come_up_are_taken_back_and_not_tried_again(maker: Maker) -> None:
    first = maker.offer("one")
    await maker.get()
    maker.computer.page_says(beat(first))
    second = maker.offer("two")
    await maker.get()
    maker.computer.page_says(beat(first))
    maker.now += TRIAL_S - 1
    assert not maker.computer.look()
    maker.computer.page_says(beat(second, ""))  # a page without a screen is not up
    maker.now += 2
    assert maker.computer.look()
    assert (maker.word, maker.computer.rolled_back) == ("one", second)
    assert maker.events[-1] == ("screens_taken_back", second[:12])
    assert not maker.started().wants(second)
    assert maker.started().current is not None
    maker.computer.forgive()
    assert maker.computer.wants(second)


async def test_a_program_that_is_ended_in_the_middle_of_a_trial_goes_on_with_it(maker: Maker) -> None:
    first = maker.offer("one")
    await maker.get()
    maker.computer.page_says(beat(first))
    maker.offer("two")
    await maker.get()
    maker.computer.page_says(beat(first))
    maker.computer = maker.started()
    assert (maker.word, maker.computer.on_trial) == ("two", True)
    maker.now += TRIAL_S + 1
    maker.computer.look()
    assert maker.word == "one"


async def test_where_no_page_is_open_nobody_is_waited_for(maker: Maker) -> None:
    first = maker.offer("one")
    await maker.get()
    maker.computer.page_says(beat(first))
    maker.offer("two")
    await maker.get()
    assert not maker.computer.look()
    maker.now += NO_PAGE_S + 1
    assert maker.computer.look()
    assert maker.word == "two"


def _truncated(maker: Maker) -> None:
    name = next(iter(maker.files))
    maker.files[name] = maker.files[name][:-1]


def _tampered(maker: Maker) -> None:
    name = list(maker.files)[-1]
    maker.files[name] = b"X" + maker.files[name][1:]


def _change(**changes: Any) -> Callable[[Maker], None]:
    def act(maker: Maker) -> None:
        assert maker.offered is not None
        maker.offered = maker.offered.model_copy(update=changes)

    return act


@pytest.mark.parametrize(("spoil", "code"), [
    (_truncated, "bad_file"), (_tampered, "bad_file"),
    (_change(policy="default-src *"), "bad_version"), (_change(key="0" * 64), "foreign_key"),
    (_change(signature=base64.b64encode(bytes(64)).decode()), "bad_signature"), (_change(signature="?"), "bad_signature"),
    (_change(files=()), "bad_version"),
])  # fmt: skip
async def test_half_or_tampered_screens_are_refused(maker: Maker, spoil: Callable[[Maker], None], code: str) -> None:
    first = maker.offer("one")
    await maker.get()
    maker.computer.page_says(beat(first))
    maker.files.clear()
    maker.offer("two")
    spoil(maker)
    with pytest.raises(Unsound) as refused:
        await maker.get()
    assert refused.value.code == code
    assert (maker.computer.ready, maker.word) == (None, "one")


async def test_a_disk_that_was_tampered_with_shows_the_last_good_screens(maker: Maker) -> None:
    first = maker.offer("one")
    await maker.get()
    maker.computer.page_says(beat(first))
    second = maker.offer("two")
    await maker.get()
    maker.computer.page_says(beat(first))
    maker.computer.page_says(beat(second))
    path = maker.folder / f"{second}.json"
    manifest = json.loads(path.read_text())
    (maker.folder / "files" / manifest["files"][0]["sha256"]).write_bytes(b"<script>evil")
    maker.computer = maker.started()
    assert maker.word == "one"
    assert maker.events[-1] == ("screens_unsound", "bad_file")
    await maker.get()
    assert maker.computer.ready is not None, "it is fetched again"
