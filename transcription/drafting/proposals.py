"""What a language model proposes for the form is believed only as far as its cited utterances carry it.

A proposal may choose among what was said and leave out, and it may say who said it; it may add nothing.  So it is not
searched for what could be wrong with it, it is laid word for word over the clauses of the utterances that it cites:

- A clause is used whole, in the order in which it was said, without fillers; so no negation, doer, unit of measure,
  name or date can appear, vanish or change places.  Numbers are compared by their value (十一万, 11万 and 110000).
- A stretch of clauses begins where a sentence begins, or with the speaker's own 我 or wish: what comes later may have
  its doer in what was left out.  Clauses with 他, 对方 and the like need the one before them.
- A sentence with a condition, hearsay, doubt, denial or correction is used whole or not at all; a question claims nothing.
- The petitioner's words count for what the petitioner claims; the receiver's only in a summary that says whose they are.
- Words that tell the writer what to write are no matter of anybody's: they are neither shown to a model nor evidence.

Pure functions.  A model that paraphrases freely loses its proposals here; that is meant.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from server.protocol.base import Role
from server.protocol.drafting import DraftField, DraftInput
from server.protocol.numbers import SUPPOSED, parse
from server.protocol.transcript import Utterance
from transcription.drafting import fields as rules
from transcription.drafting.echo import without_echoes
from transcription.drafting.turns import Talk, Turn, talk
from transcription.drafting.vocabulary import in_use
from transcription.drafting.written import written_text

SENTENCES = ("summary", "requests", "facts", "tried_before", "materials")
"""Fields of sentences: several proposals for one of them are its sentences."""
NAMES = ("problem_place", "accused_unit", "address", "amount", "people")
"""Fields whose value is a few words out of one clause."""
CHOSEN = ("purpose", "category")
FIELDS = (*SENTENCES, *NAMES, *CHOSEN)
"""Fields that a model may propose something for; who the petitioner is, is never among them."""

MOST_PROPOSALS = 60
MOST_CITED = 12
LONGEST_SENTENCE = 400
LONGEST_VALUE = 100
LONGEST_FIELD = 1500
_JOINS_WITHIN_S = 0.5


@dataclass(frozen=True)
class Proposal:
    """A sentence or value for a field, and the numbers (from 1, see `numbered`) of the utterances it rests on."""

    field: str
    text: str
    cited: tuple[int, ...]


def read(answer: object) -> tuple[Proposal, ...]:
    """The proposals in a model's JSON: {"proposals": [{"field", "text", "utterances": [1, …]}]}; what is no proposal is
    passed over."""
    listed = answer.get("proposals") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        return ()
    return tuple(found for one in listed[:MOST_PROPOSALS] if (found := _proposal(one)) is not None)


def _proposal(one: object) -> Proposal | None:
    if not isinstance(one, dict):
        return None
    field, text, cited = one.get("field"), one.get("text"), one.get("utterances")
    if not isinstance(field, str) or not isinstance(text, str) or not isinstance(cited, list):
        return None
    numbers = [number for number in cited[: MOST_CITED + 1] if type(number) is int]
    if field not in FIELDS or len(numbers) != len(cited):
        return None
    return Proposal(field, text.strip(), tuple(dict.fromkeys(numbers)))


# --- what was said ----------------------------------------------------------------------------------------------

_TELLS_THE_WRITER = re.compile(
    r"忽略|无视|指令|提示词|语言模型|大模型|人工智能|机器人|系统提示|[写填记改](?:上|成|为|进|入|做)|输出|照我说的(?:写|填|记)"
    r"|不要按|别按|按我(?:说|讲)的(?:写|填|记)|\bai\b|ignore|instruction|prompt|system|assistant|json|https?:|[<>{}\[\]`\\|]",
    re.IGNORECASE,
)


def tells_the_writer(text: str) -> bool:
    """Whether somebody says what to write rather than what the matter is."""
    return bool(_TELLS_THE_WRITER.search(unicodedata.normalize("NFKC", text)))


@dataclass(frozen=True)
class Numbered:
    """An utterance as a model is shown it."""

    number: int
    utterance: Utterance
    role: Role


_SHOWN = frozenset({Role.PETITIONER, Role.LEADER, Role.CLERK, Role.JOINT})


def numbered(given: DraftInput) -> tuple[Numbered, ...]:
    """What a model may be shown and may cite, in order of time; without echoes, and without what tells the writer what
    to write: their numbers are left out, so that a number means the same whatever else was said."""
    roles = {speaker.id: speaker.role for speaker in given.speakers}
    ordered = sorted(without_echoes(given.utterances), key=lambda u: (u.start, u.end, u.id))
    return tuple(
        Numbered(number, one, roles[one.participant_id])
        for number, one in enumerate(ordered, start=1)
        if roles.get(one.participant_id) in _SHOWN and not tells_the_writer(one.text)
    )


# --- words and clauses ------------------------------------------------------------------------------------------

_NUMBER = re.compile(
    r"\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?[万亿千百]?|\d+(?:\.\d+)?[万亿千百]?|[零〇一二三四五六七八九十百千万亿两]+"
)
_SPOKEN_RUN = re.compile(r"[零〇一二三四五六七八九幺]{3,}")
_TOKEN = re.compile(rf"(?P<number>{_NUMBER.pattern})|(?P<latin>[A-Za-z]+)|(?P<other>\S)")
_DIGITS = str.maketrans("零〇一二三四五六七八九幺", "001234567891")
BREAK = "，"
_BREAKS = frozenset("，,。；;！!：:、…—.")
_UNSAID = frozenset("“”‘’\"'「」《》（）()")
_SENTENCE = re.compile(r"[^。！？!?；;]*[。！？!?；;]*")
_CLAUSE = re.compile(r"[^，,：:、…—]+")


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """Words to compare: a number is one word that is its value, everything else is one character; 没有 is 没."""
    plain = written_text(unicodedata.normalize("NFKC", text.replace("，", "、")))
    plain = _SPOKEN_RUN.sub(lambda m: m[0].translate(_DIGITS), plain).replace("没有", "没")
    return tuple(_token(match) for match in _TOKEN.finditer(plain))


def _token(match: re.Match[str]) -> str:
    if match["number"]:
        value = parse(match["number"])
        return match["number"] if value is None else f"{value}"
    if match["other"] in _BREAKS:
        return BREAK
    return match[0].lower()


@dataclass(frozen=True)
class Clause:
    """A clause of one speaker.  `opens`: a stretch may begin with it; `leans`: only after the one before it; `sentence`:
    its number; `bound`: the sentence is used whole or not at all; `claims`: it is no question."""

    words: tuple[str, ...]
    text: str
    utterance_ids: frozenset[str]
    sentence: int
    opens: bool
    leans: bool
    bound: bool
    claims: bool
    role: Role

    @property
    def petitioner(self) -> bool:
        return self.role is Role.PETITIONER


_BINDS = re.compile(
    rf"{SUPPOSED}|假设|假使|倘若|除非|只要|只有|条件|但是|但|可是|不过|然而|听说|据说|听[人他她]|[别有]人说|[他她]们?说|老板说|好像|似乎|可能"
    r"|也许|大概|估计|怀疑|以为|猜|梦|说我|骗|假的|谎|瞎|玩笑|[没不](?:有)?(?:是)?说|否认|不承认|写错|记错|说错|听错|不对|更正|应该是|纠正|不是"
)
_LIMITS = re.compile(r"^[嗯啊哦]*(?:但|可是|不过|然而|除非|只要|条件|前提)")
"""A clause that begins so takes something back from the one before it."""
_ONLY_NO = re.compile(r"^[嗯啊哦]*(?:没有?|不|不是|不行|不要|未|别|错|没错|是|对|有)(?:的|了|啊|呀|过)?$")
_LEANS = re.compile(r"[他她它]|对方|双方|这[样么]|那[样么]|此|该|后者|前者|同[上样]")
_OPENS = re.compile(r"^(?:我|俺|咱|本人|要求|希望|请求|恳请|请)")
_ASKS = re.compile(r"[？?]|[吗么呢][。！!，,；;]*$|^(?:谁|哪|什么|怎么|为什么|凭什么|难道|是不是|有没有|能不能|会不会)")


def clauses(said: Sequence[Numbered]) -> tuple[Clause, ...]:
    """The clauses in order of time; a sentence that the segmenter cut in two is one sentence of both utterances."""
    found: list[Clause] = []
    for pieces in _connected(said):
        for sentence in _sentences(pieces):
            found.extend(_of_sentence(sentence, pieces[0].role, number=found[-1].sentence + 1 if found else 0))
    return tuple(found)


def _connected(said: Sequence[Numbered]) -> list[list[Numbered]]:
    groups: list[list[Numbered]] = []
    for one in said:
        last = groups[-1][-1] if groups else None
        if last is not None and _goes_on(last.utterance, one.utterance):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _goes_on(before: Utterance, after: Utterance) -> bool:
    return (
        before.participant_id == after.participant_id
        and after.start - before.end < _JOINS_WITHIN_S
        and before.text.rstrip()[-1:] not in "。！？!?….；;"
    )


_Piece = list[tuple[str, str]]
"""Characters, each with the utterance it is of."""


def _sentences(pieces: Sequence[Numbered]) -> Iterable[_Piece]:
    letters = [(c, one.utterance.id) for one in pieces for c in unicodedata.normalize("NFKC", one.utterance.text)]
    text = "".join(c for c, _ in letters)
    for match in _SENTENCE.finditer(text):
        if match[0].strip():
            yield letters[match.start() : match.end()]


def _of_sentence(sentence: _Piece, role: Role, number: int) -> Iterable[Clause]:
    text = "".join(c for c, _ in sentence)
    parts = [m for m in _CLAUSE.finditer(_guarded(text)) if tokens(m[0])]
    bound = bool(_BINDS.search(text)) or any(_ONLY_NO.match(_bare(m[0])) for m in parts)
    claims = not _ASKS.search(text)
    for place, match in enumerate(parts):
        part = text[match.start() : match.end()]
        yield Clause(
            words=tuple(word for word in tokens(part) if word != BREAK),
            text=part,
            utterance_ids=frozenset(of for _, of in sentence[match.start() : match.end()]),
            sentence=number,
            opens=place == 0 or (bool(_OPENS.search(part)) and not bound),
            leans=bool(_LEANS.search(part)),
            bound=bound,
            claims=claims,
            role=role,
        )


def _guarded(text: str) -> str:
    """Commas inside of numbers do not end a clause."""
    return re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "\u2060", text)


def _bare(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


# --- sentences, laid over clauses -------------------------------------------------------------------------------

_FILLERS = tuple(
    tuple(word)
    for word in (
        "嗯", "啊", "呢", "吧", "嘛", "呀", "哦", "唉", "哎", "诶", "喂", "那个", "这个", "就是", "就是说", "然后", "其实", "反正", "所以",
        "因为", "那么", "首先", "另外", "再就是", "您好", "你好", "“", "”", "‘", "’", '"', "'", "(", ")", "《", "》", "「", "」",
    )
)  # fmt: skip
_SELF = tuple(tuple(word) for word in ("我", "我们", "俺", "俺们", "咱", "咱们", "本人", "我本人", "我自己"))
_PETITIONER_IS = tuple(tuple(word) for word in ("信访人", "来访人", "信访人本人", "本人"))
_TITLES = {Role.LEADER: "接访领导", Role.CLERK: "接谈员", Role.JOINT: "联合接访人员"}
_ADDRESSED = tuple(tuple(word) for word in ("你", "您", "你们"))
_SAYS_PETITIONER = re.compile(r"^(?:另外|此外)?[,，]?(?:信访人|来访人)?(?:反映|称|说|表示|陈述)[,，:：]?(?=.)")
_SAYS_RECEIVER = re.compile(rf"^(?:另外|此外)?[,，]?({'|'.join(_TITLES.values())})(?:答复|称|说|表示|告知)[,，:：]?(?=.)")


def carried(text: str, said: Sequence[Clause], cited: frozenset[str], *, receiver_may: bool = False) -> bool:
    """Whether a sentence is made of clauses of the cited utterances, and of all of these utterances.

    `said`: the clauses of the whole talk; `receiver_may`: it may tell what the receiver said, and then says so.
    """
    if not 0 < len(text) <= LONGEST_SENTENCE or re.search(r"[？?!！<>{}\[\]`\\|\n\r\t]", text):
        return False
    usable = [one for one in said if one.claims and one.utterance_ids <= cited]
    speakers = {one.role for one in usable}
    told_by = _SAYS_RECEIVER.match(text)
    if told_by:
        fits = receiver_may and {_TITLES.get(role) for role in speakers} == {told_by[1]}
        return fits and _laid_over(text[told_by.end() :], usable, said, cited)
    if speakers != {Role.PETITIONER}:
        return False
    head = _SAYS_PETITIONER.match(text)
    return any(_laid_over(body, usable, said, cited) for body in {text, text[head.end() :] if head else text})


def _laid_over(text: str, usable: Sequence[Clause], said: Sequence[Clause], cited: frozenset[str]) -> bool:
    """Whether some stretches of these clauses, one after the other, say exactly this."""
    wanted = _trimmed(tokens(text))
    if not any(word != BREAK for word in wanted):
        return False
    place = {id(one): number for number, one in enumerate(said)}
    reached: list[dict[int, set[frozenset[str]]]] = [{} for _ in range(len(usable) + 1)]
    reached[0][0] = {frozenset()}
    # reached[n][p]: using no clause after the nth, the first p words are said; with the utterances that were used.
    for first, one in enumerate(usable):
        for p, sets in list(reached[first].items()):
            reached[first + 1].setdefault(p, set()).update(sets)
            if not one.opens or one.leans:
                continue
            for last, end in _stretches(wanted, p, usable, first, said, place):
                used = frozenset().union(*(clause.utterance_ids for clause in usable[first : last + 1]))
                reached[last + 1].setdefault(end, set()).update(found | used for found in sets)
    return any(used == cited for used in reached[-1].get(len(wanted), ()))


def _stretches(
    wanted: Sequence[str], p: int, usable: Sequence[Clause], first: int, said: Sequence[Clause], place: dict[int, int]
) -> Iterable[tuple[int, int]]:
    """(last clause, words said) of every stretch that begins with this clause at word p."""
    ends = {p}
    for last in range(first, len(usable)):
        if last > first and place[id(usable[last])] != place[id(usable[last - 1])] + 1:
            return
        if usable[last].role is not usable[first].role:
            return
        ends = {end for start in ends for end in _clause_ends(wanted, start, usable[last])}
        if not ends:
            return
        if _may_end(usable[last], said, place[id(usable[last])]):
            yield from ((last, end) for end in ends)


def _may_end(clause: Clause, said: Sequence[Clause], at: int) -> bool:
    following = said[at + 1] if at + 1 < len(said) else None
    if following is None or following.role is not clause.role:
        return True
    return not (clause.bound and following.sentence == clause.sentence) and not _LIMITS.match(following.text)


def _clause_ends(wanted: Sequence[str], start: int, clause: Clause) -> set[int]:
    """Where in the wanted words a clause can end that begins at `start`: after a break, or at the end of all."""
    begin = start + 1 if start and wanted[start : start + 1] == (BREAK,) else start
    if start and begin == start:
        return set()
    own, substitutes = clause.words, _PETITIONER_IS if clause.petitioner else (tuple(_TITLES[clause.role]),)
    states, done, ends = {(begin, 0)}, set[tuple[int, int]](), set[int]()
    while states:
        state = states.pop()
        if state in done:
            continue
        done.add(state)
        p, c = state
        if c == len(own):
            if p > begin and (p == len(wanted) or wanted[p] == BREAK):
                ends.add(p)
            continue
        if p < len(wanted) and wanted[p] == own[c] and wanted[p] != BREAK:
            states.add((p + 1, c + 1))
        states.update((p, c + len(f)) for f in _FILLERS if own[c : c + len(f)] == f)
        states.update(_replaced(wanted, p, own, c, _SELF, substitutes))
        if not clause.petitioner:
            states.update(_replaced(wanted, p, own, c, _ADDRESSED, _PETITIONER_IS))
    return ends


def _replaced(
    wanted: Sequence[str], p: int, own: Sequence[str], c: int, words: Iterable[tuple[str, ...]], by: Sequence[tuple[str, ...]]
) -> Iterable[tuple[int, int]]:
    for word in words:
        if own[c : c + len(word)] == word:
            yield from ((p + len(new), c + len(word)) for new in by if wanted[p : p + len(new)] == new)


def _trimmed(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without breaks at the ends, and with one where several stand together."""
    kept = [word for n, word in enumerate(words) if word != BREAK or (n and words[n - 1] != BREAK)]
    while kept and kept[-1] == BREAK:
        kept.pop()
    return tuple(kept)


