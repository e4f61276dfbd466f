"""WHIP clients that are not ours send picture and sound to the office as a kiosk's camera: GStreamer and FFmpeg."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import av
import ifaddr
import pytest
import uvicorn

from server.main import create_app, server_config
from server.media.node import Node
from server.reception.kiosk import cameras
from server.reception.office import Office
from server.settings import Settings
from server.store import accounts
from tests.media.client import Client, until
from tests.office import fill, settings_for
from tests.ports import free_port

PYTHON = "/usr/bin/python3"
HERE = Path(__file__).parent
NEEDED = ("webrtcbin", "nicesrc", "vp8enc", "openh264enc", "opusenc", "dtlssrtpenc", "srtpenc")
ENCODERS = {
    "gstreamer-vp8": (PYTHON, HERE / "gst_whip.py", "VP8"),
    "gstreamer-h264": (PYTHON, HERE / "gst_whip.py", "H264"),
    "gstreamer-h264-early": (PYTHON, HERE / "gst_whip.py", "H264", "early"),
    "ffmpeg-h264": (sys.executable, HERE / "ffmpeg_whip.py"),
}
"""Interpreter, client and what it is to send."""


def missing() -> str:
    """What GStreamer lacks here; empty: nothing."""
    probe = f"""
import gi
gi.require_version("Gst", "1.0"); gi.require_version("GstWebRTC", "1.0"); gi.require_version("GstSdp", "1.0")
from gi.repository import Gst, GstSdp, GstWebRTC
Gst.init(None)
print(" ".join(name for name in {NEEDED!r} if not Gst.ElementFactory.find(name)))
"""
    try:
        done = subprocess.run([PYTHON, "-c", probe], capture_output=True, text=True, timeout=60)
    except OSError:
        return PYTHON
    return done.stdout.strip() if done.returncode == 0 else "python3-gi with gir1.2-gst-plugins-bad-1.0"


def own_addresses() -> list[str]:
    """GStreamer's ICE looks past the loopback interface, so the node has to be on another one as well."""
    found = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    if found == ["127.0.0.1"]:
        pytest.skip("this machine has no network but itself")
    return found


@pytest.fixture(params=ENCODERS)
def client(request: pytest.FixtureRequest) -> str:
    """Name of an encoder; skips where there is none."""
    if request.param.startswith("gstreamer") and (lacking := missing()):
        pytest.skip(f"GStreamer is not whole here, missing: {lacking} (packages in deploy/whip.md)")
    if request.param.startswith("ffmpeg") and "whip" not in av.formats_available:
        pytest.skip("this PyAV comes with an FFmpeg that has no WHIP")
    return str(request.param)


@pytest.fixture
def settings(tmp_path: Path, client: str) -> Settings:
    settings = settings_for(
        tmp_path, media_port=free_port(), media_bind=own_addresses() if client.startswith("gstreamer") else ["127.0.0.1"], disk_reserve_mb=0, web_port=free_port()
    )
    return settings.model_copy(update={"media_url": f"ws://127.0.0.1:{settings.media_port}"})


@pytest.fixture
async def node(settings: Settings) -> AsyncIterator[Node]:
    node = Node(settings)
    await node.start()
    yield node
    await node.stop()


@pytest.fixture
async def office(settings: Settings, node: Node) -> AsyncIterator[str]:
    """The web program over real HTTP; the token of its first kiosk's encoder."""
    config = server_config(settings)
    server = uvicorn.Server(config)
    app = create_app(settings)
    config.app = app
    serving = asyncio.ensure_future(server.serve())
    await until(lambda: server.started, "the office listens", 30)
    running = app.state.office
    await until(lambda: running.media.connected, "the office has the node")
    yield await asyncio.to_thread(_key, running)
    server.should_exit = True
    await serving


def _key(office: Office) -> str:
    fill(office)
    with office.store.write() as session:
        return cameras.new_key(accounts.kiosks_under(session, "/")[0], "http://x", sound=True).token


async def test_it_is_a_kiosks_camera(settings: Settings, node: Node, office: str, client: str) -> None:
    url = f"http://127.0.0.1:{settings.web_port}/whip/1"
    program, script, *sends = ENCODERS[client]
    encoder = await asyncio.create_subprocess_exec(
        program, str(script), url, office, *sends, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        await until(lambda: len(node.hub.cameras.tracks("kiosk-1")) == 2, "it sends picture and sound", 30)
        signal = settings.client_signalling_url()
        petitioner = Client(signal, settings.key("seat"), "p1", "petitioner", camera="kiosk-1", camera_sound=True)
        leader = Client(signal, settings.key("seat"), "l1", "leader")
        for one in (petitioner, leader):
            await (await one.join()).publish()
        await until(lambda: leader.sees == (320, 240), "the leader sees its picture", 20)
        await until(lambda: leader.room and leader.room.recording, "its sound starts the talk")
        # FFmpeg answers no request for a key frame: its picture is recorded from its own next one on.
        ending = "mkv" if "h264" in client else "webm"
        await until(lambda: any(node.hub.folder("r1").glob(f"p1-video-*.{ending}")), "its picture is recorded")
        assert encoder.stdin is not None
        encoder.stdin.close()
        await asyncio.wait_for(encoder.wait(), 20)
        assert encoder.returncode == 0, "it took its leave with DELETE"
        await until(lambda: leader.sees == (160, 120), "the kiosk's own camera again", 20)
        assert node.hub.cameras.states() == ()
        for one in (petitioner, leader):
            await one.close()
        manifest = await node.hub.close_room("r1", "office")
        recorded = {s.codec for s in manifest.segments if s.participant_id == "p1"}
        assert recorded == {"audio/opus", "video/VP8"} | ({"video/H264"} if "h264" in client else set())
    finally:
        if encoder.returncode is None:
            encoder.kill()
            await encoder.wait()
