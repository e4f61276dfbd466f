"""Rules that take form fields from what was said.

Every rule copies words out of the utterances that it names as evidence; it adds nothing but the digits of a number.
`purpose` is a choice: its evidence contains the words that decide it.  A rule in doubt gives nothing: an empty field
is asked for by a clerk, a wrong one may be signed.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from server.protocol.drafting import DraftField
from transcription.drafting.numbers import (
    NUMERAL,
    Money,
    digit_runs,
    is_identity_number,
    is_mobile_number,
    money,
    parse,
)
from transcription.drafting.turns import Talk, Turn

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
_CORRECTS = re.compile(r"写错|记错|说错|不对|更正|应该是|纠正")

_NAME = re.compile(rf"我(?:的名字)?(?:是|叫|名叫|叫做|名字叫)(?:做)?([\u4e00-\u9fff]{{2,4}}){_STOP}")
_NAMED = re.compile(r"我(?:的名字|叫|名叫)")
_ASKS_NAME = re.compile(r"叫什么|姓名|贵姓|怎么称呼|您是谁|名字")
_PLACE = r"[\u4e00-\u9fff\d]{2,28}?(?:村|社区|小区|街道|街|路|镇|乡|组|号|栋|单元|室|楼|庄|屯|寨)"
_LIVES = (
    re.compile(rf"(?:家住|住址是|地址是|住在|我住|家在)({_PLACE}){_STOP}"),
    re.compile(rf"是({_PLACE})(?:的)?(?:村民|居民|人){_STOP}"),
)
_PEOPLE = re.compile(rf"(?:我们|一共|总共|共有|一起来了|来了)(?:一共|总共)?(?:来了|有)?({NUMERAL}(?:多)?(?:个|名|位|户)(?:农民工|工人|村民|职工|业主|居民|家长|代表|人)?)")
_UNIT = r"[\u4e00-\u9fff]{0,14}?(?:公司|集团|工厂|政府|村委会|居委会|合作社|医院|学校|银行|物业|自然资源局|开发商)"
_ACCUSED = (
    re.compile(rf"(?:^|[，。、！？,])(?:就是|都是|是|这个|那个)?({_UNIT})(?:一直|还|长期)?(?:拖欠|欠着?我|克扣|侵占|强占|强拆|扣了我|不给我|没有给我)"),
    re.compile(rf"(?:举报|控告|检举|投诉的是)({_UNIT})"),
)
_ONLY_UNIT_WORD = re.compile(r"^(?:公司|集团|工厂|政府|医院|学校|银行|物业|合作社)$")
_PROBLEM_PLACE = re.compile(
    r"在([\u4e00-\u9fff\d]{2,14}?(?:工地|小区|村|路|街|园区|工业园)(?:的工地)?)(?:上|里)?(?:干活|施工|打工|做工|上班)"
)
_VISITED_PLACE = re.compile(r"到([\u4e00-\u9fff]{2,12}?(?:村|社区|小区|工地|路|街))(?:去)?(?:实地|现场)?(?:调查|查看|了解|核实)")

_REQUEST = re.compile(r"请求|要求|希望|恳请|盼望|我的诉求|想让|把.{0,8}(?:给我|还给|发下来|退给)")
_ASKS_REQUEST = re.compile(r"诉求是|什么诉求|什么要求|希望怎么|怎么解决|想要.{0,4}什么|希望.{0,6}什么")
_NO_REQUEST = re.compile(r"没有(?:别的|其他|什么)?要求[。！]?$")
_TRIED = re.compile(r"(?:去|找|到|向|跟|给|申请|起诉|上访|投诉|反映|打)[^，。]{0,18}(?:过|了[一二两三四五六七八九十\d]+次)")
_TRIED_ACT = re.compile(r"去过|找过|反映过|投诉过|上访过|申请过|起诉过|报过|打过|问过|仲裁过|了.{1,2}次")
_ASKS_TRIED = re.compile(r"之前|以前|找过|反映过|怎么答复|书面答复|别的部门")
_THEY = re.compile(r"^(?:他们|她们|都|对方)")
_MATERIAL = re.compile(r"协议|合同|欠条|流水|收据|发票|证明|户口本|身份证|判决书|照片|录像|票据|病历|存折|房产证|材料")
_HANDS_IN = re.compile(r"带了|带来|带着|我有|手里|有，|提供|准备了|交了|原件|复印件")
_COURT = re.compile(r"法院|起诉|打官司|判决|裁定|检察院|立案|仲裁")
_ASIDE = re.compile(
    r"同意录|录音|录像|你们录|^(?:谢谢|好的|嗯|可以|是的|对的?)|我确认|没有问题|听明白|麻烦您|我叫|身份证|户口本"
    r"|请问|[？?]$|您这句话|放心了|都对"
)
_ACCUSES = re.compile(r"我们?(?:要|想|来|是来)?(?:实名)?(?:举报|控告|检举|揭发)")
_SUGGESTS = re.compile(r"我们?(?:想|要|来)?(?:提|有)(?:一|几|个|点|些|条|两)*(?:建议|意见)")
_ENQUIRES = re.compile(r"我们?(?:想|要|来|就是来|是来)(?:咨询|打听|问一下|了解一下)")
_APPEALS = re.compile(r"不服.{0,12}(?:决定|意见|判决|复查|裁定|处罚)|对[^，。]{0,12}(?:决定|意见|判决|裁定|处罚)不服|我们?(?:要|来)?申诉")
_REQUESTS = re.compile(r"我们?(?:请求|要求|恳请)|希望领导|希望政府|我的诉求")
_CATEGORIES = (
    "征地补偿", "拆迁补偿", "拖欠农民工工资", "拖欠工资", "养老保险", "医疗保险", "工伤赔偿", "最低生活保障", "宅基地",
    "环境污染", "物业纠纷", "医疗纠纷", "房产证办理", "土地承包",
)
_STRONG = re.compile(r"还差|还欠|尚欠|没有给|没给|未付|未给")
_TOTAL = re.compile(r"拖欠|欠|一共|总共|合计|总数|损失")
_PER_HEAD = re.compile(r"每(?:个人|人|亩|户|月|个月|天|年|平方米|平米|家)[^，。]*$")


# --- people and places ------------------------------------------------------------------------------------------


def name(talk: Talk) -> Found | None:
    """我叫…; a bare 我是… counts only as an answer to the question for the name."""
    found: list[tuple[Turn, str]] = []
    for turn in talk.petitioner:
        match = _NAME.search(turn.text)
        if match and _is_name(match, asked=turn.asked(_ASKS_NAME)):
            found.append((turn, match[1]))
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


def address(talk: Talk) -> Found | None:
    found = [(turn, m[1]) for turn in talk.petitioner for m in (_search(_LIVES, turn.text),) if m]
    return _first_or_corrected(found)


def _search(patterns: Iterable[re.Pattern[str]], text: str) -> re.Match[str] | None:
    return next((match for pattern in patterns if (match := pattern.search(text))), None)


def id_number(talk: Talk) -> Found | None:
    return _digits(talk, is_identity_number)


def phone(talk: Talk) -> Found | None:
    return _digits(talk, is_mobile_number)


def _digits(talk: Talk, right: Callable[[str], bool]) -> Found | None:
    found = [(t, run) for t in talk.petitioner for run in digit_runs(t.text) if right(run)]
    return _first_or_corrected(found)


def people(talk: Talk) -> Found | None:
    found = [(turn, m[1]) for turn in talk.petitioner for m in (_PEOPLE.search(turn.text),) if m]
    return _first_or_corrected(found)


def problem_place(talk: Talk) -> Found | None:
    """Where they say it happened; a place that only the receiver names counts if the petitioner named it too."""
    for turn in talk.petitioner:
        if match := _PROBLEM_PLACE.search(turn.text):
            return match[1], (turn.id,)
    for utterance in talk.receiver:
        match = _VISITED_PLACE.search(utterance.text)
        said = [turn.id for turn in talk.petitioner if match and match[1] in turn.text]
        if match and said:
            return match[1], (said[0], utterance.id)
    return None


def accused_unit(talk: Talk) -> Found | None:
    for turn in talk.petitioner:
        match = _search(_ACCUSED, turn.text)
        if match and not _ONLY_UNIT_WORD.match(match[1]):
            return match[1], (turn.id,)
    return None


# --- the matter -------------------------------------------------------------------------------------------------


def purpose(talk: Talk) -> Found | None:
    """The strongest thing said: an accusation is protected (article 30), so it goes before everything else."""
    rules = (
        ("accusation", _ACCUSES),
        ("appeal", _APPEALS),
        ("request", _REQUESTS),
        ("suggestion", _SUGGESTS),
        ("enquiry", _ENQUIRES),
    )
    for value, pattern in rules:
        said = [turn.id for turn in talk.petitioner if turn.says(pattern)]
        if said:
            return value, (said[0],)
    return None


def category(talk: Talk) -> Found | None:
    """Named by either side in a category's own words, and no other category named."""
    said = [(t.text, t.id) for t in talk.petitioner] + [(u.text, u.id) for u in talk.receiver]
    hits = [(c, id_) for text, id_ in said for c in (_category(text),) if c]
    return (hits[0][0], (hits[0][1],)) if len({c for c, _ in hits}) == 1 else None


