"""Whole files go to a transcriber that is well and has little to do; one that dies is passed over."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from server.errors import Unavailable
from server.reception.record import transcriber
from server.settings import Settings


class Fake:
    """A transcriber that says how it does and hears its own name."""

    def __init__(self, name: str, *, streams: int = 0, state: str = "ready", dies: bool = False) -> None:
        self.name, self.streams, self.state, self.dies = name, streams, state, dies


@contextlib.contextmanager
def serving(*fakes: Fake) -> Iterator[list[str]]:
    """Their addresses."""
    servers = []
    for fake in fakes:
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake)))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield [f"http://127.0.0.1:{server.server_port}" for server in servers]
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _handler(fake: Fake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Keeps still."""

        def do_GET(self) -> None:
            ready = fake.state == "ready"
            self._answer(200 if ready or self.path == "/healthz" else 503, {"state": fake.state, "streams": fake.streams, "waiting": 0})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if fake.dies:
                self.close_connection = True
                return
            if fake.state != "ready":
                self._answer(503, {"error": {"code": fake.state, "message": "没有模型。"}})
                return
            self._answer(200, {"utterances": [{"start": 0, "end": 1, "text": fake.name}]})

        def _answer(self, status: int, body: object) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler


def settings(folder: Path, *urls: str) -> Settings:
    return Settings(data_dir=folder, secret="a secret of the tests, and a long one", transcriber_urls=list(urls))


def heard(by: Settings) -> str:
    return transcriber.transcribe(by, b"sound", timeout=60).utterances[0].text


@pytest.mark.parametrize(
    ("fakes", "who"),
    [
        ((Fake("busy", streams=3), Fake("idle")), "idle"),
        ((Fake("idle", state="model_missing"), Fake("busy", streams=3)), "busy"),
        ((Fake("idle", dies=True), Fake("busy", streams=3)), "busy"),
    ],
)
def test_a_file_goes_to_one_that_is_well_and_least_busy(tmp_path: Path, fakes: tuple[Fake, ...], who: str) -> None:
    with serving(*fakes) as urls:
        assert heard(settings(tmp_path, "http://127.0.0.1:9", *urls)) == who
        assert transcriber.ready(settings(tmp_path, "http://127.0.0.1:9", *urls), timeout=60)


def test_where_none_is_well_it_is_told_why(tmp_path: Path) -> None:
    with serving(Fake("one", state="model_missing")) as urls:
        office = settings(tmp_path, "http://127.0.0.1:9", *urls)
        assert not transcriber.ready(office, timeout=60)
        with pytest.raises(Unavailable) as why:
            heard(office)
    assert (why.value.code, why.value.message) == ("model_missing", "没有模型。")
    with pytest.raises(Unavailable) as away:
        heard(settings(tmp_path, "http://127.0.0.1:9"))
    assert away.value.code == "transcriber_away"


def test_what_an_engine_tells_oddly_is_kept_within_the_file_and_readable(tmp_path: Path) -> None:
    words = [{"start": -0.02, "end": 0.3, "text": "有\0", "probability": 0.9}, {"start": 0.5, "end": 0.4, "text": "人", "probability": 0.9}]
    odd = {"start": -0.02, "end": -0.5, "text": "有人\0\ud800", "words": words, "avg_logprob": float("nan"), "doubt": None, "more": 1}
    answer = httpx.Response(200, content=json.dumps({"utterances": [odd], "unheard": [[3.0, 2.0]]}))
    heard = transcriber._heard(answer)
    (one,) = heard.utterances
    assert (one.start, one.end, one.text, heard.unheard) == (0.0, 0.0, "有人", ((3.0, 3.0),))
    assert [(word.start, word.end, word.text) for word in one.words] == [(0.0, 0.3, "有"), (0.5, 0.5, "人")]
    assert (one.measures["avg_logprob"], one.measures["doubt"], one.measures["unboosted"]) == (None, [], "")


@pytest.mark.parametrize("odd", [{"start": "x"}, {"end": float("inf")}, {"text": None}, {"words": [{"text": "有"}]}, {"no_speech_prob": "x"}])
def test_what_nobody_can_read_is_asked_for_again(odd: dict[str, object]) -> None:
    answer = httpx.Response(200, content=json.dumps({"utterances": [{"start": 0, "end": 1, "text": "有人", **odd}]}))
    with pytest.raises(Unavailable):
        transcriber._heard(answer)
