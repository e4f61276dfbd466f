"""The checks as the kiosk's page asks for them, through the program's real door."""

import base64
import json
from typing import Any

import cv2
import numpy as np
import pytest
from websockets.asyncio.client import connect

from deploy.bench import papers
from kiosk.checks import sound
from tests.kiosk.test_agent import OFFICE, keeping, settings, told
from tests.kiosk.test_picture_checks import person_at, room

__all__ = ["settings"]


async def asked(port: int, **message: Any) -> dict[str, Any]:
    async with connect(f"ws://127.0.0.1:{port}/", origin=OFFICE, max_size=None) as socket:  # type: ignore[arg-type]
        await socket.send(json.dumps({"secret": "s" * 43, **message}))
        return await told(socket)


def jpeg(image: np.ndarray) -> str:
    return base64.b64encode(cv2.imencode(".jpg", image)[1].tobytes()).decode()


def shown(*images: np.ndarray) -> list[dict[str, Any]]:
    return [{"at": float(second), "jpeg": jpeg(image)} for second, image in enumerate(images)]


def pcm(samples: np.ndarray) -> str:
    return base64.b64encode((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()).decode()


async def test_the_camera_is_looked_at_and_only_outlines_of_the_room_are_kept(settings):
    async with keeping(settings) as (agent, port):
        empty = await asked(port, type="look", pictures=shown(*(room(seed=n) for n in range(3))), nobody=True)
        assert (empty["faults"], empty["framing"]["code"]) == ([], "nobody")
        away = await asked(port, type="look", pictures=shown(*(room(move=200, seed=n) for n in range(3))), nobody=True)
        assert [one["code"] for one in away["faults"]] == ["turned"]
        assert [one.name for one in agent.doing.told().camera.measured] == ["brightness", "contrast", "sharpness"]
        agent.doing.ordered("room-1")
        moved = [await asked(port, type="look", pictures=shown(*(room(move=200, seed=n) for n in range(3))), nobody=True) for _ in range(2)]
        assert ([one["faults"] for one in moved], agent.doing.told().restarted) == ([[], []], "room-1"), "it was moved on purpose"
        somebody = await asked(port, type="look", pictures=shown(person_at(0.5, 0.45, 0.35)))
        assert (somebody["faults"], somebody["framing"]["words"]) == ([], "坐得正好。")
        assert agent.checks.camera[1] == ()
        kept = {file.name for file in settings.data_dir.rglob("*") if file.is_file() and file.stat().st_size > 200}
        assert kept == {"room-outline.npy"}
        assert np.load(settings.data_dir / "room-outline.npy").shape == (90, 160)


async def test_the_loudspeaker_is_played_and_heard(settings):
    async with keeping(settings) as (agent, port):
        tone = await asked(port, type="loop")
        played = np.frombuffer(base64.b64decode(tone["sound"]), "<i2") / 32768
        recorded = np.random.default_rng(1).normal(0, 0.002, 3 * sound.RATE)
        recorded[4000 : 4000 + played.size] += 0.2 * played
        heard = await asked(port, type="listen", sound=pcm(recorded), loop=True)
        assert (heard["faults"], heard["loop_s"]) == ([], pytest.approx(0.25, abs=0.01))
        silent = await asked(port, type="listen", sound=pcm(np.random.default_rng(1).normal(0, 0.002, 3 * sound.RATE)), loop=True)
        assert [one["code"] for one in silent["faults"]] == ["loudspeaker"]
        assert agent.checks.microphone[1] == ("loudspeaker",)


async def test_papers_are_found_straightened(settings):
    shot = papers.shot("plain", 1)
    async with keeping(settings) as (_, port):
        live = await asked(port, type="paper", jpeg=jpeg(shot.picture), straighten=False)
        assert (len(live["corners"]), live["page"]) == (4, "")
        page = await asked(port, type="paper", jpeg=jpeg(shot.picture))
        assert page["faults"] == []
        assert base64.b64decode(page["page"]).startswith(b"\xff\xd8")


async def test_where_no_page_is_found_the_whole_photograph_does_if_it_can_be_read(settings):
    half = papers.shot("plain", 1).picture[:, : papers.SCENE[0] // 2]
    async with keeping(settings) as (_, port):
        refused = await asked(port, type="paper", jpeg=jpeg(half))
        assert (refused["readable"], refused["page"]) == (True, "")
        whole = await asked(port, type="paper", jpeg=jpeg(half), whole=True)
        assert whole["faults"] == refused["faults"], "it is still told"
        kept = cv2.imdecode(np.frombuffer(base64.b64decode(whole["page"]), np.uint8), cv2.IMREAD_COLOR)
        assert kept.shape == half.shape
        blurred = await asked(port, type="paper", jpeg=jpeg(cv2.GaussianBlur(half, (0, 0), 5)), whole=True)
        assert ("blurred" in [one["code"] for one in blurred["faults"]], blurred["readable"], blurred["page"]) == (True, False, "")


@pytest.mark.parametrize(
    "message",
    [
        {"type": "look", "pictures": [{"at": 0, "jpeg": "bm90aGluZw=="}]},
        {"type": "look", "pictures": [{"at": 0, "jpeg": "!"}]},
        {"type": "listen", "sound": "AAAA"},
        {"type": "paper", "jpeg": base64.b64encode(b"\xff\xd8broken").decode()},
        {"type": "keep_paper", "reception_id": "r1", "jpeg": "AAAA"},
    ],
)
async def test_what_is_no_picture_and_no_sound_is_refused(settings, message):
    async with keeping(settings) as (_, port):
        assert (await asked(port, **message))["code"] == "unusable"
        assert (await asked(port, **{**message, "secret": "x" * 43}))["code"] == "secret_wrong"


async def test_the_page_is_known_to_be_there_and_obeys_an_order_once(settings):
    async with keeping(settings) as (agent, port):
        assert agent.doing.told().page_seen_at is None
        agent.doing.ordered("o1")
        assert (await asked(port, type="page"))["restart"] == "o1"
        assert (await asked(port, type="page", restarted="o1"))["restart"] == ""
        told_ = agent.doing.told()
        assert (told_.restarted, told_.page_seen_at is not None, told_.disk_free > 0) == ("o1", True, True)
        assert (await asked(port, type="page", secret="x" * 43))["code"] == "secret_wrong"


async def test_what_does_not_open_is_told_and_a_full_disk_too(settings):
    async with keeping(settings) as (agent, port):
        assert (await asked(port, type="look", pictures=[]))["faults"][0]["code"] == "missing"
        assert (await asked(port, type="listen", sound=""))["faults"][0]["code"] == "missing"
        assert (agent.doing.told().camera.faults, agent.doing.told().microphone.faults) == (("missing",), ("missing",))
        agent.checks._reserve = 10**18
        assert (await asked(port, type="disk"))["faults"][0]["code"] == "disk_low"
