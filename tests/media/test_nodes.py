"""Two real media nodes on one data folder: one is killed, its room comes back, the other's does not notice."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from server.protocol.media_control import Follow, GapFound
from server.protocol.signalling import Joined, Trouble
from server.settings import Settings
from server.supervisor import Supervisor, programs
from tests.media.client import Client, until
from tests.media.office import Office
from tests.ports import free_port


async def answers(port: int) -> None:
    """Wait until a node listens."""
    async with httpx.AsyncClient(trust_env=False) as http:
        for _ in range(1200):
            try:
                await http.get(f"http://127.0.0.1:{port}/healthz")
                return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    raise AssertionError("the node does not listen")


@pytest.fixture
async def two(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Settings]:
    """Settings of two nodes that the product's own supervisor keeps."""
    both = settings.model_copy(update={"media_nodes": 2, "media_port": free_port(), "media_more_port": free_port()})
    for name in ("data_dir", "secret", "media_nodes", "media_port", "media_more_port", "transcriber_url", "disk_reserve_mb"):
        monkeypatch.setenv(f"JIETAN_{name.upper()}", str(getattr(both, name)))
    monkeypatch.setenv("JIETAN_CONFIG", str(tmp_path / "none.toml"))
    both.key("seat")
    supervisor = Supervisor([p for p in programs(both) if p.name.startswith("media")], tmp_path / "run")
    running = asyncio.create_task(supervisor.run())
    for node in range(2):
        await answers(both.media_port_of(node))
    yield both
    supervisor.stop()
    await running


async def sit(both: Settings, node: int, participant: str, role: str, *, claimed: int | None = None) -> Client:
    claims = {"reception_id": f"r{node}", "node": node if claimed is None else claimed}
    return await Client(both.client_signalling_url(node), both.key("seat"), participant, role, **claims).join()


async def talk(both: Settings, node: int) -> list[Client]:
    clients = [await sit(both, node, f"p{node}", "petitioner"), await sit(both, node, f"l{node}", "leader")]
    for client in clients:
        await until(lambda c=client: c.last(Joined), "joined")
        await client.publish()
    await until(lambda: clients[1].room and clients[1].room.recording, "recording")
    return clients


@pytest.mark.slow
async def test_a_killed_node_comes_back_and_the_other_does_not_notice(two: Settings, tmp_path: Path) -> None:
    rooms = [await talk(two, 0), await talk(two, 1)]
    async with Office(two.media_port_of(0), two) as here, Office(two.media_port_of(1), two) as there:
        await here.ask(Follow(id=1, after={"r0": 0}))
        await there.ask(Follow(id=1, after={"r1": 0}))
        await until(lambda: "recording_started" in there.kinds, "its journal is followed")
    os.kill(int((tmp_path / "run" / "media-1.pid").read_text()), signal.SIGKILL)
    await until(lambda: all(c.close_code is not None for c in rooms[1]), "its clients lost their sockets")
    seen = len(rooms[0][0].captions)
    await answers(two.media_port_of(1))
    async with Office(two.media_port_of(1), two) as there:
        await there.ask(Follow(id=1, after={"r1": 0}))
        again = await talk(two, 1)
        await until(lambda: there.kinds.count("opened") == 2, "the same folder goes on")
        assert {e.entry.reception_id for e in there.entries} == {"r1"}
    await until(lambda: len(rooms[0][0].captions) > seen + 1, "the other room goes on")
    assert all(c.close_code is None for c in rooms[0])
    async with Office(two.media_port_of(0), two) as here:
        await here.ask(Follow(id=1, after={"r0": 0}))
        await until(lambda: "recognised" in here.kinds, "its journal")
        assert here.kinds.count("opened") == 1
        gaps = {e.entry.fact.gap.cause for e in here.entries if isinstance(e.entry.fact, GapFound)}
        assert "media_restarted" not in gaps, "a packet may be lost on a busy machine, the process was not"
    for client in (*rooms[0], *rooms[1], *again):
        await client.close()


async def test_a_token_for_one_node_is_worth_nothing_at_another(two: Settings) -> None:
    led_astray = await sit(two, 1, "p1", "petitioner", claimed=0)
    await until(lambda: led_astray.last(Trouble), "refused")
    assert led_astray.last(Trouble).code == "token_bad"
    assert not (two.recordings_dir / "r1").exists()
    await led_astray.close()
