"""Scripted neighbours of the web program: a media node that speaks the control contract, and a transcriber.

They stand for other programs at the network's edge; what they say is set by the test.
"""

import asyncio
import json
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from server.protocol import media_control as control
from server.protocol.base import Role, TrackKind
from server.protocol.media_control import Entry, Fact
from server.protocol.recording import Manifest, Segment
from server.protocol.transcript import Utterance, Word

STARTED = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)


def utterance(participant_id: str, start: float, end: float, text: str) -> Utterance:
    """An utterance whose words share its time evenly."""
    step = (end - start) / len(text)
    words = tuple(
        Word(start=start + i * step, end=start + (i + 1) * step, text=c, probability=0.9) for i, c in enumerate(text)
    )
    return Utterance(
        id=f"{participant_id}-{round(start * 1000)}", participant_id=participant_id, start=start, end=end, text=text,
        words=words, model="test",
    )  # fmt: skip


def segment(participant_id: str, role: Role, seconds: float, *, start: float = 0.0, size: int = 0) -> Segment:
    """An audio file of one participant."""
    name = f"{participant_id}-{round(start)}"
    return Segment(
        id=name, participant_id=participant_id, role=role, kind=TrackKind.AUDIO, codec="audio/opus",
        file=f"{name}.webm", start=start, seconds=seconds, size=size, sha256="0" * 64,
    )  # fmt: skip


@dataclass
class Journal:
    """The journal of one reception."""

    reception_id: str
    entries: list[Entry] = field(default_factory=list)

    def add(self, *facts: Fact) -> None:
        for fact in facts:
            seq = len(self.entries) + 1
            self.entries.append(
                Entry(reception_id=self.reception_id, seq=seq, at=STARTED + timedelta(seconds=seq), fact=fact)
            )


class Node:
    """A media node with journals in memory; runs in a thread until `stop()`."""

    def __init__(self, key: str, port: int = 0) -> None:
        self.key = key
        self.port = port
        self.journals: dict[str, Journal] = {}
        self.manifests: dict[str, Manifest] = {}
        self.closed: list[str] = []
        self.kicked: list[tuple[str, str]] = []
        self.languages: dict[str, str] = {}
        self.words: dict[str, tuple[str, ...]] = {}
        self.follows: list[dict[str, int]] = []
        self.send_twice = False
        self.silent = False
        """Entries are written, but nobody is sent any."""
        self._sockets: set[ServerConnection] = set()
        self._sent: dict[tuple[ServerConnection, str], int] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()

    def start(self) -> "Node":
        self._thread.start()
        assert self._ready.wait(60), "the scripted node did not start"
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(5)

    def journal(self, reception_id: str) -> Journal:
        return self.journals.setdefault(reception_id, Journal(reception_id))

    def write(self, reception_id: str, *facts: Fact) -> None:
        """Add entries and send them to whoever follows."""
        self.journal(reception_id).add(*facts)
        asyncio.run_coroutine_threadsafe(self._send_all(), self._loop).result(5)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        async with serve(self._connection, "127.0.0.1", self.port) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._ready.set()
            await self._stopping.wait()

    async def _connection(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        if socket.request.headers.get("Authorization") != f"Bearer {self.key}":
            await socket.close(4401)
            return
        self._sockets.add(socket)
        try:
            async for text in socket:
                await self._answer(socket, control.control_request.validate_json(text))
        finally:
            self._sockets.discard(socket)

    async def _answer(self, socket: ServerConnection, request: control.ControlRequest) -> None:
        if isinstance(request, control.Follow):
            self.follows.append(request.after)
            for reception_id in self.journals:
                self._sent[socket, reception_id] = request.after.get(reception_id, 0)
            await self._send_all()
            return
        reply = control.Reply(id=request.id, ok=True)
        if isinstance(request, control.CloseRoom):
            reply = self._close(request)
        if isinstance(request, control.SetLanguage):
            self.languages[request.participant_id] = request.language
        if isinstance(request, control.ExpectWords):
            self.words[request.reception_id] = request.words
        if isinstance(request, control.Kick):
            self.kicked.append((request.reception_id, request.participant_id))
        await self._send_all()
        await socket.send(reply.model_dump_json())

    def _close(self, request: control.CloseRoom) -> control.Reply:
        self.closed.append(request.reception_id)
        manifest = self.manifests.get(request.reception_id)
        if manifest is None:
            return control.Reply(id=request.id, ok=False, error="not_found")
        journal = self.journal(request.reception_id)
        if not journal.entries or journal.entries[-1].fact.kind != "closed":
            journal.add(control.Closed(manifest=manifest))
        return control.Reply(id=request.id, ok=True, result=manifest.model_dump(mode="json"))

    async def _send_all(self) -> None:
        for socket in () if self.silent else list(self._sockets):
            for reception_id, journal in self.journals.items():
                sent = self._sent.get((socket, reception_id), 0)
                for entry in journal.entries[sent:]:
                    message = control.JournalEntry(entry=entry).model_dump_json()
                    await socket.send(message)
                    if self.send_twice:
                        await socket.send(message)
                self._sent[socket, reception_id] = len(journal.entries)


def heard(
    *parts: tuple[float, float, str], unheard: tuple[tuple[float, float], ...] = ()
) -> tuple[int, dict[str, Any]]:
    """The transcriber's answer to a file: these utterances, and voices without words."""
    found = [{"start": s, "end": e, "text": t, "words": [], "model": "test"} for s, e, t in parts]
    return 200, {"text": "".join(p[2] for p in parts), "utterances": found, "unheard": unheard}


class Transcriber:
    """An HTTP server in the place of the transcriber; `answer` is what it says, as (status, JSON)."""

    def __init__(self) -> None:
        self.answer: tuple[int, dict[str, Any]] = (200, {"text": "", "utterances": []})
        self.answers: list[tuple[int, dict[str, Any]]] = []
        """Answers to the next files, before `answer` holds for all that come."""
        self.ready = True
        self.fails_from = 1 << 30
        """Size of a file from which on the transcriber fails, in bytes."""
        self.heard: list[int] = []
        self.longest: list[str] = []
        self.forms: list[dict[str, str]] = []
        """Fields that came with each file."""
        self.languages: list[str] = []
        self.go_on = threading.Event()
        self.go_on.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.heard.append(len(body))
                outer.forms.append(dict(re.findall(r'name="(\w+)"\r\n\r\n([^\r]*)', body.decode("utf-8", "replace"))))
                outer.longest += re.findall(r'name="max_seconds"\r\n\r\n([0-9.]+)', body.decode("latin-1"))
                outer.languages += re.findall(r'name="language"\r\n\r\n([a-z]+)', body.decode("latin-1"))
                outer.go_on.wait(60)
                if len(body) >= outer.fails_from:
                    self._say(500, {})
                else:
                    self._say(*(outer.answers.pop(0) if outer.answers else outer.answer))

            def do_GET(self) -> None:
                self._say(200 if outer.ready else 503, {})

            def _say(self, status: int, content: dict[str, Any]) -> None:
                data = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def says(self, *parts: tuple[float, float, str]) -> None:
        """Hear these utterances in every file."""
        self.answer, self.ready = heard(*parts), True

    def cannot(self, code: str, message: str) -> None:
        self.answer, self.ready = (503, {"error": {"code": code, "message": message}}), False

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
