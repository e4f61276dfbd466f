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
from server.protocol.numbers import NUMERAL, SUPPOSED, parse
from transcription.drafting.vocabulary import Vocabulary

Unit = Literal["hour", "day", "workday", "week", "month"]

_SENTENCES = re.compile(r"[^。！？!?；;]+[。！？!?；;]*")
_CLAUSES = re.compile(r"[^，,、：:]+")
_LONGEST = 300
"""Characters; what is longer is no sentence, and would take long to search."""
_QUESTION = re.compile(r"[？?]$|[吗呢][。！]?$|^(?:请问|是不是|能不能|要不要|有没有)")
_CONDITION = re.compile(rf"{SUPPOSED}|假设|的话|除非|只要|一旦|等[^，。]{{1,12}}(?:以后|之后|再)")
_GENERAL = re.compile(r"上级要求|国家要求|规定|条例|法律|依法应|应当|原则上|法定|按理|一般|通常|这类|这种|此类|凡是|任何|往往")
"""The law or the custom is explained."""
_SAID_BY_OTHERS = re.compile(r"[他她它]|对方|老板|听说|据说|[^我]说|有人|别人")
_NOT_SURE = re.compile(
    r"[不没未无]|难|可能|也许|或许|大概|估计|争取|尽量|尽力|试试|能够?|应该|应当|可以|想|希望|建议|打算|考虑|已经?|曾|刚才|刚刚"
    r"|正在|上次|昨天|前天|去年|以前|之前"
)
"""Before the act: it is denied, doubtful or done."""
_YOURS = re.compile(r"[您你](?!的|放心|这|那|反映)")
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
_BEFORE = "(?:之前|以前|前)"
_WITHIN = f"(?:{_BEFORE}|之内|以内|内)"
_HOUR = f"(?:早上|上午|中午|下午|晚上)(?:{NUMERAL}点(?:半|钟|{NUMERAL}分)?)?"
_WEEKDAY = "(?:周|星期|礼拜)[一二三四五六日天末]"
_EVENTS = (
    "春节|过年|元旦|清明|五一|端午|中秋|国庆|十一|开学|放假|天黑|下班|入冬|供暖|供热|入汛|汛期|雨季|秋收|麦收|夏收|春耕|春播|播种|农忙"
)
_DAY = (
    rf"(?:(?:今天|明天|后天)(?:一早|{_HOUR})?|今晚|明早|明晚|(?:本|这个?|下个?)(?:周|星期|礼拜)[一二三四五六日天末]?(?:{_HOUR})?|这[两几]天|当天){_WITHIN}?"
    rf"|(?:本月|这个月|下个?月|月底|年底|春节|年前)(?:[底初]|[上中下]旬|{NUMERAL}[日号])?{_WITHIN}?"
    rf"|{NUMERAL}月(?:{NUMERAL}[日号]|[底初]|[上中下]旬){_BEFORE}?|(?<=在)[^，。]{{1,5}}?{_BEFORE}"
    rf"|(?:{_EVENTS})节?{_BEFORE}|{_WEEKDAY}{_BEFORE}|每(?:个?月{NUMERAL}[日号]|半?个月|个?星期|周)|(?:下午|晚上){NUMERAL}点半?"
)
_SPAN_ONLY = re.sub(r"\?P<\w+>", "?:", _SPAN)
_DEADLINE = f"(?:{_SPAN_ONLY}|(?:{_DAY})(?<=[前内底]))"
_AT_ONCE = r"马上|立即|立刻|现在|当场|第一时间|连夜"
_WHEN = re.compile(f"{_SPAN}|{_DAY}|{_AT_ONCE}")
_TIME = f"(?:{_SPAN_ONLY}|{_DAY}|{_AT_ONCE})"
_SELF = r"(?:我们这边|我们局|我们中心|我这边|我们|咱们|我局|我镇|我县|我办|我)"
_WILL = rf"(?:会(?!后|议|上)|将|一定|必须|尽快|回[去头](?:以后|之后|后)?|在?{_TIME})"
_MILD = "就|先|再|也|都|亲自|尽早|直接|继续|抓紧"
_OBJECT = re.compile(r"(?:给|跟|向|对|找|问|和|帮|听|让|叫)$")
"""Before 我: it is not the speaker who acts."""
_TO_YOU = re.compile(r"(?:给|向|跟|和|同|与|对|为|帮|告诉|告知|通知|答复|回复|联系)[您你]")
_HOW = (
    r"(?:书面|当面|电话|认真|依法|全程|专门|重新|彻底|逐项|及时|定期|每周|每月|逐户)*"
    r"(?:(?:通过|用|以|按)[^，。]{1,8}?|(?:给|向|跟|和|同|与|把|将|对|到|去|派人|带着?|领着|会同)[^，。了]{1,16}?)?"
)
_NOT_A_NAME = re.compile(r"[没不让被在到我他她您你说去找给把就要对]|和(?!平)|向(?!阳)|来(?!宾)|(?<![委工协商])会")
_ADDRESSED = re.compile(r"^(?:请|麻烦|那)?[您你](?!的)")
_FOR_YOU = (
    r"(?![^，。]*(?:记录|笔录|录音|签字|登记|接待|念|谈话|核对))"
    r"(?=[^，。]*(?:[给为帮替向跟][您你大群老乡村工职业]|[把将派]|[您你]们?(?:家|村|手|卡|账|那|这)|到位|到账))"
)
"""What is done for the petitioner or with something, and is not the talk itself: no act has to be known where it is said when."""
_MUST = r"(?:一定|必须|肯定|保证|务必)"
_NOT_DENIED = re.compile(r"一[分个户毛]钱?不(?:少|差|欠|落)|决不|绝不|不打折扣|不折不扣|不用[您你]")
"""不 that denies no act."""
_ABOUT = "(?:[^，。您你]{0,10}?(?:的?事情?|问题|这一?块|方面))?"
_NOT_DONE = r"(?![^，。]*(?:过(?![来去])|了(?![解结])))"
_NOT_DONE_YET = r"(?![^，。]*过(?![来去]))(?![^把将，。]*了(?![解结]))"
"""With a deadline 把路障拆了 is still to be done."""
_OF_THE_TALK = r"(?!的|来?(?:说|讲|念|介绍|解释|记|签|喝|坐|休息|接着|继续))"
_TO_BRING = re.compile(r"(?:材料|身份证|户口本|合同|复印件|原件|证明|票据|照片|收据|欠条|手续)[^，。]{0,8}(?:补|交|送|带|拿|寄|备)")
"""With nobody named, papers are the petitioner's to bring."""
_THEM = "(?:他们|她们|它们)"
_HEDGED = re.compile("争取|尽量|尽力|可能|也许|大概|希望|试试")


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
        unit = f"(?P<who>{handler}的?{person}|{handler}|[\u4e00-\u9fff]{{1,2}}{any_of('titles')})"
        later = f"(?:{_DEADLINE}{_NOT_DONE_YET}|(?:{_DAY}){_NOT_DONE}{_FOR_YOU})"
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
            # 水利局下周派专家去看: where it is said when, it need be no act that is known
            re.compile(f"^{_ABOUT}(?:由|那|先)?{unit}(?:那边|这边|的同志)?(?:{_MILD}|会|将|要|{_MUST})*在?{later}(?P<what>[^，。]{{2,}})"),
            # 我们半个月内把路灯给您装上
            re.compile(f"{_SELF}(?:{_MILD}|会|将|要|{_MUST})*在?(?:{_DEADLINE}{_NOT_DONE_YET}|(?:{_DAY}){_NOT_DONE}){_FOR_YOU}(?P<what>[^，。]{{2,}})"),
            # 我现在就叫派出所过去
            re.compile(f"{_SELF}(?:{_MILD})*在?{_TIME}(?:{_MILD})*{any_of('entrusts')}{who}{_OF_THE_TALK}(?P<what>[^，。]{{2,}})"),
            # 这件事住建局牵头
            re.compile(f"^{_ABOUT}(?:由|那|先)?{unit}{_NOT_DONE}(?P<what>(?:{_MILD}|来|去)*{any_of('arranges')}(?![的得])[^，。]*)"),
            # 这条沟我包了
            re.compile(f"{_SELF}(?:{_MILD})*(?:包了|包下来|管到底)$"),
        )
        # 三天之内先把账目查清楚; also where the time is a clause of its own
        subject = f"(?:{_MILD}|会|将|要|一定|必须|我们|我)*"
        self.timed = (
            # 管委会那边，十天之内把路修平
            re.compile(f"(?:^|(?<=[，,]))(?:由|请|那)?{unit}(?:这边|那边)，?在?{_DEADLINE}{_NOT_DONE_YET}(?P<what>[^，。]{{2,}})"),
            re.compile(f"{_DEADLINE}，?(?P<what>{subject}{act})"),
            re.compile(f"{_DEADLINE}，?{who}(?P<what>{subject}{act})"),
            # 供热之前，管道一定换完; 两周之内把账算给您
            re.compile(f"{_DEADLINE}，?{_NOT_DONE_YET}(?P<what>(?:[^，。您你请]{{0,8}}?{_MUST}|{subject}(?:[把将]|给(?:[您你大群老乡村工职业])))[^，。]{{2,}}|[^，。您你请]{{2,12}}给[您你](?=[，。]|$))"),
            # 电这周接好
            re.compile(f"(?:{_DEADLINE}|{_DAY})，?(?P<what>(?:{_MILD})*{any_of('results')})(?![的过得了不])"),
        )
        # 我答应您，…: what follows is undertaken
        self.word_given = re.compile(
            f"{_SELF}(?:在这里|在此|当面|今天|现在|也|就)*(?:[向给跟][您你大]家?们?)?"
            "(?:(?:答应|保证|承诺|担保)(?!(?:[您你]们?|大家)?[过了的书金人不])(?:[您你]们?|大家)?|表(?:个|一个)?态(?![过了的]|之前|以前))"
        )
        # 我跟财政局讲，让他们月底前结清
        self.passed_on = re.compile(f"{any_of('entrusts')}{_THEM}(?:{_MILD})*(?:在?{_TIME}|尽快)(?P<what>[^，。]{{2,}})")
        self.told = re.compile(f"{_SELF}(?:{_MILD}|{_WILL}|会)*[跟给向和对找与]([^，。]{{0,10}}?{any_of('handlers')}+)")


