"""The key that recordings are signed with: Ed25519 (RFC 8032), made at the first start, kept for good."""

import base64
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from server.durable import replace_file, write_once
from server.protocol import chain
from server.protocol.recording import Manifest, Signature
from server.settings import Settings, UnusableSecret, make_private


class SigningKey:
    """Signs manifests."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()
        """32 bytes."""

    def sign_bytes(self, data: bytes) -> bytes:
        """The 64 bytes of a signature over anything else."""
        return self._private.sign(data)

    def sign(self, manifest: Manifest) -> Manifest:
        """The manifest with its signature; the same every time."""
        value = base64.b64encode(self.sign_bytes(chain.to_sign(manifest))).decode()
        signature = Signature(key=chain.key_name(self.public), value=value)
        return manifest.model_copy(update={"signature": signature})


def read(path: Path) -> SigningKey:
    """The key in a file that was made before; raises UnusableSecret, OSError."""
    return SigningKey(_private(path))


def public_path(settings: Settings) -> Path:
    """Where the public half lies (PEM), for the web program and for whoever verifies."""
    return settings.signing_key_path.with_suffix(".pub.pem")


def load(settings: Settings) -> SigningKey:
    """The installation's key, made if there is none; its public half is written beside it.  Raises UnusableSecret,
    OSError."""
    path = settings.signing_key_path
    if not path.exists():
        make_private(path.parent)
        write_once(path, _new_key())
    key = read(path)
    pem = public_pem(key.public)
    published = public_path(settings)
    if not published.exists() or published.read_bytes() != pem:
        replace_file(published, pem)
    return key


def published(settings: Settings) -> bytes:
    """The 32 bytes of the installation's public key; made where there is neither half yet.  Raises UnusableSecret,
    OSError."""
    path = public_path(settings)
    try:
        return read_public(path.read_bytes()) if path.exists() else load(settings).public
    except ValueError as error:
        raise UnusableSecret(f"{path} holds no usable key") from error


def _new_key() -> bytes:
    made = Ed25519PrivateKey.generate()
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _private(path: Path) -> Ed25519PrivateKey:
    try:
        found = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnusableSecret(f"{path} holds no usable key") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise UnusableSecret(f"{path} holds no Ed25519 key")
    return found


def public_pem(public_key: bytes) -> bytes:
    """32 bytes as PEM (RFC 8410)."""
    made = Ed25519PublicKey.from_public_bytes(public_key)
    return made.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_public(pem: bytes) -> bytes:
    """The 32 bytes in a PEM file; raises ValueError."""
    try:
        found = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("no Ed25519 key") from error
    if not isinstance(found, Ed25519PublicKey):
        raise ValueError("no Ed25519 key")
    return found.public_bytes_raw()

