"""What the receiving side undertakes: who will do what by when, in the words that were said.

A promise that was not made may be held against an office, and one that was missed is asked for: so a sentence counts
only where it says that somebody will do something.  Questions, conditions, denials, possibilities, what is already
done, what the law says in general and what the petitioner is asked to do are left out.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal

from server.protocol.drafting import DraftLine, Promise
from server.protocol.numbers import NUMERAL, parse
from transcription.drafting.vocabulary import Vocabulary

Unit = Literal["hour", "day", "workday", "week", "month"]

_SENTENCES = re.compile(r"[^。！？!?；;]+[。！？!?；;]*")
_CLAUSES = re.compile(r"[^，,、：:]+")
_LONGEST = 300
"""Characters; what is longer is no sentence, and would take long to search."""
_QUESTION = re.compile(r"[？?]$|[吗呢][。！]?$|^(?:请问|是不是|能不能|要不要|有没有)")
_CONDITION = re.compile(r"如果|要是|假如|假设|万一|的话|除非|只要|一旦|等[^，。]{1,12}(?:以后|之后|再)")
_GENERAL = re.compile(r"上级要求|国家要求|规定|条例|法律|依法应|应当|原则上|按理|一般|通常|这类|这种|此类|凡是|任何|往往")
"""The law or the custom is explained."""
_SAID_BY_OTHERS = re.compile(r"[他她它]|对方|老板|听说|据说|[^我]说|有人|别人")
_NOT_SURE = re.compile(
    r"[不没未无]|难|可能|也许|或许|大概|估计|争取|尽量|尽力|试试|能够?|应该|应当|可以|想|希望|建议|打算|考虑|已经?|曾|刚才|刚刚"
    r"|上次|昨天|前天|去年|以前|之前"
)
"""Before the act: it is denied, doubtful or done."""
_YOURS = re.compile(r"[您你](?!的|放心)")
"""Before that: it is the petitioner's to do."""
_UNDONE = r"(?!意见|情况|结果|过程|程序|部门|期限|的|了|过|不了|不到|不成|不下|得了|接待|记录|翻译|怎么|什么|政策|法|规定|一下规定|以后|之后|后|才|时|实施)"
_UNITS: dict[str, Unit] = {
    "小时": "hour", "钟头": "hour", "工作日": "workday", "天": "day", "日": "day", "周": "week", "星期": "week", "礼拜": "week",
    "月": "month",
}  # fmt: skip
_COUNT = rf"(?P<count>{NUMERAL}|半)个?(?P<unit>{'|'.join(_UNITS)})"
_SPAN = (
    rf"(?:[从自][^，。]{{1,10}}之?日起，?)?(?:(?:最晚|最迟|最多|不超过){_COUNT}(?:之内|以内|内)?"
    rf"|{_COUNT.replace('count', 'count2').replace('unit', 'unit2')}(?:之内|以内|内|里))"
)
_DAY = (
    r"(?:今天下午|今天上午|今晚|明天上午|明天下午|今天|明天|后天|本周|这周|这个星期|下周|下个?星期|下个?礼拜)(?:[一二三四五六日天])?(?:之前|以前|前|之内|以内|内)?"
    rf"|(?:本月|这个月|下个?月|月底|年底|春节|年前)(?:底|{NUMERAL}[日号])?(?:之前|以前|前|之内|以内|内)?"
    rf"|{NUMERAL}月{NUMERAL}[日号](?:之前|以前|前)?|(?<=在)[^，。]{{1,5}}?(?:之前|以前|前)"
)
_SPAN_ONLY = re.sub(r"\?P<\w+>", "?:", _SPAN)
_DEADLINE = f"(?:{_SPAN_ONLY}|(?:{_DAY})(?<=[前内底]))"
_AT_ONCE = r"马上|立即|立刻|现在|当场"
_WHEN = re.compile(f"{_SPAN}|{_DAY}|{_AT_ONCE}")
_TIME = f"(?:{_SPAN_ONLY}|{_DAY}|{_AT_ONCE})"
_SELF = r"(?:我们这边|我们局|我们中心|我这边|我们|咱们|我局|我镇|我县|我办|我)"
_WILL = rf"(?:会(?!后|议|上)|将|一定|必须|尽快|在?{_TIME})"
_MILD = "就|先|再|也|都|亲自|尽早|直接|继续|抓紧"
_OBJECT = re.compile(r"(?:给|跟|向|对|找|问|和|帮|听|让|叫)$")
"""Before 我: it is not the speaker who acts."""
_TO_YOU = re.compile(r"(?:给|向|跟|和|同|与|对|为|帮|告诉|告知|通知|答复|回复|联系)[您你]")
_HOW = (
    r"(?:书面|当面|电话|认真|依法|全程|专门|重新|彻底|逐项|及时|定期|每周|每月|逐户)*"
    r"(?:(?:通过|用|以|按)[^，。]{1,8}?|(?:给|向|跟|和|同|与|把|将|对|到|去|派人)[^，。]{1,16}?)?"
)
_NOT_A_NAME = re.compile(r"[没不让被在我他她您你说去找给把就要对]|和(?!平)|向(?!阳)|来(?!宾)|(?<![委工协商])会")
_ADDRESSED = re.compile(r"^(?:请|麻烦|那)?[您你](?!的)")


