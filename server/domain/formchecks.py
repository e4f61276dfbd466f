"""What is wrong or missing on a registration form (来访登记表), in words for the clerk.

Pure: values in, findings out.  What a finding blocks is the hand-over to the petitioner, and only where the law needs
the value: a name, because a matter is registered in somebody's name (条例 art. 21), and at most five representatives
(art. 20).  Everything else is told and left to the clerk, because the form is what was said, and people say wrong
things.  Art. 19 names address, requests, facts and reasons; whoever did not say them need not.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from server.domain import terms
from server.domain.states import FormField
from server.protocol.numbers import NUMERAL, is_identity_number, is_mobile_number, money, parse

MOST_REPRESENTATIVES = 5
"""条例 art. 20."""
TOLD_ABOUT = (FormField.ADDRESS, FormField.REQUESTS, FormField.FACTS)
"""With the name what art. 19 wants a matter to say."""
_SUMS = (FormField.AMOUNT, FormField.REQUESTS, FormField.SUMMARY, FormField.FACTS)
_EVENTS = (FormField.SUMMARY, FormField.FACTS, FormField.TRIED_BEFORE)
_MOST_SUMS_TOLD = 3
_ID_DIGITS = 18
_MOBILE_DIGITS = 11

_DIGIT = "零〇一二三四五六七八九"
_NUMBER = rf"\d{{1,2}}|[{_DIGIT}十]{{1,3}}"
_DATE = re.compile(
    rf"(?P<year>\d{{4}}|[{_DIGIT}]{{4}})(?:\s*年\s*(?:(?P<month>{_NUMBER})\s*月\s*(?:(?P<day>{_NUMBER})\s*[日号])?)?"
    r"|(?P<mark>[-/.])(?P<m>\d{1,2})(?P=mark)(?P<d>\d{1,2}))"
)
_DUE_AFTER = re.compile(r"\s*(?:以前|之前|前|到期|为止|止|底)")
_DUE_BEFORE = re.compile(r"(?:答应|承诺|说好|保证|约定|等到|拖到|截至|[到至])[^，。；]{0,8}$")
_HANDSET = re.compile(r"1[3-9]\d{1,13}")
_FIXED = re.compile(r"(?:0\d{2,3})?\d{7,8}|[48]00\d{7}|1[0-2]\d{3}|9\d{4}")
_BETWEEN_NAMES = re.compile(r"[、，,；;／/\n]+|\s{1,}")
_YUAN = ("元", "块")
_HEADS = re.compile(rf"(?:共|等)?{NUMERAL}[个名位]?人?")
"""How many they are."""
_NOT_OF_A_NAME = re.compile(rf"^[\d{_DIGIT}十]+[.．、)）]|[\d\s.．:：]+|等.*$")
_NOBODY = frozenset(("无", "没有", "暂无", "等", "代表"))


@dataclass(frozen=True)
class Talk:
    """What a form is held against: the day of the talk in the office's time, today, and what the record's lines say."""

    on: date | None
    today: date
    said: Sequence[str]


@dataclass(frozen=True)
class Finding:
    """Something about one field; `blocks`: the record is not handed over with it."""

    field: FormField
    text: str
    """Chinese sentence."""
    blocks: bool = False


@dataclass(frozen=True)
class Form:
    """The values of a form with the talk it is from."""

    values: Mapping[str, str]
    talk: Talk

    def __getitem__(self, field: FormField) -> str:
        return self.values.get(field, "").strip()


def check(values: Mapping[str, str], talk: Talk) -> list[Finding]:
    """Every finding in the order of the form; fields that are not in `values` count as empty."""
    form = Form(values, talk)
    found = [finding for rule in RULES for finding in rule(form)]
    order = list(FormField)
    return sorted(found, key=lambda finding: order.index(finding.field))


# --- what is missing ------------------------------------------------------------------------------------------------


def _missing(form: Form) -> Iterator[Finding]:
    for field in terms.REQUIRED_FIELDS:
        if not form[field]:
            yield Finding(field, f"“{terms.FIELD[field]}”还没有填。", blocks=True)
    for field in TOLD_ABOUT:
        if not form[field]:
            yield Finding(field, "条例第十九条要写这一栏。没说过的，问一句；不愿意说，可以空着。")


# --- the petitioner -------------------------------------------------------------------------------------------------


def _identity(form: Form) -> Iterator[Finding]:
    """An 18-digit citizen number (GB 11643-1999): its length, day of birth, check digit, and what it says of the sex."""
    digits = re.sub(r"[\s-]", "", form[FormField.ID_NUMBER]).upper()
    if form[FormField.ID_TYPE] not in ("", "identity_card") or not digits or digits[0].isalpha():
        return
    wrong = _wrong_identity(digits, form.talk)
    if wrong:
        yield Finding(FormField.ID_NUMBER, wrong)
        return
    said = {"male": "男", "female": "女"}
    numbered = "male" if int(digits[16]) % 2 else "female"
    if form[FormField.SEX] in said and form[FormField.SEX] != numbered:
        chosen = said[form[FormField.SEX]]
        yield Finding(FormField.SEX, f"身份证号的第 17 位说是{said[numbered]}，这里选的是{chosen}。")


def _wrong_identity(digits: str, talk: Talk) -> str:
    if not re.fullmatch(r"\d+X?", digits):
        return "身份证号只有数字，最后一位可以是 X。"
    if len(digits) != _ID_DIGITS:
        return _length("身份证号", len(digits), _ID_DIGITS)
    born = _day(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    if born is None:
        return f"身份证号第 7 到 14 位是出生的日子，没有 {digits[6:14]} 这一天。"
    if born > (talk.on or talk.today):
        return f"照身份证号，{_chinese(born)}才出生，记错了。"
    if not is_identity_number(digits):
        return "身份证号的最后一位和前面的对不上，有一位记错了。请对着证件再看一遍。"
    return ""


def _length(what: str, has: int, needs: int) -> str:
    differs = f"还差 {needs - has} 位" if has < needs else f"多了 {has - needs} 位"
    return f"{what}一共 {needs} 位，现在 {has} 位，{differs}。"


def _phone(form: Form) -> Iterator[Finding]:
    for number in re.split(r"[、，,；;/\n]|\s{2,}", form[FormField.PHONE]):
        digits = re.sub(r"[\s()（）—-]", "", number).removeprefix("+86")
        if wrong := _wrong_phone(digits):
            yield Finding(FormField.PHONE, wrong)
            return


def _wrong_phone(digits: str) -> str:
    if not digits or is_mobile_number(digits) or _FIXED.fullmatch(digits):
        return ""
    if not digits.isdigit():
        return "电话号码里有不是数字的字。"
    if _HANDSET.fullmatch(digits) and len(digits) != _MOBILE_DIGITS:
        return _length("手机号", len(digits), _MOBILE_DIGITS)
    return "这不像一个电话号码，请再问一遍。"


def names_in(value: str) -> list[str]:
    """The people named in the field `representatives`, without what stands in brackets, numbers and fillers."""
    plain = re.sub(r"[（(][^）)]*[）)]", "", value)
    parts = (part.strip() for part in _BETWEEN_NAMES.split(plain) if not _HEADS.fullmatch(part.strip()))
    names = (_NOT_OF_A_NAME.sub("", part) for part in parts)
    return [name for name in names if name and name not in _NOBODY]


def _group(form: Form) -> Iterator[Finding]:
    names, people = names_in(form[FormField.REPRESENTATIVES]), _people(form[FormField.PEOPLE])
    together = form[FormField.GROUP_VISIT]
    if len(names) > MOST_REPRESENTATIVES:
        text = f"代表最多 {MOST_REPRESENTATIVES} 人（条例第二十条），这里写了 {len(names)} 人。请他们推选，其余的人写在“事实和理由”里。"
        yield Finding(FormField.REPRESENTATIVES, text, blocks=True)
    elif people is not None and len(names) > people:
        yield Finding(FormField.REPRESENTATIVES, f"代表写了 {len(names)} 人，“人数”是 {people} 人，对不上。")
    elif together == "yes" and not names:
        yield Finding(FormField.REPRESENTATIVES, f"集体访要推选代表，最多 {MOST_REPRESENTATIVES} 人（条例第二十条），还没有写是谁。")
    if together == "yes" and people == 1:
        yield Finding(FormField.PEOPLE, "“集体访”选的是“是”，人数却是 1 人。")


def _people(value: str) -> int | None:
    match = re.search(NUMERAL, value)
    return parse(match[0]) if match and "多" not in value else None


# --- days -----------------------------------------------------------------------------------------------------------


def _visit(form: Form) -> Iterator[Finding]:
    talk = form.talk
    for day, words, _ in _dates(form[FormField.VISIT_TIME]):
        if day is None:
            yield Finding(FormField.VISIT_TIME, f"没有“{words}”这一天。")
        elif day > talk.today:
            yield Finding(FormField.VISIT_TIME, f"{_chinese(day)}还没有到。")
        elif talk.on is not None and day != talk.on:
            yield Finding(FormField.VISIT_TIME, f"接谈是在{_chinese(talk.on)}，这里写的不是那一天。")


def _events(form: Form) -> Iterator[Finding]:
    """A day that is told as past lies after the talk; one by which something is due may."""
    last = form.talk.on or form.talk.today
    for field in _EVENTS:
        value = form[field]
        for day, words, at in _dates(value):
            if day is None:
                yield Finding(field, f"没有“{words}”这一天。")
            elif day > last and not _is_due(value, at, at + len(words)):
                yield Finding(field, f"“{words}”在接谈（{_chinese(last)}）之后，请听一听是不是这一天。")


def _is_due(text: str, start: int, end: int) -> bool:
    return bool(_DUE_AFTER.match(text, end) or _DUE_BEFORE.search(text[:start]))


def _dates(text: str) -> Iterator[tuple[date | None, str, int]]:
    """(first day that is meant, or None where there is no such day; its words; where they stand) of the full dates in a text."""
    for match in _DATE.finditer(text):
        month, day = match["month"] or match["m"], match["day"] or match["d"]
        numbers = (_number(match["year"]), _number(month) if month else 1, _number(day) if day else 1)
        yield _day(*numbers), match[0].rstrip(), match.start()


def _number(words: str) -> int:
    """2026, ２０２６, 二〇二六, 十一: positional where no 十 is said."""
    if "十" not in words:
        return int("".join(c if c.isdecimal() else str("零一二三四五六七八九".index(c.replace("〇", "零"))) for c in words))
    return parse(words) or 0


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _chinese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


# --- sums -----------------------------------------------------------------------------------------------------------


def _sums(form: Form) -> Iterator[Finding]:
    """Sums of the form that nobody said, where something with a sum was said."""
    written = {field: [one.yuan for one in money(form[field])] for field in _SUMS}
    if not written[FormField.AMOUNT] and (bare := parse(form[FormField.AMOUNT])):
        written[FormField.AMOUNT] = [bare]
    if not any(written.values()):
        return
    said = frozenset[int]().union(*(_numbers(text) for text in form.talk.said))
    for field, sums in written.items():
        strange = next((yuan for yuan in sums if yuan not in said), None)
        if strange is not None:
            yield Finding(field, _strange(strange, form.talk.said))


def _strange(yuan: int, said: Iterable[str]) -> str:
    told = list(dict.fromkeys(yuan for text in said for yuan in _sums_in(text)))
    if not told:
        return f"笔录里没有说到 {yuan} 元。"
    words = "、".join(f"{one} 元" for one in told[:_MOST_SUMS_TOLD]) + ("等" if len(told) > _MOST_SUMS_TOLD else "")
    return f"这里是 {yuan} 元，笔录里说的是 {words}。"


@lru_cache(maxsize=8192)
def _sums_in(text: str) -> tuple[int, ...]:
    return tuple(one.yuan for one in money(text))


@lru_cache(maxsize=8192)
def _numbers(text: str) -> frozenset[int]:
    """Every number that a line may say: 三万六千八一分没给 says 36800, and 一分 after it.  Kept, because a record is
    looked at again with every keystroke that is saved."""
    found = (match for match in re.finditer(NUMERAL, text) if len(match[0]) > 1 or text[match.end() : match.end() + 1] in _YUAN)
    return frozenset(value for match in found for value in _readings(match[0]) if value is not None)


def _readings(words: str) -> Iterator[int | None]:
    """The number as it stands, and without its last character, which may begin the next word."""
    yield parse(words)
    if len(words) > 2 and not words[0].isdecimal():
        yield parse(words[:-1])


RULES: tuple[Callable[[Form], Iterable[Finding]], ...] = (_missing, _identity, _phone, _group, _visit, _events, _sums)
