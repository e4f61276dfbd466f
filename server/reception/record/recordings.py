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
    manifest = manifest_in(folder)
    with store.read() as session:
        filed = receptions.manifest_hash(session, str(manifest.get("reception_id", "")))
    return verify(manifest, files.hashes(folder), public_key, filed_sha256=filed)


def manifest_in(folder: Path) -> dict[str, Any]:
    """The manifest of a recording folder as JSON, an empty one if it is none; raises OSError."""
    try:
        found = json.loads((folder / MANIFEST_NAME).read_bytes())
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
