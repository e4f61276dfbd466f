"""As much of PDF as the documents here use: what a reader of the file sees, without the program that made it."""

import re
import zlib
from dataclasses import dataclass
from functools import cached_property

OBJECT = re.compile(rb"(\d+) 0 obj\s*(<<.*?>>)\s*(?:stream\r?\n(.*?)\r?\nendstream|endobj)", re.DOTALL)
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


@dataclass(frozen=True)
class Pdf:
    """A file's objects: dictionary and unpacked stream by number."""

    content: bytes

    @cached_property
    def objects(self) -> dict[int, tuple[bytes, bytes]]:
        return {int(number): (about, _unpacked(about, stream)) for number, about, stream in OBJECT.findall(self.content)}

    @property
    def fonts_embedded(self) -> dict[str, bool]:
        """By name: whether the font's drawings are in the file."""
        found = {}
        for about, _ in self._of_type(b"FontDescriptor"):
            file = re.search(rb"/FontFile[23]? (\d+) 0 R", about)
            found[_name(about, b"FontName")] = bool(file and self.objects[int(file[1])][1])
        return found

    @property
    def images(self) -> list[tuple[int, int]]:
        """Width and height of each picture, in pixels."""
        return [(_number(about, b"Width"), _number(about, b"Height")) for about, _ in self.objects.values() if b"/Subtype/Image" in about]

    @property
    def pages(self) -> list[str]:
        """The words of each page, without spaces."""
        found = []
        for about, _ in self._of_type(b"Page"):
            contents = self.objects[_number(about, b"Contents")][1]
            fonts = dict(re.findall(rb"/(f\d+) (\d+) 0 R", self.objects[_number(about, b"Resources")][0]))
            found.append(re.sub(r"\s", "", _words(contents, {name: self._characters(int(font)) for name, font in fonts.items()})))
        return found

    def _of_type(self, kind: bytes) -> list[tuple[bytes, bytes]]:
        return [one for one in self.objects.values() if re.match(rb"<<(?:(?!/Type/).)*/Type/" + kind + rb"(?![A-Za-z])", one[0])]

    def _characters(self, font: int) -> dict[int, str]:
        """What each glyph of a font is, as the file says for whoever copies or searches."""
        table = self.objects[_number(self.objects[font][0], b"ToUnicode")][1]
        return {int(glyph, 16): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>", table)}


def _unpacked(about: bytes, stream: bytes) -> bytes:
    return zlib.decompress(stream) if stream and b"/FlateDecode" in about else stream


def _number(about: bytes, key: bytes) -> int:
    found = re.search(rb"/" + key + rb" (\d+)", about)
    assert found, (key, about)
    return int(found[1])


def _name(about: bytes, key: bytes) -> str:
    found = re.search(rb"/" + key + rb"/([^/>\s]+)", about)
    assert found, (key, about)
    return found[1].decode()


def _words(contents: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    said, font = [], {}
    for name, string, digits in re.findall(rb"/(f\d+) [\d.]+ Tf|\(((?:\\.|[^\\()])*)\)|<([0-9A-F]+)>", contents, re.DOTALL):
        if name:
            font = fonts[name]
            continue
        glyphs = bytes.fromhex(digits.decode()) if digits else re.sub(rb"\\([0-7]{1,3}|.)", _escaped, string, flags=re.DOTALL)
        said += [font.get(int.from_bytes(glyphs[i : i + 2]), "\ufffd") for i in range(0, len(glyphs), 2)]
    return "".join(said)


def _escaped(found: re.Match[bytes]) -> bytes:
    code = found[1]
    return bytes([int(code, 8)]) if code.isdigit() else ESCAPES.get(code, code)
