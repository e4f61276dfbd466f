"""The kiosk's own address, http://127.0.0.1:PORT: its screens from the disk, and what they ask the office passed on.

Only the browser on this computer is answered, and only pages of this address: a page of another place can neither read
nor steer anything here, whatever name it gives this address (DNS rebinding).
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Protocol

import httpx
import structlog
import uvicorn
from pydantic import ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from kiosk.handwriting import Stroke
from kiosk.reaching import Reaching
from kiosk.screens import ShownScreens
from server.protocol.base import ErrorBody, Message
from server.protocol.screens import (
    SHELL,
    VERSION_PLACE,
    AgentState,
    BrowserEnded,
    PageBeat,
    Reach,
    Readings,
    Written,
)

log = structlog.get_logger(__name__)

HOST = "127.0.0.1"
PASSED_ON = ("/api/",)
NOT_PASSED_ON = ("/api/agent/", "/api/admin/", "/api/session", "/api/kiosk/enrol")
"""The kiosk has no business there, or asks with its own key."""
ALIVE = "/healthz"
SENT = ("accept", "accept-language", "content-type", "content-length", "if-none-match", "if-range", "range", "x-jietan")
"""Headers of the page that the office gets; no cookies: the program's key says which kiosk asks."""
BACK = ("content-type", "content-length", "content-encoding", "content-range", "content-disposition", "accept-ranges",
        "etag", "cache-control", "location", "retry-after")  # fmt: skip
