"""The transcriber: live tracks over WebSockets and whole files over OpenAI's API, in one process without state."""

import asyncio
import contextlib
import hmac
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import structlog
import uvicorn
from fastapi import Depends, FastAPI, Form, Request, UploadFile, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.protocol.base import Identifier, Seconds
from server.protocol.transcript import STUCK, LiveTrouble, Utterance
from transcription import openai_shapes
from transcription.attempts import PieceFailed, recognise_with_attempts
from transcription.audio_files import UnreadableAudio, read_samples
from transcription.batches import foreheard, grouped, size_for
from transcription.echoes import Echoes
from transcription.engine import Engine, EngineUnavailable, ModelState, WhisperEngine
from transcription.languages import AUTO, is_language
from transcription.live import CLOSE_AGAIN, LiveTrack
from transcription.metrics import Metrics
from transcription.pool import DecodingPool, Decodings
from transcription.recognise import Source
from transcription.remote import RemoteEngine
from transcription.second import SecondEngine
from transcription.segmenter import Piece, Segmenter, SegmenterOptions, Speech
from transcription.settings import TranscriberSettings
from transcription.voice import RATE, Samples

log = structlog.get_logger()

MAX_LIVE_MESSAGE = 1 << 20
"""Bytes of one WebSocket message: half a minute of sound."""


_WRONG_KEY = "钥匙不对，连不上识别程序。"
_STUCK = "语音识别程序卡住了，文字过一会儿补。谈话可以照常进行，请管理员重新启动识别程序。"


class ServiceError(HTTPException):
    """Told to the caller in OpenAI's shape of an error; `message` is Chinese, `param` the field that is wrong."""

    def __init__(self, status: int, code: str, message: str, param: str | None = None) -> None:
        super().__init__(status, code)
        self.code, self.message, self.param = code, message, param


Gone = Callable[[], Awaitable[bool]]
"""Asks whether whoever waits for an answer has hung up."""


class CallerGone(Exception):
    """Nobody waits for this any more."""