# --- a few words out of a clause --------------------------------------------------------------------------------

_DENIES = re.compile(r"[没未不别无非假每]|从来|平均|人均")
"""Before a value: it is denied, or one of many."""
_TAKES_BACK = re.compile(r"^.{0,4}(?:不是|[没不]欠|不属于|不对|无关|没关系|不用|没参加)")
_ELSEWHERE = re.compile(r"住|户口|老家|旁边|附近|对面|隔壁|亲戚|朋友|邻居|儿子|女儿|丈夫|妻子|老婆|老公|以前|原来|路过")
_BORROWS = re.compile(r"借|贷款|我们?(?:家)?(?:还)?欠(?!我)|还款|垫")
_AT_STAKE = re.compile(r"欠|补偿|赔偿|工资|工钱|损失|款|一共|总共|合计")
_ABOUT = frozenset("多来几余左上近约超到过大差少以")
_ACCUSING = re.compile(r"(?:举报|控告|检举|投诉)的?(?:是)?$")
_HARMS = re.compile(
    r"^(?:一直|还|长期|又|至今|现在|都|也)*(?:拖欠|欠|克扣|扣|侵占|强占|占|强拆|拆|打|污染|排|[没不](?:给|发|付|赔|管|办|答复|兑现))"
)
_HOME = re.compile(r"(?:家住|住在|我住|住址是|地址是|家在)$")
_CAME = re.compile(r"我们(?:这次|今天)?(?:一起|1共|总共|共)?(?:来了|有|是)?$")
_STOPS = re.compile(r"^(?:$|[的了里上没不1在就把也都来去有是拖欠克扣侵给干施打做])")
_ENDS = {"problem_place": ("sites", "homes"), "accused_unit": ("units", "authorities"), "address": ("homes",)}
_SUM = re.compile(r"\d+(?:\.\d+)?(?:元|块钱|块)")
_HEADS = re.compile(r"\d+(?:个|名|位|户)(?:人|农民工|工人|村民|职工|业主|居民|家长|代表|老师|司机|商户|租户|社员)?")


