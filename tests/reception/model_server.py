"""A language model's server as tests need it: real HTTP, answers that a test decides."""

import contextlib
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def choice(content: str) -> bytes:
    """A chat completion with these words."""
    return json.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": content}}]}).encode()


def proposals(*found: tuple[str, str, list[int]]) -> str:
    """The JSON a model is asked for."""
    listed = [{"field": field, "text": text, "utterances": cited} for field, text, cited in found]
    return json.dumps({"proposals": listed}, ensure_ascii=False)


class ModelServer:
    """Answers POST with what `answer` makes of the request's body: (status, headers, body).  `asked`: paths, headers and
    bodies as they came; `released`: set it to let answers go that wait for it."""

    def __init__(self) -> None:
        self.answer: Callable[[Any], tuple[int, dict[str, str], bytes]] = lambda _: (200, {}, choice(proposals()))
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.released = threading.Event()
        self.drips = False
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        self._server = server
        self.url = f"http://127.0.0.1:{server.server_port}/v1"
        self._thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def says(self, content: str) -> None:
        self.answer = lambda _: (200, {}, choice(content))

    def waits(self) -> None:
        """Answer nothing until `released`."""

        def later(_: Any) -> tuple[int, dict[str, str], bytes]:
            self.released.wait(30)
            return 200, {}, choice(proposals())

        self.answer = later

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                owner.asked.append((self.path, dict(self.headers), body))
                status, headers, answer = owner.answer(body)
                with contextlib.suppress(OSError):  # whoever asked has gone
                    self._send(status, headers, answer)

            def _send(self, status: int, headers: dict[str, str], answer: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                if not owner.drips:
                    self.wfile.write(answer)
                    return
                for byte in answer:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    if owner.released.wait(0.5):
                        return

            def do_GET(self) -> None:
                owner.asked.append((self.path, dict(self.headers), None))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler
