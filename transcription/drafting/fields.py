"""Rules that take form fields from what was said.

Every rule copies words out of the utterances that it names as evidence; it adds nothing but the digits of a number.
`purpose` is a choice: its evidence contains the words that decide it.  A rule in doubt gives nothing: an empty field
is asked for by a clerk, a wrong one may be signed.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from server.protocol.drafting import DraftField
from server.protocol.numbers import (
    NUMERAL,
    SPOKEN_DIGITS,
    SUPPOSED,
    digit_runs,
    is_identity_number,
    is_mobile_number,
    parse,
)
from server.protocol.placenames import BEGINS_A_NAME, IN_A_NAME
from transcription.drafting.sums import SumWords
from transcription.drafting.turns import Talk, Turn
from transcription.drafting.vocabulary import Category, Vocabulary

Found = tuple[str, tuple[str, ...]]
"""A value and the ids of the utterances it was taken from."""

_MAX_CHARACTERS = 3000
_SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方"
    "俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵汪祁毛禹狄米贝明臧"
    "计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢"
    "莫经房裘缪干解应宗丁宣邓单杭洪包诸左石崔吉龚程邢裴陆荣翁荀羊惠甄曲封储靳段富巫乌焦巴弓牧谷车侯宓蓬全班仰秋仲"
    "伊宫宁仇栾甘武符刘景詹束龙叶幸司韶黎薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴翟谭贡姬申冉桑桂牛寿通边燕冀尚农"
    "温庄晏柴瞿阎连习容向古易廖终居衡步都耿满弘匡国文寇广东欧沃利越隆师巩聂晁勾敖融冷辛阚那简饶曾沙丰关查游肖岳闫"
)
_ALSO_WORDS = frozenset("车和于从时常向都那乐安全曾连应白花水方干计牛国文")
"""Surnames that are also ordinary words after 我叫: believed only in answer to the question for the name."""
_STOP = r"(?=[，。、！？,.!?\s]|$)"
_OF_SELF = re.compile(
    r"(?:^|[，,])(?:那个|嗯|啊|家里|全家|我们?|俺们?|咱们?|本人|[和跟](?:老伴|家人|孩子|儿子|女儿)|一家人?|现在|目前|一直|今年|就|都|也|老|家|[一二三四五六七八九十零\d]+岁)*$"
)
"""Before 住在 or 是…村的: the petitioner speaks of himself."""
_TELLS_OF_SELF = re.compile(r"^(?:[^，]{0,6}，)?(?:我|俺|本人|今年)|^[，,]?$")
"""What the sentence began with, where the clause itself names nobody."""
_SENTENCES = re.compile(r"[^。！？!?]+[。！？!?]*")
_CLAUSES = re.compile(r"[^，。；！？,;!?]+")
_CORRECTS = re.compile(r"写错|记错|说错|不对|更正|应该是|纠正")
_QUESTION_ENDS = ("？", "?", "吗", "吗。")

_NAME = re.compile(rf"我(?:的名字)?(?:是|叫|名叫|叫做|名字叫)(?:做)?([\u4e00-\u9fff]{{2,4}}){_STOP}")
_NAMED = re.compile(r"我(?:的名字|叫|名叫)")
_MARKS = "，。、！？,.!? …"
_LAST_DIGITS = re.compile(rf"{SPOKEN_DIGITS}(?:[{_MARKS}]?{SPOKEN_DIGITS})*(?=[{_MARKS}]*$)")
_FIRST_DIGITS = re.compile(rf"{SPOKEN_DIGITS}(?:[{_MARKS}]?{SPOKEN_DIGITS})*")
_GROUPS_WITHIN_S = 6.0
"""Between the groups of a number that is read out; longer, and it is another one."""
_BARE_NAME = re.compile(rf"(?:^|[，。,])([{''.join(sorted(_SURNAMES))}][\u4e00-\u9fff]{{1,2}})[。.]?$")
"""Nothing else, as an answer."""
_ASKS_NAME = re.compile(r"叫什么|姓名|贵姓|怎么称呼|您是谁|名字")
_ASKS_HOME = re.compile(r"住(?![建院了下])|地址|家在|哪里人|哪儿人")
_VISITED = r"到((?:{name}){{2,12}}?{sites})(?:去)?(?:实地|现场)?(?:调查|查看|了解|核实)"
_WORKS_AT = r"在((?:{name}|\d){{2,14}}?(?:{sites}(?:的工地)?|的工地))(?:上|里)?(?:干活|施工|打工|做工|上班)"

_PROPERTY = r"(?:(?:^|[，,])(?:我们?家?的?|家里的?)|被(?:占|征|拆|淹|毁|砍|铲|推)的)(?:那|这|几|块|片|个|口|的)*(?:地|承包地|耕地|鱼塘|果园|林地|林子|山林|大棚|猪圈|厂子|坟地|鸡舍|羊圈|庄稼)"
_DOES_HARM = (
    r"占了|占用了?|拆了|铲了|推了|砍了|毁了|骗了|骗走|打伤|污染|排污|[往向][^，。]{1,6}(?:排|倒)|不(?:修|赔|退|发工资|兑现)"
    r"|把(?![^，。]{0,4}(?:材料|申请|信|意见|诉求))我们?家?的?[^，。]{1,8}(?:占|拆|收|推|铲|砍|卖|扣|停|毁|填)(?:了|走|回|掉)"
)
_OTHERS = re.compile(r"[他她它]|对方|老板说|儿子|女儿|丈夫|妻子|老婆|老公|老伴|亲戚|朋友|邻居|别人|有人")
"""Somebody else is spoken of."""
_STRANGERS = "[他她](?!们)|对方|老板|包工头|工头|书记|主任|村长|经理|局长|镇长|公司|厂里|镇里|村里"
_ANOTHERS_PHONE = re.compile(rf"(?:{_STRANGERS})[^，。我]{{0,6}}(?:电话|手机|号码)")
_ANOTHERS_PAPER = re.compile(
    rf"(?:{_STRANGERS}|儿子|女儿|丈夫|妻子|老婆|老公|老伴|爱人|父亲|母亲|亲戚|朋友|邻居)[^，。我]{{0,6}}身份证"
)
_LEADS_IN = "因为|听人说|听说|据说|后来|现在|当时|其实|但是|可是|而且|结果|就是|都是|这个|那个|这家|那家|去年|今年|前年|以前|原来|我们|但|是"
_LEADING = re.compile(rf"^(?:{_LEADS_IN})+")
_NOT_SO = re.compile(r"不是|没有(?!给)|不能|说|怕|怀疑|以为|[儿女]的|朋友|亲戚")
_NO_UNIT = re.compile(r"不是|没有|不能|[没让被在和我他她您你说]")
"""Not part of a unit's name: more than the name was caught."""
_NOT_OWN_ACCUSATION = re.compile(r"怕|怀疑|以为|说我|不是|没有|没")

