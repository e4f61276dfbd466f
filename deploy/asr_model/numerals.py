"""Numbers and everything counted, as they are said in Mandarin."""

import random
from collections.abc import Callable

DIGITS = "零一二三四五六七八九"
_PLACES = ((1000, "千"), (100, "百"), (10, "十"), (1, ""))
_MONTHS = ["两", "三", "四", "五", "六", "七", "八", "九", "十", "十一"]
_YEARS = ["两", "三", "四", "五", "六", "七", "八", "九", "十", "十二", "十五", "二十"]


def number(value: int) -> str:
    """12345 as 一万二千三百四十五, 0 to 99,999,999; two at the head is 两 before 百, 千 and 万, as it is mostly said."""
    if value == 0:
        return "零"
    high, low = divmod(value, 10000)
    said = _below_ten_thousand(high) + "万" if high else ""
    if low:
        said += ("零" if high and low < 1000 else "") + _below_ten_thousand(low)
    if said.startswith("一十"):
        said = said[1:]
    return "两" + said[1:] if said.startswith(("二千", "二万", "二百")) else said


def _below_ten_thousand(value: int) -> str:
    said, skipped = "", False
    for place, name in _PLACES:
        digit, value = divmod(value, place)
        if digit:
            said += ("零" if skipped and said else "") + DIGITS[digit] + name
        skipped = not digit
    return said


def money(r: random.Random) -> str:
    """An amount between 10 yuan and ten million, round ones more often."""
    kind = r.random()
    if kind < 0.3:
        value = r.randint(1, 99) * 10 ** r.choice([2, 3, 3, 4])
    elif kind < 0.8:
        value = r.randint(11, 999) * 10 ** r.choice([1, 2, 2, 3])
    else:
        value = r.randint(101, 99999)
    said = number(value) + r.choice(["元", "元", "块钱", "块"])
    if r.random() < 0.08:
        return number(r.randint(2, 80)) + "万多" + r.choice(["元", "块钱"])
    return said


def _area(r: random.Random) -> str:
    whole = number(r.randint(1, 30)) if r.random() < 0.8 else "半"
    tenths = DIGITS[r.randint(1, 9)] + "分" if r.random() < 0.5 else ""
    return ("两" if whole == "二" else whole) + "亩" + tenths


def _year(r: random.Random) -> str:
    year = r.choice([r.randint(1985, 2010), r.randint(2011, 2026)])
    return "".join(DIGITS[int(digit)] for digit in str(year)) + "年"


def _date(r: random.Random) -> str:
    year = _year(r) if r.random() < 0.5 else r.choice(["", "去年", "今年"])
    return year + number(r.randint(1, 12)) + "月" + number(r.randint(1, 31)) + r.choice(["日", "日", "号"])


def digits(r: random.Random, count: int) -> str:
    """A row of digits, each said by itself."""
    return "".join(r.choice(DIGITS) for _ in range(count))


COUNTED: dict[str, Callable[[random.Random], str]] = {
    "money": money,
    "area": _area,
    "year": _year,
    "date": _date,
    "price": lambda r: number(r.randint(1, 9)) + "块" + DIGITS[r.randint(1, 9)],
    "sqm": lambda r: number(r.randint(20, 180)) + "平方米",
    "age": lambda r: number(r.randint(25, 86)),
    "count": lambda r: number(r.choice([r.randint(3, 40), r.randint(40, 400)])),
    "numz": lambda r: r.choice("两三四五六七八九"),
    "months": lambda r: r.choice(_MONTHS) + r.choice(["个月", "个多月", "个月"]),
    "years": lambda r: r.choice(_YEARS) + "年" + r.choice(["", "", "多"]),
    "month": lambda r: number(r.randint(1, 12)) + "月" + r.choice(["", "", "份"]),
    "phone": lambda r: "一" + r.choice("三五七八九") + digits(r, 9),
    "docno": lambda r: digits(r, r.randint(5, 9)),
    "week": lambda r: "周" + r.choice("一二三四五"),
}
