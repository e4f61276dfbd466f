"""What in a text may be somebody's personal data, and the text with it covered.

Only proposals: a person decides each.  What the form names is found wherever it stands; telephone, identity, bank and
plate numbers by their form; addresses and names by the words around them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from server.protocol.placenames import BEGINS_A_NAME, IN_A_NAME

SURNAMES = ("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖"
            "贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤柳")  # fmt: skip


class Private(StrEnum):
    NAME = "name"
    PHONE = "phone"
    ID_NUMBER = "id_number"
    ADDRESS = "address"
    PLATE = "plate"
    ACCOUNT = "account"
    OTHER = "other"
    """Found by a person."""


WORDS = {
    Private.NAME: "姓名", Private.PHONE: "电话", Private.ID_NUMBER: "证件号", Private.ADDRESS: "住址", Private.PLATE: "车牌",
    Private.ACCOUNT: "账号", Private.OTHER: "自己加的",
}  # fmt: skip
_NAME = rf"[{SURNAMES}][\u4e00-\u9fff]{{1,2}}?"
_PATTERNS: tuple[tuple[Private, re.Pattern[str]], ...] = (
    (Private.ID_NUMBER, re.compile(r"(?<!\d)\d{17}[\dXx](?![\dA-Za-z])|(?<!\d)\d{15}(?!\d)")),
    (Private.ACCOUNT, re.compile(r"(?<!\d)\d{16,17}(?![\dXx])|(?<!\d)\d{19}(?!\d)|(?<!\d)\d{4}(?: \d{4}){3,4}(?!\d)")),
    (Private.PHONE, re.compile(r"(?<!\d)1\d{2}[- ]?\d{4}[- ]?\d{4}(?!\d)|(?<!\d)0\d{2,3}[- ]?\d{7,8}(?!\d)")),
    (Private.PLATE, re.compile(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·\- ]?[A-Z0-9]{5,6}(?![A-Z0-9])")),
    (Private.ADDRESS, re.compile(
        rf"(?:家住|住在|住|在)?((?:{BEGINS_A_NAME}(?:{IN_A_NAME}){{1,7}}(?:县|区|市))?{BEGINS_A_NAME}(?:{IN_A_NAME}){{1,5}}(?:镇|乡|街道)?(?:{IN_A_NAME}){{1,6}}(?:村|社区|路|街|巷|小区)"
        r"(?:[\d一二三四五六七八九十百]+(?:组|号|栋|幢|单元|室|楼))+)"
    )),
    (Private.NAME, re.compile(rf"(?:我叫|名叫|叫做|姓名[:：]?|老板|包工头|邻居|丈夫|妻子|儿子|女儿)({_NAME})(?![\u4e00-\u9fff])")),
    (Private.NAME, re.compile(rf"(?:我叫|名叫|叫做|姓名[:：]?|老板|包工头|邻居)([{SURNAMES}][\u4e00-\u9fff]{{1,2}})(?=[说的和跟来去把在，。、；])")),
    (Private.NAME, re.compile(rf"([{SURNAMES}][\u4e00-\u9fff]{{0,2}}(?:书记|主任|镇长|乡长|村长|局长|所长|老师|医生|经理|先生|女士|老板))")),
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    kind: Private
    text: str


def find(text: str, known: Iterable[Found] = ()) -> list[Found]:
    """Distinct stretches of the text that may be personal data, in the order in which they stand; a stretch within
    another is not named again, unless it stands elsewhere, too."""
    spots: list[tuple[int, int, Found]] = []
    start = 0
    for begin, end, one in [*_named(text, known), (len(text), len(text), None)]:
        spots += _by_form(text, start, begin)
        if one is not None:
            spots.append((begin, end, one))
        start = end
    found: dict[str, Found] = {}
    for _begin, _end, one in sorted(spots, key=lambda spot: (spot[0], -spot[1])):
        found.setdefault(one.text, one)
    return list(found.values())


def _named(text: str, known: Iterable[Found]) -> list[tuple[int, int, Found | None]]:
    """Where the text has what is known, the longest first where they overlap."""
    table = {one.text.strip(): Found(one.kind, one.text.strip()) for one in known if one.text.strip()}
    if not table:
        return []
    pattern = "|".join(re.escape(what) for what in sorted(table, key=len, reverse=True))
    return [(at.start(), at.end(), table[at.group()]) for at in re.finditer(pattern, text)]


def _by_form(text: str, start: int, stop: int) -> list[tuple[int, int, Found]]:
    """What looks like personal data in a part of the text; of two that overlap the one that begins first, or is longer."""
    spots = []
    for kind, pattern in _PATTERNS:
        for at in pattern.finditer(text, start, stop):
            group = 1 if pattern.groups else 0
            spots.append((at.start(group), at.end(group), Found(kind, at.group(group))))
    kept: list[tuple[int, int, Found]] = []
    for spot in sorted(spots, key=lambda spot: (spot[0], -spot[1])):
        if not kept or spot[0] >= kept[-1][1]:
            kept.append(spot)
    return kept


def instead(one: Found, taken: Sequence[str]) -> str:
    """What is proposed to stand there; `taken`: what stands for others already."""
    if one.kind is not Private.NAME:
        return f"（{WORDS[one.kind]}略）"
    for tail in ("某", "某甲", "某乙", "某丙", "某丁", "某戊"):
        if one.text[0] + tail not in taken:
            return one.text[0] + tail
    return one.text[0] + "某某"


def covered(text: str, covers: Iterable[tuple[str, str]]) -> str:
    """The text with each first string replaced by its second, the longest first; what was put in is not looked at again."""
    table = {what: by for what, by in covers if what}
    if not table:
        return text
    pattern = "|".join(re.escape(what) for what in sorted(table, key=len, reverse=True))
    return re.sub(pattern, lambda at: table[at.group()], text)