_SELF = (
    r"(?:就|只|也|还|都|最|现在|今天|这次|来|是|所以|因此|主要|特别|一直|真的|真心|坚决|强烈|再次|另外|首先|其次|最后|第[一二三四]|那|但是|但|领导"
    r"|请|请您|您|我们|我|咱们|咱|大家|全家|想|本人|一家人|家里人|家|的|个|一|点|一点|唯一)*"
)
"""Before a wish: nobody but the petitioner is spoken of."""
_NOT_A_WISH = re.compile(r"(?:不|没有?|按|按照|符合|什么|别的|其他)(?:什么|任何|别的|其他)*(?:要求|请求|希望|诉求)|希望(?:不大|渺茫)|要求(?:太|很|不)|不知道|说不好|没想好|(?:要求|希望|请求)过")
_NO_OTHER = r"没(?:有|什么|啥)*(?:别的|其他|其它)(?:什么|啥)?(?:要求|请求|诉求)|(?:别的|其他|其它)(?:要求|请求|诉求)我?们?[也都]?没有"
_ONLY_WISH = re.compile(rf"(?:^|[，,；;])(?:我们?|大家|其实|反正|真的?|也|确实|实在)*(?:{_NO_OTHER})[，,]?(?P<wish>我?们?(?:就|只)(?!来|是来|(?:是|想|要)?(?:问|看|说说|了解|咨询))[^。！？!?]{{5,}})")
"""我没有别的要求，就是…: what follows is the wish, in whatever words."""
_POLITE_END = "(?:吧|就行|就好|就可以|就行了|就好了|就可以了)?"
_HAS = re.compile(r"^(?:我们?)?(?:也|都|还)?有|都在$")
_NO = re.compile(r"没有?|不(?:肯|给|能|让|在|是|用|带)|未|丢|弄坏|拿走|扣")
_ONCE = re.compile(r"过|了[^，。]{0,6}(?:次|趟|回|遍)")
_NEVER = re.compile(r"没有?|从来|不敢|不想|不会|不知道|未|如果|要是|打算|准备")
_SINCE = "(?:去年|前年|今年|上个?月|这个月|后来|以前|之前|当时)"
_THEY = re.compile(r"^(?:他们|她们|都|对方)")
_NOT_AT_LAW = re.compile(
    rf"没有?|从来|未|让|叫|劝|{SUPPOSED}|准备|打算|考虑|可以|[想要会]去|[想要]|不敢|不想|不会"
)
_NO_ANSWER = r"(?!果|我?们?一?个?(?:答复|回复|说法|结果|准话|回信|回音|意见|交代|解决))"
"""没有结果, 没给答复: what came of having gone there."""
_NOT_TOLD = re.compile(rf"说|讲|答复|回复|回答|告诉|解释|承认|{SUPPOSED}|怕|担心|以后|[没不未](?:有|会|能)?(?:被)?$|是不是")
_MATTER = re.compile(r"(?:的事情?|问题|情况|[一这]件事|事)(?:我们?|俺|也|又|就)*$")
_ASKS_FOR = re.compile(r"请|求|希望|要求|能不能|把[^，]*(?:给我|发下来|要回|退回|还给|解决)|帮我|帮忙|解决")
_BESIDE = re.compile(r"旁边|对面|门口|附近|隔壁|后面|工作|上班")
_DENIES = re.compile(r"(?<!是)不是|不属于")
_SOFT = re.compile(rf"^{_SELF}(?:希望|盼望|想让)(?!领导|政府)")
_ASIDE = re.compile(
    r"同意录|录音|录像|你们录|^(?:谢谢|好的|嗯|可以|是的|对的?)|我确认|没有问题|听明白|麻烦您|我叫|身份证|户口本"
    r"|请问|[？?]$|您这句话|放心了|都对"
)
_ACCUSES = re.compile(r"我们?(?:要|想|来|是来|就是来)?(?:实名)?(?:举报|控告|检举|揭发)")
_SUGGESTS = re.compile(r"我们?(?:想|要|来)?建议(?!书)|我们?(?:想|要|来)?(?:提|有)(?:一|几|个|点|些|条|两)*(?:建议|意见)(?!书)")
_ENQUIRES = re.compile(r"我们?(?:想|要|来|就是来|是来)(?:咨询|打听|问一下|问问|问一问|请教|了解一下)")
_APPEALS = re.compile(r"不服.{0,12}(?:决定|意见|判决|复查|裁定|处罚)|对[^，。]{0,12}(?:决定|意见|判决|裁定|处罚)不服|我们?(?:要|来)?申诉")


