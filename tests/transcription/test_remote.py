"""Recognition over servers that speak OpenAI's API, well or otherwise: each a real HTTP server on this machine."""

import asyncio
import contextlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from server.protocol.transcript import UNTOLD, Utterance
from tests.transcription.conftest import settings
from transcription.attempts import PieceFailed, recognise_with_attempts
from transcription.bench import running
from transcription.engine import EngineUnavailable, HeardWord, ModelState
from transcription.pool import DecodingPool
from transcription.recognise import Source, Unheard, recognise
from transcription.remote import PieceRefused, RemoteEngine, laid_over
from transcription.segmenter import Speech
from transcription.service import Service
from transcription.voice import RATE

TEXT = "您好，我姓何。"
PLAIN = "您好我姓何"
TIMES = [{"word": c, "start": 0.3 + i / 10, "end": 0.4 + i / 10} for i, c in enumerate(PLAIN)]
SPEECH = Speech(10.0, 12.0, np.full(2 * RATE, 1000, np.int16), 10.35, 11.7)


@dataclass
class Server:
    """What it answers, and what was asked."""

    answer: Any = None
    """The body: JSON, or bytes as they are."""
    status: int = 200
    models_status: int = 200
    delay_s: float = 0.0
    go_on: threading.Event = field(default_factory=threading.Event)
    """Set: nothing is delayed any more."""
    answered: threading.Event = field(default_factory=threading.Event)
    """Set once a piece was answered that was delayed."""
    fails_at_sound: bool = False
    """Refuses every piece that is not silent."""
    again: Any = None
    """The body for a quick look, if it is another."""
    asked: int = 0
    fields: dict[str, list[str]] = field(default_factory=dict)
    key: str = ""
    url: str = ""


