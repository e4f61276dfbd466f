"""As much of the Internet Printing Protocol (RFC 8010, 8011) as a slip and a record need: is the printer in order, print a
PDF, what became of it.  CUPS speaks it on port 631 of the computer for every printer that it knows."""

import struct
from dataclasses import dataclass, field
from itertools import count

import httpx

VERSION = b"\x02\x00"
PRINT_JOB, GET_JOB, GET_PRINTER = 0x0002, 0x0009, 0x000B
OPERATION, JOB, END, PRINTER = 0x01, 0x02, 0x03, 0x04
INTEGER, BOOLEAN, ENUM, KEYWORD, URI, CHARSET, LANGUAGE, NAME, MIME = 0x21, 0x22, 0x23, 0x44, 0x45, 0x47, 0x48, 0x42, 0x49
TIMEOUT_S = 10.0
OK = 0x00FF
"""Highest status of an answer that says that it was done."""
NOT_FOUND = 0x0406
_requests = count(1)


class NoPrinter(Exception):
    """Nothing answers there, or what came is no answer."""


class Refused(Exception):
    """The printer or CUPS does not do it; `status` as in RFC 8011, appendix B."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(hex(status))


@dataclass
class Answer:
    """Values by the attribute's name; of several groups of one kind the first."""

    status: int
    values: dict[str, list[str | int]] = field(default_factory=dict)


class IppPrinter:
    """One printer, by its address: ipp://127.0.0.1:631/printers/NAME."""

    def __init__(self, uri: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._uri = uri
        self._url = "http" + uri.removeprefix("ipp")
        self._transport = transport

    async def state(self) -> tuple[int, tuple[str, ...]]:
        """`printer-state` (3 idle, 4 prints, 5 stopped) and `printer-state-reasons`.  Raises NoPrinter, Refused."""
        answer = await self._ask(GET_PRINTER, [(KEYWORD, "requested-attributes", "printer-state"), (KEYWORD, "", "printer-state-reasons")])
        state = answer.values.get("printer-state", [0])[0]
        return int(state), tuple(str(one) for one in answer.values.get("printer-state-reasons", ()) if one != "none")

    async def print(self, pdf: bytes, title: str) -> int:
        """The number of the job.  Raises NoPrinter, Refused."""
        answer = await self._ask(PRINT_JOB, [(NAME, "job-name", title), (MIME, "document-format", "application/pdf")], pdf)
        return int(answer.values.get("job-id", [0])[0])

    async def job(self, number: int) -> tuple[int, tuple[str, ...]]:
        """`job-state` (3 waits, 5 prints, 9 done; 6, 7, 8 will not be) and `job-state-reasons`.  Raises NoPrinter, Refused."""
        answer = await self._ask(GET_JOB, [(INTEGER, "job-id", number), (KEYWORD, "requested-attributes", "job-state"), (KEYWORD, "", "job-state-reasons")])
        return int(answer.values.get("job-state", [0])[0]), tuple(str(one) for one in answer.values.get("job-state-reasons", ()))

    async def _ask(self, operation: int, attributes: list[tuple[int, str, str | int]], document: bytes = b"") -> Answer:
        known: list[tuple[int, str, str | int]] = [
            (CHARSET, "attributes-charset", "utf-8"), (LANGUAGE, "attributes-natural-language", "en"), (URI, "printer-uri", self._uri),
        ]  # fmt: skip
        body = encoded(operation, [*known, *attributes]) + document
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, transport=self._transport) as client:
                answer = await client.post(self._url, content=body, headers={"Content-Type": "application/ipp"})
        except httpx.HTTPError as error:
            raise NoPrinter from error
        if answer.status_code != 200:
            raise NoPrinter
        found = decoded(answer.content)
        if found.status > OK:
            raise Refused(found.status)
        return found


def encoded(operation: int, attributes: list[tuple[int, str, str | int]]) -> bytes:
    """A request without its document."""
    made = VERSION + struct.pack(">HIB", operation, next(_requests) & 0x7FFFFFFF, OPERATION)
    for tag, name, value in attributes:
        content = struct.pack(">i", value) if isinstance(value, int) else value.encode()
        made += struct.pack(">BH", tag, len(name)) + name.encode() + struct.pack(">H", len(content)) + content
    return made + bytes([END])


def decoded(content: bytes) -> Answer:
    """Raises NoPrinter for what is no answer of IPP."""
    try:
        return _decoded(content)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise NoPrinter from error


def _decoded(content: bytes) -> Answer:
    answer = Answer(struct.unpack_from(">H", content, 2)[0])
    place, name = 8, ""
    while (tag := content[place]) != END:
        place += 1
        if tag < 0x10:
            continue
        (length,) = struct.unpack_from(">H", content, place)
        name = content[place + 2 : place + 2 + length].decode() or name
        place += 2 + length
        (length,) = struct.unpack_from(">H", content, place)
        value = content[place + 2 : place + 2 + length]
        place += 2 + length
        known = answer.values.setdefault(name, [])
        known.append(struct.unpack(">i", value)[0] if tag in (INTEGER, ENUM) else value.decode(errors="replace"))
    return answer