def named(field: str, value: str, clause: Clause) -> bool:
    """Whether a value stands in a clause as words of their own, stated and not denied, and is what the field asks for."""
    words = tokens(value)
    if not words or BREAK in words or not clause.petitioner or not clause.claims or clause.bound or clause.leans:
        return False
    for at in range(len(clause.words) - len(words) + 1):
        before, after = ("".join(part) for part in (clause.words[:at], clause.words[at + len(words) :]))
        if clause.words[at : at + len(words)] == words and not _DENIES.search(before) and not _TAKES_BACK.search(after):
            return _KINDS[field](value, words, before, after)
    return False


def _is_unit(value: str, before: str, after: str) -> bool:
    ends = re.search(in_use().any_of(*_ENDS["accused_unit"]) + "$", value)
    harms = not before and _HARMS.search(after)
    return bool(ends and len(value) > 2 and (harms or (_ACCUSING.search(before) and _STOPS.search(after))))


def _is_place(value: str, before: str, after: str) -> bool:
    ends = re.search(in_use().any_of(*_ENDS["problem_place"]) + "$", value)
    return bool(ends and before.endswith("在") and _STOPS.search(after) and not _ELSEWHERE.search(before))


def _is_address(value: str, before: str, after: str) -> bool:
    return bool(re.search(in_use().any_of(*_ENDS["address"]) + "$", value) and _HOME.search(before) and not after)


