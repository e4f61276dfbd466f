"""Parts, sound and subtitles copied into one MP4 that begins to play at once and seeks."""

import heapq
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from server.archive.disk import Disk
from server.archive.plan import Caption, VideoPlan

TEXT_CLOCK = 1000
STYLE = b"""[Script Info]
ScriptType: v4.00+
PlayResX: 1280
PlayResY: 720

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,sans-serif,36,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0
"""
"""How subtitles look: white, centred, at the bottom; FFmpeg turns it into the track's description."""

Timed = tuple[Fraction, int, Any]
"""Decoding time in seconds, a number that settles ties, the packet."""


def join(plan: VideoPlan, parts: Sequence[Path], sound: Path, target: Path, fps: int, disk: Disk) -> None:
    """Write the film; the parts and the sound stay.  The disk must hold everything twice for a moment."""
    disk.check(2 * sum(path.stat().st_size for path in (*parts, sound)))
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as film:
        with av.open(str(parts[0])) as first, av.open(str(sound)) as voices:
            video = film.add_stream_from_template(first.streams.video[0])
            voice = film.add_stream_from_template(voices.streams.audio[0])
        text = film.add_stream("mov_text", time_base=Fraction(1, TEXT_CLOCK))
        text.codec_context.subtitle_header = STYLE
        _describe(film, plan, video, voice, text)
        streams = (_pictures(parts, video, fps), _voices(sound, voice), _texts(plan.captions, text))
        for _, _, packet in heapq.merge(*streams, key=lambda timed: timed[:2]):
            film.mux_one(packet)


def _describe(film: Any, plan: VideoPlan, video: Any, voice: Any, text: Any) -> None:
    film.metadata["title"] = plan.heading
    if plan.started_at is not None:
        film.metadata["creation_time"] = plan.started_at.isoformat()
    for stream in (video, voice, text):
        stream.metadata["language"] = "zho"


def _pictures(parts: Sequence[Path], stream: Any, fps: int) -> Iterator[Timed]:
    """Packets of all parts, counted: every picture is shown in the order of decoding and lasts as long."""
    offset = 0
    for path in parts:
        with av.open(str(path)) as part:
            count = 0
            for packet in part.demux(part.streams.video[0]):
                if not packet.size:
                    continue
                packet.pts = packet.dts = offset + count
                packet.duration, packet.time_base, packet.stream = 1, Fraction(1, fps), stream
                count += 1
                yield Fraction(packet.dts, fps), 0, packet
        offset += count


def _voices(sound: Path, stream: Any) -> Iterator[Timed]:
    with av.open(str(sound)) as voices:
        for packet in voices.demux(voices.streams.audio[0]):
            if packet.dts is not None and packet.time_base is not None:
                at = packet.dts * packet.time_base
                packet.stream = stream
                yield at, 1, packet


def _texts(captions: Sequence[Caption], stream: Any) -> Iterator[Timed]:
    """A timed text sample is its length and its words (3GPP TS 26.245); the muxer fills the silence between."""
    for caption in captions:
        words = caption.text.encode()
        packet = av.Packet(len(words).to_bytes(2, "big") + words)
        packet.stream, packet.time_base = stream, Fraction(1, TEXT_CLOCK)
        packet.pts = packet.dts = round(caption.start * TEXT_CLOCK)
        packet.duration = max(1, round(caption.end * TEXT_CLOCK) - packet.pts)
        packet.is_keyframe = True
        yield Fraction(packet.dts, TEXT_CLOCK), 2, packet
