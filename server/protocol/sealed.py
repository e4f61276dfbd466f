"""Sealed files: what a kiosk keeps until the office has it, which the office alone can read.  See copies.md.

A file only grows.  Its records are kind (1 byte), length of the content (4 bytes, big-endian), content.  Kind `K` is a
data key, encrypted to the office's X25519 key with HPKE (RFC 9180, base mode, HKDF-SHA-256, AES-256-GCM), for the pieces
that follow; the kiosk holds it in memory only, so a program that is started again begins with another.  Kind `P` is a
piece: nonce (12 bytes), AES-256-GCM ciphertext with tag, authenticated with the file's name and the piece's number, so
that none can be exchanged.
"""

import secrets
import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

KEY, PIECE = b"K", b"P"
HEAD = struct.Struct(">cI")
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
OVERHEAD = HEAD.size + NONCE_BYTES + TAG_BYTES
"""Bytes of a piece's record beside its content."""
LONGEST_CONTENT = (8 << 20) + NONCE_BYTES + TAG_BYTES
KEY_RECORD = HEAD.size + 32 + KEY_BYTES + TAG_BYTES
"""Bytes of the record of a data key: X25519 adds 32."""
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class Unreadable(Exception):
    """No key in the file was sealed for this office."""


class Sealer:
    """Seals the pieces of one file with a fresh data key, for as long as it lives."""

    def __init__(self, name: str, office_key: bytes) -> None:
        """`office_key`: 32 bytes, X25519; raises ValueError for what is none."""
        key = secrets.token_bytes(KEY_BYTES)
        sealed = _SUITE.encrypt(key, X25519PublicKey.from_public_bytes(office_key), info=_info(name))
        self.key_record = HEAD.pack(KEY, len(sealed)) + sealed
        """Stands before the first piece."""
        self._name = name
        self._cipher = AESGCM(key)

    def piece(self, number: int, data: bytes) -> bytes:
        """The record of a piece."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        content = nonce + self._cipher.encrypt(nonce, data, _aad(self._name, number))
        return HEAD.pack(PIECE, len(content)) + content


class Piece(NamedTuple):
    """A piece as it was sealed; `data` is None where the disk spoilt it: `length` is known all the same."""

    number: int
    data: bytes | None
    length: int


def size_of(lengths: Iterable[int]) -> int:
    """Bytes of a file with one data key and pieces of these lengths."""
    return KEY_RECORD + sum(length + OVERHEAD for length in lengths)


def unsealed(file: BinaryIO, name: str, private: X25519PrivateKey) -> Iterator[Piece]:
    """The pieces in order; a half-written record at the end is passed over.  Raises Unreadable at the file's end."""
    cipher: AESGCM | None = None
    opened, keys, number = False, 0, 0
    for kind, content in records(file):
        if kind == KEY:
            keys += 1
            cipher = _opened(content, name, private)
            opened = opened or cipher is not None
        else:
            yield Piece(number, _decrypted(cipher, content, _aad(name, number)), len(content) - NONCE_BYTES - TAG_BYTES)
            number += 1
    if keys and not opened:
        raise Unreadable


def records(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of every whole record from where the file stands."""
    while len(head := file.read(HEAD.size)) == HEAD.size:
        kind, length = HEAD.unpack(head)
        if not usable(kind, length) or len(content := file.read(length)) < length:
            return
        yield kind, content


def usable(kind: bytes, length: int) -> bool:
    """Whether a record's head can be one."""
    return kind in (KEY, PIECE) and NONCE_BYTES + TAG_BYTES < length <= LONGEST_CONTENT


def _opened(content: bytes, name: str, private: X25519PrivateKey) -> AESGCM | None:
    try:
        return AESGCM(_SUITE.decrypt(content, private, info=_info(name)))
    except (InvalidTag, ValueError):
        return None


def _decrypted(cipher: AESGCM | None, content: bytes, aad: bytes) -> bytes | None:
    try:
        return cipher.decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], aad) if cipher else None
    except (InvalidTag, ValueError):
        return None


def _info(name: str) -> bytes:
    return b"jietan kiosk file " + name.encode()


def _aad(name: str, number: int) -> bytes:
    return f"{name}:{number}".encode()
