"""The chain through a recording's files, and what its signature is about.  See recording.md."""

import hashlib
from collections.abc import Mapping
from typing import Any

from server.protocol.canonical import canonical_json, fingerprint
from server.protocol.recording import Manifest, Segment

LINKED = (
    "number", "id", "participant_id", "role", "kind", "source", "codec", "file", "start", "seconds", "size", "sha256",
    "closed",
)  # fmt: skip
"""What of a segment's entry a link covers, and its gaps: a fixed list, so that later versions may add fields."""


def start(reception_id: str) -> str:
    """What the first link follows: a recording's files cannot be moved to another reception."""
    return fingerprint({"recording_of": reception_id})


def link(previous: str, entry: Mapping[str, Any]) -> str:
    """SHA-256 over the link before and this segment's entry (as JSON); raises KeyError for an entry without
    numbers, ValueError for a `previous` that is no hash."""
    covered = {name: entry[name] for name in LINKED}
    covered["gaps"] = [[gap["start"], gap["end"], gap["cause"]] for gap in entry["gaps"]]
    return hashlib.sha256(bytes.fromhex(previous) + canonical_json(covered)).hexdigest()


def linked(segment: Segment, number: int, previous: str) -> Segment:
    """The segment as the next entry of its chain."""
    numbered = segment.model_copy(update={"number": number})
    return numbered.model_copy(update={"chain": link(previous, numbered.model_dump(mode="json"))})


def signed_bytes(manifest: Mapping[str, Any]) -> bytes:
    """What the signature of a manifest (as JSON) is about: all of it but the signature itself."""
    return canonical_json({name: value for name, value in manifest.items() if name != "signature"})


def key_name(public_key: bytes) -> str:
    """The name of a key in manifests: SHA-256 of its 32 bytes."""
    return hashlib.sha256(public_key).hexdigest()


def to_sign(manifest: Manifest) -> bytes:
    """The same of a manifest that is not JSON yet."""
    return signed_bytes(manifest.model_dump(mode="json"))
