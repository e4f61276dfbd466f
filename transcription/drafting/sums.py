"""Which of the sums that were said is the one at stake (涉及金额).

A sum counts where its clause says what it is: what is still owed, a total, what was taken, or what was agreed on or is due.
One that is denied, supposed, asked for, said as about so much, for one of many, or somebody else's is none: an empty field is
asked for by a clerk.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from server.protocol.numbers import SUPPOSED, Money, bare_sums, money
from transcription.drafting.vocabulary import Vocabulary

OWED, SAID = 2, 1
"""The higher, the sooner it is the one."""
CORRECTED = 3

_CLAUSE_ENDS = r"[，。！？,!?；;]"
_SENTENCE_ENDS = r"[。！？!?]"
_CORRECTS = re.compile(r"应该是|不是[^，。]{1,12}，(?:而|应当)?是$")
_OWN_DEBT = re.compile(
    r"我们?(?:家|家里)?(?:还|也|又|都|现在)*欠(?!我)|欠了?(?:银行|信用社|亲戚|朋友|别人|人家|外债|债)|借(?![给出条])|贷款|我们?[^，。]{0,3}不(?:还|退)"
)
_OF_ONE = "(?:个人|人|亩|分|户|个月|月|天|年|平方米|平方|平米|平|家|棵|株|头|间|斤|吨|车|口人|次)"
_PER_HEAD = re.compile(
    rf"(?:每{_OF_ONE}|人均|户均|平均)[^，。]*$|一(?:亩|分|平方米?|平米?|棵|株|头|间|斤|吨|车|天|个月|年|户|口人|人)地?(?:只|才|就|都|要|按|算|是|能|应该|该|说好|答应|补偿|赔偿|补|赔|给|发|付)*我?们?$"
    r"|(?:按|照)$"
)
_EACH = re.compile(rf"^钱?(?:每{_OF_ONE}|一{_OF_ONE}地?[的吧呢]?$|/)")
_ABOUT = re.compile(r"大概|大约|差不多|将近|接近|不止|不下|至少|最少|起码|最多|顶多|几乎|好像|可能|估计|也许|(?:超过|[约近快]|(?<![拿领收要看])不到)$")
_OR_SO = re.compile(r"^钱?(?:左右|上下|以上|以下|开外|出头|多|来|不到|打底|朝上|往上|还不止|零)")
_SUPPOSES = re.compile(rf"{SUPPOSED}|假设|假使|倘若|就算|即使|哪怕|的话|除非")
_HEARD = re.compile(r"听说|据说|听人|听[他她]|有人说|别人说|传言|只要|最好|希望|要求|想要")
_ASKS = re.compile(r"是不是|是否|有没有|多少|吗$|不是说")
_OTHERS_HOUSE = re.compile(r"(?:别人|人家|[他她]们?|邻居|隔壁|邻村|亲戚|朋友|其他|别的)[们那一]*[家村户组队]|[他她]们?[^，。]{0,3}被")
_TO_OTHERS = re.compile(r"[给赔还退补](?:偿|了)?(?:他|她|它|别人|人家|对方|[^，我]{1,6}家(?!里))")
_GIVES_WORD = "答应|承诺|许|保证(?!金)|同意|愿意|应该|应当|应|该"
_KIN = "儿子|女儿|老伴|丈夫|妻子|爱人|老公|老婆|儿媳妇?|媳妇|女婿|孩子|孙子|孙女|父亲|母亲|爸|妈|哥|弟|姐|妹|侄子?|亲戚"
_OWN_WORD = re.compile(rf"(?:我们?|我们?家?(?:{_KIN}))(?:家|家里|也|就|都|又|才|先|当时|当初|后来|已经|只|自己|不得不)*(?:{_GIVES_WORD})")
_FIRST_PART = re.compile(r"先[给付赔补退]")
_MONEY_WORD = re.compile(r"钱|款|工资|补偿|赔|费|金|利息|薪|欠|账|没有?[给付发结退]|未付")
_LEFT_OVER = r"(?:的|了|是|给|价钱?|一共|总共|款|数|钱|我们?|咱们?|补偿款?|赔偿款?|[\u4e00-\u9fff]{1,3}[费款金]){0,6}$"


@dataclass(frozen=True)
class _Said:
    """A sum with the words around it within its clause; `lead` and `rest`: the sentence before and after that; `told`: all before it."""

    sum: Money
    told: str
    lead: str
    before: str
    after: str
    rest: str
    asks: bool

    @property
    def clause(self) -> str:
        return self.before + self.sum.words + self.after


class SumWords:
    """The patterns made of a vocabulary's words."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        any_of = vocabulary.any_of
        agreed, pays = any_of("agreed"), any_of("pays")
        gap = r"[^，。；！？,;!?]"
        self._owed = re.compile(any_of("owed") + "(?!果)")
        self._total = re.compile(any_of("totals"))
        self._taken = re.compile(any_of("taken"))
        self._agreed = re.compile(
            rf"(?:{agreed}{gap}{{0,10}}?{pays}|{any_of('due')}){gap}{{0,8}}$|{agreed}{_LEFT_OVER}"
        )
        self._agreed_after = re.compile(rf"^{gap}{{0,4}}是{gap}{{0,8}}?{agreed}的")
        self._agreed_lead = re.compile(rf"{agreed}[了的]?$")
        self._denied = re.compile(
            rf"[不没未别](?:有|曾|再|能)*(?:是|{any_of('agreed', 'due', 'totals', 'taken')}|说|谈|讲|提|同意|写)"
        )

    def said(self, text: str) -> Iterator[tuple[int, Money]]:
        """The sums of an utterance that may be the one at stake, each with its rank."""
        with_unit = money(text)
        places = {one.at for one in with_unit}
        bare = [one for one in bare_sums(text) if one.at not in places]
        for one in [*with_unit, *bare]:
            said = _around(text, one)
            rank = self._rank(said)
            if rank and (one.at in places or self._is_money(said, rank)):
                yield rank, one

    def _rank(self, said: _Said) -> int:
        """0: it is not the one."""
        if _PER_HEAD.search(said.before) or _EACH.search(said.after) or _OWN_DEBT.search(said.clause):
            return 0
        if _ABOUT.search(said.before) or _OR_SO.search(said.after) or said.asks or _SUPPOSES.search(said.clause):
            return 0
        if _CORRECTS.search(said.told + said.before):
            return CORRECTED
        if self._denied.search(said.before):
            return 0
        # 欠我四个月工资，一万六千块: the clause before says what it is.
        clause = said.lead + said.clause if said.clause == said.sum.words else said.clause
        if self._owed.search(clause):
            return OWED
        return SAID if self._is_told(clause, said) else 0

    def _is_told(self, clause: str, said: _Said) -> bool:
        if _OTHERS_HOUSE.search(said.before) and "我" not in said.before:
            return False
        return bool(self._total.search(clause) or self._taken.search(clause) or self._is_agreed(said))

    def _is_agreed(self, said: _Said) -> bool:
        led = said.lead.rstrip("，, ")
        before = led + said.before if self._agreed_lead.search(led) else said.before
        if not (self._agreed.search(before) or self._agreed_after.search(said.after)):
            return False
        whole = said.lead + said.clause
        unsure = _SUPPOSES.search(whole) or _HEARD.search(whole) or self._denied.search(before)
        others = _OWN_WORD.search(before) or _TO_OTHERS.search(before) or _FIRST_PART.search(before)
        return not (unsure or others)

    def _is_money(self, said: _Said, rank: int) -> bool:
        """A number without a unit: whether money is spoken of."""
        words = said.lead + said.clause + (said.rest if rank == OWED else "")
        return bool(_MONEY_WORD.search(words)) or self._is_agreed(said)


def _around(text: str, one: Money) -> _Said:
    sentence = re.split(_SENTENCE_ENDS, text[: one.at])[-1]
    before = re.split(_CLAUSE_ENDS, sentence)[-1]
    rest = text[one.at + len(one.words) :]
    after = re.split(_CLAUSE_ENDS, rest)[0]
    asks = rest[len(after) : len(after) + 1] in ("？", "?") or bool(_ASKS.search(before) or _ASKS.search(after))
    lead = sentence[: len(sentence) - len(before)]
    sentence_rest = re.split(_SENTENCE_ENDS, rest)[0][len(after) :]
    return _Said(one, text[: one.at - len(before)], lead, before, after, sentence_rest, asks)
