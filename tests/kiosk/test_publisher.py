"""What a native client sends: files as they are, in real time, and silence around them."""

import asyncio
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from aiortc import RTCPeerConnection
from aiortc.mediastreams import MediaStreamError

from kiosk.aioice_loopback import bind_media_to
from kiosk.publisher import (
    FRAME_S,
    SILENCE,
    Clip,
    ClipTrack,
    Speech,
    SpeechTrack,
    UnusableFile,
    Voice,
    drain,
    read_clip,
    read_voice,
)
from tests.patience import PATIENCE_S

DEMO = Path(__file__).parents[2] / "deploy/demo"


def write_sound(path: Path, seconds: float, codec: str = "libopus", options: dict[str, str] | None = None) -> Path:
    """A tone as a file."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono", options=options or {})
        tone = (8000 * np.sin(np.arange(int(48_000 * seconds)) / 20)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(tone[np.newaxis], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=48_000, frame_size=stream.frame_size)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


def test_a_voice_is_read_frame_by_frame(tmp_path: Path) -> None:
    voice = read_voice(write_sound(tmp_path / "tone.opus", 2.0))
    assert voice.seconds == pytest.approx(2.0, abs=0.03)
    assert voice.lead_s == pytest.approx(0.0065, abs=0.0001)
    assert all(voice.frames)


def test_other_frame_lengths_and_codecs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="20 ms"):
        read_voice(write_sound(tmp_path / "long.opus", 1.0, options={"frame_duration": "60"}))
    with pytest.raises(UnusableFile, match="no opus"):
        read_voice(write_sound(tmp_path / "tone.flac", 1.0, codec="flac"))
    with pytest.raises(UnusableFile, match="no vp8"):
        read_clip(tmp_path / "tone.flac")


@pytest.mark.parametrize("name", ["petitioner", "leader"])
def test_the_demo_pictures_let_a_late_joiner_in_within_a_second(name: str) -> None:
    path = DEMO / f"{name}.webm"
    with av.open(str(path)) as container:
        keys = [float(p.pts * p.time_base) for p in container.demux(video=0) if p.size and p.is_keyframe]
    assert path.stat().st_size < 300_000
    assert np.diff([*keys, read_clip(path).seconds]).max() <= 1.01


def test_a_clip_begins_again_where_it_ended() -> None:
    clip = Clip((b"key", b"delta"), (0.0, 0.1), 0.2)
    assert [round(clip.moment(n), 3) for n in range(5)] == [0.0, 0.1, 0.2, 0.3, 0.4]


async def test_speech_is_silent_before_during_mute_and_after() -> None:
    speech = Speech(Voice((b"one", b"two"), 0.0))
    assert speech.frame(500) == SILENCE
    assert speech.begin(at=10.0) == pytest.approx(10.0)
    first = round(10.0 / FRAME_S)
    assert [speech.frame(first + n) for n in range(-1, 3)] == [SILENCE, b"one", b"two", SILENCE]
    speech.muted = True
    assert speech.frame(first) == SILENCE


async def test_a_second_track_goes_on_where_the_clock_stands() -> None:
    speech = Speech(Voice(tuple(b"%d" % n for n in range(100)), 0.0))
    speech.begin()
    first, heard = SpeechTrack(speech), []
    for _ in range(5):
        heard.append(bytes(await first.recv()))
    await asyncio.sleep(0.2)
    again = bytes(await SpeechTrack(speech).recv())
    numbers = [int(frame) for frame in heard if frame != SILENCE]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert int(again) >= numbers[-1] + 10


async def test_sound_is_sent_in_real_time_with_even_timestamps() -> None:
    track, loop = SpeechTrack(Speech()), asyncio.get_running_loop()
    first = (await track.recv()).pts
    begun, stamps, late = track._tick, [first], []
    for number in range(1, 26):
        stamps.append((await track.recv()).pts)
        late.append(loop.time() - (begun + number) * FRAME_S)
    assert min(late) > -0.002, "none is sent before its time"
    assert sorted(late)[5] < FRAME_S, "nor long after it, but for what a busy machine holds back"
    assert np.diff(stamps).tolist() == [960] * 25


async def test_a_peer_hears_and_sees_what_was_published() -> None:
    """Real peer connections on loopback: packets go out unencoded and decode at the other end."""
    bind_media_to(["127.0.0.1"])
    sender, receiver = RTCPeerConnection(), RTCPeerConnection()
    tracks = []
    receiver.on("track", tracks.append)
    sender.addTrack(SpeechTrack(Speech()))
    sender.addTrack(ClipTrack(read_clip(DEMO / "leader.webm")))
    await sender.setLocalDescription(await sender.createOffer())
    await receiver.setRemoteDescription(sender.localDescription)
    await receiver.setLocalDescription(await receiver.createAnswer())
    await sender.setRemoteDescription(receiver.localDescription)
    async with asyncio.timeout(PATIENCE_S):
        frames = {track.kind: await track.recv() for track in tracks}
    assert frames["video"].width == 640
    assert frames["audio"].samples == 960
    await asyncio.gather(sender.close(), receiver.close())


async def test_draining_counts_until_the_track_ends() -> None:
    class Three(SpeechTrack):
        async def recv(self) -> av.Packet:
            if self._pts > 960:
                raise MediaStreamError
            return await super().recv()

    counts: dict[str, int] = {}
    await drain(Three(Speech()), counts)
    assert counts == {"audio": 3}


def test_only_addresses_are_bound() -> None:
    with pytest.raises(ValueError):
        bind_media_to(["example.org"])