LARGEST_ASKED = 8 << 20
"""Bytes of what a page sends; the office's own limits are smaller."""
LARGEST_BEAT = 4096
LARGEST_WRITTEN = 256 << 10
TIMEOUT = httpx.Timeout(60.0, connect=5.0, pool=5.0)
MOST_AT_ONCE = 32
OWN_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}
BARE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
SILENT = ErrorBody(code="offline", message="现在连不上办公室的服务器。填好的都还在，网一通请再试。")
REVOKED = ErrorBody(code="revoked", message="这台机器的登记已经停用，请联系管理员。")
REFUSED = ErrorBody(code="foreign_request", message="这个请求不是从本机的页面发出的。")
UNREADABLE = ErrorBody(code="unreadable", message="没有看懂，请重写一遍。")
MISSING = ErrorBody(code="not_found", message="没有这个地方。")
TOO_LARGE = ErrorBody(code="too_large", message="发来的内容太大了。")
BARE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>接谈</title><meta http-equiv="refresh" content="5">
<style>body{{margin:0;block-size:100vh;display:grid;place-content:center;gap:1em;padding:0 8vw;background:#f4f1ea;color:#1f2a2c;
font:clamp(28px,3.4vw,56px)/1.6 "Noto Sans CJK SC",sans-serif}}h1{{font-size:1.5em;margin:0}}p{{margin:0}}</style></head>
<body><h1>{title}</h1><p>{text}</p></body></html>"""
"""While there are no screens, or none may be shown."""
STARTING = ("正在准备", "这台机器在向办公室取界面，连上就好。等了很久的话，请叫工作人员。")
STOPPED = ("这台机器停用了", "它的登记已经被管理员停用，不能在这里接谈。请找工作人员，换一台机器或者当面谈。")


class Kiosk(Protocol):
    """What the serving asks the program."""

    screens: ShownScreens | None

    @property
    def revoked(self) -> bool: ...
    def state(self, reload: bool = False) -> AgentState: ...
    def page_says(self, beat: PageBeat) -> bool: ...
    def office_answered(self, answered: bool) -> None: ...
    def browser_ended(self, code: int) -> None: ...
    def read_written(self, strokes: Sequence[Stroke]) -> list[str]: ...


class _TooLarge(Exception):
    """The page sends more than is passed on."""


class Screens:
    """ASGI app of the kiosk's own address."""

    def __init__(self, kiosk: Kiosk, office: httpx.AsyncClient, port: int) -> None:
        """`office`: asks with the kiosk's key, at the office's address."""
        self._kiosk, self._office = kiosk, office
        self._host = f"{HOST}:{port}"
        self._free = asyncio.Semaphore(MOST_AT_ONCE)
        self._reaching = Reaching()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("HTTP only")
        request = Request(scope, receive)
        with contextlib.suppress(ClientDisconnect):
            answer = _error(403, REFUSED) if not self._from_here(request) else await self._answer(request)
            answer.headers.update({name: value for name, value in OWN_HEADERS.items() if name not in answer.headers})
            await answer(scope, receive, send)

    def _from_here(self, request: Request) -> bool:
        """Whether a page of this address asks, or the browser opens one."""
        headers = request.headers
        if headers.get("host") != self._host:
            return False
        origin = headers.get("origin")
        if origin is not None:
            return origin == f"http://{self._host}"
        return headers.get("sec-fetch-site", "none") in ("same-origin", "none")

    async def _answer(self, request: Request) -> Response:
        path, method = request.url.path, request.method
        if path == "/agent/state" and method == "GET":
            return _json(self._kiosk.state())
        if path == "/agent/page" and method == "POST":
            return await self._page(request)
        if path == "/agent/handwriting" and method == "POST":
            return await self._written(request)
        if path == "/agent/browser" and method == "POST":
            return await self._browser(request)
        if path == "/agent/reach" and method == "POST":
            return await self._reach(request)
        if ".." in path.split("/"):
            return _error(404, MISSING)  # what stands before it would not be what is asked
        if path == ALIVE or (path.startswith(PASSED_ON) and not path.startswith(NOT_PASSED_ON)):
            return await self._pass_on(request)
        if method not in ("GET", "HEAD"):
            return _error(404, MISSING)
        return self._file(request)

    async def _page(self, request: Request) -> Response:
        if request.headers.get("x-jietan") != "1":
            return _error(403, REFUSED)
        try:
            beat = PageBeat.model_validate_json(await _body(request, LARGEST_BEAT))
        except ValidationError:
            return _error(422, MISSING)
        except _TooLarge:
            return _error(413, TOO_LARGE)
        return _json(self._kiosk.state(self._kiosk.page_says(beat)))

    async def _written(self, request: Request) -> Response:
        """What a character may be that somebody wrote with a finger; nothing of it is kept."""
        if request.headers.get("x-jietan") != "1":
            return _error(403, REFUSED)
        try:
            written = Written.model_validate_json(await _body(request, LARGEST_WRITTEN))
        except ValidationError:
            return _error(422, UNREADABLE)
        except _TooLarge:
            return _error(413, TOO_LARGE)
        return _json(Readings(characters=tuple(await asyncio.to_thread(self._kiosk.read_written, written.strokes))))

    async def _browser(self, request: Request) -> Response:
        """What keeps the browser open tells that it ended."""
        if request.headers.get("x-jietan") != "1":
            return _error(403, REFUSED)
        try:
            ended = BrowserEnded.model_validate_json(await _body(request, LARGEST_BEAT))
        except (ValidationError, _TooLarge):
            return _error(422, MISSING)
        self._kiosk.browser_ended(ended.ended)
        return Response(status_code=204)

    async def _reach(self, request: Request) -> Response:
        """A page whose line is gone waits for the node, or the office, to be there again."""
        if request.headers.get("x-jietan") != "1":
            return _error(403, REFUSED)
        try:
            wanted = Reach.model_validate_json(await _body(request, LARGEST_BEAT))
            return Response(status_code=204) if await self._reaching.reached(wanted.address or str(self._office.base_url), wanted.within_s) else _error(504, SILENT)
        except (ValueError, _TooLarge):
            return _error(422, MISSING)

    # --- screens ---

    def _file(self, request: Request) -> Response:
        path, screens = request.url.path, self._kiosk.screens
        if path == "/":
            return RedirectResponse(SHELL, 302)
        if self._kiosk.revoked:
            return _bare(403, *STOPPED)
        current = screens.current if screens is not None else None
        if current is None:
            return _bare(503, *STARTING) if path == SHELL else _error(404, MISSING)
        found = current.file(path)
        if found is None:
            return _error(404, MISSING)
        file, content = found
        headers = {"Content-Security-Policy": current.manifest.policy, "Content-Type": file.media_type}
        if path == SHELL:
            content = content.replace(VERSION_PLACE, current.name.encode())
            return Response(content, headers=headers | {"Cache-Control": "no-store"})
        # The same name may be another file after a change: asked for again each time, it answers 304 until then.
        headers |= {"Cache-Control": "no-cache", "ETag": f'"{file.sha256}"'}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return _ranged(request, content, headers)

    # --- the office ---

    async def _pass_on(self, request: Request) -> Response:
        """What the page asks the office; its answer comes as it is, piece by piece."""
        if self._kiosk.revoked:
            return _error(403, REVOKED)
        if int(request.headers.get("content-length") or 0) > LARGEST_ASKED:
            return _error(413, TOO_LARGE)
        if self._free.locked():
            return _error(503, SILENT)
        await self._free.acquire()
        answer: httpx.Response | None = None
        try:
            answer = await self._ask(request)
        except _TooLarge:
            return _error(413, TOO_LARGE)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("the office does not answer the page", error=type(error).__name__)
            self._kiosk.office_answered(False)
            return _error(504, SILENT)
        finally:
            if answer is None:
                self._free.release()
        self._kiosk.office_answered(True)
        return _Passed(answer, self._gone)

    async def _ask(self, request: Request) -> httpx.Response:
        headers = {name: value for name in SENT if (value := request.headers.get(name)) is not None}
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        content = _limited(request) if request.method not in ("GET", "HEAD") else None
        asked = self._office.build_request(request.method, target, headers=headers, content=content, timeout=TIMEOUT)
        asked.headers.setdefault("accept-encoding", "identity")
        return await self._office.send(asked, stream=True)

    def _gone(self, whole: bool) -> None:
        self._free.release()
        if not whole:
            self._kiosk.office_answered(False)


