"""A short film of somebody signing, made only where they agreed to it then and to pictures before the talk."""

import hashlib
import os
from pathlib import Path

from sqlalchemy.orm import Session

from server.domain.states import Consent, RecordState
from server.errors import InvalidInput, NotAllowed, NotFound, TooOften, WrongState
from server.reception.record.records import require
from server.settings import Settings
from server.store import records
from server.store.access import Actor

FOLDER = "signing"
WEBM = b"\x1a\x45\xdf\xa3"
"""How a WebM file begins (RFC 8794, EBML header)."""
LARGEST = 1_000_000
MOST = 30
"""Films of one record: everybody may sign anew a few times."""


def keep(session: Session, actor: Actor, settings: Settings, record_id: str, content: bytes) -> str:
    """Keep a film of at most 1 MB until it is signed with; its SHA-256 is its name.

    Raises NotFound, WrongState, NotAllowed where pictures were not agreed to, InvalidInput, TooOften.
    """
    record = require(session, actor, record_id)
    if record.state != RecordState.CONFIRMED:
        raise WrongState("现在不用签字，录像没有留。")
    if record.reception.consent != Consent.AUDIO_VIDEO:
        raise NotAllowed("没有同意录像，签名就不录像。", code="no_pictures")
    if not content.startswith(WEBM) or len(content) > LARGEST:
        raise InvalidInput("这段录像没有传完整，可以不录，直接签。", code="clip_unreadable")
    folder = settings.data_dir / FOLDER / record.id
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if len(list(folder.iterdir())) >= MOST:
        raise TooOften("录得太多了，可以不录，直接签。", code="clips_many")
    name = hashlib.sha256(content).hexdigest()
    with (folder / f"{name}.webm").open("wb") as target:
        target.write(content)
        target.flush()
        os.fsync(target.fileno())
    return name


def check(settings: Settings, record_id: str, sha256: str) -> None:
    """Raises InvalidInput for a film that was never sent."""
    if sha256 and not _path(settings, record_id, sha256).is_file():
        raise InvalidInput("这段录像没有收到，可以不录，直接签。", code="clip_missing")


def film(session: Session, actor: Actor, settings: Settings, record_id: str, sha256: str) -> Path:
    """The film under a signature, as it was; raises NotFound."""
    record = require(session, actor, record_id)
    signed = any(one.clip_sha256 == sha256 for one in records.signatures(session, record.id))
    path = _path(settings, record.id, sha256)
    if not signed or not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise NotFound
    return path


def _path(settings: Settings, record_id: str, sha256: str) -> Path:
    return settings.data_dir / FOLDER / record_id / f"{sha256}.webm"
