"""The modules that every packet goes through run as C where `make compile` has been, else as Python.

Both are the same source.  What was compiled counts only while it is of exactly this source: after a change it is
passed over until it is compiled again.  Decision: deploy/decisions/0008-compiled-packet-path.md.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

HOT = (
    "codecs/__init__", "codecs/base", "codecs/h264", "codecs/vp8", "fan", "forwarding", "incoming", "inputs", "opus",
    "ordering", "outgoing", "retained", "rtp", "timeline", "twcc", "udp", "wire",
)  # fmt: skip
SOURCE = Path(__file__).parent
FOLDER = SOURCE.parents[1] / "build" / "compiled"
HASHES = "sources.json"
GROUP = "jietan"
"""Name of the library that holds all of them (mypyc puts `__mypyc` behind it)."""


def hashes(source: Path = SOURCE) -> dict[str, str]:
    """SHA-256 of each hot module's source."""
    return {name: hashlib.sha256((source / f"{name}.py").read_bytes()).hexdigest() for name in HOT}


def usable(folder: Path = FOLDER, source: Path = SOURCE) -> bool:
    """Whether the folder holds all hot modules, compiled from this very source and for this Python."""
    if os.environ.get("JIETAN_INTERPRETED") == "1":
        return False
    try:
        known = json.loads((folder / HASHES).read_text())
    except (OSError, ValueError):
        return False
    return bool(known == {"python": sys.implementation.cache_tag, "sources": hashes(source)})


def use(path: list[str], folder: Path = FOLDER) -> bool:
    """Look for modules of the package with this `__path__` among the compiled ones first, if they are usable."""
    if not usable(folder):
        return False
    path.insert(0, str(folder / "server" / "media"))
    sys.path.append(str(folder))
    return True


def active() -> bool:
    """Whether this process runs the compiled modules."""
    module = sys.modules.get("server.media.incoming")
    return module is not None and not str(module.__file__).endswith(".py")
