"""Makes web/static/js/kiosk/rare_characters.json: what the keyboard's everyday table lacks, by syllable.

People have names with characters outside GB 2312.  Needs `pip install pypinyin` (MIT; its readings come from Unihan
and 汉典) and Node (to read the everyday table); the result is committed.
"""

import json
import subprocess
import unicodedata
from pathlib import Path

WEB = Path(__file__).resolve().parents[2] / "web" / "static"
EVERYDAY = WEB / "vendor" / "simple-keyboard-layouts" / "chinese.js"


def everyday() -> dict[str, str]:
    """Syllable to characters of the vendored table."""
    program = "import(process.argv[1]).then(m => console.log(JSON.stringify(m.default.layoutCandidates)))"
    command = ["node", "--input-type=module", "-e", program, EVERYDAY.as_uri()]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def plain(reading: str) -> str:
    """lǚ → lv, zhé → zhe."""
    letters = unicodedata.normalize("NFD", reading)
    letters = letters.replace("u\u0308", "v")
    return "".join(one for one in letters if "a" <= one <= "z")


def main() -> None:
    from pypinyin.constants import PINYIN_DICT

    known = everyday()
    have = set("".join(known.values()))
    rare: dict[str, str] = {}
    for code in range(0x4E00, 0x9FA6):
        if chr(code) in have or code not in PINYIN_DICT:
            continue
        for syllable in {plain(reading) for reading in PINYIN_DICT[code].split(",")} & set(known):
            rare[syllable] = rare.get(syllable, "") + chr(code)
    target = WEB / "js" / "kiosk" / "rare_characters.json"
    target.write_text(json.dumps(rare, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
