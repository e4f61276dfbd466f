"""A time-stamping authority (RFC 3161): asked over HTTP, its answers held against the question and against the office's roots.

It is told a SHA-256 and a random number, nothing else.  No redirect is followed, no proxy is used, and an answer is read to a
limit of size and time.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
from cryptography import x509
from cryptography.x509.oid import NameOID

from server.settings import Settings

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
MOST_BYTES = 64 * 1024
"""Of an answer; one with its whole chain of certificates has some 6 KB."""
WAIT_S = 20.0
SHA256 = "2.16.840.1.101.3.4.2.1"
WORDS = {
    "roots": "设置 timestamp_roots 里的根证书读不出来",
    "away": "连不上时间戳机构",
    "turned_away": "时间戳机构没有受理",
    "unreadable": "时间戳机构的回答读不懂",
    "other_request": "回答的不是这一次的请求",
    "other_content": "盖的不是这份内容",
    "untrusted": "不是根证书认得的机构盖的，或者签名不对",
    "altered": "内容已经不是当时要盖的那一份",
}
"""What each code means, for administrators."""


class NoStamp(Exception):
    """There is none, for this reason.  `away`: asking for others is of no use now."""

    def __init__(self, code: str, *, away: bool = False, status: int = 0) -> None:
        super().__init__(code)
        self.code, self.away = code, away
        self.words = WORDS[code] + (f"（{status}）" if status else "")


@dataclass(frozen=True)
class Stamp:
    """An answer that holds."""

    at: datetime
    authority: str
    answer: bytes


def configured(settings: Settings) -> bool:
    """Whether there is an authority to ask."""
    return bool(settings.timestamp_url)


def ask(settings: Settings, content: bytes) -> Stamp:
    """A time stamp for this content; raises NoStamp."""
    # The library is loaded when it is needed, not with the program: most offices have no authority.
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    roots = roots_of(settings)
    request = TimestampRequestBuilder(content, HashAlgorithm.SHA256).build()
    return check(_post(settings, request.as_bytes()), hashlib.sha256(content).hexdigest(), roots, nonce=request.nonce)


def roots_of(settings: Settings) -> list[x509.Certificate]:
    """Whom the office trusts; none where it has said of nobody.  Raises NoStamp."""
    if settings.timestamp_roots is None:
        return []
    try:
        return x509.load_pem_x509_certificates(settings.timestamp_roots.read_bytes())
    except (OSError, ValueError):
        raise NoStamp("roots", away=True) from None


def _post(settings: Settings, body: bytes) -> bytes:
    login = (settings.timestamp_user, settings.timestamp_password) if settings.timestamp_user else None
    headers = {"Content-Type": QUERY, "Accept": REPLY, "Accept-Encoding": "identity"}
    try:
        with (
            httpx.Client(follow_redirects=False, trust_env=False, timeout=WAIT_S, auth=login) as client,
            client.stream("POST", settings.timestamp_url, content=body, headers=headers) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise NoStamp("turned_away", away=True, status=answer.status_code)
            return _read(answer)
    except (httpx.HTTPError, httpx.InvalidURL):
        raise NoStamp("away", away=True) from None


def _read(answer: httpx.Response) -> bytes:
    read, until = bytearray(), time.monotonic() + WAIT_S
    for piece in answer.iter_raw():
        read += piece
        if len(read) > MOST_BYTES:
            raise NoStamp("unreadable")
        if time.monotonic() > until:
            raise NoStamp("away", away=True)
    return bytes(read)


def check(answer: bytes, sha256: str, roots: Sequence[x509.Certificate], *, nonce: int | None = None) -> Stamp:
    """What an answer says, if it is about this hash (and this request) and holds against the roots; raises NoStamp.

    The certificates must have been valid when it was made, not now: a stamp outlives them.
    """
    from rfc3161_client import PKIStatus, VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        response = decode_timestamp_response(answer)
        if response.status != PKIStatus.GRANTED:
            raise NoStamp("turned_away")
        told = response.tst_info
        imprint = told.message_imprint
        if nonce is not None and told.nonce != nonce:
            raise NoStamp("other_request")
        if imprint.hash_algorithm.dotted_string != SHA256 or imprint.message.hex() != sha256:
            raise NoStamp("other_content")
        VerifierBuilder(roots=list(roots), nonce=nonce).build().verify(response, bytes.fromhex(sha256))
        return Stamp(at=told.gen_time.astimezone(UTC), authority=_name(response), answer=answer)
    except VerificationError:
        raise NoStamp("untrusted") from None
    except (ValueError, TypeError, LookupError):
        raise NoStamp("unreadable") from None


def _name(response: "TimeStampResponse") -> str:
    """The name in the certificate of whoever signed it."""
    (signer,) = response.signed_data.signer_infos
    for one in map(x509.load_der_x509_certificate, response.signed_data.certificates):
        if (one.issuer, one.serial_number) == (signer.issuer, signer.serial_number):
            names = [str(part.value) for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME) for part in one.subject.get_attributes_for_oid(kind)]
            return "　".join(dict.fromkeys(names))[:200]
    raise NoStamp("untrusted")
