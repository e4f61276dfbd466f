"""In which languages the kiosk speaks, and with whose voice: the packs of web/static/js/kiosk/languages, and recordings that
an office puts into `voice` in its data folder, by the names of those in web/static/audio."""

import json
from functools import cache
from pathlib import Path

from fastapi.staticfiles import StaticFiles
from starlette.responses import FileResponse, Response
from starlette.types import Scope

from server.pages.render import STATIC
from server.settings import Settings

LANGUAGES = STATIC / "js" / "kiosk" / "languages"
AUDIO = STATIC / "audio"
RECORDED = {".opus": "audio/ogg", ".ogg": "audio/ogg", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".wav": "audio/wav", ".webm": "audio/webm"}
"""What an office may record as; the page asks for NAME.opus and plays what comes."""


@cache
def _names() -> dict[str, str]:
    packs = (json.loads(file.read_text("utf-8")) for file in sorted(LANGUAGES.glob("*.json")))
    return {pack["code"]: pack["name"] for pack in packs}


def languages(settings: Settings) -> list[dict[str, str]]:
    """Those that this office offers and that have a pack, in its order: {code, name in its own words}."""
    return [{"code": code, "name": _names()[code]} for code in settings.kiosk_languages if code in _names()]


def own_recording(settings: Settings, path: str) -> Path | None:
    """The office's own recording for a file of web/static/audio, e.g. `en/welcome.opus`; None: it has none."""
    folder = (settings.data_dir / "voice").resolve()
    wanted = (folder / path).with_suffix("")
    if not wanted.parent.resolve().is_relative_to(folder) or not (AUDIO / path).is_file():
        return None
    return next((file for ending in RECORDED if (file := wanted.with_suffix(ending)).is_file()), None)


class Guidance(StaticFiles):
    """web/static/audio, with the office's own recordings in the place of those of the same name."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(directory=AUDIO)
        self._settings = settings

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Raises HTTPException 404."""
        own = own_recording(self._settings, path) if scope["method"] in ("GET", "HEAD") else None
        if own is not None:
            return FileResponse(own, media_type=RECORDED[own.suffix])
        return await super().get_response(path, scope)
