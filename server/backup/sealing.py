"""Encrypts files with a passphrase, as streams that notice every change, also a cut-off end.

The passphrase becomes a key with scrypt (RFC 7914); each file has its own key, by HKDF-SHA-256 (RFC 5869) from a random
salt at its head.  Then come pieces of 1 MiB, each AES-256-GCM with 16 bytes of tag; the nonce is the piece's number and
whether it is the last (the STREAM construction, https://eprint.iacr.org/2015/189): none can be left out, doubled or moved.
"""

import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

COST = 1 << 17
"""scrypt's N: 128 MiB and about half a second (OWASP's password storage cheat sheet, with r = 8 and p = 1)."""
HIGHEST_COST = 1 << 20
SALT = 16
PIECE = 1 << 20
TAG = 16
SHORTEST_PASSPHRASE = 10


class Unopened(Exception):
    """What is there was not sealed with this key, or was changed or cut off since."""


@dataclass(frozen=True)
class Lock:
    """A key, and what its passphrase became it with."""

    box: bytes
    """Public; stands beside the sealed files."""
    key: bytes


def new_lock(passphrase: str) -> Lock:
    """A fresh key for a passphrase."""
    box = {"kdf": "scrypt", "n": COST, "r": 8, "p": 1, "salt": secrets.token_bytes(SALT).hex()}
    return reopen(json.dumps(box).encode(), passphrase)


def reopen(box: bytes, passphrase: str) -> Lock:
    """The key again, from what stands beside the files; a wrong passphrase shows when something is unsealed.

    Raises Unopened for what is no box of ours.
    """
    try:
        told = json.loads(box)
        salt, cost = bytes.fromhex(told["salt"]), int(told["n"])
        if told["kdf"] != "scrypt" or cost > HIGHEST_COST:
            raise Unopened
        key = Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(passphrase.encode())
    except (ValueError, KeyError, TypeError):
        raise Unopened from None
    return Lock(box, key)


def seal(lock: Lock, plain: Iterable[bytes]) -> Iterator[bytes]:
    """The sealed form of a stream, piece by piece."""
    salt = secrets.token_bytes(SALT)
    cipher = _cipher(lock, salt)
    yield salt
    for number, (piece, last) in enumerate(_with_last(_pieces(plain, PIECE))):
        yield cipher.encrypt(_nonce(number, last), piece, None)


def unseal(lock: Lock, sealed: Iterable[bytes]) -> Iterator[bytes]:
    """The stream again; raises Unopened at the first piece that is not what was sealed."""
    rest = iter(sealed)
    head = b""
    while len(head) < SALT:
        block = next(rest, None)
        if block is None:
            raise Unopened
        head += block
    cipher = _cipher(lock, head[:SALT])
    pieces = _pieces(_chain(head[SALT:], rest), PIECE + TAG)
    for number, (piece, last) in enumerate(_with_last(pieces)):
        try:
            yield cipher.decrypt(_nonce(number, last), piece, None)
        except InvalidTag:
            raise Unopened from None


def _cipher(lock: Lock, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"jietan backup file").derive(lock.key))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _pieces(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of `size`; the last may be shorter, and nothing at all is one empty piece."""
    held = bytearray()
    given = 0
    for block in blocks:
        held += block
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
            given += 1
    if held or not given:
        yield bytes(held)


def _with_last(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    before = next(pieces)
    for piece in pieces:
        yield before, False
        before = piece
    yield before, True