def _is_sum(words: Sequence[str], before: str, after: str) -> bool:
    whole = _SUM.fullmatch("".join(words)) and before[-1:] not in _ABOUT and after[:1] not in _ABOUT
    return bool(whole and _AT_STAKE.search(before + after) and not _BORROWS.search(before + after))


def _is_head_count(words: Sequence[str], before: str, after: str) -> bool:
    whole = _HEADS.fullmatch("".join(words)) and after[:1] not in _ABOUT
    return bool(whole and _CAME.search(before))


_KINDS: dict[str, Callable[[str, Sequence[str], str, str], bool]] = {
    "problem_place": lambda value, words, before, after: _is_place(value, before, after),
    "accused_unit": lambda value, words, before, after: _is_unit(value, before, after),
    "address": lambda value, words, before, after: _is_address(value, before, after),
    "amount": lambda value, words, before, after: _is_sum(words, before, after),
    "people": lambda value, words, before, after: _is_head_count(words, before, after),
}


# --- choices ----------------------------------------------------------------------------------------------------


def _is_purpose(value: str, turns: Sequence[Turn]) -> bool:
    """The rule of the draft finds the same purpose in what is cited."""
    found = rules.RULES["purpose"](Talk(tuple(turns), ()), rules.patterns(in_use()))
    return found is not None and found[0] == value