def _category(text: str) -> str | None:
    return next((c for c in _CATEGORIES if c in text), None)


def amount(talk: Talk) -> Found | None:
    """The sum at stake, as said and in digits: a corrected one, else what is still owed, else the total."""
    found = [(_amount_rank(turn, sum_), turn, sum_) for turn in talk.petitioner for sum_ in money(turn.text)]
    ranked = [item for item in found if item[0]]
    if not ranked:
        return None
    best = max(rank for rank, _, _ in ranked)
    _, turn, chosen = [item for item in ranked if item[0] == best][-1]
    return f"{chosen.words}（{chosen.yuan}元）", (turn.id,)


def _amount_rank(turn: Turn, sum_: Money) -> int:
    before = re.split(r"[，。！？,]", turn.text[: sum_.at])[-1]
    clause = before + re.split(r"[，。！？,]", turn.text[sum_.at :])[0]
    if _PER_HEAD.search(before):
        return 0
    if turn.says(_CORRECTS) and "应该是" in turn.text[: sum_.at]:
        return 3
    return 2 if _STRONG.search(clause) else int(bool(_TOTAL.search(clause)))


# --- sentences, word for word -----------------------------------------------------------------------------------


def is_request(turn: Turn) -> bool:
    if turn.says(_NO_REQUEST) or turn.text.endswith(("？", "?")):
        return False
    return turn.says(_REQUEST) or (turn.first and turn.asked(_ASKS_REQUEST) and _long(turn))


