"""What the simulated day (simulated_day.py) is made of: the line, the kiosk's program, its page, and what is said to it."""

import asyncio
import contextlib
import io
import itertools
import json
import os
import resource
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import cv2
import numpy as np
from playwright._impl._driver import compute_driver_executable

from tests.browser.kiosk_office import ROOT, free_port
from tests.reception.copied_talk import LAND

COPIES_MAX_MB = 50
"""So little that a line which is cut for some two hours fills it: then nobody is let begin."""


PORTAL = tuple(
    f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
    for status, body in (("200 OK", "<html>please log in</html>"), ("302 Found\r\nLocation: http://portal.test/", ""), ("401 Unauthorized", "<html>"))
)


class Line:
    """Between kiosk and office: bytes both ways, until somebody cuts it."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._to = (place.hostname or "", place.port or 0)
        self.cut = False
        self.portal = False
        """While it is cut, somebody else's page answers: asks to be paid or logged in to."""
        self.cuts = 0
        self.finishing: Callable[[], bool] = lambda: False
        """Asked whenever a `finish` has passed; whether the line is to break before its answer."""
        self._answers = itertools.cycle(PORTAL)
        self._open: set[asyncio.StreamWriter] = set()
        self._passing: set[asyncio.Task[Any]] = set()

    @contextlib.asynccontextmanager
    async def laid(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        async with server:
            yield int(server.sockets[0].getsockname()[1])
            self.break_off()
            for task in self._passing:
                task.cancel()
            await asyncio.gather(*self._passing, return_exceptions=True)

    def break_off(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    def set_cut(self, cut: bool) -> None:
        self.cuts += cut and not self.cut
        self.cut = cut
        if cut:
            self.break_off()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._pass(reader, writer))
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.cut:
            await self._somebody_else(reader, writer)
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._to)
        except OSError:
            writer.transport.abort()
            return
        pair = {writer, far_writer}
        deaf: list[bool] = []
        self._open |= pair
        await asyncio.gather(self._up(reader, far_writer, deaf), self._down(far_reader, writer, deaf))
        self._open -= pair

    async def _somebody_else(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.portal:
            writer.transport.abort()
            return
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(next(self._answers))
            await writer.drain()
        writer.close()

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, deaf: list[bool]) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                if b"/finish HTTP/" in data and self.finishing():
                    deaf.append(True)
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, deaf: list[bool]) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                if deaf:
                    self.break_off()
                    break
                writer.write(data)
                await writer.drain()
        writer.close()


class Program:
    """The copy program as its own process."""

    def __init__(self, folder: Path, server: str, port: int, factor: float) -> None:
        self.folder, self.port, self.server, self._factor = folder, port, server, factor
        values = {"SERVER": server, "DATA_DIR": folder, "AGENT_PORT": port, "DISK_RESERVE_MB": 0, "SCREENS_PORT": free_port(),
                  "COPIES_MAX_MB": COPIES_MAX_MB}  # fmt: skip
        self.environment = os.environ | {f"JIETAN_KIOSK_{name}": str(value) for name, value in values.items()}
        self.environment["JIETAN_DATA_DIR"] = str(folder)
        self.process: subprocess.Popen[bytes] | None = None
        self.kills = 0
        self._minutes, self._passed = folder.with_name("minutes"), 0

    def minutes_pass(self) -> None:
        """For whoever is not at this program now, so long passes that it knows that they will not come back."""
        self._passed += 1
        new = self._minutes.with_suffix(".new")
        new.write_text(str(self._passed))
        new.replace(self._minutes)

    @property
    def secret(self) -> str:
        return (self.folder / "agent.key").read_text().split()[1]

    @property
    def door(self) -> dict[str, str]:
        return {"url": f"ws://127.0.0.1:{self.port}/", "secret": self.secret}

    def start(self) -> None:
        command = [sys.executable, "-m", os.environ.get("HASTY", "tests.kiosk.hasty_agent"), str(self._factor), str(self._minutes)]
        with (self.folder.parent / "agent.log").open("ab") as output:
            # The limit that stands for a full disk would hit its log, too.
            self.process = subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=output)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """kill -9, and its computer starts it again."""
        self.kills += 1
        self.stop()
        self.start()

    def full(self, name: str, left: int) -> None:
        """The disk takes `left` bytes more of this sitting, and no more; nothing else on it grows."""
        assert self.process is not None
        size = (self.folder / "outbox" / name / "sealed").stat().st_size
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size + left, resource.RLIM_INFINITY))

    def room_again(self) -> None:
        assert self.process is not None
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    async def answers(self) -> bool:
        """Whether its door is open."""
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    def held(self) -> list[str]:
        """What lies in its outbox."""
        return sorted(path.name for path in self.folder.glob("outbox/*"))

    def rss_kb(self) -> int:
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])


class Gone(Exception):
    """The power was cut: this page will not come back."""


@dataclass
class Kept:
    """What the program confirmed of a sitting or copy: bytes by take, and how many of the others."""

    sound: dict[str, int] = field(default_factory=dict)
    photos: int = 0
    typed: int = 0
    full: int = 0
    """How often it refused something because the disk was full."""


