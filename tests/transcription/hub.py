"""A hub on this machine that serves the small model as huggingface.co does, and can be told to fail."""

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Behaviour:
    """What the hub does wrong, and what was asked of it."""

    breaks_after: int = 0
    """Bytes of model.bin after which every answer breaks off; 0: none does."""
    wrong_bytes: bool = False
    missing: bool = False
    ranges: list[str] = field(default_factory=list)
    sent: int = 0
    """Bytes of model.bin that were sent."""


@contextlib.contextmanager
def serving(model: Path, repository: str = "office/small") -> Iterator[tuple[str, Behaviour]]:
    """The hub's address, and its behaviour to be changed at will."""
    behaviour = Behaviour()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Keeps still."""

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if behaviour.missing:
                self.send_error(404)
            elif path == f"/api/models/{repository}/revision/main":
                self._listing()
            elif path.startswith(f"/{repository}/resolve/{COMMIT}/"):
                # The hub itself sends on to where its files lie.
                self.send_response(302)
                self.send_header("Location", f"/cdn/{path.rpartition('/')[2]}")
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif path.startswith("/cdn/"):
                self._file(model / path.rpartition("/")[2])
            else:
                self.send_error(404)

        def _listing(self) -> None:
            siblings = [_entry(file) for file in sorted(model.iterdir())]
            body = json.dumps({"id": repository, "sha": COMMIT, "siblings": siblings}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _file(self, file: Path) -> None:
            data = file.read_bytes()
            asked = self.headers.get("Range", "")
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            if file.name == "model.bin":
                data = self._weights(data, start, asked)
            self.wfile.write(data[start:])

        def _weights(self, data: bytes, start: int, asked: str) -> bytes:
            behaviour.ranges.append(asked)
            if behaviour.wrong_bytes:
                data = data[:-1] + bytes([data[-1] ^ 1])
            if behaviour.breaks_after:
                data = data[: start + behaviour.breaks_after]
                self.close_connection = True
            behaviour.sent += len(data) - start
            return data

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", behaviour
    finally:
        server.shutdown()
        server.server_close()


def _entry(file: Path) -> dict[str, object]:
    data = file.read_bytes()
    entry: dict[str, object] = {"rfilename": file.name, "size": len(data)}
    if file.name == "model.bin":
        digest = hashlib.sha256(data).hexdigest()
        return entry | {"blobId": "0" * 40, "lfs": {"sha256": digest, "size": len(data), "pointerSize": 133}}
    return entry | {"blobId": hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()}
