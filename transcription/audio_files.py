"""Reads any audio or video file that FFmpeg reads as 16 kHz mono, a little at a time."""

import os
from collections.abc import Iterator
from typing import BinaryIO

import av
import numpy as np

from transcription.voice import RATE, Samples

_MISSING_S = 1.0
"""How much less than its header promises a file may hold before it counts as truncated."""

_UNKNOWN_LENGTH = 0xFFFFFFFF
"""Written by programs that stream and cannot go back."""

_FORMATS = "wav,w64,matroska,webm,ogg,mov,mp4,m4a,mp3,flac,aac,amr,caf,aiff"
"""Demuxers that read one file and nothing else: FFmpeg knows play lists and session descriptions too, which make it
open other files and sockets (https://ffmpeg.org/ffmpeg-formats.html, "format_whitelist")."""


class UnreadableAudio(Exception):
    """`code`: audio_unreadable, audio_truncated, audio_too_long or audio_empty; `message` is Chinese, for the user."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.message = _MESSAGES[code]
        super().__init__(code)


_MESSAGES = {
    "audio_unreadable": "这个文件不是能放的录音，请换一个再传。",
    "audio_truncated": "这段录音不完整，后面缺了一截，没有转成文字。请重新传一次完整的。",
    "audio_too_long": "这段录音太长了，请说短一些。",
    "audio_empty": "这个文件里没有声音，请换一个再传。",
}


def read_samples(file: BinaryIO, *, partial: bool = False, max_seconds: float = 0.0) -> Iterator[Samples]:
    """Blocks of signed 16-bit samples; raises UnreadableAudio, with `partial` only if nothing can be read.

    What unpacks to more than `max_seconds` (0: no limit) is refused too, whatever its header promises.
    """
    count = 0
    short = _shorter_than_its_header(file)
    try:
        with _opened(file) as container:
            promised = (container.duration or 0) / av.time_base
            for block in _decode(container):
                count += len(block)
                if max_seconds and count > max_seconds * RATE:
                    raise UnreadableAudio("audio_too_long")
                yield block
    except av.FFmpegError as error:
        if not (partial and count):
            raise UnreadableAudio("audio_truncated" if count else "audio_unreadable") from error
        return
    if not count:
        raise UnreadableAudio("audio_empty")
    if not partial and (short or count / RATE < promised - _MISSING_S):
        raise UnreadableAudio("audio_truncated")


def _opened(file: BinaryIO) -> "av.container.InputContainer":
    options = {"format_whitelist": _FORMATS}
    return av.open(file, mode="r", metadata_errors="ignore", container_options=options)


def _shorter_than_its_header(file: BinaryIO) -> bool:
    """Whether a RIFF file (WAV) announces more bytes than there are; FFmpeg keeps silent about that."""
    file.seek(0)
    head = file.read(8)
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    announced = int.from_bytes(head[4:8], "little")
    return head[:4] == b"RIFF" and announced != _UNKNOWN_LENGTH and announced + 8 > length


def _decode(container: "av.container.InputContainer") -> Iterator[Samples]:
    if not container.streams.audio:
        raise UnreadableAudio("audio_empty")
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    for frame in container.decode(container.streams.audio[0]):
        for part in resampler.resample(frame):
            yield part.to_ndarray().reshape(-1).astype(np.int16)
    for part in resampler.resample(None):
        yield part.to_ndarray().reshape(-1).astype(np.int16)