class Patterns:
    """The patterns made of a vocabulary's words."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        any_of = vocabulary.any_of
        place = rf"(?:{BEGINS_A_NAME}|\d)(?:{IN_A_NAME}|\d){{1,27}}?{any_of('homes')}"
        unit = rf"(?P<unit>(?:{IN_A_NAME}){{0,14}}?{any_of('units')})"
        of = r"(?P<of>[^，。]{1,10}的)?"
        persons = any_of("persons")
        self.vocabulary = vocabulary
        self.sums = SumWords(vocabulary)
        self.lives = (
            re.compile(rf"(?:家住|住址是|地址是|住|家在)在?({place}){_STOP}"),
            re.compile(rf"是({place})(?:的(?:村民|居民|人)?|村民|居民|人)(?:{_STOP}|(?=[\u4e00-\u9fff]{{2,3}}{_STOP}))"),
        )
        self.only_place = re.compile(rf"^(?:我们?)?(?:家?住?在)?(?![这那哪就])({place}){_STOP}")
        self.villager = re.compile(rf"我是[^，。]{{2,20}}?(?:村民|居民|{persons})([\u4e00-\u9fff]{{2,3}}){_STOP}")
        self.people = re.compile(
            rf"(?:我们(?:这次|今天)?(?:一起|一共|总共|共)?(?:来了|有|是)?(?:一共|总共)?|(?:一起|一共|总共)来了)"
            rf"({NUMERAL}多?(?:个(?:{persons}|{_STOP})|[名位户](?:{persons})?))"
        )
        self.accused = (
            re.compile(
                rf"^{of}{unit}(?:一直|还|长期|又|天天|整天|经常|到现在|至今|也|都)*(?:{_DOES_HARM}|拖欠|欠着?我|克扣|侵占|强占|强拆|扣了我|不给我(?!答复|回复|们答复|们回复)|没有给我们?(?:工资|钱|补偿|赔偿|发))"
            ),
            re.compile(rf"^(?:我|俺|家里|地|房)[^，。]{{0,10}}?(?<![没不])被{unit}(?:的人)?强?(?:占|拆|铲|推|砍|骗|扣|辞退|开除|打|收走|收回|污染|毁|淹)"),
            re.compile(rf"(?:我们?(?:要|想|来|是来|就是来)*(?:实名)?|^)(?:举报|控告|检举|投诉的是|(?<=[来要想])投诉){of}{unit}"),
        )
        self.only_unit_word = re.compile(rf"^{any_of('units')}$")
        self.took_place = (
            re.compile(_WORKS_AT.format(name=IN_A_NAME, sites=any_of("sites"))),
            re.compile(rf"(?:事情?|{_PROPERTY})(?:就|也|都|是)?(?:出在|发生在|在)({place}){_STOP}"),
        )
        self.visited = re.compile(_VISITED.format(name=IN_A_NAME, sites=any_of("sites")))
        self.wish = re.compile(rf"^{_SELF}(?:{any_of('requests')}|{any_of('requests_to_the_end')}{_POLITE_END}$)")
        self.asks_request = re.compile(any_of("asks_request"))
        self.asks_tried = re.compile(any_of("asks_tried"))
        self.tried = re.compile(any_of("tried"))
        self.authority = re.compile(any_of("authorities", "helpers", "litigation"))
        self.went = re.compile(
            rf"(?:[去找到向跟给同问打来]|反映|投诉|申请|起诉)[^，。]{{0,12}}?{any_of('authorities', 'helpers', 'litigation')}"
        )
        self.went_there = re.compile(
            rf"{any_of('authorities', 'helpers')}(?:那边|那里)?{_SINCE}?(?:我们?|咱们?|也|都)+{any_of('tried')}(?!我)"
        )
        self.ran_there = re.compile(rf"^{any_of('authorities', 'helpers')}(?:那边|那里)?[跑去](?:了|过)[^，。]{{0,4}}(?:次|趟|回|遍)(?=$|[都也没还])")
        self.happened = re.compile(any_of("happened") + _NO_ANSWER)
        self.material = re.compile(any_of("materials") + "(?!费)")
        self.hands_in = re.compile(any_of("hands_in"))
        self.at_law = re.compile(any_of("litigation"))


@lru_cache(maxsize=8)
def patterns(vocabulary: Vocabulary) -> Patterns:
    """The patterns of a vocabulary, made once."""
    return Patterns(vocabulary)


def _clauses(turn: Turn) -> list[str]:
    """The clauses of its statements."""
    return [clause for sentence in _statements(turn) for clause in _CLAUSES.findall(sentence)]


def _statements(turn: Turn) -> list[str]:
    """Its sentences that are no question, which claims nothing."""
    return [sentence for sentence in _SENTENCES.findall(turn.text) if not sentence.endswith(_QUESTION_ENDS)]


def _asks(turn: Turn) -> bool:
    return turn.text.endswith(_QUESTION_ENDS)


# --- people and places ------------------------------------------------------------------------------------------


def name(talk: Talk, by: Patterns) -> Found | None:
    """我叫…; a bare 我是… counts only as an answer to the question for the name."""
    found: list[tuple[Turn, str]] = []
    for turn in talk.petitioner:
        match = _NAME.search(turn.text)
        if match and _is_name(match, asked=turn.asked(_ASKS_NAME)):
            found.append((turn, match[1]))
        elif bare := by.villager.search(turn.text):
            found += [(turn, bare[1])] if bare[1][0] in _SURNAMES else []
        elif turn.first and turn.asked(_ASKS_NAME) and (bare := _BARE_NAME.search(turn.text)):
            found.append((turn, bare[1]))
    return _first_or_corrected(found)


def _is_name(match: re.Match[str], *, asked: bool) -> bool:
    surname = match[1][0]
    clear = bool(_NAMED.search(match[0])) and surname not in _ALSO_WORDS
    return surname in _SURNAMES and (asked or clear)


def _first_or_corrected(found: Sequence[tuple[Turn, str]]) -> Found | None:
    """What was said first, unless the petitioner corrected it."""
    corrected = [item for item in found[1:] if item[0].says(_CORRECTS)]
    chosen = (corrected or list(found[:1]))[-1:]
    return (chosen[0][1], (chosen[0][0].id,)) if chosen else None


def address(talk: Talk, by: Patterns) -> Found | None:
    found = [(turn, m[1]) for turn in talk.petitioner for m in (_lives(turn, by),) if m]
    return _first_or_corrected(found)


def _lives(turn: Turn, by: Patterns) -> re.Match[str] | None:
    """As said in a sentence, or as the answer to the question for it."""
    answer = by.only_place.search(turn.text) if turn.first and turn.asked(_ASKS_HOME) else None
    told = (match for pattern in by.lives for match in pattern.finditer(turn.text) if _is_own(turn.text[: match.start()]))
    return next(told, None) or answer


def _is_own(before: str) -> bool:
    """Whether the petitioner speaks of himself up to here, and of nobody else."""
    sentence = re.split(r"[。！？!?]", before)[-1]
    own = _OF_SELF.search(sentence)
    if own is None or _OTHERS.search(sentence[: own.start()]):
        return False
    return bool(own[0].strip("，,") or _TELLS_OF_SELF.search(sentence))


def _search(tried: Iterable[re.Pattern[str]], text: str) -> re.Match[str] | None:
    return next((match for pattern in tried if (match := pattern.search(text))), None)


def id_number(talk: Talk, by: Patterns) -> Found | None:
    return _digits(talk, is_identity_number, _ANOTHERS_PAPER)


def phone(talk: Talk, by: Patterns) -> Found | None:
    """A child's number is how an old person is reached; the boss's is not."""
    return _digits(talk, is_mobile_number, _ANOTHERS_PHONE)


def _digits(talk: Talk, right: Callable[[str], bool], anothers: re.Pattern[str]) -> Found | None:
    turns = [turn for turn in talk.petitioner if not turn.says(anothers)]
    found = [(turn, run) for turn in turns for run in digit_runs(turn.text) if right(run)]
    return _first_or_corrected(found) or _digits_in_groups(turns, right)


def _digits_in_groups(turns: Sequence[Turn], right: Callable[[str], bool]) -> Found | None:
    """A number that was said with such long pauses that its groups are utterances of their own."""
    for first in range(len(turns)):
        begun = _LAST_DIGITS.search(turns[first].text)
        number, ids = begun[0] if begun else "", [turns[first].id]
        for before, turn in pairwise(turns[first:]):
            group = _FIRST_DIGITS.match(turn.text)
            if not number or not group or turn.utterance.start - before.utterance.end > _GROUPS_WITHIN_S:
                break
            number, ids = number + group[0], [*ids, turn.id]
            run = "".join(digit_runs(number))
            if right(run):
                return run, tuple(ids)
            if group.end() < len(turn.text.rstrip(_MARKS)):
                break
    return None


def people(talk: Talk, by: Patterns) -> Found | None:
    """How many came or are meant: 我们二十六个农民工, 一起来了五个人; not months, and not how many others came."""
    found = [
        (turn, match[1])
        for turn in talk.petitioner
        for clause in _clauses(turn)
        if (match := by.people.search(clause)) and not _OTHERS.search(clause[: match.start()])
    ]
    return _first_or_corrected(found)


def problem_place(talk: Talk, by: Patterns) -> Found | None:
    """Where they say it happened; a place that only the receiver names counts if the petitioner named it too."""
    for turn in talk.petitioner:
        for clause in _clauses(turn):
            if (match := _search(by.took_place, clause)) and not _OTHERS.search(clause[: match.start()]):
                return match[1], (turn.id,)
    for utterance in talk.receiver:
        visited = by.visited.search(utterance.text)
        said = [turn.id for turn in talk.petitioner if visited and visited[1] in turn.text]
        if visited and said:
            return visited[1], (said[0], utterance.id)
    return None


def accused_unit(talk: Talk, by: Patterns) -> Found | None:
    for turn in talk.petitioner:
        for clause in _clauses(turn):
            match = _search(by.accused, _LEADING.sub("", clause))
            if match and not by.only_unit_word.match(match["unit"]) and not _NO_UNIT.search(match["unit"]) and not _NOT_SO.search(match[0]):
                return match["unit"], (turn.id,)
    return None


# --- the matter -------------------------------------------------------------------------------------------------


def purpose(talk: Talk, by: Patterns) -> Found | None:
    """The strongest thing said: an accusation is protected (article 30), so it goes before everything else."""

    def wants(turn: Turn) -> bool:
        return any(not _SOFT.search(clause) for clause in _wishes(turn, by))

    rules: tuple[tuple[str, Callable[[Turn], bool]], ...] = (
        ("accusation", _accuses),
        ("appeal", lambda turn: turn.says(_APPEALS)),
        ("request", wants),
        ("suggestion", lambda turn: turn.says(_SUGGESTS)),
        ("enquiry", lambda turn: turn.says(_ENQUIRES)),
    )
    for value, says in rules:
        said = [turn.id for turn in talk.petitioner if says(turn)]
        if said:
            return value, (said[0],)
    return None


def _accuses(turn: Turn) -> bool:
    return any(_ACCUSES.search(clause) and not _NOT_OWN_ACCUSATION.search(clause) for clause in _clauses(turn))


def category(talk: Talk, by: Patterns) -> Found | None:
    """Named by the petitioner (the name of a paper names none), else stated by the receiver, in a category's words, and no other category named."""
    told = [(turn.text, turn.id) for turn in talk.petitioner if not is_material(turn, by)]
    stated = [(u.text, u.id) for u in talk.receiver if not u.text.endswith(_QUESTION_ENDS)]
    for said in (told, stated):
        hits = [(c, id_) for text, id_ in said if not _DENIES.search(text) for c in _categories(text, by)]
        wider = {c.within for c, _ in hits}
        narrow = [(c.name, id_) for c, id_ in hits if c.name not in wider]
        if narrow:
            one = len({c for c, _ in narrow}) == 1
            return (narrow[0][0], (narrow[0][1],)) if one else None
    return None