class _Passed(StreamingResponse):
    """The office's answer; `gone(whole)` is called once, whatever becomes of it."""

    def __init__(self, answer: httpx.Response, gone: Callable[[bool], None]) -> None:
        self._answer, self._gone = answer, gone
        self._whole = True
        headers = {name: answer.headers[name] for name in BACK if name in answer.headers}
        super().__init__(self._pieces(), answer.status_code, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._gone(self._whole)
            await self._answer.aclose()

    async def _pieces(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._answer.aiter_raw():
                yield piece
        except httpx.HTTPError:
            self._whole = False
            raise  # cut short: the page sees a broken answer, as it would have without us


async def _limited(request: Request) -> AsyncIterator[bytes]:
    """What the page sends, up to the limit."""
    received = 0
    async for piece in request.stream():
        received += len(piece)
        if received > LARGEST_ASKED:
            raise _TooLarge
        yield piece


async def _body(request: Request, most: int) -> bytes:
    found = b""
    async for piece in request.stream():
        found += piece
        if len(found) > most:
            raise _TooLarge
    return found


def _ranged(request: Request, content: bytes, headers: dict[str, str]) -> Response:
    """One range (RFC 9110 section 14), as media elements ask for it; anything else gets the whole."""
    headers |= {"Accept-Ranges": "bytes"}
    unit, _, asked = request.headers.get("range", "").partition("=")
    first, dash, last = asked.partition("-")
    if unit != "bytes" or not dash or not first.isdecimal() or (last and not last.isdecimal()):
        return Response(content, headers=headers)
    begin, end = int(first), min(int(last or len(content)), len(content) - 1)
    if begin > end:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{len(content)}"})
    headers |= {"Content-Range": f"bytes {begin}-{end}/{len(content)}"}
    return Response(content[begin : end + 1], 206, headers)


def _json(message: Message) -> Response:
    return Response(message.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})


def _error(status: int, body: ErrorBody) -> Response:
    return JSONResponse({"error": body.model_dump(mode="json")}, status, {"Cache-Control": "no-store"})


def _bare(status: int, title: str, text: str) -> Response:
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": BARE_POLICY}
    return HTMLResponse(BARE.format(title=title, text=text), status, headers)


class _Server(uvicorn.Server):
    """Leaves signals to the program that it is a part of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def own_socket(port: int) -> socket.socket:
    """The kiosk's own address; 0: any port.  Raises OSError where another program has it."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio leaves Nagle on: 40 ms an answer
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """The address is answered while this lasts."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, date_header=False, lifespan="off", ws="none",
        timeout_graceful_shutdown=1, h11_max_incomplete_event_size=64 * 1024, limit_concurrency=256,
    )  # fmt: skip
    server = _Server(config)
    running = asyncio.create_task(server.serve([listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait([running])
