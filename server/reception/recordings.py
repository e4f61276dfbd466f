"""Recordings as they lie on the disk, beside what was signed and filed of them."""

import json
from pathlib import Path
from typing import Any

from server.domain.verification import Finding, verify
from server.protocol.recording import MANIFEST_NAME
from server.store import files, receptions
from server.store.engine import Store


def verify_folder(store: Store, folder: Path, public_key: bytes) -> list[Finding]:
    """Everything that is not right with a recording folder (see `verify`); raises OSError."""
    manifest = _read(folder / MANIFEST_NAME)
    with store.read() as session:
        filed = receptions.manifest_hash(session, str(manifest.get("reception_id", "")))
    return verify(manifest, files.hashes(folder), public_key, filed_sha256=filed)


def _read(path: Path) -> dict[str, Any]:
    """The manifest as JSON; an empty one if it is none."""
    try:
        found = json.loads(path.read_bytes())
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