def _categories(text: str, by: Patterns) -> list[Category]:
    return [c for c in by.vocabulary.categories if c.named_in(text)]


def amount(talk: Talk, by: Patterns) -> Found | None:
    """The sum at stake, as said and in digits: a corrected one, else what is still owed, else the last that was said."""
    ranked = [(rank, turn, one) for turn in talk.petitioner for rank, one in by.sums.said(turn.text)]
    if not ranked:
        return None
    best = max(rank for rank, _, _ in ranked)
    _, turn, chosen = [item for item in ranked if item[0] == best][-1]
    return f"{chosen.words}（{chosen.yuan}元）", (turn.id,)


# --- sentences, word for word -----------------------------------------------------------------------------------


def is_request(turn: Turn, by: Patterns) -> bool:
    """A wish of the petitioner's own, or the first answer to the question for it."""
    answers = turn.first and turn.asked(by.asks_request) and _long(turn) and not turn.says(_NOT_A_WISH)
    return bool(_wishes(turn, by)) or (answers and not _asks(turn))


def _wishes(turn: Turn, by: Patterns) -> list[str]:
    only = [found["wish"] for sentence in _statements(turn) if (found := _ONLY_WISH.search(sentence))]
    return [c for c in _clauses(turn) if by.wish.search(c) and not _NOT_A_WISH.search(c)] + only


