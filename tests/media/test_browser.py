"""Two real Chromium pages talk through the node with the browser's fake camera and microphone."""

import json
from pathlib import Path

import av
import pytest
from playwright.async_api import Page, async_playwright

from server.media.node import Node
from server.settings import Settings
from tests.browser import chromium
from tests.media.client import token, until
from tests.media.conftest import ScriptedTranscriber
from tests.patience import PATIENCE_MS

ARGUMENTS = [
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
]


async def _open(page: Page, node: Node, settings: Settings, participant: str, role: str) -> None:
    await page.goto(f"http://127.0.0.1:{node.port}/healthz")
    url = f"ws://127.0.0.1:{node.port}/signal"
    await page.evaluate(_JOIN, [url, token(settings.key("seat"), participant, role)])


@pytest.mark.browser
async def test_two_chromium_pages(node: Node, settings: Settings, transcriber: ScriptedTranscriber) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(timeout=chromium.START_MS, executable_path=chromium.find(), args=ARGUMENTS)
        one, two = await browser.new_page(), await browser.new_page()
        for page in (one, two):
            page.set_default_timeout(PATIENCE_MS)
        await _open(one, node, settings, "p1", "petitioner")
        await _open(two, node, settings, "l1", "leader")
        for page in (one, two):
            await page.wait_for_function("window.room && window.room.recording")
            await page.wait_for_function("window.seen && window.seen.videoWidth > 0")
            start = await page.evaluate("window.seen.currentTime")
            await page.wait_for_function(f"window.seen.currentTime > {start} + 2")
            await page.wait_for_function("window.captions >= 4")
        links = [p.link for p in node.hub.rooms["r1"].participants.values()]
        assert all(link.video.statistics.octets > 20_000 for link in links if link and link.video)
        assert json.loads(await two.evaluate(_STATS))["frames"] > 20
        assert await two.evaluate(_SOUNDS_WELL)
        manifest = await node.hub.close_room("r1", "office")
        await two.wait_for_function("window.ended === 'office'")
        await browser.close()
    folder: Path = node.hub.folder("r1")
    assert len(manifest.segments) == 4
    for segment in manifest.segments:
        assert segment.start + segment.seconds == pytest.approx(manifest.seconds, abs=0.6)
        with av.open(str(folder / segment.file)) as container:
            assert sum(1 for _ in container.decode()) > 20
    await until(lambda: transcriber.sound.get("p1"), "sound at the transcriber")


_JOIN = """
async ([url, token]) => {
  window.captions = 0;
  const stream = await navigator.mediaDevices.getUserMedia({audio: true, video: {width: 640, height: 480}});
  const socket = new WebSocket(url), say = (m) => socket.send(JSON.stringify(m));
  const pc = window.pc = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  pc.addTransceiver(stream.getAudioTracks()[0], {direction: 'sendonly', streams: [stream]});
  pc.addTransceiver(stream.getVideoTracks()[0], {direction: 'sendonly', streams: [stream]});
  for (let i = 0; i < 4; i++) for (const kind of ['audio', 'video']) pc.addTransceiver(kind, {direction: 'recvonly'});
  pc.onicecandidate = (e) => say({type: 'candidate', candidate: e.candidate ? e.candidate.candidate : null,
    sdp_mid: e.candidate ? e.candidate.sdpMid : null});
  pc.ontrack = (e) => {
    if (e.transceiver.mid !== '2' && e.transceiver.mid !== '3') return;
    window.seen = window.seen || document.body.appendChild(document.createElement('video'));
    seen.srcObject = seen.srcObject || new MediaStream();
    seen.srcObject.addTrack(e.track); seen.muted = true; seen.play().catch(() => {});
  };
  socket.onmessage = async (event) => {
    const m = JSON.parse(event.data);
    if (m.type === 'joined') { const offer = await pc.createOffer(); await pc.setLocalDescription(offer); say({type: 'offer', sdp: offer.sdp}); }
    if (m.type === 'answer') await pc.setRemoteDescription({type: 'answer', sdp: m.sdp});
    if (m.type === 'room') window.room = m;
    if (m.type === 'caption' && m.final) window.captions++;
    if (m.type === 'ended') window.ended = m.reason;
  };
  socket.onopen = () => say({type: 'join', token});
}
"""
_SOUNDS_WELL = """
async () => { // a second in which hardly anything is made up, which a busy machine may not have at once
  let before = JSON.parse(await window.stats());
  for (let second = 0; second < 60; second += 1) {
    await new Promise((done) => setTimeout(done, 1000));
    const now = JSON.parse(await window.stats());
    const [concealed, samples] = [now.concealed - before.concealed, now.samples - before.samples];
    if (samples > 24000 && concealed < 0.1 * samples) return true;
    before = now;
  }
  return false;
}
"""
_STATS = """
window.stats = async () => {
  const out = {concealed: 0, samples: 0, frames: 0};
  for (const r of (await pc.getStats()).values()) if (r.type === 'inbound-rtp') {
    out.concealed += r.concealedSamples || 0; out.samples += r.totalSamplesReceived || 0; out.frames += r.framesDecoded || 0;
  }
  return JSON.stringify(out);
}
"""
