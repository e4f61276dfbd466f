"""The office's HTTP API (server/protocol/office.md) as a native kiosk uses it; logged-in staff can be played too."""

from pathlib import Path
from typing import Any, Literal, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from server.protocol.accounts import LogIn, Me
from server.protocol.base import ErrorBody, Message
from server.protocol.kiosks import Enrol, JoinTicket
from server.protocol.sittings import NewSitting, Sitting

T = TypeVar("T", bound=BaseModel)
UNREADABLE = ErrorBody(code="unknown", message="服务器答复有误，请稍后再试。")
TIMEOUT_S = 30.0
NOT_THE_OFFICE = "what answers is not the office"


class OfficeRefused(Exception):
    """The office answered with an error; `message` is its Chinese sentence."""

    def __init__(self, status: int, body: ErrorBody) -> None:
        self.status = status
        self.code = body.code
        self.message = body.message
        super().__init__(f"{status} {body.code}")


class SeatRefused(Exception):
    """The office will not give this seat (any more): coming back is useless.  `code` is stable."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Office:
    """One client with its own cookie.

    Every method raises OfficeRefused for an error answer and ConnectionError where no answer comes, or one that is not the
    office's: where a line asks to be paid or logged in to first, a page that says so comes instead.
    """

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None, *, key: str = "") -> None:
        """`key`: of the copy program, which has no cookie."""
        self.url = url.rstrip("/")
        self._client = httpx.AsyncClient(
            base_url=self.url,
            headers={"X-Jietan": "1"} | ({"Authorization": f"Bearer {key}"} if key else {}),
            timeout=TIMEOUT_S,
            transport=transport,
            trust_env=False,
        )

    async def __aenter__(self) -> "Office":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def call(self, method: str, path: str, body: Message | dict[str, Any] | None = None) -> Any:
        """Send JSON, get JSON (None for an empty answer)."""
        answer = await self._answer(method, path, body)
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise ConnectionError(NOT_THE_OFFICE) from None

    async def get_as(self, kind: type[T], method: str, path: str, body: Message | None = None) -> T:
        """`call` with its answer as a message of the contract."""
        return _message(kind, await self._answer(method, path, body))

    async def put(self, kind: type[T], method: str, path: str, data: bytes, headers: dict[str, str]) -> T:
        """Send bytes as they are, get a message of the contract."""
        return _message(kind, await self._answer(method, path, data, headers))

    async def fetch(self, path: str) -> bytes:
        """A file, whole."""
        return (await self._answer("GET", path, None)).content

    async def log_in(self, username: str, password: str) -> Me:
        """Be this member of the staff from now on."""
        return await self.get_as(Me, "POST", "/api/session", LogIn(username=username, password=password))

    async def enrol(self, code: str) -> None:
        """Become the kiosk of this one-time code."""
        await self.call("POST", "/api/kiosk/enrol", Enrol(code=code))

    async def new_sitting(
        self, name: str, phone: str = "", matter: str = "", consent: Literal["audio_video", "audio_only"] = "audio_video"
    ) -> Sitting:
        """Put the person in front of this kiosk on the waiting list."""
        wanted = NewSitting(consent=consent, name=name, phone=phone, matter=matter)
        return await self.get_as(Sitting, "POST", "/api/kiosk/sittings", wanted)

    async def sitting(self) -> Sitting:
        """The sitting of this kiosk as it stands."""
        return await self.get_as(Sitting, "GET", "/api/kiosk/sitting")

    async def ticket(self, reception_id: str) -> JoinTicket:
        """A one-use ticket for this client's seat.  Raises SeatRefused where there is none (any more)."""
        try:
            return await self.get_as(JoinTicket, "POST", f"/api/receptions/{reception_id}/join")
        except OfficeRefused as refused:
            raise SeatRefused(refused.code) from refused

    def keep_cookie(self, file: Path) -> None:
        """Write this client's key to a file that only its owner can read."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.chmod(0o600)
        file.write_text("\n".join(f"{name}={value}" for name, value in self._client.cookies.items()))

    def use_cookie(self, file: Path) -> bool:
        """Take up the key that `keep_cookie` wrote; False if there is none."""
        if not file.exists():
            return False
        for line in file.read_text().splitlines():
            name, _, value = line.partition("=")
            self._client.cookies.set(name, value)
        return True

    async def _answer(
        self,
        method: str,
        path: str,
        body: Message | dict[str, Any] | bytes | None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, headers=headers, **_content(body))
        except httpx.TransportError as error:
            raise ConnectionError(f"no answer from the office: {type(error).__name__}") from error
        if answer.status_code in (502, 503, 504):
            raise ConnectionError(f"the office is not ready: {answer.status_code}")
        if answer.is_redirect:
            raise ConnectionError(NOT_THE_OFFICE)
        if answer.is_error:
            body = _error_body(answer)
            if answer.status_code in (401, 511) and body is UNREADABLE:
                raise ConnectionError(NOT_THE_OFFICE)  # the key was not taken away: the office would say so in its own words
            raise OfficeRefused(answer.status_code, body)
        return answer


def _message(kind: type[T], answer: httpx.Response) -> T:
    """Raises ConnectionError."""
    try:
        return kind.model_validate_json(answer.content)
    except ValidationError:
        raise ConnectionError(NOT_THE_OFFICE) from None


def _content(body: Message | dict[str, Any] | bytes | None) -> dict[str, Any]:
    if isinstance(body, bytes):
        return {"content": body}
    return {"json": body.model_dump(mode="json") if isinstance(body, Message) else body}


def _error_body(answer: httpx.Response) -> ErrorBody:
    try:
        return ErrorBody.model_validate(answer.json()["error"])
    except (ValueError, KeyError, TypeError, ValidationError):
        return UNREADABLE
