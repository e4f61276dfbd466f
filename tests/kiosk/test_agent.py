"""The copy program: who may hand it something, what is left of a talk when it is killed, and sending it to the office."""

import asyncio
import contextlib
import errno
import json
import shutil
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from kiosk import agent as program
from kiosk.agent import Agent, AgentNotEnrolled, origin_of
from kiosk.fingerprint import CommandPad, NoPrint
from kiosk.holding import KEPT_S, SITTING_KEPT, LastSitting
from kiosk.outbox import KeptCopy
from kiosk.settings import KioskSettings
from server.domain.states import ReceptionState
from server.protocol import alone, sealed
from server.protocol.copies import End, Open, OpenAlone, ToldOffice
from server.protocol.devices import Hold, KeepSitting, SittingAsked, SittingStood
from server.reception.record.signature_image import decode_fingerprint
from server.store import copyfiles
from server.store.models import KioskCopy, Reception
from tests.office import TestOffice, running, settings_for
from tests.patience import PATIENCE_S, until

BEGUN = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
OFFICE = "http://office.test"
KEPT = {"type": "kept", "number": "", "room": None}
OWN = X25519PrivateKey.generate()
"""The office's key where there is no office."""


def opened(copy: KeptCopy) -> list[bytes | None]:
    """Its pieces as that office reads them."""
    with (copy.folder / "sealed").open("rb") as file:
        return [piece.data for piece in sealed.unsealed(file, copy.id, OWN)]


@pytest.fixture
def office(tmp_path: Path) -> AsyncIterator[TestOffice]:
    (tmp_path / "office").mkdir()
    with running(settings_for(tmp_path / "office")) as started:
        yield started


@pytest.fixture
def settings(tmp_path: Path) -> KioskSettings:
    """A program with a key that no office knows."""
    made = KioskSettings(server=OFFICE, data_dir=tmp_path / "kiosk", agent_port=0, disk_reserve_mb=0)
    program.write_private(made.agent_key_file, f"{'t' * 43}\n{'s' * 43}\n".encode())
    told = ToldOffice(key=OWN.public_key().public_bytes_raw().hex(), kiosk_id=12)
    program.write_private(made.office_file, told.model_dump_json().encode())
    return made


@pytest.fixture
def enrolled(office: TestOffice, settings: KioskSettings) -> KioskSettings:
    """A program that the office knows."""
    code = office.administrator.post(f"/api/admin/kiosks/{office.ids['kiosk']}/agent").json()["code"]
    key = office.anonymous.post("/api/agent/enrol", json={"code": code}).json()
    program.write_private(settings.agent_key_file, f"{key['token']}\n{'s' * 43}\n".encode())
    program.write_private(settings.office_file, json.dumps(key["office"]).encode())
    return settings


@contextlib.asynccontextmanager
async def keeping(settings: KioskSettings, office: TestOffice | None = None) -> AsyncIterator[tuple[Agent, int]]:
    """The program with its door open; nothing is sent by itself."""
    agent = Agent(settings, httpx.ASGITransport(office.anonymous.app) if office else None)
    async with agent.listening() as port:
        yield agent, port
    agent.outbox.close()


async def page(port: int, copy_id: str = "c1", *, origin: str = OFFICE, secret: str = "s" * 43) -> ClientConnection:
    """The kiosk's page opens a copy."""
    socket = await connect(f"ws://127.0.0.1:{port}/", origin=origin, compression=None)  # type: ignore[arg-type]
    asked = Open(
        secret=secret, copy_id=copy_id, reception_id="r1", participant_id="p1", begun_at=BEGUN, position=1.5
    )
    await socket.send(asked.model_dump_json())
    return socket


