"""The one place that calls Typst: a template of this folder and data become pages or pictures."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

LETTERS = Path(__file__).resolve().parent
NO_FILES: Mapping[str, bytes] = {}


@lru_cache(maxsize=4)
def _fonts(font_dir: str) -> Any:
    """Our fonts, the office's further ones, and the machine's as the last resort for a rare character."""
    paths = [str(LETTERS / "fonts"), *([font_dir] if font_dir else [])]
    return typst.Fonts(include_system_fonts=True, font_paths=paths)


def typeset(
    template: str, data: dict[str, Any], font_dir: str, files: Mapping[str, bytes] = NO_FILES, **how: Any
) -> bytes:
    """One PDF or one picture; `files` lie beside the template, `how` is Typst's own (format, ppi, timestamp)."""
    with tempfile.TemporaryDirectory(prefix="letter-") as folder:
        for source in LETTERS.glob("*.typ"):
            shutil.copy(source, folder)
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        made = typst.Compiler(
            Path(folder) / f"{template}.typ",
            root=folder,
            font_paths=_fonts(font_dir),
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        ).compile(**how)
    if not isinstance(made, bytes):
        raise RuntimeError("typst gave no single file")
    return made