def is_tried(turn: Turn, by: Patterns) -> bool:
    """Gone to an authority before, or an answer to the question for that."""
    answers = turn.asked(by.asks_tried) and _long(turn) and (turn.first or turn.says(_THEY))
    return (answers and not _asks(turn)) or any(_went(clause, by) for clause in _clauses(turn))


def _went(clause: str, by: Patterns) -> bool:
    """The petitioner, and nobody else, went to an authority at least once."""
    return _gone(clause, by) is not None


def _gone(clause: str, by: Patterns) -> re.Match[str] | None:
    there = by.went_there.search(clause) or by.ran_there.search(clause)
    went = there or by.went.search(clause)
    if not went or not by.tried.search(clause) or not _ONCE.search(clause):
        return None
    before = clause[: went.start()]
    acts = not there and by.authority.search(before)
    return None if _OTHERS.search(before) or acts or _NEVER.search(clause[: went.end()]) else went


def is_material(turn: Turn, by: Patterns) -> bool:
    """A paper, and that it is here, in one clause."""
    if turn.says(_CORRECTS):
        return False
    return any(_brings(clause, by) for clause in _clauses(turn))


def _brings(clause: str, by: Patterns) -> bool:
    brought = by.material.search(clause) and (by.hands_in.search(clause) or _HAS.search(clause))
    return bool(brought) and not _NO.search(clause) and not _OTHERS.search(clause)