async def told(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        return dict(httpx.Response(200, content=await socket.recv()).json())


async def send(socket: ClientConnection, number: int, data: bytes) -> dict[str, Any]:
    await socket.send(number.to_bytes(4) + data)
    return await told(socket)


def begin(office: TestOffice, copy_id: str = "c1", state: ReceptionState = ReceptionState.CLOSED) -> str:
    """The office knows of this copy of a talk that is over."""
    reception_id = str(office.sitting()["reception_id"])
    with office.office.store.write() as session:
        reception = session.get_one(Reception, reception_id)
        reception.state, reception.started_at = state, BEGUN
        session.add(
            KioskCopy(id=copy_id, kiosk_id=office.ids["kiosk"], reception_id=reception_id, participant_id="p1",
                      state="expected", announced_at=BEGUN)
        )  # fmt: skip
    return reception_id


async def test_every_second_is_on_the_disk_before_it_is_confirmed(settings: KioskSettings, tmp_path: Path) -> None:
    async with keeping(settings) as (_, port):
        socket = await page(port)
        assert await told(socket) == KEPT | {"next": 0}
        assert (await send(socket, 0, b"one"))["next"] == 1
        assert (await send(socket, 1, b"two"))["next"] == 2
        as_after_a_kill = shutil.copytree(settings.data_dir, tmp_path / "killed")
        again = Agent(settings.model_copy(update={"data_dir": as_after_a_kill})).outbox.copies()[0]
        assert opened(again) == [b"one", b"two"]


async def test_a_page_goes_on_where_a_killed_program_stopped(settings: KioskSettings) -> None:
    async with keeping(settings) as (_, port):
        socket = await page(port)
        await told(socket)
        await send(socket, 0, b"one")
    async with keeping(settings) as (agent, port):
        socket = await page(port)
        assert await told(socket) == KEPT | {"next": 1}
        assert (await send(socket, 0, b"one"))["next"] == 1, "sent twice, kept once"
        assert (await send(socket, 1, b"two"))["next"] == 2
        await socket.send(End().model_dump_json())
        assert (await told(socket))["next"] == 2
        assert agent.outbox.copies()[0].about.ended


@pytest.mark.parametrize("origin", ["http://evil.test", "http://office.test.evil.test", "https://office.test", "null"])
async def test_pages_of_other_places_are_not_let_in(settings: KioskSettings, origin: str) -> None:
    async with keeping(settings) as (agent, port):
        with pytest.raises(InvalidStatus) as refused:
            await page(port, origin=origin)
        assert refused.value.response.status_code == 403
        assert agent.outbox.copies() == []


async def test_it_listens_on_the_loopback_only(settings: KioskSettings) -> None:
    assert program.HOST == "127.0.0.1"
    assert [origin_of(url) for url in ("https://xf.example.cn/", "http://10.0.0.1:8600", "https://xf.example.cn:443")] == [
        "https://xf.example.cn", "http://10.0.0.1:8600", "https://xf.example.cn"]  # fmt: skip


@pytest.mark.parametrize(("message", "code"), [
    ("{", "bad_message"), ('{"type": "end"}', "bad_message"), (b"\0\0\0\0x", "bad_message"),
    ('{"type": "open", "secret": "s", "copy_id": "../../etc"}', "bad_message"),
])  # fmt: skip
async def test_what_is_not_a_copy_is_refused_in_words(
    settings: KioskSettings, message: Any, code: str
) -> None:
    async with keeping(settings) as (agent, port):
        socket = await connect(f"ws://127.0.0.1:{port}/", origin=OFFICE)  # type: ignore[arg-type]
        await socket.send(message)
        refused = await told(socket)
        assert (refused["code"], bool(refused["message"])) == (code, True)
        assert agent.outbox.copies() == []


async def test_without_the_secret_nothing_is_taken(settings: KioskSettings) -> None:
    async with keeping(settings) as (agent, port):
        assert (await told(await page(port, secret="x" * 43)))["code"] == "secret_wrong"
        assert agent.outbox.copies() == []


async def test_a_chunk_out_of_order_and_a_full_disk_are_told(settings: KioskSettings) -> None:
    small = settings.model_copy(update={"copies_max_mb": 1})
    async with keeping(small) as (agent, port):
        socket = await page(port)
        await told(socket)
        assert (await send(socket, 3, b"four"))["code"] == "wrong_order"
        socket = await page(port)
        await told(socket)
        assert (await send(socket, 0, bytes(900_000)))["next"] == 1
        refused = await send(socket, 1, bytes(200_000))
        assert (refused["code"], "硬盘满了" in refused["message"]) == ("full", True)
        with pytest.raises(ConnectionClosed):
            await told(socket)
        assert opened(agent.outbox.copies()[0]) == [bytes(900_000)]
        assert agent.uploader._state().full


async def test_what_newer_screens_say_is_kept_for_the_office_and_nothing_after_it_is_lost(settings: KioskSettings) -> None:
    async with keeping(settings) as (agent, port):
        for kept in (0, 2):  # the second time while the first connection is still open
            socket = await connect(f"ws://127.0.0.1:{port}/", origin=OFFICE, compression=None)  # type: ignore[arg-type]
            await socket.send(OpenAlone(secret="s" * 43, sitting_id="a1", begun_at=BEGUN).model_dump_json())
            assert (await told(socket))["next"] == kept
            assert (await send(socket, kept, b'{"type": "of a later version"}\n'))["next"] == kept + 1
            assert (await send(socket, kept + 1, alone.pack(alone.Ended(at=3, how="left"))))["next"] == kept + 2
        assert len(opened(agent.outbox.copies()[0])) == 4


@pytest.mark.parametrize("answer", [
    httpx.Response(200, html="<html>please log in</html>"), httpx.Response(302, headers={"Location": "http://portal.test/"}),
    httpx.Response(401, html="<html>"), httpx.Response(511, html="<html>"),
])  # fmt: skip
async def test_who_answers_in_the_place_of_the_office_is_no_answer(settings: KioskSettings, answer: httpx.Response) -> None:
    """A line that asks to be logged in to first neither ends the program nor takes its key away."""
    agent = Agent(settings, httpx.MockTransport(lambda _: answer))
    with pytest.raises(ConnectionError):
        await agent.uploader.work()
    with pytest.raises(ConnectionError):
        await agent.office.call("POST", "/api/agent/alarm")
    agent.outbox.close()


async def test_a_whole_copy_is_sent_confirmed_and_deleted(office: TestOffice, enrolled: KioskSettings) -> None:
    reception = begin(office)
    async with keeping(enrolled, office) as (agent, port):
        socket = await page(port)
        await told(socket)
        content = [bytes([n]) * 300_000 for n in range(5)]
        for number, data in enumerate(content):
            await send(socket, number, data)
        await agent.uploader.work()
        assert agent.outbox.copies(), "while somebody talks nothing is sent"
        await socket.send(End().model_dump_json())
        await told(socket)
        await until(lambda: not agent.is_open("c1"), "the page to be gone")
        await agent.uploader.work()
        assert agent.outbox.copies() == []
    assert (office.settings.copies_dir / reception / "c1.webm").read_bytes() == b"".join(content)


async def test_who_went_long_ago_is_not_remembered(settings: KioskSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "QUIET_S", 0)
    async with keeping(settings) as (agent, port):
        for name in ("c1", "c2", "c3"):
            socket = await page(port, name)
            await told(socket)
            await socket.close()
            await until(lambda name=name: list(agent._left) == [name], "the page to be gone, and those before it forgotten")


async def test_a_copy_that_half_came_is_gone_on_with(office: TestOffice, enrolled: KioskSettings) -> None:
    reception = begin(office)
    async with keeping(enrolled, office) as (agent, _):
        copy = agent.outbox.open(Open(
            secret="s", copy_id="c1", reception_id="r1", participant_id="p1", begun_at=BEGUN, position=0))  # fmt: skip
        for number in range(4):
            copy.add(number, bytes([number + 1]) * 400_000)
        path = office.settings.copies_dir / reception / "c1.webm"
        copyfiles.append(path, 0, copy.read(0, 123_456), 0)
        await agent.uploader.work()
        assert agent.outbox.copies() == []
        assert path.stat().st_size == 1_600_000


async def test_what_the_office_does_not_take_or_the_disk_does_not_give_stays_and_the_others_get_their_turn(
    office: TestOffice, enrolled: KioskSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt() -> None:
        raise OSError(errno.EIO, "Input/output error")

    begin(office, "c2")
    async with keeping(enrolled, office) as (agent, _):
        for copy_id in ("c0", "c1", "c2"):
            agent.outbox.open(Open(secret="s", copy_id=copy_id, reception_id="r1", participant_id="p1",
                                   begun_at=BEGUN, position=0)).add(0, b"x" * 1000)  # fmt: skip
        monkeypatch.setattr(agent.outbox.get("c0"), "end", spoilt)
        await agent.uploader.work()
        assert [copy.id for copy in agent.outbox.copies()] == ["c0", "c1"]


async def test_the_copy_of_an_abandoned_sitting_is_deleted_at_once(office: TestOffice, enrolled: KioskSettings) -> None:
    begin(office, state=ReceptionState.ABANDONED)
    async with keeping(enrolled, office) as (agent, _):
        agent.outbox.open(Open(secret="s", copy_id="c1", reception_id="r1", participant_id="p1", begun_at=BEGUN,
                               position=0)).add(0, b"x")  # fmt: skip
        await agent.uploader.work()
        assert agent.outbox.copies() == []
        assert not (office.settings.copies_dir).exists()


def test_without_a_key_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AgentNotEnrolled) as refused:
        Agent(KioskSettings(data_dir=tmp_path))
    assert "接入码" in refused.value.message


PAD = Path(__file__).with_name("simulated_pad.py")


async def asked_pad(port: int, kind: str, *, secret: str = "s" * 43) -> dict[str, Any]:
    """The page's one message about the pad, and the answer."""
    async with connect(f"ws://127.0.0.1:{port}/", origin=OFFICE, compression=None) as socket:  # type: ignore[arg-type]
        await socket.send(json.dumps({"type": kind, "secret": secret}))
        return await told(socket)


@pytest.mark.parametrize(("how", "code"), [("", ""), ("fails", "no_print"), ("words", "no_print"), ("endless", "no_print")])
async def test_a_finger_on_the_pad_is_a_picture_for_the_page(settings, how, code):
    settings.fingerprint_command = f"{sys.executable} {PAD} {how or 'well'}"
    async with keeping(settings) as (agent, port):
        assert (await asked_pad(port, "pad"))["device"] == "手印板"
        answer = await asked_pad(port, "press")
        if code:
            assert (answer["type"], answer["code"]) == ("refused", code)
        else:
            image = decode_fingerprint("data:image/png;base64," + answer["image"])
            assert (answer["type"], image[:4]) == ("print", b"\x89PNG")
        assert agent.outbox.copies() == []


async def test_a_pad_that_hangs_is_waited_for_and_given_up_and_nobody_else_gets_in(settings):
    async with keeping(settings) as (agent, port):
        assert (await asked_pad(port, "pad"))["code"] == "no_pad"
        agent.pad = CommandPad(f"{sys.executable} {PAD} hangs", "手印板", wait_s=3.0)
        assert (await asked_pad(port, "press", secret="x" * 43))["code"] == "secret_wrong"
        first = asyncio.create_task(asked_pad(port, "press"))
        await until(lambda: agent._pressing.locked(), "the pad is in use")
        assert (await asked_pad(port, "press"))["code"] == "pad_busy"
        assert (await first)["code"] == "no_print"


async def test_a_pad_whose_program_is_not_there_gives_no_print():
    with pytest.raises(NoPrint):
        await CommandPad("/nowhere/pad", "手印板").press()


async def test_what_somebody_types_is_held_in_memory_until_it_is_forgotten(settings: KioskSettings) -> None:
    async def hold(port: int, text: str | None) -> str:
        socket = await connect(f"ws://127.0.0.1:{port}/", origin=OFFICE)  # type: ignore[arg-type]
        await socket.send(Hold(secret="s" * 43, text=text).model_dump_json())
        return str((await told(socket))["text"])

    async with keeping(settings) as (agent, port):
        assert await hold(port, "何守田") == "何守田"
        assert await hold(port, None) == "何守田", "a page that was opened again asks"
        assert not [file for file in settings.data_dir.rglob("*") if file.is_file() and "何守田".encode() in file.read_bytes()]
        assert await hold(port, "") == ""
        await hold(port, "何守田")
        agent._holding._at -= KEPT_S + 1
        assert await hold(port, None) == "", "half an hour later nobody comes back for it"


async def test_how_a_sitting_stood_outlives_the_program_and_is_forgotten_when_no_page_speaks_of_it(settings: KioskSettings) -> None:
    async def ask(port: int, message: KeepSitting | SittingAsked) -> dict[str, Any]:
        socket = await connect(f"ws://127.0.0.1:{port}/", origin=OFFICE)  # type: ignore[arg-type]
        await socket.send(message.model_dump_json())
        return await told(socket)

    stood = SittingStood(reception_id="r1", participant_id="p1", step="talk", number="A07", consent="audio_video", started_at=BEGUN, ahead_ms=-40_000.5)
    secret = "s" * 43
    async with keeping(settings) as (_, port):
        assert (await ask(port, SittingAsked(secret=secret)))["sitting"] is None
        assert (await ask(port, KeepSitting(secret=secret, sitting=stood)))["sitting"] == stood.model_dump(mode="json")
        assert (await ask(port, SittingAsked(secret="x" * 43)))["code"] == "secret_wrong"
    async with keeping(settings) as (_, port):
        again = await ask(port, SittingAsked(secret=secret))
        assert again["sitting"] == stood.model_dump(mode="json")
        assert 0 < again["for_s"] <= SITTING_KEPT.total_seconds()
        assert (await ask(port, KeepSitting(secret=secret, sitting=None)))["sitting"] is None
        assert not (settings.data_dir / "sitting.json").exists(), "nobody sits here any more"


def test_a_sitting_of_which_no_page_has_spoken_for_long_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sitting.json"
    LastSitting(path).keep(SittingStood(reception_id="r1", participant_id="p1", step="waiting", number="A07", consent="audio_only"))
    assert LastSitting(path).told().sitting is not None
    monkeypatch.setattr("kiosk.holding.SITTING_KEPT", timedelta(0))
    assert LastSitting(path).told().sitting is None
    assert not path.exists()
    path.write_text("half a word")
    assert LastSitting(path).told().sitting is None
    assert not path.exists()
