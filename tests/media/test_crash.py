"""kill -9 of a node process in mid-talk: what was recorded is there, the next process goes on, the hole is told."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from server import signing_key
from server.domain.verification import Finding, verify
from server.protocol.media_control import CloseRoom, Follow, Status
from server.protocol.recording import MANIFEST_NAME, Manifest
from server.protocol.signalling import HangUp, Joined
from server.settings import Settings
from server.store import files
from tests.media.client import Client, until
from tests.media.conftest import ScriptedTranscriber
from tests.media.office import Office
from tests.ports import free_port

RUN = "from server.settings import Settings; from server.media.node import run; run(Settings())"


Start = Callable[[], "asyncio.Future[subprocess.Popen[bytes]]"]


class Processes:
    """Node processes on one data folder and port, one after another."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.settings, self._log = settings, log
        self._running: list[subprocess.Popen[bytes]] = []

    async def start(self) -> subprocess.Popen[bytes]:
        s = self.settings
        environment = {
            **os.environ, "JIETAN_DATA_DIR": str(s.data_dir), "JIETAN_SECRET": s.secret,
            "JIETAN_MEDIA_PORT": str(s.media_port), "JIETAN_TRANSCRIBER_URL": s.transcriber_url,
            "JIETAN_DISK_RESERVE_MB": "0",
        }  # fmt: skip
        with self._log.open("ab") as log:
            process = subprocess.Popen([sys.executable, "-c", RUN], env=environment, stderr=log)
        self._running.append(process)
        async with httpx.AsyncClient(trust_env=False) as http:
            end = time.monotonic() + 60
            while True:
                try:
                    await http.get(f"http://127.0.0.1:{s.media_port}/healthz")
                    return process
                except httpx.TransportError:
                    assert time.monotonic() < end, self._log.read_text()
                    await asyncio.sleep(0.05)

    def end(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()


@pytest.fixture
async def processes(settings: Settings, tmp_path: Path) -> AsyncIterator[Processes]:
    made = Processes(settings.model_copy(update={"media_port": free_port()}), tmp_path / "node.log")
    yield made
    made.end()


async def _talk(settings: Settings, *, publish: bool = True) -> tuple[Client, Client]:
    clients = []
    for participant, role in (("p1", "petitioner"), ("l1", "leader")):
        client = Client(f"ws://127.0.0.1:{settings.media_port}/signal", settings.key("seat"), participant, role)
        await client.join()
        await until(lambda c=client: c.last(Joined), "joined")
        clients.append(await client.publish())
    await until(lambda: clients[1].room and clients[1].room.recording, "recording")
    return clients[0], clients[1]


async def test_kill_in_mid_talk(processes: Processes, transcriber: ScriptedTranscriber) -> None:
    settings = processes.settings
    node = await processes.start()
    petitioner, leader = await _talk(settings)
    began = leader.room.started_at.timestamp()
    async with Office(settings.media_port, settings) as office:
        await office.ask(Follow(id=1))
        await until(lambda: len(leader.captions) >= 4, "captions")
        assert (await office.ask(Status(id=2))).result["video_codecs_created"] == 0
        node.send_signal(signal.SIGKILL)
        killed_at = time.time() - began
    seen = max((e.entry.seq for e in office.entries), default=0)
    await petitioner.close()
    await leader.close()
    (settings.recordings_dir / "r1" / "journal.jsonl").open("a").write('{"reception_id":"r1","seq":99')
    await processes.start()
    async with Office(settings.media_port, settings) as office:
        await office.ask(Follow(id=1, after={"r1": seen}))
        petitioner, leader = await _talk(settings)
        resumed_at = time.time() - began
        assert leader.room.started_at is not None
        new = lambda: [c for c in petitioner.captions if c.utterance.start > killed_at]  # noqa: E731
        await until(new, "captions of what is said now")
        await leader.send(HangUp())
        total = time.time() - began
        manifest = Manifest.model_validate((await office.ask(CloseRoom(id=2, reception_id="r1"))).result)
        at_most = time.time() - began
        await until(lambda: "closed" in office.kinds, "closed in the journal")
        assert (await office.ask(Status(id=3))).result["video_codecs_created"] == 0
    await petitioner.close()
    await leader.close()
    assert _verified(settings) == []
    seqs = [e.entry.seq for e in office.entries]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert total - 0.5 < manifest.seconds < at_most + 0.5
    _check(manifest, killed_at, resumed_at)
    restarted = [e.entry.fact for e in office.entries if e.entry.fact.kind == "opened"]
    assert [o.generation for o in restarted] == [2]
    after = [e.entry.fact.kind for e in office.entries]
    after = after[after.index("opened") :]
    assert "recognised" not in after, "what follows a break that cannot be bridged is left to the recording"


def _verified(settings: Settings) -> list[Finding]:
    """What is wrong with the folder: the chain must go on over the kill."""
    folder = settings.recordings_dir / "r1"
    manifest = json.loads((folder / MANIFEST_NAME).read_bytes())
    return verify(manifest, files.hashes(folder), signing_key.load(settings).public)


def _check(manifest: Manifest, killed_at: float, resumed_at: float) -> None:
    for participant in ("p1", "l1"):
        first, second = (s for s in manifest.segments if s.participant_id == participant and s.kind == "audio")
        assert first.closed == "repaired"
        assert killed_at - 1.0 < first.start + first.seconds < killed_at + 0.3
        assert second.start < resumed_at + 0.5
        assert abs(second.start + second.seconds - manifest.seconds) < 0.4
        gaps = [g for g in manifest.gaps if g.participant_id == participant and g.kind == "audio"]
        assert [g.cause for g in gaps] == ["media_restarted"]
        assert abs(gaps[0].start - first.start - first.seconds) < 0.01
        assert abs(gaps[0].end - second.start) < 0.01


async def test_killed_and_closed_from_the_folder_alone(processes: Processes) -> None:
    settings = processes.settings
    node = await processes.start()
    petitioner, leader = await _talk(settings)
    await asyncio.sleep(2.5)
    node.send_signal(signal.SIGKILL)
    await petitioner.close()
    await leader.close()
    await processes.start()
    async with Office(settings.media_port, settings) as office:
        manifest = Manifest.model_validate((await office.ask(CloseRoom(id=1, reception_id="r1"))).result)
        again = await office.ask(CloseRoom(id=2, reception_id="r1"))
    assert Manifest.model_validate(again.result) == manifest
    assert {(s.participant_id, s.kind.value) for s in manifest.segments} == {
        (p, k) for p in ("p1", "l1") for k in ("audio", "video")
    }
    assert all(s.closed == "repaired" and s.seconds > 1.4 for s in manifest.segments)
    assert {g.cause for g in manifest.gaps} == {"media_restarted"}


async def test_terminated_cleanly_and_taken_up_again(processes: Processes) -> None:
    settings = processes.settings
    node = await processes.start()
    petitioner, leader = await _talk(settings)
    await asyncio.sleep(1.5)
    node.send_signal(signal.SIGTERM)
    await until(lambda: node.poll() is not None, "node ended")
    assert node.returncode == 0
    await until(lambda: leader.close_code == 1012, "told to come again")
    await petitioner.close()
    await leader.close()
    await processes.start()
    async with Office(settings.media_port, settings) as office:
        manifest = Manifest.model_validate((await office.ask(CloseRoom(id=1, reception_id="r1"))).result)
    assert len(manifest.segments) == 4
    assert all(s.closed == "clean" and s.seconds > 1.0 for s in manifest.segments)