def _is_category(value: str, said: Sequence[Clause]) -> bool:
    category = in_use().category(value)
    stated = [one for one in said if one.petitioner and one.claims and not one.bound]
    sentences = ("".join(one.text for one in stated if one.sentence == n) for n in {one.sentence for one in stated})
    return category is not None and any(category.named_in(sentence) for sentence in sentences)


# --- all of it --------------------------------------------------------------------------------------------------

_BELONGS = {"requests": rules.is_request, "tried_before": rules.is_tried, "materials": rules.is_material}
_CORRECTS = re.compile(r"写错|记错|说错|不对|更正|应该是|纠正")
_TAKEN_BACK = re.compile(r"^[嗯啊哦，]*(?:不是|没有[，。]|没说|错了)")


def check(given: DraftInput, proposed: Iterable[Proposal]) -> tuple[DraftField, ...]:
    """The proposals that their cited utterances carry, one for a field, in the order of FIELDS."""
    said = numbered(given)
    turns = {turn.id: turn for turn in talk(given).petitioner}
    told = clauses(said)
    by_number = {one.number: one for one in said}
    kept: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for one in proposed:
        if not one.cited or len(one.cited) > MOST_CITED or any(number not in by_number for number in one.cited):
            continue
        cited = [by_number[number].utterance.id for number in sorted(one.cited)]
        if _stands(one, told, cited, turns, said):
            own = kept.setdefault(one.field, [])
            if all(tokens(text) != tokens(one.text) for text, _ in own):
                own.append((one.text, tuple(cited)))
    return tuple(found for field in FIELDS if (found := _as_field(field, kept.get(field, []))) is not None)


