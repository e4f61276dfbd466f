"""Pages in the kiosk's program: encrypted, taken out, put in order, handed over, sent through breaks, then gone."""

import base64
import shutil
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from kiosk.agent import Agent
from kiosk.settings import KioskSettings
from server.domain.states import ReceptionState
from server.protocol import sealed
from server.reception.kiosk.unsealing import private_key
from server.store.models import Reception
from tests.kiosk.test_agent import enrolled, keeping, office, settings
from tests.kiosk.test_checking import asked
from tests.office import TestOffice

__all__ = ["enrolled", "office", "settings"]


def page(shade: int) -> bytes:
    return cv2.imencode(".jpg", np.full((350, 248, 3), shade, np.uint8))[1].tobytes()


async def keep(port: int, reception: str, content: bytes) -> dict[str, Any]:
    return await asked(port, type="keep_paper", reception_id=reception, jpeg=base64.b64encode(content).decode())


def on_disk(settings: KioskSettings) -> bytes:
    return b"".join(file.read_bytes() for file in (settings.data_dir / "papers").rglob("*") if file.is_file())


def names(answer: dict[str, Any]) -> list[str]:
    return [one["id"] for one in answer["pages"]]


async def test_pages_are_encrypted_put_in_order_and_forgotten_with_the_person(settings: KioskSettings) -> None:
    contents = [page(shade) for shade in (90, 140, 190)]
    keys = set()
    async with keeping(settings) as (_, port):
        for content in contents:
            answer = await keep(port, "r1", content)
        one, _, three = names(answer)
        keys.add(settings.papers_key_file.read_bytes())
        assert settings.papers_key_file.stat().st_mode & 0o077 == 0
        assert base64.b64decode(answer["pages"][0]["small"]).startswith(b"\xff\xd8")
        assert b"\xff\xd8\xff" not in on_disk(settings), "nothing lies there open"
        answer = await asked(port, type="order_papers", reception_id="r1", pages=[three, one])
        assert names(answer) == [three, one]
        assert len(list((settings.data_dir / "papers" / "loose" / "r1").iterdir())) == 5, "two pages, two small ones, their order"
    async with keeping(settings) as (_, port):
        assert names(await asked(port, type="papers", reception_id="r1")) == [three, one], "a killed program loses none"
        assert (await asked(port, type="send_papers", reception_id="r2"))["code"] == "no_pages"
        assert not list((settings.data_dir / "papers" / "loose").iterdir()), "somebody else sits there: nothing of the first is left"
        await keep(port, "r2", contents[0])
        keys.add(settings.papers_key_file.read_bytes())
        await asked(port, type="forget_papers")
        assert not on_disk(settings)
        keys.add(settings.papers_key_file.read_bytes())
        assert len(keys) == 3, "the key of what is deleted is deleted, too"
        assert (await asked(port, type="papers", reception_id="r1", secret="x" * 43))["code"] == "secret_wrong"
        assert (await keep(port, "r2", b"\xff\xd8\xff no picture"))["code"] == "unusable"


async def test_a_set_reaches_the_leader_through_lost_answers_and_kills_and_is_gone_here(enrolled: KioskSettings, office: TestOffice) -> None:
    reception = str(office.sitting()["reception_id"])
    contents = [page(shade) for shade in (80, 160)]
    async with keeping(enrolled, office) as (agent, port):
        for content in contents:
            await keep(port, reception, content)
        answer = await asked(port, type="send_papers", reception_id=reception, position=7.5)
        assert (answer["pages"], answer["waiting"]) == ([], 2)
        killed = shutil.copytree(enrolled.data_dir, enrolled.data_dir.with_name("killed"))
        answers = agent.office._client
        lost = {"announce": 1, "pieces": 1, "finish": 1}
        real = answers.request

        async def losing(method: str, path: str, **values: Any) -> httpx.Response:
            found = await real(method, path, **values)
            kind = "finish" if path.endswith("finish") else "pieces" if method == "PATCH" else "announce"
            if lost[kind]:
                lost[kind] -= 1
                raise httpx.ReadError("lost")
            return found

        answers.request = losing  # type: ignore[method-assign]
        tries = 0
        while not await agent.papers_sender.work():
            tries += 1
        assert tries == 3
        answer = await asked(port, type="papers", reception_id=reception)
        assert (answer["waiting"], answer["arrived"]) == (0, 2)
        assert not on_disk(enrolled), "nothing stays here"

    (shown,) = office.leader.get(f"/api/receptions/{reception}/papers").json()["papers"]
    assert [office.leader.get(url).content for url in shown["pages"]] == contents

    again = Agent(enrolled.model_copy(update={"data_dir": killed}), httpx.ASGITransport(office.anonymous.app))
    assert await again.papers_sender.work(), "what was sent before a power cut is not there twice"
    again.outbox.close()
    assert len(office.leader.get(f"/api/receptions/{reception}/papers").json()["papers"]) == 1


async def test_a_set_of_somebody_who_went_is_deleted_and_one_of_a_sitting_not_known_yet_waits(enrolled: KioskSettings, office: TestOffice) -> None:
    reception = str(office.sitting()["reception_id"])
    async with keeping(enrolled, office) as (agent, port):
        await keep(port, "rnotyet", page(80))
        await asked(port, type="send_papers", reception_id="rnotyet")
        await keep(port, reception, page(90))
        await asked(port, type="send_papers", reception_id=reception)
        with office.office.store.write() as session:
            session.get_one(Reception, reception).state = ReceptionState.ABANDONED
        assert not await agent.papers_sender.work()
        assert [one.reception_id for one in agent.papers.waiting()] == ["rnotyet"]


async def test_nothing_on_the_disk_of_a_computer_that_is_carried_away_opens_a_page(
    enrolled: KioskSettings, office: TestOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(memory))
    content = page(120)
    async with keeping(enrolled, office) as (_, port):
        await keep(port, "r1", content)
        await asked(port, type="send_papers", reception_id="r1")
        await keep(port, "r1", content)
        left = [file for file in enrolled.data_dir.rglob("*") if file.is_file()]
        assert {file.name for file in memory.iterdir()} == {"jietan-papers.key"}
        assert not [file.name for file in left if file.stat().st_size == 32], "no key lies there"
        (sent,) = (file for file in left if file.name == "sealed")
    (memory / "jietan-papers.key").unlink()  # the power was cut
    async with keeping(enrolled, office) as (_, port):
        answer = await asked(port, type="papers", reception_id="r1")
        assert (answer["pages"], answer["waiting"]) == ([], 1), "what was handed over is still there"
        with sent.open("rb") as file:
            (piece,) = sealed.unsealed(file, sent.parent.name, private_key(office.settings))
        assert piece.data == content, "the office opens it"