def is_at_law(turn: Turn, by: Patterns) -> bool:
    """A court or the like was gone to; not that somebody might go there, nor that it stands next door."""
    return any(_at_law(clause, by) for clause in _clauses(turn))


def _at_law(clause: str, by: Patterns) -> bool:
    found = by.at_law.search(clause)
    if found is None or _BESIDE.search(clause):
        return False
    return not _NOT_AT_LAW.search(clause[: found.start()])


def is_fact(turn: Turn, by: Patterns) -> bool:
    """Something told that no other field holds, or that stands beside it in the same words."""
    other = is_request(turn, by) or is_tried(turn, by) or is_material(turn, by) or turn.says(_ASIDE)
    return _long(turn) and (not other or any(_happened(clause, by) for clause in _clauses(turn)))


def _happened(clause: str, by: Patterns) -> bool:
    """What was done to somebody, not what another says of it, nor the name of a matter."""
    went = _gone(clause, by)
    told = clause[: went.start()] if went else clause
    found = by.happened.search(told)
    if found is None or _NOT_TOLD.search(told[: found.start()]) or _MATTER.search(told):
        return False
    return not (by.wish.search(clause) or _ASKS_FOR.search(told) or _brings(clause, by))


def _long(turn: Turn) -> bool:
    return sum(c.isalnum() for c in turn.text) >= 6


