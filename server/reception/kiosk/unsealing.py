"""The office's key for what kiosks keep (protocol/sealed.py): derived from the installation's secret, so that a backup of
that one is enough."""

import hashlib
import os
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from server.durable import sync_folder
from server.errors import InvalidInput
from server.protocol import sealed
from server.protocol.copies import ToldOffice
from server.settings import Settings
from server.store import copyfiles

log = structlog.get_logger()


class NotForUs(InvalidInput):
    """Sealed for another office, or the installation's secret is not the one it was: the kiosk keeps it."""

    code = "sealed_for_another"
    message = "这份内容不是给这里的，或者办公室的密钥换过了。内容还在接谈机上，请管理员恢复原来的密钥。"


def private_key(settings: Settings) -> X25519PrivateKey:
    """What opens sealed files."""
    return X25519PrivateKey.from_private_bytes(bytes.fromhex(settings.key("kiosk-files")))


def told_office(settings: Settings, kiosk_id: int) -> ToldOffice:
    """What a kiosk keeps of this office."""
    return ToldOffice(key=private_key(settings).public_key().public_bytes_raw().hex(), kiosk_id=kiosk_id)


def unseal(settings: Settings, path: Path, name: str) -> tuple[int, str]:
    """Write the content of `sealed_of(path)` to `path`, synced; its size and SHA-256.  May be done again.

    A piece that the kiosk's disk spoilt is as many zero bytes: players pass over it, and the rest stays.  Raises NotForUs,
    copyfiles.DiskFull: then nothing was written.
    """
    new = path.with_suffix(".new")
    whole, size = hashlib.sha256(), 0
    try:
        with copyfiles.sealed_of(path).open("rb") as source, new.open("wb") as target:
            for piece in sealed.unsealed(source, name, private_key(settings)):
                if piece.data is None:
                    log.error("a second of a copy cannot be read", copy=name, number=piece.number)
                data = piece.data if piece.data is not None else bytes(piece.length)
                whole.update(data)
                size += target.write(data)
            target.flush()
            os.fsync(target.fileno())
    except sealed.Unreadable:
        new.unlink()
        raise NotForUs from None
    except OSError as error:
        new.unlink(missing_ok=True)
        raise copyfiles.DiskFull from error
    new.replace(path)
    sync_folder(path.parent)
    return size, whole.hexdigest()