@lru_cache(maxsize=8)
def patterns(vocabulary: Vocabulary) -> _Patterns:
    """The patterns of a vocabulary, made once."""
    return _Patterns(vocabulary)


def promises(lines: Iterable[DraftLine], vocabulary: Vocabulary) -> tuple[Promise, ...]:
    """The undertakings of the receiving side's lines (`question`), one at most for each sentence."""
    by = patterns(vocabulary)
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
    return _by_a_day(sentence, by) or _passed_on(sentence, by) or _word_given(sentence, by)


def _by_a_day(sentence: str, by: _Patterns) -> tuple[str, str] | None:
    """Where the time is a clause of its own, or nobody is named."""
    for way in by.timed if _WHEN.search(sentence) else ():
        if match := way.search(sentence):
            begin = _clause_begin(sentence, match)
            own = way.search(sentence, begin)
            if own and _holds(sentence[begin:], own, begin) and not _TO_BRING.search(own[0]):
                return _who(own), _until_addressed(sentence[own.start("what") :])
    return None


def _passed_on(sentence: str, by: _Patterns) -> tuple[str, str] | None:
    """They are who was named just before."""
    match = by.passed_on.search(sentence)
    told = by.told.search(sentence[: match.start()]) if match else None
    if not match or not told or _NOT_A_NAME.search(told[1]):
        return None
    begin = _clause_begin(sentence, match)
    return (told[1], _until_addressed(sentence[match.start("what") :])) if _holds(sentence[begin:], match, begin) else None