def _sentences(turns: Iterable[Turn]) -> Found | None:
    """The turns' texts one after the other, whole ones only."""
    chosen, size = list[Turn](), 0
    for turn in turns:
        size += len(turn.text)
        if size > _MAX_CHARACTERS:
            break
        chosen.append(turn)
    return ("".join(t.text for t in chosen), tuple(t.id for t in chosen)) if chosen else None


def requests(talk: Talk, by: Patterns) -> Found | None:
    return _sentences(t for t in talk.petitioner if is_request(t, by))


def facts(talk: Talk, by: Patterns) -> Found | None:
    return _sentences(t for t in talk.petitioner if is_fact(t, by))


def tried_before(talk: Talk, by: Patterns) -> Found | None:
    return _sentences(t for t in talk.petitioner if is_tried(t, by))


def materials(talk: Talk, by: Patterns) -> Found | None:
    return _sentences(t for t in talk.petitioner if is_material(t, by))


def litigation(talk: Talk, by: Patterns) -> Found | None:
    return _sentences(t for t in talk.petitioner if is_at_law(t, by))


def summary(talk: Talk, by: Patterns) -> Found | None:
    """The first three facts and the first request, in their own words and order."""
    told = [t for t in talk.petitioner if is_fact(t, by)][:3]
    asked = [t for t in talk.petitioner if is_request(t, by)][:1]
    both = {t.id: t for t in told + asked}
    return _sentences(sorted(both.values(), key=lambda t: t.utterance.start))


RULES: dict[str, Callable[[Talk, Patterns], Found | None]] = {
    "name": name,
    "id_number": id_number,
    "phone": phone,
    "address": address,
    "people": people,
    "purpose": purpose,
    "category": category,
    "problem_place": problem_place,
    "accused_unit": accused_unit,
    "litigation": litigation,
    "summary": summary,
    "requests": requests,
    "amount": amount,
    "facts": facts,
    "tried_before": tried_before,
    "materials": materials,
}
"""Form field (server.domain.states.FormField) → its rule, in the order of the form."""


def fields(talk: Talk, vocabulary: Vocabulary) -> tuple[DraftField, ...]:
    """Every field for which something was said."""
    by = patterns(vocabulary)
    found = ((field, rule(talk, by)) for field, rule in RULES.items())
    return tuple(DraftField(field=f, value=hit[0], utterance_ids=hit[1]) for f, hit in found if hit)


def said_people(value: str) -> int | None:
    """The number in a value of the field `people`, or None if it is not exact."""
    match = re.match(NUMERAL, value)
    return parse(match[0]) if match and "多" not in value else None