class Page:
    """The kiosk's page (day_page.mjs) as its own process; `kept`: by sitting or copy, what it knew to be on the disk."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._process: asyncio.subprocess.Process | None = None
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._reading: asyncio.Task[None] | None = None
        self.kept: dict[str, Kept] = defaultdict(Kept)

    async def open(self) -> "Page":
        node = compute_driver_executable()[0]
        script = [str(Path(__file__).with_name("day_page.mjs")), str(ROOT / "web" / "static"), self._program.server]
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(node, "--no-warnings", *script, stdin=pipe, stdout=pipe, limit=1 << 20)
        self._reading = asyncio.create_task(self._read())
        return self

    async def power_off(self) -> None:
        """The page is gone, in the middle of whatever it does; what it had said until then is known."""
        assert self._process is not None
        assert self._reading is not None
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if not line.endswith(b"\n"):
                break
            told = json.loads(line)
            if "kept" in told:
                self.kept[told["of"]] = Kept(**told["kept"])
            else:
                self._answers.put_nowait(told)

    def _say(self, told: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told).encode() + b"\n")

    async def do(self, what: str, /, **told: Any) -> dict[str, Any]:
        """What a person or a device does; the page's answer.  Raises TimeoutError, RuntimeError for a script that failed."""
        self._say({"do": what} | told)
        answer = await asyncio.wait_for(self._answers.get(), LONGEST_WAIT_S)
        if "failed" in answer:
            raise RuntimeError(answer["failed"])
        return dict(answer["done"])


LONGEST_WAIT_S = 600.0
"""For a program that is started again on a computer that has other things to do."""


class Sounds:
    """What is said: every take is another stretch of the demo's dialogue, so that none can be taken for another."""

    SECONDS = 8.0
    FILMED_SECONDS = 12.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        self._count = 0
        with av.open(str(LAND / "petitioner.opus")) as source:
            self._packets = [(packet.pts, bytes(packet)) for packet in source.demux(audio=0) if packet.pts is not None]
            self._base = source.streams.audio[0].time_base or Fraction(1, 48_000)
        self._picture = _picture(self.FILMED_SECONDS)

    def take(self, *, filmed: bool) -> Path:
        """A file as a recorder makes it, that was not made before."""
        self._count += 1
        path = self._folder / f"take-{self._count}.webm"
        first = self._count * 18 % 9000  # packets of 20 ms
        count = round((self.FILMED_SECONDS if filmed else self.SECONDS) * 50)
        with av.open(str(LAND / "petitioner.opus")) as source, av.open(str(path), "w", format="webm") as sink:
            sound = sink.add_stream_from_template(source.streams.audio[0])
            packets = [_packet(data, pts - self._packets[first][0], self._base, sound) for pts, data in self._packets[first : first + count]]
            if filmed:
                with av.open(io.BytesIO(self._picture)) as film:
                    picture = sink.add_stream_from_template(film.streams.video[0])
                    for packet in film.demux(video=0):
                        if packet.pts is not None:
                            packets.append(_packet(bytes(packet), packet.pts, packet.time_base, picture, key=packet.is_keyframe))
                    self._mux(sink, packets)
            else:
                self._mux(sink, packets)
        return path

    def _mux(self, sink: Any, packets: list[Any]) -> None:
        for packet in sorted(packets, key=lambda one: one.pts * one.time_base):
            sink.mux(packet)

    def photo(self) -> Path:
        """A photograph that was not taken before."""
        self._count += 1
        path = self._folder / f"photo-{self._count}.jpg"
        noise = np.random.default_rng(self._count).integers(0, 255, (240, 240, 3), np.uint8)
        path.write_bytes(cv2.imencode(".jpg", noise)[1].tobytes())
        return path


def _packet(data: bytes, pts: int, base: Any, stream: Any, *, key: bool = True) -> Any:
    packet = av.Packet(data)
    packet.pts = packet.dts = pts
    packet.time_base, packet.stream, packet.is_keyframe = base, stream, key
    return packet


def _picture(seconds: float) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format="webm") as sink:
        picture = sink.add_stream("libvpx", rate=5, options={"g": "10", "deadline": "realtime", "b": "200k"})
        picture.width, picture.height, picture.pix_fmt = 160, 120, "yuv420p"
        noise = np.random.default_rng(1)
        for number in range(round(seconds * 5)):
            frame = av.VideoFrame.from_ndarray(noise.integers(0, 256, (120, 160, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 5)
            sink.mux(picture.encode(frame))
        sink.mux(picture.encode(None))
    return target.getvalue()


def packets(content: bytes, kind: str) -> list[bytes]:
    """The packets of a film's or recording's first track of a kind, as far as it can be read."""
    found: list[bytes] = []
    with contextlib.suppress(av.error.FFmpegError, IndexError), av.open(io.BytesIO(content)) as opened:
        stream = (opened.streams.audio if kind == "audio" else opened.streams.video)[0]
        found.extend(bytes(packet) for packet in opened.demux(stream) if packet.pts is not None)
    return found