class Gate:
    """ASGI middleware before /v1/: no body is read without the key, none is read beyond the limit."""

    def __init__(self, app: ASGIApp, service: "Service") -> None:
        self._app, self._service = app, service
        self._limit = service.settings.max_upload_mb << 20

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        if not self._service.admits(Headers(scope=scope).get("authorization")):
            await _error(401, "key_wrong", _WRONG_KEY)(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                raise ServiceError(413, "too_large", "这段录音太大，请分成几段传。")
            return message

        await self._app(scope, counted, send)


def make_engine(settings: TranscriberSettings) -> Engine:
    """The engine that the settings ask for, not loaded yet."""
    return RemoteEngine(settings) if settings.remote_url else WhisperEngine(settings)


class Service:
    """What all connections share."""

    def __init__(self, settings: TranscriberSettings, engine: Engine | None = None) -> None:
        self.settings = settings
        self.engine: Engine = engine or make_engine(settings)
        self.second = SecondEngine(settings, self.engine, make_engine)
        self.pool = DecodingPool(settings.workers)
        self.metrics = Metrics()
        self.options = SegmenterOptions(
            settings.max_utterance_s, settings.pause_s, settings.preroll_s, settings.voice_threshold
        )
        self.careful_options = replace(
            self.options, max_s=max(settings.second_max_utterance_s, settings.max_utterance_s)
        )
        self.partial_s = settings.remote_partial_s if settings.remote_url else settings.partial_s
        self.echoes = Echoes()
        self.streams = 0
        self.since = time.time()

    @property
    def state(self) -> tuple[str, str]:
        """Stable code and Chinese words of how it is doing."""
        if self.pool.longest_s > self.settings.stuck_s:
            return STUCK, _STUCK
        return str(self.engine.state), self.engine.message

    async def keep_loading(self) -> None:
        """Look for the model until it is there, whenever it is lost, and for another choice of it."""
        while True:
            await asyncio.to_thread(self.engine.load)
            await asyncio.sleep(self.settings.reload_s)

    def admits(self, authorization: str | None) -> bool:
        """Whether the caller shows the key."""
        expected = f"Bearer {self.settings.key}".encode()
        return bool(self.settings.key) and hmac.compare_digest((authorization or "").encode(), expected)

    def models(self) -> tuple[str, ...]:
        """Names of the models that can be asked now."""
        return (self.engine.name,) if self.engine.state is ModelState.READY else ()

    def check_model(self, name: str) -> None:
        """Raise ServiceError when a caller wants another model than there is; no name and OpenAI's own mean any."""
        if name not in ("", openai_shapes.ANY_MODEL, self.engine.name):
            raise ServiceError(404, "model_not_found", f"这里没有这个语音识别模型：{name}。", "model")

    async def live(self, socket: WebSocket) -> None:
        """Serve one live track, or say that there are too many."""
        if self.streams >= self.settings.max_streams:
            with contextlib.suppress(TimeoutError):
                # Its start may be on the way: a sender reads the trouble better after it has sent.
                await asyncio.wait_for(socket.receive(), 5)
            trouble = LiveTrouble(reason="overloaded", message="同时说话的人太多，文字要晚一点出来。")
            await socket.send_text(trouble.model_dump_json())
            await socket.close(CLOSE_AGAIN)
            return
        self.streams += 1
        self.metrics.streams.inc()
        try:
            track = LiveTrack(
                socket, self.engine, self.pool, self.metrics, self.options, self.partial_s, self.echoes,
                led=self.settings.hotwords == "both",
            )  # fmt: skip
            await track.serve()
        finally:
            self.streams -= 1
            self.metrics.streams.dec()

    async def file(self, blocks: Iterator[Samples], source: Source, offset: float, gone: Gone) -> openai_shapes.FileTranscript:
        """Recognise a whole file; raises UnreadableAudio, EngineUnavailable, CallerGone."""
        if self.engine.state is not ModelState.READY:
            raise EngineUnavailable(self.engine.state, self.engine.message)
        return await self._file(self.pool, self.engine, _pieces(blocks, self.options, offset), source, offset, gone)

    async def file_carefully(
        self, blocks: Iterator[Samples], source: Source, offset: float, gone: Gone
    ) -> openai_shapes.FileTranscript:
        """The same with the settings of the second pass, whenever no live track needs the threads."""
        async with self.second.lent() as engine:
            pieces = _pieces(blocks, self.careful_options, offset)
            return await self._file(self.pool.patient, engine, pieces, source, offset, gone)

    async def _file(
        self, pool: Decodings, engine: Engine, pieces: Iterator[Piece], source: Source, offset: float, gone: Gone
    ) -> openai_shapes.FileTranscript:
        utterances: list[Utterance] = []
        voices: list[tuple[float, float]] = []
        end = offset
        groups = grouped(pieces, size_for(engine, source))
        while (group := await asyncio.to_thread(next, groups, None)) is not None:
            if await gone():
                raise CallerGone
            for piece, one in zip(group, await foreheard(pool, engine, group, source), strict=True):
                if not isinstance(piece, Speech):
                    end = piece.until
                    continue
                heard = await recognise_with_attempts(pool, one, piece, source)
                if isinstance(heard, Utterance):
                    utterances.append(heard)
                elif heard is not None:
                    voices.append(heard)
        return openai_shapes.transcript(utterances, voices, source.language, end - offset)


def _pieces(blocks: Iterator[Samples], options: SegmenterOptions, offset: float) -> Iterator[Piece]:
    """Cut a file as live sound is cut, half a second at a time; the last piece says where it ended."""
    segmenter = Segmenter(options, offset)
    waiting: list[Samples] = []
    count = 0
    for block in blocks:
        waiting.append(block)
        count += len(block)
        if count >= RATE // 2:
            yield from segmenter.feed(_joined(waiting))
            waiting, count = [], 0
    if waiting:
        yield from segmenter.feed(_joined(waiting))
    yield from segmenter.finish()


def _joined(blocks: list[Samples]) -> Samples:
    return np.concatenate(blocks)


# --- HTTP -----------------------------------------------------------------------------------------------------


def create_app(settings: TranscriberSettings, engine: Engine | None = None) -> FastAPI:
    """The transcriber's web application; its Service is `app.state.service`."""
    service = Service(settings, engine)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(service.keep_loading())
        yield
        loading.cancel()
        await asyncio.gather(loading, return_exceptions=True)
        service.second.close()
        service.pool.close()

    app = FastAPI(title="jietan transcriber", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.service = service
    app.add_middleware(Gate, service=service)
    _add_errors(app)
    _add_status(app, service)
    _add_live(app, service)
    _add_files(app, service)
    _add_models(app, service)
    return app


def _error(status: int, code: str, message: str, param: str | None = None) -> JSONResponse:
    return JSONResponse(openai_shapes.error(status, code, message, param), status)


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(ServiceError)
    async def service_error(_: Request, error: ServiceError) -> JSONResponse:
        return _error(error.status_code, error.code, error.message, error.param)

    @app.exception_handler(UnreadableAudio)
    async def unreadable(_: Request, error: UnreadableAudio) -> JSONResponse:
        return _error(422, error.code, error.message)

    @app.exception_handler(CallerGone)
    async def caller_gone(_: Request, error: CallerGone) -> Response:
        return Response(status_code=499)

    @app.exception_handler(PieceFailed)
    async def undecodable(_: Request, error: PieceFailed) -> JSONResponse:
        return _error(422, "piece_failed", "这段录音里有一处转不成文字。")

    @app.exception_handler(EngineUnavailable)
    async def unavailable(_: Request, error: EngineUnavailable) -> JSONResponse:
        return _error(503, str(error.state), error.message)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        field = str(error.errors()[0]["loc"][-1])
        return _error(400, "invalid_input", f"请求里缺了录音，或者有一项填得不对：{field}。", field)


def _add_status(app: FastAPI, service: Service) -> None:
    @app.get("/healthz")
    async def healthz() -> dict[str, Any]:
        state, message = service.state
        return {
            "status": "ok",
            "model": service.engine.name,
            "state": state,
            "message": message,
            "streams": service.streams,
            "waiting": service.pool.waiting,
        }

    @app.get("/readyz")
    async def readyz() -> Response:
        state, message = service.state
        if state == ModelState.READY:
            return JSONResponse({"status": "ready"})
        return _error(503, state, message)

    @app.get("/metrics")
    async def metrics() -> Response:
        return PlainTextResponse(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _add_live(app: FastAPI, service: Service) -> None:
    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        if not service.admits(socket.headers.get("authorization")):
            await socket.send_denial_response(_error(401, "key_wrong", _WRONG_KEY))
            return
        await socket.accept()
        await service.live(socket)


def _add_files(app: FastAPI, service: Service) -> None:
    @app.post("/v1/audio/transcriptions")
    async def transcriptions(
        request: Request,
        file: UploadFile,
        asked: Annotated[OpenAIFields, Depends()],
        participant_id: Annotated[Identifier, Form()] = "speaker",
        reception_id: Annotated[str, Form(max_length=64)] = "",
        offset: Annotated[Seconds, Form()] = 0.0,
        partial: Annotated[bool, Form()] = False,
        max_seconds: Annotated[Seconds, Form()] = 0.0,
        quality: Annotated[str, Form(pattern="^(careful)?$")] = "",
        led: Annotated[bool, Form()] = False,
    ) -> Response:
        service.check_model(asked.model)
        language = asked.language or service.settings.language
        source = Source(participant_id, reception_id, language, asked.hotwords)
        blocks = read_samples(file.file, partial=partial, max_seconds=max_seconds)
        wanted = ("second", "both") if quality else ("both",)
        source = source.led(led or service.settings.hotwords in wanted)
        hear = service.file_carefully if quality else service.file
        transcript = await hear(blocks, source, offset, request.is_disconnected)
        return _shaped(transcript, asked)


class OpenAIFields:
    """The fields of the form that OpenAI documents; raises ServiceError."""

    def __init__(
        self,
        model: Annotated[str, Form(max_length=200)] = "",
        language: Annotated[str, Form(max_length=10)] = "",
        prompt: Annotated[str, Form(max_length=2000)] = "",
        response_format: Annotated[openai_shapes.ResponseFormat, Form()] = "json",
        granularities: Annotated[list[openai_shapes.Granularity] | None, Form(alias="timestamp_granularities[]")] = None,
        temperature: Annotated[float, Form(ge=0, le=1)] = 0.0,
    ) -> None:
        """`temperature` is taken and changes nothing: what is written into a record is not drawn by lot."""
        if language and language != AUTO and not is_language(language):
            raise ServiceError(400, "language_unknown", f"不认识这种语言：{language}。", "language")
        self.model, self.language, self.response_format = model, language, response_format
        self.hotwords = tuple(prompt.split())[:50]
        self.granularities = granularities or ["segment"]


def _shaped(transcript: openai_shapes.FileTranscript, asked: OpenAIFields) -> Response:
    match asked.response_format:
        case "text":
            return PlainTextResponse(transcript.text)
        case "srt":
            return PlainTextResponse(openai_shapes.srt(transcript))
        case "vtt":
            return PlainTextResponse(openai_shapes.vtt(transcript), media_type="text/vtt")
        case "json":
            return JSONResponse({"text": transcript.text})
        case "verbose_json":
            return JSONResponse(openai_shapes.verbose(transcript, asked.granularities))


def _add_models(app: FastAPI, service: Service) -> None:
    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        data = [openai_shapes.model(name, service.since) for name in service.models()]
        return {"object": "list", "data": data}

    @app.get("/v1/models/{name:path}")
    async def model(name: str) -> dict[str, Any]:
        service.check_model(name)
        return openai_shapes.model(name, service.since)


def run(settings: TranscriberSettings) -> None:
    """Serve until told to stop; raises ValueError when no key is set."""
    if not settings.key:
        raise ValueError("the transcriber needs a key")
    uvicorn.Server(server_config(create_app(settings), settings.host, settings.port)).run()


def server_config(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    """How the transcriber is served; port 0 takes a free one."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        ws_max_size=MAX_LIVE_MESSAGE,
        # A sender whose sound waits to be recognised answers late; only one long silent is gone.
        ws_ping_timeout=300,
        timeout_graceful_shutdown=3,
    )
