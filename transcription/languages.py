"""Languages that Whisper models know, by their codes (ISO 639-1; a few have three letters)."""

AUTO = "auto"
"""In place of a code: whatever the model hears."""


def is_language(code: str) -> bool:
    """Whether Whisper models know this code."""
    return code in _CODES


_NAMES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr "
    "ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc "
    "pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo yue "
    "zh "
)
_CODES = frozenset(_NAMES.split())
"""Source: openai/whisper, tokenizer.py (LANGUAGES), release large-v3; a test compares it with faster-whisper's own."""
