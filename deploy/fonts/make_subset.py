"""Make the two fonts that printed letters use: a subset of Noto Serif CJK SC.

    pip install fonttools && apt install fonts-noto-cjk
    python deploy/fonts/make_subset.py /usr/share/fonts/opentype/noto server/letters/fonts

Common characters (GB 2312, the rarer ones of the Table of General Standard Chinese Characters that lie outside
GBK, signs) are in a regular and a bold file under the name Noto has given them; the rest of GBK is in one regular
file of its own family, "Jietan Serif Rare", which a letter falls back to.  That keeps every file small, and names
of people and places whole.  Layout features that would change the look of a digit or sign are left out, so that
what is printed is exactly what is stored.  Rarer characters still: see `pdf_font_dir` in the settings.
"""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

FAMILY = "Noto Serif CJK SC"
SIGNS = "①②③④⑤⑥⑦⑧⑨⑩▸✓—–…·«»“”‘’￥¥℃㎡×÷±"
EXTENSION_A = (
    "㑇㑊㕮㘎㙍㙘㙦㛃㛚㛹㟃㠇㠓㤘㥄㧐㧑㧟㫰㬊㬎㬚㭎㭕㮾㰀㳇㳘㳚㴔㵐㶲㸆㸌㺄㻬㽏㿠䁖䂮䃅䃎䅟䌹䎃䎖䏝䏡䏲䐃"
    "䓖䓛䓨䓫䓬䗖䗛䗪䗴䜣䝙䢺䢼䣘䥽䦃䲟䲠䲢䴓䴔䴕䴖䴗䴘䴙䶮"
)
"""Those of the general standard table that lie in CJK Extension A."""
NAMES = (1, 3, 4, 6, 16)
"""Name ids that hold a family name: family, unique id, full name, PostScript name, typographic family."""
BLOCKS = (
    (0x20, 0x7E),
    (0xA0, 0xFF),
    (0x2010, 0x203B),
    (0x3000, 0x303F),
    (0x9FA6, 0x9FFF),
    (0xFF01, 0xFFEE),
    (0x2A700, 0x2EBEF),
)


def encoded(encoding: str) -> set[int]:
    """Code points of a two-byte encoding."""
    found = set()
    for high in range(0x81, 0xFF):
        for low in range(0x40, 0xFF):
            try:
                found.add(ord(bytes((high, low)).decode(encoding)))
            except UnicodeDecodeError:
                continue
    return found


def common() -> set[int]:
    """Code points of the common files."""
    blocks = {point for first, last in BLOCKS for point in range(first, last + 1)}
    return encoded("gb2312") | blocks | {ord(sign) for sign in SIGNS + EXTENSION_A}


def face(collection: Path) -> TTFont:
    """The simplified Chinese face of a Noto collection."""
    for font in TTCollection(collection).fonts:
        if font["name"].getBestFamilyName() == FAMILY:
            return font
    raise SystemExit(f"{collection} has no face named {FAMILY}")


def subset(collection: Path, target: Path, points: set[int], family: str = "") -> None:
    """Write one subset, under a family name of its own where given."""
    options = Options()
    options.layout_features = []
    options.hinting = False
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "GSUB", "GPOS", "GDEF"]
    options.name_IDs = ["*"]
    font = face(collection)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=points)
    subsetter.subset(font)
    if family:
        rename(font, family)
    font.save(target)
    print(f"{target}: {len(font.getGlyphOrder())} glyphs, {target.stat().st_size} bytes")


def rename(font: TTFont, family: str) -> None:
    """Give a font another family name, in the name table and in CFF."""
    compact = family.replace(" ", "")
    for record in font["name"].names:
        if record.nameID in NAMES:
            record.string = compact if record.nameID == 6 else family
    outlines = font["CFF "].cff
    outlines.fontNames = [compact]
    outlines.topDictIndex[0].FamilyName = family
    outlines.topDictIndex[0].FullName = family


def main() -> None:
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    regular, bold = source / "NotoSerifCJK-Regular.ttc", source / "NotoSerifCJK-Bold.ttc"
    subset(regular, target / "NotoSerifCJKsc-Regular.otf", common())
    subset(bold, target / "NotoSerifCJKsc-Bold.otf", common())
    subset(regular, target / "JietanSerifRare-Regular.otf", encoded("gbk") - common(), "Jietan Serif Rare")


main()
