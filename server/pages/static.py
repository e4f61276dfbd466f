"""web/static, answered from memory: the correction page alone asks for fifty small files, each of which costs the one
process of the office three times as much when it is opened and read anew."""

import os
from dataclasses import dataclass

from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse
from starlette.types import Scope

from server.pages.render import STATIC

LARGEST = 256 << 10
"""Fonts and sounds beyond this stay on the disk."""


@dataclass(frozen=True)
class _Kept:
    path: str
    changed: tuple[int, int]
    body: bytes
    headers: list[tuple[bytes, bytes]]


class Assets(StaticFiles):
    """Small files are read once, and again when they change; large ones and parts of files go the usual way."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)
        self._kept: dict[str, _Kept] = {}

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Raises HTTPException 404."""
        asked = Headers(scope=scope)
        if scope["method"] != "GET" or "range" in asked:
            return await super().get_response(path, scope)
        kept = self._kept.get(path)
        if kept is None or _changed(kept.path) != kept.changed:
            found = await super().get_response(path, scope)
            kept = _read(found) if isinstance(found, FileResponse) else None
            if kept is None:
                return found
            self._kept[path] = kept
        response = Response(kept.body)
        response.raw_headers = list(kept.headers)
        return NotModifiedResponse(response.headers) if self.is_not_modified(response.headers, asked) else response


def _changed(path: str | os.PathLike[str]) -> tuple[int, int] | None:
    try:
        now = os.stat(path)
    except OSError:
        return None
    return now.st_mtime_ns, now.st_size


def _read(found: FileResponse) -> _Kept | None:
    """None: too large to be kept, or another file than a moment ago."""
    changed = _changed(found.path)
    if changed is None or changed[1] > LARGEST or found.headers["content-length"] != str(changed[1]):
        return None
    with open(found.path, "rb") as file:
        return _Kept(str(found.path), changed, file.read(), found.raw_headers)