class _Patterns:
    """The ways to undertake something, made of a vocabulary's words; each searches one clause.

    `who` is a group where somebody is named, `what` one where the words begin inside the clause.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        any_of = vocabulary.any_of
        acts = f"{_HOW}{any_of('acts')}{_UNDONE}"
        act = f"{_HOW}(?:{any_of('acts')}|{any_of('tells')}){_UNDONE}"
        handler = f"[\u4e00-\u9fff]{{0,14}}?(?:{any_of('handlers')})+"
        person = f"(?:[\u4e00-\u9fff]{{1,2}}{any_of('titles')}|[小老][\u4e00-\u9fff])"
        who = f"(?P<who>{handler}的?{person}|{handler}的(?:工作人员|人|同志)|{handler}|{person})"
        when = f"(?:在?{_TIME})?"
        self.ways = (
            # 您的问题交由县自然资源局办理
            re.compile(f"{any_of('hands_over')}{who}{when}(?:来|负责|牵头|具体)*{act}"),
            # 请镇政府在五个工作日内拿出处理意见
            re.compile(f"{any_of('entrusts')}{who}{when}(?P<what>(?:[来会将先就]|必须|尽快|一定)*{act})"),
            # 我让城管局三天之内把路障清走: with a time it need be no act that is known
            re.compile(f"{any_of('entrusts')}{who}就?在?(?:{_SPAN_ONLY}|{_DAY})(?P<what>[^，。]{{2,}})"),
            # 我现在就给韩主任打电话, 我们会安排工作人员调查
            re.compile(f"{_SELF}(?=(?:{_MILD})*{_WILL})(?:{_MILD}|{_WILL}|来)*(?P<what>{act})"),
            # 下周一我就去现场, 回去以后我就安排人查
            re.compile(f"(?:{_DEADLINE}|{_DAY}|回[去头](?:以后|之后|后)?)(?<!今天)，?{_SELF}(?:{_MILD})*(?P<what>{act})"),
            # 这件事我负责到底
            re.compile(f"{_SELF}(?:{_MILD}|会|一定)*负责到底"),
            # 这件事我来督办
            re.compile(f"(?:由{_SELF}(?:{_MILD})*|{_SELF}(?:{_MILD})*(?:来|亲自|负责))(?:来|亲自|负责)*{acts}"),
            # 您的材料我带回去，转给自然资源局
            re.compile(f"{_SELF}(?:{_MILD})*带回(?:去|[县市镇乡局]里?)"),
            # 镇政府会派人核实
            re.compile(f"^(?:由|那|然后)?{who}(?=(?:{_MILD})*要?(?:{_WILL}|负责(?:[把给]|在?{_TIME})))(?:{_MILD}|{_WILL}|负责|来|要)*(?P<what>{act})"),
            # 处理结果会通过电话告诉您
            re.compile(f"(?:会(?!后|议|上)|将)(?:{_MILD})*{_HOW}{any_of('tells')}给?[您你]{_UNDONE}"),
        )
        # 三天之内先把账目查清楚; also where the time is a clause of its own
        subject = f"(?:{_MILD}|会|将|要|一定|必须|我们|我)*"
        self.timed = (
            re.compile(f"{_DEADLINE}，?(?P<what>{subject}{act})"),
            re.compile(f"{_DEADLINE}，?{who}(?P<what>{subject}{act})"),
        )


@lru_cache(maxsize=8)
def _patterns(vocabulary: Vocabulary) -> _Patterns:
    return _Patterns(vocabulary)


def promises(lines: Iterable[DraftLine], vocabulary: Vocabulary) -> tuple[Promise, ...]:
    """The undertakings of the receiving side's lines (`question`), one at most for each sentence."""
    by = _patterns(vocabulary)
    return tuple(found for line in lines if line.kind == "question" for found in _of_line(line, by))


