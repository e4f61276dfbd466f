"""The kiosk's screens as one signed version, for the program on the kiosk's computer (protocol/screens.py)."""

import base64
import hashlib
import mimetypes
import re
from collections.abc import Iterator
from pathlib import Path

from server import signing_key
from server.api.guard import security_headers
from server.errors import NotFound, Unavailable
from server.pages.guidance import RECORDED, languages, own_recording
from server.pages.render import STATIC, templates
from server.protocol.chain import key_name
from server.protocol.screens import SHELL, VERSION_PLACE, ScreenFile, Screens, to_sign, version_of
from server.settings import Settings, UnusableSecret

WHOLE_FOLDERS = ("js/kiosk", "audio")
"""Of these every file goes along: some are asked for by a name that is put together only in the page."""
NAMED = re.compile(r"/static/([\w./-]+\.\w+)|(?:from|import)\s*\(?\s*\"(\.{1,2}/[\w./-]+)\"|url\(\"?([\w./-]+\.\w+)")
READ = (".js", ".css", ".html", ".svg")
TYPES = {".opus": "audio/ogg", ".js": "text/javascript", ".woff2": "font/woff2", ".wasm": "application/wasm"}
UTF8 = ("text/", "application/json", "image/svg+xml")


class SignedScreens:
    """A version and its files by their hashes."""

    def __init__(self, settings: Settings) -> None:
        """Raises Unavailable where this machine has no key to sign with."""
        shell = templates.env.get_template("kiosk/kiosk.html").render(kiosk_name="", agent=VERSION_PLACE.decode(), languages=languages(settings)).encode()
        self.files: dict[str, bytes] = {}
        listed = (self._listed(SHELL, "text/html; charset=utf-8", shell), *self._static(settings, shell.decode()))
        policy = security_headers(settings)["Content-Security-Policy"]
        key, version = _key(settings), version_of(listed, policy)
        self.manifest = Screens(
            version=version,
            files=listed,
            policy=policy,
            key=key_name(key.public),
            signature=base64.b64encode(key.sign_bytes(to_sign(version))).decode(),
        )

    def file(self, sha256: str) -> bytes:
        """Raises NotFound for what is not of this version (any more)."""
        try:
            return self.files[sha256]
        except KeyError:
            raise NotFound("这个版本的界面里没有这个文件。", code="no_such_file") from None

    def _static(self, settings: Settings, shell: str) -> Iterator[ScreenFile]:
        for name in sorted(_needed(shell)):
            own = own_recording(settings, name.removeprefix("audio/")) if name.startswith("audio/") else None
            kind = RECORDED[own.suffix] if own else _media_type(name)
            yield self._listed(f"/static/{name}", kind, (own or STATIC / name).read_bytes())

    def _listed(self, path: str, media_type: str, content: bytes) -> ScreenFile:
        sha256 = hashlib.sha256(content).hexdigest()
        self.files[sha256] = content
        return ScreenFile(path=path, media_type=media_type, size=len(content), sha256=sha256)


def _needed(shell: str) -> set[str]:
    """Names under static of everything that the shell leads to."""
    ahead = [f.relative_to(STATIC).as_posix() for folder in WHOLE_FOLDERS for f in (STATIC / folder).rglob("*") if f.is_file()]
    ahead += _mentioned(shell, STATIC)
    found: set[str] = set()
    while ahead:
        name = ahead.pop()
        if name in found:
            continue
        found.add(name)
        path = STATIC / name
        if path.suffix in READ:
            ahead += _mentioned(path.read_text(), path.parent)
    return found


def _mentioned(text: str, folder: Path) -> Iterator[str]:
    for absolute, imported, styled in NAMED.findall(text):
        path = STATIC / absolute if absolute else (folder / (imported or styled)).resolve()
        if path.is_file() and path.is_relative_to(STATIC):
            yield path.relative_to(STATIC).as_posix()


def _media_type(name: str) -> str:
    kind = TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith(UTF8) else kind


def _key(settings: Settings) -> signing_key.SigningKey:
    """The key of recordings.  A machine that was given only its public half signs nothing."""
    if signing_key.public_path(settings).exists() and not settings.signing_key_path.exists():
        raise Unavailable("办公室的这台服务器上没有签名用的钥匙，界面发不出去。", code="no_signing_key")
    try:
        return signing_key.load(settings)
    except (UnusableSecret, OSError) as error:
        raise Unavailable("办公室的签名钥匙读不出来，界面发不出去。", code="no_signing_key") from error
