"""Tokens of the model: characters, bytes, Whisper's special tokens, timestamps.

The order is Whisper's (text < end of text < start of transcript < languages < tasks < start of previous < no speech <
no timestamps < timestamps), because faster-whisper and CTranslate2 compare ids.  The last text token is the empty
string: CTranslate2 4.8 takes a model for multilingual exactly when its vocabulary has it; otherwise faster-whisper
puts "en" in the place of "zh" and splits words at blanks instead of characters.
"""

import json
from pathlib import Path

LANGUAGES = ["en", "zh", "de", "es", "ru", "ko", "fr", "ja", "pt", "tr", "pl", "ca", "nl", "ar", "sv", "it", "id", "hi", "fi", "vi", "he", "uk", "el", "ms", "cs", "ro", "da", "hu", "ta", "no", "th", "ur", "hr", "bg", "lt", "la", "mi", "ml", "cy", "sk", "te", "fa", "lv", "bn", "sr", "az", "sl", "kn", "et", "mk", "br", "eu", "is", "hy", "ne", "mn", "bs", "kk", "sq", "sw", "gl", "mr", "pa", "si", "km", "sn", "yo", "so", "af", "oc", "ka", "be", "tg", "sd", "gu", "am", "yi", "lo", "uz", "fo", "ht", "ps", "tk", "nn", "mt", "sa", "lb", "my", "bo", "tl", "mg", "as", "tt", "haw", "ln", "ha", "ba", "jw", "su"]
SPECIALS = [
    "<|endoftext|>", "<|startoftranscript|>", *(f"<|{language}|>" for language in LANGUAGES), "<|translate|>",
    "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>",
]
STAMP_S = 0.02
STAMPS = [f"<|{index * STAMP_S:.2f}|>" for index in range(1501)]
_FIRST = " ，。？！、"


class Vocabulary:
    """Ids of all tokens; `plain` counts those below the timestamps, `text` lists the text tokens."""

    def __init__(self, characters: str) -> None:
        rest = sorted(set(characters) - set(_FIRST))
        self.characters = _FIRST + "".join(rest)
        self.text = [*_FIRST, *rest, *(f"<0x{byte:02X}>" for byte in range(256)), ""]
        self.ids = {token: index for index, token in enumerate(self.text + SPECIALS)}
        self.plain = len(self.text) + len(SPECIALS)
        self.first_stamp = self.plain
        self.end = self.ids["<|endoftext|>"]
        self.start = self.ids["<|startoftranscript|>"]
        self.chinese = self.ids["<|zh|>"]
        self.transcribe = self.ids["<|transcribe|>"]
        self.previous = self.ids["<|startofprev|>"]
        self.no_speech = self.ids["<|nospeech|>"]
        self.no_stamps = self.ids["<|notimestamps|>"]

    @property
    def names(self) -> list[str]:
        """All tokens in the order of their ids."""
        return self.text + SPECIALS + STAMPS

    def encode(self, text: str) -> list[int]:
        """Ids of the text, characters that the model does not know as their UTF-8 bytes."""
        ids = list[int]()
        for character in text:
            known = self.ids.get(character)
            ids += [self.ids[f"<0x{b:02X}>"] for b in character.encode()] if known is None else [known]
        return ids

    def stamp(self, seconds: float) -> int:
        """Id of the timestamp nearest to a time in the window, 0 to 30 s."""
        return self.first_stamp + min(max(round(seconds / STAMP_S), 0), len(STAMPS) - 1)

    def write(self, path: Path) -> None:
        """The text tokens as JSON."""
        path.write_text(json.dumps(self.text, ensure_ascii=False), "utf-8")

    @classmethod
    def read(cls, path: Path) -> "Vocabulary":
        """What `write` wrote."""
        return cls("".join(token for token in json.loads(path.read_text("utf-8")) if len(token) == 1))