def is_tried(turn: Turn) -> bool:
    if turn.text.endswith(("？", "?")):
        return False
    spoken_of = turn.says(_TRIED) and turn.says(_TRIED_ACT)
    return spoken_of or (turn.asked(_ASKS_TRIED) and _long(turn) and (turn.first or turn.says(_THEY)))


def is_material(turn: Turn) -> bool:
    return turn.says(_MATERIAL) and turn.says(_HANDS_IN) and not turn.says(_CORRECTS)


def is_fact(turn: Turn) -> bool:
    """Something told that no other field holds."""
    other = is_request(turn) or is_tried(turn) or is_material(turn) or turn.says(_ASIDE)
    return _long(turn) and not other


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


def requests(talk: Talk) -> Found | None:
    return _sentences(t for t in talk.petitioner if is_request(t))


def facts(talk: Talk) -> Found | None:
    return _sentences(t for t in talk.petitioner if is_fact(t))


def tried_before(talk: Talk) -> Found | None:
    return _sentences(t for t in talk.petitioner if is_tried(t))


def materials(talk: Talk) -> Found | None:
    return _sentences(t for t in talk.petitioner if is_material(t))


def litigation(talk: Talk) -> Found | None:
    return _sentences(t for t in talk.petitioner if t.says(_COURT) and not t.text.endswith(("？", "?")))


def summary(talk: Talk) -> Found | None:
    """The first three facts and the first request, in their own words and order."""
    told = [t for t in talk.petitioner if is_fact(t)][:3]
    asked = [t for t in talk.petitioner if is_request(t)][:1]
    return _sentences(sorted(told + asked, key=lambda t: t.utterance.start))


RULES: dict[str, Callable[[Talk], Found | None]] = {
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


def fields(talk: Talk) -> tuple[DraftField, ...]:
    """Every field for which something was said."""
    found = ((field, rule(talk)) for field, rule in RULES.items())
    return tuple(DraftField(field=f, value=hit[0], utterance_ids=hit[1]) for f, hit in found if hit)


def said_people(value: str) -> int | None:
    """The number in a value of the field `people`, or None if it is not exact."""
    match = re.match(NUMERAL, value)
    return parse(match[0]) if match and "多" not in value else None