def _stands(
    one: Proposal, told: Sequence[Clause], cited: Sequence[str], turns: dict[str, Turn], said: Sequence[Numbered]
) -> bool:
    ids = frozenset(cited)
    own = [clause for clause in told if clause.utterance_ids <= ids]
    if one.field != "summary" and any(found not in turns for found in cited):
        return False
    if _was_corrected(one.text, ids, said):
        return False
    if one.field == "purpose":
        return len(cited) == 1 and _is_purpose(one.text, [turns[found] for found in cited])
    if one.field == "category":
        return len(cited) == 1 and _is_category(one.text, own)
    if one.field in NAMES:
        fits = len(one.text) <= LONGEST_VALUE and len(cited) == 1
        return fits and any(named(one.field, one.text, clause) for clause in own)
    belongs = _BELONGS.get(one.field)
    if belongs and not all(belongs(turns[found], rules.patterns(in_use())) for found in cited):
        return False
    return carried(one.text, told, ids, receiver_may=one.field == "summary")


def _was_corrected(text: str, cited: frozenset[str], said: Sequence[Numbered]) -> bool:
    """What the petitioner says right after it corrects; of a number, anything that is said later."""
    last = max(one.number for one in said if one.utterance.id in cited)
    later = [one.utterance.text for one in said if one.number > last and one.role is Role.PETITIONER]
    figures = any(word[0].isdigit() for word in tokens(text))
    return any(_CORRECTS.search(words) for words in (later if figures else later[:1])) or any(
        _TAKEN_BACK.match(words) for words in later[:1]
    )


def _as_field(field: str, kept: Sequence[tuple[str, tuple[str, ...]]]) -> DraftField | None:
    """A field's sentences as one value; of two different values for a short field neither is believed."""
    if not kept or (field not in SENTENCES and len(kept) > 1):
        return None
    chosen, size = list[tuple[str, tuple[str, ...]]](), 0
    for text, cited in kept:
        size += len(text) + 1
        if size > LONGEST_FIELD:
            break
        chosen.append((text, cited))
    value = "".join(_closed(text) for text, _ in chosen) if field in SENTENCES else chosen[0][0]
    ids = dict.fromkeys(id_ for _, cited in chosen for id_ in cited)
    return DraftField(field=field, value=value, utterance_ids=tuple(ids))


def _closed(text: str) -> str:
    return text.rstrip("，,；;、：:") + ("" if text.endswith(("。", "！", ".")) else "。")
