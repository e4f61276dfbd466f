"""The media node's process: one listener for signalling, control and health."""

import asyncio
import contextlib
import gc
import hmac
import re
import signal
from http import HTTPStatus

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from server import clock
from server.log import configure
from server.media import compiled
from server.media.addresses import MediaAddresses
from server.media.aiortc_internals import bind_media_to
from server.media.control import Control
from server.media.doors import Doors, QuietExhaustion, connection_at, raise_descriptor_limit
from server.media.hub import Hub
from server.media.signalling import Session
from server.media.tokens import SeatTokens
from server.media.turn import ice_servers
from server.metrics import exposition
from server.settings import Settings

log = structlog.get_logger(__name__)
MAX_FRAME = 1 << 20
"""What the listener reads at all; signalling refuses much less, with a sentence."""
_LOOPBACK_ORIGIN = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?")


class Node:
    """A running media node."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._hub: Hub | None = None
        self._server: Server | None = None
        self._tokens = SeatTokens(settings.key("seat"), settings.media_node)
        self._doors = Doors()

    @property
    def hub(self) -> Hub:
        if self._hub is None:
            raise RuntimeError("the node is not started")
        return self._hub

    @property
    def port(self) -> int:
        """The port really listened on (useful where the setting is 0)."""
        if self._server is None:
            raise RuntimeError("the node is not started")
        return int(next(iter(self._server.sockets)).getsockname()[1])

    @property
    def _own_port(self) -> int:
        return self._settings.media_port_of(self._settings.media_node)

    async def start(self) -> None:
        """Listen."""
        bind_media_to(MediaAddresses.of(self._settings))
        ice_servers(self._settings, "start", clock.now())  # a secret that is unusable is found out now
        self._hub = Hub(self._settings)
        self._server = await serve(
            self._serve, self._settings.media_host, self._own_port, process_request=self._check,
            max_size=MAX_FRAME, compression=None, ping_interval=10, ping_timeout=20, server_header=None,
            create_connection=connection_at(self._doors),
        )  # fmt: skip
        log.info("media node listens", port=self.port, compiled=compiled.active())

    async def stop(self) -> None:
        """Close all files cleanly and all sockets; clients come back to the next process."""
        if self._server is not None:
            self._server.close(close_connections=False)
        if self._hub is not None:
            await self._hub.close()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, socket: ServerConnection) -> None:
        path = socket.request.path if socket.request is not None else ""
        if path.partition("?")[0] == "/control":
            self._doors.settled(socket)
            await Control(self.hub, socket).run()
        else:
            await Session(self.hub, self._tokens, socket, lambda: self._doors.settled(socket)).run()

    # -- before the upgrade ------------------------------------------------------------------------------------

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer plain HTTP; let the two WebSockets through if they may."""
        path = request.path.partition("?")[0]
        if path in ("/signal", f"/signal/{self._settings.media_node}"):
            return self._check_signal(connection, request)
        if path == "/control":
            return None if self._key_right(request.headers.get("Authorization", "")) else _answer(HTTPStatus.UNAUTHORIZED)
        if path in ("/healthz", "/readyz"):
            return _answer(HTTPStatus.OK, b"ok\n")
        if path == "/metrics":
            return self._metrics(connection)
        return _answer(HTTPStatus.NOT_FOUND)

    def _check_signal(self, connection: ServerConnection, request: Request) -> Response | None:
        if "Upgrade" not in request.headers:
            return _answer(HTTPStatus.UPGRADE_REQUIRED)  # somebody looks whether the node is there
        if not self._origin_allowed(request.headers.get("Origin")):
            return _answer(HTTPStatus.FORBIDDEN)
        return None if self._doors.may_join(connection) else _answer(HTTPStatus.SERVICE_UNAVAILABLE)

    def _origin_allowed(self, origin: str | None) -> bool:
        """Native clients send none; browsers must come from the office's own pages."""
        if origin is None or origin == self._settings.base_url:
            return True
        return _LOOPBACK_ORIGIN.fullmatch(origin) is not None

    def _key_right(self, authorization: str) -> bool:
        wanted = f"Bearer {self._settings.key('control')}"
        return hmac.compare_digest(authorization.encode(), wanted.encode())

    def _metrics(self, connection: ServerConnection) -> Response:
        address = connection.remote_address
        if not address or address[0] not in ("127.0.0.1", "::1"):
            return _answer(HTTPStatus.FORBIDDEN)
        self.hub.measure()
        body, kind = exposition()
        return _answer(HTTPStatus.OK, body, kind)


def _answer(status: HTTPStatus, body: bytes = b"", kind: str = "text/plain; charset=utf-8") -> Response:
    headers = Headers({"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"})
    return Response(status.value, status.phrase, headers, body)


def _calm_collector() -> None:
    """What the program consists of is not looked through for garbage again, and packets, which make no cycles, do not
    set off a collection every few hundred (measured: 3 % of a busy node's time, and its longest delays)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


async def _main(settings: Settings) -> None:
    log.info("descriptors", limit=raise_descriptor_limit())
    asyncio.get_running_loop().set_exception_handler(QuietExhaustion())
    node = Node(settings)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await node.start()
    _calm_collector()
    await stopping.wait()
    await node.stop()


def run(settings: Settings) -> None:
    """Run the media node until SIGTERM or SIGINT."""
    configure("media", level=settings.log_level)
    factory = None
    with contextlib.suppress(ImportError):
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_main(settings))