@pytest.fixture
def server() -> Iterator[Server]:
    told = Server(answer={"text": TEXT})

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Keeps still."""

        def do_GET(self) -> None:
            self._send(told.models_status, {"object": "list", "data": []})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.key = self.headers.get("Authorization", "")
            told.fields = {}
            for name, value in re.findall(r'name="([^"]+)"\r\n\r\n([^\r]*)', body.decode("latin-1")):
                told.fields.setdefault(name, []).append(value.encode("latin-1").decode())
            told.asked += 1
            if told.delay_s:
                told.go_on.wait(told.delay_s)
            silent = not any(body[body.index(b"data", body.index(b"RIFF")) + 8 : -100])
            refused = told.fails_at_sound and not silent
            answer = told.again if told.again and told.fields["response_format"] == ["json"] else told.answer
            if told.delay_s:
                told.answered.set()
            self._send(400 if refused else told.status, {"error": {"message": "too short"}} if refused else answer)

        def _send(self, status: int, answer: Any) -> None:
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            with contextlib.suppress(ConnectionError):
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    told.url = f"http://127.0.0.1:{http.server_port}"
    yield told
    told.go_on.set()
    http.shutdown()
    http.server_close()


def engine_of(server: Server, **changes: object) -> RemoteEngine:
    engine = RemoteEngine(settings(**{"remote_url": server.url, "model": "big", "remote_key": "k", **changes}))
    engine.load()
    return engine


def heard(server: Server, **changes: object) -> Utterance:
    utterance = recognise(engine_of(server, **changes), SPEECH, Source("p", hotwords=("何德顺", "柳林镇")))
    assert utterance is not None
    return utterance


# --- servers that answer well -------------------------------------------------------------------------------------


def test_words_at_the_top_get_the_punctuation_of_the_text(server: Server) -> None:
    segment = {"avg_logprob": -0.2, "no_speech_prob": 0.01, "compression_ratio": None}
    server.answer = {"text": TEXT, "words": TIMES, "segments": [segment], "duration": 2.0}
    utterance = heard(server)
    assert (utterance.text, utterance.start, utterance.model, utterance.avg_logprob) == (TEXT, 10.3, "big", -0.2)
    assert [word.text for word in utterance.words] == ["您", "好，", "我", "姓", "何。"]
    assert [word.start for word in utterance.words] == pytest.approx([10.3, 10.4, 10.5, 10.6, 10.7])
    engine_of(server).transcribe(np.zeros(RATE, np.float32), "zh", ("何德顺", "柳林镇"))
    assert server.key == "Bearer k"
    assert server.fields["timestamp_granularities[]"] == ["word", "segment"]
    assert {name: server.fields[name] for name in ("model", "language", "prompt", "response_format")} == {
        "model": ["big"], "language": ["zh"], "prompt": ["何德顺 柳林镇"], "response_format": ["verbose_json"],
    }  # fmt: skip


def test_words_within_segments_are_found(server: Server) -> None:
    words = [word | {"probability": 0.9} for word in TIMES]
    server.answer = {"text": TEXT, "segments": [{"words": words[:2]}, {"words": words[2:]}]}
    utterance = heard(server)
    assert "".join(word.text for word in utterance.words) == TEXT
    assert {word.probability for word in utterance.words} == {0.9}


@pytest.mark.parametrize("words", [None, [], TIMES[1:], [{"word": "别的", "start": 0, "end": 1}]])
def test_where_there_are_no_words_or_others_the_text_stands_over_the_voice(server: Server, words: Any) -> None:
    server.answer = {"text": TEXT, "words": words}
    utterance = heard(server)
    assert (utterance.text, utterance.words, utterance.start, utterance.end) == (TEXT, (), 10.35, 11.7)


def test_no_language_is_sent_where_the_server_is_to_find_it(server: Server) -> None:
    engine_of(server, model="").transcribe(np.zeros(RATE, np.float32), "auto")
    assert "language" not in server.fields
    assert server.fields["model"] == ["whisper-1"]


def test_a_quick_look_asks_for_the_text_alone(server: Server) -> None:
    assert engine_of(server).transcribe(np.zeros(RATE, np.float32), "zh", quick=True)[0].text == TEXT
    assert server.fields["response_format"] == ["json"]
    assert "timestamp_granularities[]" not in server.fields


def test_what_a_server_does_not_tell_is_not_known_and_has_to_be_heard_again(server: Server) -> None:
    server.answer = {"text": TEXT, "words": TIMES}
    utterance = heard(server)
    assert {word.probability for word in utterance.words} == {UNTOLD}
    assert not {"low_probability", "unstable"} & set(utterance.doubt)
    assert server.asked >= 3
    server.again = {"text": "今天下雨了吗"}
    assert isinstance(recognise(engine_of(server), SPEECH, Source("p")), Unheard)


def test_looks_at_a_remote_server_are_rare() -> None:
    assert Service(settings(remote_url="http://127.0.0.1:1")).partial_s == 2.0
    assert Service(settings()).partial_s == 0.5


def test_latin_words_keep_their_spaces() -> None:
    words = [HeardWord(0, 0.1, " Hello", 1), HeardWord(0.1, 0.2, " world", 1)]
    assert [word.text for word in laid_over(' "Hello, world!"', words)] == [' "Hello, ', 'world!"']


# --- servers that do not ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (401, {}, "钥匙"),
        (404, {}, "没有设置的那个模型"),
        (429, {}, "连不上"),
        (503, {}, "连不上"),
        (200, b"<html>", "看不懂"),
        (200, {}, "看不懂"),
        (200, [], "看不懂"),
        (200, {"text": None}, "看不懂"),
        (200, {"text": TEXT, "words": [{"word": "您"}]}, "看不懂"),
        (200, b'{"text": "\xe6\x82\xa8", "words": [{"word": "\xe6\x82\xa8", "start": NaN, "end": 1}]}', "看不懂"),
        (200, {"text": TEXT, "segments": ["?"]}, "看不懂"),
    ],
)
def test_a_server_that_is_of_no_use_now_is_told_and_tried_again(
    server: Server, status: int, answer: Any, words: str
) -> None:
    engine = engine_of(server)
    server.status, server.answer = status, answer
    with pytest.raises(EngineUnavailable) as failed:
        engine.transcribe(np.zeros(RATE, np.float32), "zh")
    assert failed.value.state is engine.state is ModelState.MISSING
    assert words in failed.value.message
    assert engine.message == failed.value.message
    server.status, server.answer = 200, {"text": TEXT}
    engine.load()
    assert engine.transcribe(np.zeros(RATE, np.float32), "zh")[0].text == TEXT


def test_a_slow_server_is_waited_for_so_long_and_no_longer(server: Server) -> None:
    server.delay_s = 0.05
    assert engine_of(server, remote_timeout_s=30).transcribe(np.zeros(RATE, np.float32), "zh")[0].text == TEXT
    hasty = engine_of(server, remote_timeout_s=0.3)
    server.delay_s, server.answered = 30.0, threading.Event()
    with pytest.raises(EngineUnavailable):
        hasty.transcribe(np.zeros(RATE, np.float32), "zh")
    assert not server.answered.is_set(), "long before there was an answer"


@pytest.mark.parametrize("status", [401, 500])
def test_a_server_that_does_not_let_us_in_is_not_ready(server: Server, status: int) -> None:
    server.models_status = status
    assert engine_of(server).state is ModelState.MISSING


async def test_a_piece_that_the_server_refuses_is_given_up_but_nothing_where_it_refuses_all(server: Server) -> None:
    engine, pool = engine_of(server), DecodingPool(1)
    server.fails_at_sound = True
    with pytest.raises(PieceRefused):
        engine.transcribe(np.ones(RATE, np.float32), "zh")
    with pytest.raises(PieceFailed):
        await recognise_with_attempts(pool, engine, SPEECH, Source("p"))
    server.fails_at_sound, server.status = False, 500
    with pytest.raises(EngineUnavailable):
        await recognise_with_attempts(pool, engine, SPEECH, Source("p"))
    pool.close()


async def test_one_of_our_own_transcribers_can_stand_behind_another(petitioner: Any) -> None:
    async with running(settings()) as (address, service):
        service.engine.load()
        engine = RemoteEngine(settings(remote_url=f"http://{address}", model="", remote_key="test-key"))
        await asyncio.to_thread(engine.load)
        assert engine.state is ModelState.READY
        pool = DecodingPool(1)
        samples = petitioner[round(22.5 * RATE) : round(26.1 * RATE)]
        piece = Speech(22.5, 26.1, samples, 22.8, 25.8)
        utterance = await recognise_with_attempts(pool, engine, piece, Source("p"))
        pool.close()
    assert utterance is not None
    assert utterance.text == "我同意录音录像，您记录吧。"
    assert "".join(word.text for word in utterance.words) == utterance.text
