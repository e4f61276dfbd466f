"""Spoken numbers in written form: passes over words, as generators; what was said stays underneath as it was heard.

三万六千八百元 becomes 36800元, 二零二三年五月十八号 becomes 2023年5月18号 (GB/T 15835-2011, section 4.1: Arabic
figures for measures, sums, dates and numbers of things).  A record may not be more exact than what was said: 十几户,
三四百元 and 两三年 stay, and so does every numeral that is part of a word (万一, 一般, 三河村, 十分).  Each pass knows one kind of number by
what stands around it, and a numeral that no pass knows stays as it was said.

A pass takes words that spell a text and gives words that spell the new text: a word of the result reaches from the
start of its first to the end of its last spoken word and is as sure as the least sure of them.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from server.protocol.numbers import parse
from server.protocol.transcript import Word

Rewrite = Callable[[re.Match[str]], str | None]
"""The written form of a match, or None where it has to stay."""
Pass = Callable[[Iterable[Word]], Iterator[Word]]

_DIGITS = {c: str(i) for i, c in enumerate("零一二三四五六七八九")} | {"〇": "0", "幺": "1"}
_DIGIT = "[零〇一二三四五六七八九幺]"
_N = "[零一二三四五六七八九十百千万亿两]+"
_NUMERALS = frozenset("零〇一二三四五六七八九十百千万亿两幺")
"""Without one of these no rule finds anything."""
_NOT_INSIDE = "(?<![0-9零〇一二三四五六七八九十百千万亿两几数第点幺])"
"""Not in the middle of a longer numeral, and not after 第, 几 or 数."""
_ABOUT = "(?P<about>多)?"
_GOES_ON = "(?!半|[一二三四五六七八九](?=[，。！？,；;、]|$|[的高宽长深远没还不]))"
"""三米五, 三十二块五, 两亩半: the end has no written form, so the whole stays as it was said."""


def _digits(text: str) -> str:
    return "".join(_DIGITS.get(c, c) for c in text)


def _exact(text: str, least: int = 0) -> str | None:
    """The number in figures if it is exact and not below `least`."""
    value = parse(text)
    return str(value) if value is not None and value >= least else None


def _decimal(whole: str, part: str | None) -> str | None:
    """两点五 → 2.5; whole numbers too."""
    figure = "0" if whole == "零" else _exact(whole)
    return figure if part is None or figure is None else f"{figure}.{_digits(part)}"


# --- one rewriting each ---------------------------------------------------------------------------------------------


def _year(match: re.Match[str]) -> str:
    return _digits(match["year"]) + "年"


def _day(match: re.Match[str]) -> str | None:
    month, day = _exact(match["month"]), _exact(match["day"])
    if month is None or day is None or int(month) > 12 or int(day) > 31:
        return None
    return f"{month}月{day}{match['unit']}"


def _month(match: re.Match[str]) -> str | None:
    month = _exact(match["month"])
    return f"{month}月" if month and int(month) <= 12 else None


def _hour(match: re.Match[str]) -> str | None:
    said = match["minute"] or match["bare"]
    hour, minute = _exact(match["hour"]), _exact(said.removeprefix("零")) if said else ""
    if hour is None or minute is None or int(hour) > 24 or int(minute or 0) > 59:
        return None
    zero = "0" if said and said.startswith("零") else ""
    return f"{hour}点{zero}{minute}{'分' if match['minute'] else ''}"


def _coins(match: re.Match[str]) -> str | None:
    """两块三毛, as it is said of prices."""
    figure, coins = _exact(match["n"]), _exact(match["coins"])
    return f"{figure}块{coins}{match['unit']}" if figure and coins else None


def _percent(match: re.Match[str]) -> str | None:
    figure = _decimal(match["n"], match["part"])
    return f"{figure}%" if figure else None


def _measure(match: re.Match[str]) -> str | None:
    figure = _decimal(match["n"], match["part"])
    return f"{figure}{match['about'] or ''}{match['unit']}" if figure else None


def _land(match: re.Match[str]) -> str | None:
    acres, tenths = _exact(match["n"]), _exact(match["tenth"])
    hundredths = _exact(match["hundredth"]) if match["hundredth"] else ""
    if acres is None or tenths is None or hundredths is None:
        return None
    return f"{acres}亩{tenths}分" + (f"{hundredths}厘" if hundredths else "")


def _count(match: re.Match[str]) -> str | None:
    """From ten on; below, 三次 and 两个 read better as they were said, and 一年, 一天 are often no numbers."""
    figure = _exact(match["n"], 10)
    return f"{figure}{match['about'] or ''}{match['unit']}" if figure else None


def _days(match: re.Match[str]) -> str | None:
    figure = _exact(match["n"])
    return f"{figure}{match['unit']}" if figure else None


def _figures(match: re.Match[str]) -> str:
    return _digits(match[0])


def _numbered(match: re.Match[str]) -> str | None:
    """号楼, 单元, 组: said as a number or digit by digit."""
    spoken = match["n"]
    single = re.fullmatch(f"{_DIGIT}{{2,}}", spoken)
    figure = _digits(spoken) if single else _exact(spoken)
    return f"{figure}{match['unit']}" if figure else None


# --- passes ---------------------------------------------------------------------------------------------------------

_SUMS = "元|块钱|块|角|美元|公斤|千克|斤|吨|公里|千米|平方公里|平方米|平米|平方|立方米|米|公分|厘米|公顷|亩|岁|度电"
_THINGS = "个月|个人|户人家|户|名|位|人|个|家|间|套|头|棵|张|份|年|天|次|层|辆|台"
_RULES: tuple[tuple[str, Rewrite], ...] = (
    (r"(?<![零〇一二三四五六七八九十两])(?P<year>[一二][零〇一二三四五六七八九]{3})年", _year),
    (r"(?<![零〇一二三四五六七八九十两几数])(?P<year>[零〇一二九八七][零〇一二三四五六七八九])年(?=[一二三四五六七八九十]{1,2}月)", _year),
    (rf"{_NOT_INSIDE}(?P<month>[一二三四五六七八九十]{{1,2}})月(?:份)?(?P<day>[一二三四五六七八九十]{{1,3}})(?P<unit>[日号])", _day),
    (rf"{_NOT_INSIDE}(?<![农阴旧]历)(?P<month>[一二三四五六七八九十]{{1,2}})月(?![0-9一二三四五六七八九十])", _month),
    (r"(?<=[早晚上中下凌][上午晨])(?P<hour>[一二三四五六七八九十两]{1,3})点(?:钟)?(?:(?P<minute>[零一二三四五六七八九十]{1,3})分"
     r"|(?P<bare>[二三四五]?十[一二三四五六七八九]?|零[一二三四五六七八九])(?=[，。！？,；;、]|$|[的左到就才]))?(?![零一二三四五六七八九十])", _hour),
    (rf"{_NOT_INSIDE}(?P<n>{_N})块(?P<coins>[一二三四五六七八九])(?P<unit>[毛角])", _coins),
    (rf"百分之(?P<n>{_N})(?:点(?P<part>{_DIGIT}+))?", _percent),
    (rf"{_NOT_INSIDE}(?P<n>{_N})亩(?P<tenth>[一二三四五六七八九])分(?:(?P<hundredth>[一二三四五六七八九])厘)?(?!之)", _land),
    (rf"{_NOT_INSIDE}(?P<n>{_N})(?:点(?P<part>{_DIGIT}+))?{_ABOUT}(?P<unit>{_SUMS})(?!之){_GOES_ON}", _measure),
    (rf"{_NOT_INSIDE}(?P<n>{_N})(?P<unit>个工作日|日(?:内|之内|以内))", _days),
    (rf"{_NOT_INSIDE}(?P<n>{_N}){_ABOUT}(?P<unit>{_THINGS})(?!之)", _count),
    (rf"{_NOT_INSIDE}(?P<n>{_N})(?P<unit>号楼|号院|单元|栋|幢)", _numbered),
    (rf"(?<=单元)(?P<n>{_N})(?P<unit>[楼层])", _numbered),
    (rf"(?<=[村庄屯区寨队])(?P<n>{_N})(?P<unit>组)", _numbered),
    (r"(?<=[路街巷弄道])(?P<n>[零〇一二三四五六七八九十百]+)(?P<unit>号)", _numbered),
    (rf"(?P<n>{_DIGIT}{{3,4}})(?P<unit>室|号房)", _numbered),
    (rf"(?<=[编证地图案号](?:号|码|是|为)){_DIGIT}{{3,}}", _figures),
    (rf"{_DIGIT}{{3,}}(?:[，、 ]?{_DIGIT}{{3,}})+[Xx]?|{_DIGIT}{{7,}}[Xx]?", _figures),
)
_UNSURE_OF_ONE = re.compile(r"一(?:块|家|户|人|个|套|张|份|间|年|天|次|层|名|位|米|亩|斤|度|岁)")
"""一块 and its like: 一块地, 一家人, 一年到头; the number one in such words is never rewritten."""


def _make(pattern: re.Pattern[str], rewrite: Rewrite) -> Pass:
    def run(words: Iterable[Word]) -> Iterator[Word]:
        given = list(words)
        text = _spelled(given)
        changes = [
            (match.start(), match.end(), written)
            for match in pattern.finditer(text)
            if not _UNSURE_OF_ONE.fullmatch(match[0]) and (written := rewrite(match)) and written != match[0]
        ]
        yield from _replaced(given, changes) if changes else given

    return run


_FINDS = tuple(re.compile(pattern) for pattern, _ in _RULES)
PASSES: tuple[Pass, ...] = tuple(_make(finds, rewrite) for finds, (_, rewrite) in zip(_FINDS, _RULES, strict=True))


def _replaced(words: list[Word], changes: list[tuple[int, int, str]]) -> Iterator[Word]:
    """The words with stretches of their text (from, to, new; in order, not overlapping) written anew."""
    ends = list(accumulate(len(word.text) for word in words))
    groups: list[tuple[int, int, list[tuple[int, int, str]]]] = []
    for change in changes:
        first, last = bisect_right(ends, change[0]), bisect_left(ends, change[1])
        if groups and first <= groups[-1][1]:
            first, _, before = groups.pop()
            groups.append((first, last, [*before, change]))
        else:
            groups.append((first, last, [change]))
    at = 0
    for first, last, own in groups:
        yield from words[at:first]
        yield _merged(words[first : last + 1], own, ends[first] - len(words[first].text))
        at = last + 1
    yield from words[at:]


def _merged(words: list[Word], changes: list[tuple[int, int, str]], begin: int) -> Word:
    """One word for several, with the changes made in its text."""
    text = _spelled(words)
    for start, end, new in reversed(changes):
        text = text[: start - begin] + new + text[end - begin :]
    return Word(
        start=words[0].start, end=words[-1].end, text=text, probability=min(word.probability for word in words)
    )


def written(words: Iterable[Word]) -> tuple[Word, ...]:
    """All passes in their order; a text without a numeral has nothing for them, and few have something for one with some."""
    given = tuple(words)
    text = _spelled(given)
    if _NUMERALS.isdisjoint(text):
        return given
    for finds, one in zip(_FINDS, PASSES, strict=True):
        if finds.search(text):
            given = tuple(one(given))
            text = _spelled(given)
    return given


def _spelled(words: Iterable[Word]) -> str:
    return "".join(word.text for word in words)


def written_text(text: str) -> str:
    """The same for a text whose words are not known."""
    return _spelled(written([Word(start=0, end=0, text=text, probability=1)])) if text else text
