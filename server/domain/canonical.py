"""One spelling of a piece of JSON, so that its hash is the same wherever it is computed."""

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """UTF-8, sorted keys, no spaces; NaN and infinity are refused (ValueError)."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def check_code(sha256: str) -> str:
    """The first 64 bits of a hash as people can compare them: 9F2C 41A7 0D68 B3E5."""
    digits = sha256[:16].upper()
    return " ".join(digits[i : i + 4] for i in range(0, 16, 4))
