"""Numbers as they are spoken: 三万六千八百元, 36,800元, 一三八零零……"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "幺": 1, "壹": 1, "贰": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_GROUPS = {"万": 10_000, "亿": 100_000_000}
NUMERAL = r"(?:\d[\d,，]*(?:\.\d+)?[万亿千百]?|[零〇一二三四五六七八九十百千万亿两]+)"
"""Regular expression of a spoken or written number."""
_MONEY = re.compile(rf"({NUMERAL})(多|来|几)?(?:元|块钱|块)(?!多|来)")
SUPPOSED = r"如果|要是|假如|(?<![\d一二三四五六七八九十百千两])万一"
"""Regular expression of words by which something is only supposed; 两万一千 does not have the word 万一."""
_OF_MONEY = "补偿|赔偿|青苗|安置|工资|工钱|工程款|货款|钱|款|费|押金|定金|租金|股金|本金|现金|利息|薪"
_BARE = re.compile(
    rf"(?<![\d零〇一二三四五六七八九十百千万亿两.,年第])([一二三四五六七八九十两\d][\d零〇一二三四五六七八九十百千万亿两.]{{0,14}}?[万千百][零一二三四五六七八九十百千]{{0,8}}?|(?!(?:19|20)\d\d(?!\d))\d{{4,9}})"
    rf"(?=[，。！？,；;、]|$|[没未不都呢吧了啊给]|一(?:分|直|毛|点)|的?(?:{_OF_MONEY}))"
)
_DIGITS_SAID = "0123456789零〇一二三四五六七八九幺"
SPOKEN_DIGITS = f"[{_DIGITS_SAID}Xx]"
"""Regular expression of one digit of a number that is read out digit by digit."""


@dataclass(frozen=True)
class Money:
    """A sum as it was said and in yuan; `at` is its place in the text."""

    words: str
    yuan: int
    at: int


def parse(text: str) -> int | None:
    """The whole number that Chinese numerals or digits say, or None where that is not certain."""
    if re.match(r"\d", text):
        return _parse_arabic(text)
    return _parse_chinese(text)


def _parse_arabic(text: str) -> int | None:
    match = re.fullmatch(r"(\d[\d,，]*(?:\.\d+)?)([万亿千百]?)", text)
    if not match:
        return None
    factor = {"": 1, "百": 100, "千": 1000, **_GROUPS}[match[2]]
    try:
        value = Decimal(re.sub("[,，]", "", match[1])) * factor
    except InvalidOperation:
        return None
    return int(value) if value == int(value) else None


def _parse_chinese(text: str) -> int | None:
    """Positional reading; only what reads back the same is certain, so 三四千 and 二零二四 are None."""
    total, group, digit = 0, 0, None
    for character in text:
        if character in _DIGITS:
            if digit not in (None, 0):
                return None
            digit = _DIGITS[character]
        elif character in _UNITS:
            group += (1 if digit in (None, 0) else digit or 0) * _UNITS[character]
            digit = None
        elif character in _GROUPS:
            total = (total + group + (digit or 0)) * _GROUPS[character] if character == "亿" else (
                total + (group + (digit or 0)) * _GROUPS[character]
            )
            group, digit = 0, None
        else:
            return None
    value = total + group + _last(digit, text)
    return value if value and spoken(value) in _readings(text) else None


def _last(digit: int | None, text: str) -> int:
    """A bare last digit counts tenths of the unit before it: 三万六 is 36000, 三万零六 is 30006."""
    if not digit or len(text) < 2:
        return digit or 0
    unit = {**_UNITS, **_GROUPS}.get(text[-2], 1)
    return digit * unit // 10 if unit >= 100 else digit


def _readings(text: str) -> set[str]:
    """Formal ways to write what was said: 两 as 二, a leading 一十, and the short last digit spelled out."""
    plain = text.replace("两", "二").replace("〇", "零")
    readings = {plain}
    if plain.startswith("一十"):
        readings.add(plain[1:])
    if len(plain) >= 2 and plain[-1] in _DIGITS and plain[-2] in "百千万亿":
        readings.add(plain + {"百": "十", "千": "百", "万": "千", "亿": "千万"}[plain[-2]])
    return readings


def spoken(value: int) -> str:
    """A whole number from 1 in Chinese numerals, as said formally: 10 is 十, 110000 is 十一万."""
    text, before = "", False
    for factor, unit in ((100_000_000, "亿"), (10_000, "万"), (1, "")):
        group, value = value // factor % 10_000, value % factor
        if group:
            zero = "零" if before and group < 1000 else ""
            text += zero + _spoken_group(group) + unit
        before = bool(text)
    return text[1:] if text.startswith("一十") else text


def _spoken_group(group: int) -> str:
    text, gap = "", False
    for factor, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, group = group // factor, group % factor
        if digit:
            text += ("零" if gap and text else "") + "零一二三四五六七八九"[digit] + unit
        gap = not digit
    return text


def money(text: str) -> list[Money]:
    """Exact sums in the text; 十九万多元 is none."""
    found = []
    for match in _MONEY.finditer(text):
        value = parse(match[1])
        if value and not match[2]:
            found.append(Money(match[0], value, match.start()))
    return found


def bare_sums(text: str) -> list[Money]:
    """Numbers that are sums if money is spoken of: 还差八万三没给; a number of something else (三百棵) is none."""
    read = ((match, parse(match[1])) for match in _BARE.finditer(text))
    return [Money(match[1], value, match.start()) for match, value in read if value]


def digit_runs(text: str) -> list[str]:
    """Runs of spoken or written digits, as digits; pauses written as spaces and commas do not end a run."""
    runs = re.findall(rf"[{_DIGITS_SAID}](?:[\s，,、]?{SPOKEN_DIGITS})*", text)
    return ["".join(_digit(c) for c in run if c in _DIGITS_SAID + "Xx") for run in runs]


def _digit(character: str) -> str:
    return str(_DIGITS[character]) if character in _DIGITS else character.upper()


def is_identity_number(digits: str) -> bool:
    """Whether the check digit is right (GB 11643-1999, ISO 7064 MOD 11-2)."""
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", digits):
        return False
    rest = sum(int(d) * (2 ** (17 - i) % 11) for i, d in enumerate(digits[:17])) % 11
    return "10X98765432"[rest] == digits[17]


def is_mobile_number(digits: str) -> bool:
    """A mobile number of mainland China."""
    return bool(re.fullmatch(r"1[3-9]\d{9}", digits))
