"""The time limits of the work as data, and what an office may change about them: it may be stricter, never laxer."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

Unit = Literal["days", "working_days"]
Whose = Literal["office", "petitioner"]
LastDayOff = Literal["stays", "moves"]

UNIT_WORDS: dict[Unit, str] = {"days": "天", "working_days": "个工作日"}
_TABLE = Path(__file__).parent / "data" / "limits.toml"
NOT_EXTENDED = "这一步不能延长。"


class LimitError(ValueError):
    """What was asked for is not within the law; the text is a Chinese sentence for the user."""


@dataclass(frozen=True)
class PauseKind:
    """Why a limit may stand still."""

    id: str
    name: str
    what: str
    basis: str


@dataclass(frozen=True)
class Rule:
    """One time limit; the keys of data/limits.toml, which explains them."""

    id: str
    name: str
    value: int
    unit: Unit
    article: str
    starts: str
    says: str
    longer: str = NOT_EXTENDED
    whose: Whose = "office"
    last_day_off: LastDayOff = "stays"
    stopped_by: tuple[str, ...] = ()
    extends: str = ""
    lapses: bool = False
    """Nothing is owed: whoever does not use it in time loses it, and nobody is late."""
    extended_by: "Rule | None" = None
    """The limit that runs on from the end of this one."""
    local_source: str = ""
    """The document a stricter local rule stands in."""

    def __post_init__(self) -> None:
        if type(self.value) is not int or self.value < 1:
            raise ValueError(f"limits.toml: {self.id}: value must be a whole number from 1")
        for name, kinds in (("unit", Unit), ("whose", Whose), ("last_day_off", LastDayOff)):
            if getattr(self, name) not in get_args(kinds):
                raise ValueError(f"limits.toml: {self.id}: {name} must be one of {get_args(kinds)}")
        for name in ("says", "longer"):
            if getattr(self, name).replace("{limit}", "").count("{"):
                raise ValueError(f"limits.toml: {self.id}: {name} knows {{limit}} only")

    @property
    def limit(self) -> str:
        """E.g. 60 天."""
        return in_words(self.value, self.unit)

    @property
    def explanation(self) -> str:
        return self.says.format(limit=self.limit)

    @property
    def extension(self) -> str:
        return self.longer.format(limit=self.extended_by.limit if self.extended_by else "")


@dataclass(frozen=True)
class LocalRule:
    """What an organization sets for itself; None leaves what the law says."""

    value: int
    source: str
    unit: Unit | None = None
    stopped_by: tuple[str, ...] | None = None


def in_words(value: int, unit: Unit) -> str:
    return f"{value} {UNIT_WORDS[unit]}"


def read(table: Mapping[str, Any]) -> tuple[dict[str, Rule], dict[str, PauseKind]]:
    """Rules and pauses of the table; ValueError names the row and what is wrong with it."""
    pauses = {name: PauseKind(id=name, **row) for name, row in table["pauses"].items()}
    rules = [_row(name, row) for name, row in table["limits"].items()]
    for rule in rules:
        if unknown := [pause for pause in rule.stopped_by if pause not in pauses]:
            raise ValueError(f"limits.toml: {rule.id}: no such pause: {unknown[0]}")
        if rule.extends and rule.extends not in table["limits"]:
            raise ValueError(f"limits.toml: {rule.id}: no such limit: {rule.extends}")
    return _linked(rules), pauses


def _row(name: str, row: Mapping[str, Any]) -> Rule:
    try:
        return Rule(id=name, **{**row, "stopped_by": tuple(row.get("stopped_by", ()))})
    except TypeError as error:
        raise ValueError(f"limits.toml: {name}: {error}") from None


def _linked(rules: Iterable[Rule]) -> dict[str, Rule]:
    """Each rule with the one that extends it."""
    named = {rule.id: rule for rule in rules}
    longer = {rule.extends: rule for rule in named.values() if rule.extends}
    return {name: replace(rule, extended_by=longer.get(name)) for name, rule in named.items()}


RULES, PAUSES = read(tomllib.loads(_TABLE.read_text("utf-8")))
LAPSING = frozenset(name for name, rule in RULES.items() if rule.lapses)
FIRST_RULE = "register_and_refer"


def rules_for(local: Mapping[str, LocalRule]) -> dict[str, Rule]:
    """The rules of an organization; LimitError where one of its own is laxer than the law."""
    if problems := local_problems(local):
        raise LimitError(next(iter(problems.values())))
    return _linked(_stricter(rule, local.get(name)) for name, rule in RULES.items())


def local_problems(local: Mapping[str, LocalRule]) -> dict[str, str]:
    """Per local rule that the law does not allow one Chinese sentence that says why."""
    found = {name: _problem(name, rule) for name, rule in local.items()}
    return {name: problem for name, problem in found.items() if problem}


def _problem(name: str, local: LocalRule) -> str:
    law = RULES.get(name)
    if law is None:
        return f"没有“{name}”这个期限。"
    if law.whose == "petitioner":
        return f"“{law.name}”是信访人自己的期限，法律给多少就是多少，本地不能改。"
    if not local.source.strip():
        return f"“{law.name}”请写明依据本地哪个文件。"
    if type(local.value) is not int or local.value < 1:
        return f"“{law.name}”至少要有 1 天，写整数。"
    return _laxer(law, local)


def _laxer(law: Rule, local: LocalRule) -> str:
    unit = local.unit or law.unit
    if law.unit == "days" and unit == "working_days":
        return f"“{law.name}”法律按日历天算，本地也要按日历天写：换成工作日，遇上长假会比法律规定的晚。"
    if local.value > law.value:
        return (
            f"“{law.name}”法律最多给 {law.limit}（{law.article}），本地写了 {in_words(local.value, unit)}，"
            "比法律宽，不能用。可以写得更短。"
        )
    if more := [pause for pause in local.stopped_by or () if pause not in law.stopped_by]:
        names = "、".join(PAUSES[pause].name if pause in PAUSES else pause for pause in more)
        return f"“{law.name}”不能因为{names}停算，本地不能多加停算的理由。"
    return ""


def _stricter(law: Rule, local: LocalRule | None) -> Rule:
    if local is None:
        return law
    stopped_by = law.stopped_by if local.stopped_by is None else local.stopped_by
    return replace(
        law, value=local.value, unit=local.unit or law.unit, stopped_by=stopped_by, local_source=local.source.strip()
    )
