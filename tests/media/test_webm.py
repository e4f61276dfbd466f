"""The WebM writer: whole, cut anywhere, closed twice; and real Chromium plays and seeks what it makes."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from playwright.async_api import async_playwright

from server.media import closing, webm
from server.protocol.recording import MATROSKA
from tests.browser import chromium
from tests.media import encoded
from tests.media.test_h264 import recorded

DESCRIPTION = {
    "id": "p1-audio-001", "participant_id": "p1", "role": "petitioner", "kind": "audio", "codec": "audio/opus",
    "start": 1.5,
}  # fmt: skip


def clusters(blocks: tuple[webm.Block, ...]) -> Iterator[bytes]:
    """Half a second each, and a new one at every key frame of a picture."""
    waiting: list[webm.Block] = []
    for block in blocks:
        if waiting and block.at - waiting[0].at >= 0.48:
            yield webm.cluster(waiting)
            waiting = []
        waiting.append(block)
    yield webm.cluster(waiting)


def write(path: Path, blocks: tuple[webm.Block, ...], track: bytes) -> list[int]:
    """An unclosed file; returns where each cluster ends."""
    data = webm.head(track, DESCRIPTION, *([MATROSKA.document] if path.suffix == MATROSKA.suffix else []))
    ends = []
    for cluster in clusters(blocks):
        data += cluster
        ends.append(len(data))
    path.write_bytes(data)
    return ends


def packets(path: Path) -> list[tuple[float, bytes]]:
    with av.open(str(path)) as container:
        return [(float(p.pts * p.time_base), bytes(p)) for p in container.demux() if p.size]


def test_frames_come_back_as_they_went_in(tmp_path: Path) -> None:
    for name, blocks, track in (
        ("a.webm", encoded.opus(3), webm.opus_track()),
        ("v.webm", encoded.vp8(3), webm.vp8_track(160, 120)),
        ("v.mkv", *recorded(3)),
    ):
        path = tmp_path / name
        write(path, blocks, track)
        closed = webm.finalise(path)
        assert closed.size == path.stat().st_size
        assert closed.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert abs(closed.seconds - 3.0) < 0.02
        got = packets(path)
        assert [data for _, data in got] == [b.data for b in blocks]
        shift = got[0][0] - blocks[0].at
        assert all(abs(at - b.at - shift) < 0.002 for (at, _), b in zip(got, blocks, strict=True))


def test_closing_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.webm"
    write(path, encoded.opus(2), webm.opus_track())
    first = webm.finalise(path)
    assert webm.finalise(path) == first
    assert webm.describe(path) == DESCRIPTION


@pytest.mark.parametrize("beyond", [1, 3, 5, 13, 400, -1])
def test_cut_file_keeps_every_whole_cluster(tmp_path: Path, beyond: int) -> None:
    path = tmp_path / "a.webm"
    ends = write(path, encoded.opus(3), webm.opus_track())
    cut = ends[3] + beyond
    path.write_bytes(path.read_bytes()[:cut])
    segment = closing.repair(path)
    assert segment is not None
    whole = 4 if beyond >= 0 else 3
    assert abs(segment.seconds - whole * 0.48) < 0.03
    assert segment.closed == "repaired"
    assert segment.start == 1.5
    assert len(packets(path)) == whole * 24


def test_file_cut_while_it_was_being_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.webm"
    ends = write(path, encoded.opus(2), webm.opus_track())
    whole = webm.finalise(path)
    data = path.read_bytes()
    for cut in (ends[-1] + 2, ends[-1] + 30, len(data) - 1):
        path.write_bytes(data[:cut])
        assert webm.finalise(path) == whole


def test_zeros_at_the_end_after_a_power_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.webm"
    ends = write(path, encoded.opus(2), webm.opus_track())
    data = bytearray(path.read_bytes())
    data[ends[1] + 12 :] = bytes(len(data) - ends[1] - 12)
    path.write_bytes(data)
    assert abs(webm.finalise(path).seconds - 0.96) < 0.03


@pytest.mark.parametrize("data", [b"", b"x" * 500, b"\x1aE\xdf\xa3", webm.head(webm.opus_track(), DESCRIPTION)])
def test_file_without_a_cluster_is_left_alone(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.webm"
    path.write_bytes(data)
    assert closing.repair(path) is None
    assert path.read_bytes() == data


def test_filled_silence_is_found_again(tmp_path: Path) -> None:
    blocks = tuple(
        webm.Block(b.at, webm.SILENCE, filled=True) if 50 <= n < 75 else b for n, b in enumerate(encoded.opus(3))
    )
    path = tmp_path / "a.webm"
    write(path, blocks, webm.opus_track())
    segment = closing.repair(path)
    assert segment is not None
    assert [(round(g.start, 2), round(g.end, 2), g.cause) for g in segment.gaps] == [(2.5, 3.0, "packet_loss")]


@pytest.mark.slow
@pytest.mark.browser
async def test_chromium_plays_and_seeks(tmp_path: Path) -> None:
    write(tmp_path / "audio.webm", encoded.opus(20), webm.opus_track())
    write(tmp_path / "video.webm", encoded.vp8(20), webm.vp8_track(160, 120))
    ends = write(tmp_path / "cut.webm", encoded.opus(20), webm.opus_track())
    (tmp_path / "cut.webm").write_bytes((tmp_path / "cut.webm").read_bytes()[: ends[30] + 100])
    write(tmp_path / "video.mkv", *recorded(20))
    names = ("audio.webm", "video.webm", "video.mkv", "cut.webm")
    expected = {name: webm.finalise(tmp_path / name).seconds for name in names}
    (tmp_path / "page.html").write_text("<!doctype html><title>t</title>")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            timeout=chromium.START_MS, executable_path=chromium.find(), args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        page = await browser.new_page()
        await page.goto(f"file://{tmp_path}/page.html")
        for name in names:
            result = json.loads(await page.evaluate(PLAY, name))
            assert "error" not in result, (name, result)
            assert abs(result["duration"] - expected[name]) < 0.05
            assert abs(result["sought"] - (expected[name] - 1)) < 0.1
            assert result["back"] < 3.5
            assert result["played"] > result["sought"] + 0.2, "it does not play on after seeking"
        await browser.close()


PLAY = """
async (name) => {
  const v = document.createElement('video'); v.src = name; v.muted = true; document.body.append(v);
  const event = (n) => new Promise((ok, no) => {
    v.addEventListener(n, ok, {once: true});
    v.addEventListener('error', () => no(new Error(v.error.message)), {once: true});
    setTimeout(() => no(new Error('no ' + n)), 60000);
  });
  try {
    await event('loadedmetadata');
    const duration = v.duration;
    let done = event('seeked'); v.currentTime = 3; await done;
    const back = v.currentTime;
    done = event('seeked'); v.currentTime = duration - 1; await done;
    const sought = v.currentTime;
    done = event('ended'); await v.play(); await done;
    return JSON.stringify({duration, back, sought, played: v.currentTime});
  } catch (e) { return JSON.stringify({error: String(e)}); }
}
"""
