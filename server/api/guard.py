"""What every request passes before a route sees it: size limit, text that can be kept, the own-page header, security headers,
faults."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.api.deps import SAFE_METHODS
from server.api.errors import INTAKE_PATH, KEYED_PATHS, answer, unexpected
from server.errors import InvalidInput, JietanError, NotAllowed, TooLarge
from server.reception.paper.letter_templates import LARGEST as LARGEST_TEMPLATE
from server.settings import Settings

LARGEST_BODY = 1 << 20
LARGEST_SPEECH = 4 << 20
SPEECH_PATH = "/api/kiosk/hear"
LARGEST_IMPORT = 20 << 20
IMPORT_PATH = "/api/imports"
LARGEST = {SPEECH_PATH: LARGEST_SPEECH, IMPORT_PATH: LARGEST_IMPORT}
TEMPLATE_PATHS = "/api/admin/letter-templates/"
HTTPS_ONLY_S = 365 * 86_400


NUL_IN_JSON = (b"\\u0000", b"\0")
NUL_IN_ADDRESS = b"%00"
"""PostgreSQL keeps no NUL in text, and nobody types one: it is refused here, for every field of every route and both databases."""


class _Refused(Exception):
    """Raised into a route that reads on what is refused."""


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.headers = security_headers(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await _Exchange(self, scope, receive, send).run()


class _Exchange:
    """One request and its answer."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self.guard = guard
        self.scope = scope
        self._receive = receive
        self._send = send
        self.limit = LARGEST_TEMPLATE if scope["path"].startswith(TEMPLATE_PATHS) else LARGEST.get(scope["path"], LARGEST_BODY)
        self.received = 0
        self.tail: bytes | None = None
        """The last bytes of JSON that was read; None: it is none."""
        self.refused: JietanError | None = None
        self.started = False

    async def run(self) -> None:
        request = Request(self.scope)
        headers = Headers(scope=self.scope)
        text = "json" in headers.get("content-type", "").lower() and not self.scope["path"].startswith(INTAKE_PATH)  # which tells the field
        self.tail = b"" if text else None
        refused = self._refusal(headers)
        if refused is not None:
            await answer(request, refused)(self.scope, self._receive, self.send)
            return
        try:
            await self.guard.app(self.scope, self.receive, self.send)
        except Exception as error:
            if self.started:
                raise
            shown = answer(request, self.refused) if self.refused is not None else unexpected(request, error)
            await shown(self.scope, self._receive, self._send_started)

    def _refusal(self, headers: Headers) -> JietanError | None:
        from_our_page = self.scope["method"] in SAFE_METHODS or self.scope["path"].startswith(KEYED_PATHS)
        if not from_our_page and headers.get("x-jietan") != "1":
            return NotAllowed("这个请求不是从本系统的页面发出的。", code="foreign_request")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self.limit:
            return TooLarge()
        if NUL_IN_ADDRESS in self.scope["query_string"] or "\0" in self.scope["path"]:
            return _unkeepable()
        return None

    async def receive(self) -> Message:
        message = await self._receive()
        body = message.get("body", b"")
        self.received += len(body)
        if self.received > self.limit:
            self.refused = TooLarge()
        elif self.tail is not None:
            read = self.tail + body
            self.tail = read[1 - len(NUL_IN_JSON[0]) :]
            self.refused = self.refused or (_unkeepable() if any(nul in read for nul in NUL_IN_JSON) else None)
        if self.refused is not None:
            raise _Refused
        return message

    async def send(self, message: Message) -> None:
        """Pass an answer on; once the body was refused, whatever the route made of it becomes that."""
        if self.refused is not None and not self.started:
            raise _Refused
        await self._send_started(message)

    async def _send_started(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in self.guard.headers.items():
                headers.setdefault(name, value)
            # Modules import each other by plain names: asked for again each time, they answer 304 until an update.
            static = self.scope["path"].startswith("/static/")
            headers.setdefault("Cache-Control", "no-cache" if static else "no-store")
        await self._send(message)


def _unkeepable() -> JietanError:
    return InvalidInput("内容里有看不见、也存不下的字符，请删掉重填。", code="nul")


def security_headers(settings: Settings) -> dict[str, str]:
    """Headers of every answer: only our own scripts, no frames, connections to us, the signalling server and the
    copy program on a kiosk."""
    signalling = [urlsplit(settings.client_signalling_url(node)) for node in range(settings.media_nodes)]
    # Whoever lost a node asks by plain HTTP whether it is there again: sockets that fail often are held back.
    both = [f"{scheme}://{url.netloc}" for url in signalling for scheme in (url.scheme, url.scheme.replace("ws", "http", 1))]
    nodes = " ".join(dict.fromkeys(both))
    policy = {
        "default-src": "'self'",
        "script-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' blob:",
        "connect-src": f"'self' {nodes} ws://127.0.0.1:{settings.kiosk_agent_port}",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    https = {"Strict-Transport-Security": f"max-age={HTTPS_ONLY_S}"} if settings.secure else {}
    return https | {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    }