def _word_given(sentence: str, by: _Patterns) -> tuple[str, str] | None:
    """I promise: what then follows."""
    match = by.word_given.search(sentence)
    if not match or not _holds(sentence[(begin := _clause_begin(sentence, match)) :], match, begin):
        return None
    what = _until_addressed(sentence[match.end() :].lstrip("，,：:、 "))
    return ("", what) if len(what) > 1 and not _HEDGED.search(what) else None


def _clause_begin(sentence: str, match: re.Match[str]) -> int:
    return max(sentence.rfind(mark, 0, match.start()) for mark in "，,、：:") + 1


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
    return _NOT_DENIED.sub("", _TO_YOU.sub("", _WHEN.sub("", plain)))


def _who(match: re.Match[str]) -> str:
    return match.groupdict().get("who") or ""


def _until_addressed(text: str) -> str:
    """Up to the clause that asks the petitioner for something."""
    end = next((c.start() for c in _CLAUSES.finditer(text) if c.start() and _ADDRESSED.search(c[0])), len(text))
    return text[:end].rstrip("，,、 ")


def _when(sentence: str) -> tuple[str, int | None, Unit | None]:
    """By when, in the words said, and as a number of units where they are one; a deadline before any other time."""
    said = list(_WHEN.finditer(sentence))
    match = next((one for one in said if one[0][-1] in "前内底里"), said[0] if said else None)
    if match is None:
        return "", None, None
    number, unit = match["count"] or match["count2"], match["unit"] or match["unit2"]
    count = parse(number) if number else None
    return match[0], count, _UNITS[unit] if count else None