def _of_line(line: DraftLine, by: _Patterns) -> Iterator[Promise]:
    for sentence in _SENTENCES.findall(line.recognised):
        if len(sentence) > _LONGEST or not _speaks_of_it(sentence):
            continue
        found = _undertaken(sentence.rstrip("。！；; "), by)
        if found is not None:
            who, what = found
            words, count, unit = _when(sentence)
            yield Promise(
                who=who, what=what, by=words, count=count, unit=unit, text=sentence, utterance_ids=line.utterance_ids
            )


def _speaks_of_it(sentence: str) -> bool:
    return not (_QUESTION.search(sentence) or _CONDITION.search(sentence))


def _undertaken(sentence: str, by: _Patterns) -> tuple[str, str] | None:
    """Who and what of a sentence's first undertaking."""
    for clause in _CLAUSES.finditer(sentence):
        for way in by.ways:
            match = way.search(clause[0])
            if match and _holds(clause[0], match):
                start = match.start("what") if "what" in way.groupindex else 0
                return _who(match), _until_addressed(sentence[clause.start() + start :])
    for way in by.timed:
        if match := way.search(sentence):
            begin = max(sentence.rfind(mark, 0, match.start()) for mark in "，,、：:") + 1
            own = way.search(sentence, begin)
            if own and _holds(sentence[begin:], own, begin):
                return _who(own), _until_addressed(sentence[own.start("what") :])
    return None


def _holds(text: str, match: re.Match[str], begin: int = 0) -> bool:
    """`text` is what was searched, from its place `begin` on.  Nobody else is spoken of, nothing is denied or doubtful up to the act, and no custom is explained."""
    named = _who(match)
    head, before = _bare(text[: match.end() - begin], named), text[: match.start() - begin]
    act = match.start("what" if "what" in match.groupdict() else 0) - begin
    yours = _YOURS.search(_bare(text[:act], named))
    if yours or _NOT_SURE.search(head) or _SAID_BY_OTHERS.search(before) or _GENERAL.search(text):
        return False
    return not _NOT_A_NAME.search(named) and not _OBJECT.search(before)


def _bare(head: str, named: str) -> str:
    """The words up to the act, but a name, a time, and 您 where the act is done to or for them."""
    plain = head.replace(named, "", 1) if named else head
    return _TO_YOU.sub("", _WHEN.sub("", plain))


def _who(match: re.Match[str]) -> str:
    return match.groupdict().get("who") or ""


def _until_addressed(text: str) -> str:
    """Up to the clause that asks the petitioner for something."""
    end = next((c.start() for c in _CLAUSES.finditer(text) if c.start() and _ADDRESSED.search(c[0])), len(text))
    return text[:end].rstrip("，,、 ")


def _when(sentence: str) -> tuple[str, int | None, Unit | None]:
    """By when, in the words said, and as a number of units where they are one."""
    match = _WHEN.search(sentence)
    if match is None:
        return "", None, None
    number, unit = match["count"] or match["count2"], match["unit"] or match["unit2"]
    count = parse(number) if number else None
    return match[0], count, _UNITS[unit] if count else None
