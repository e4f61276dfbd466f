"""What the rules of drafting look at: the petitioner's utterances, each with the question before it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from server.protocol.base import Role
from server.protocol.drafting import DraftInput
from server.protocol.transcript import Utterance

_ASKING = frozenset({Role.LEADER, Role.CLERK, Role.JOINT})


@dataclass(frozen=True)
class Turn:
    """One utterance.  `question`: what was last asked; `first`: it is the first answer to that."""

    utterance: Utterance
    question: str
    first: bool

    @property
    def text(self) -> str:
        return self.utterance.text

    @property
    def id(self) -> str:
        return self.utterance.id

    def says(self, pattern: re.Pattern[str]) -> bool:
        return bool(pattern.search(self.text))

    def asked(self, pattern: re.Pattern[str]) -> bool:
        return bool(pattern.search(self.question))


@dataclass(frozen=True)
class Talk:
    """The petitioner's turns, and what the receiving side said."""

    petitioner: tuple[Turn, ...]
    receiver: tuple[Utterance, ...]


def talk(given: DraftInput) -> Talk:
    """Sort the transcript by side; interpreters and observers are on neither."""
    roles = {speaker.id: speaker.role for speaker in given.speakers}
    ordered = sorted(given.utterances, key=lambda u: (u.start, u.end, u.id))
    receiver = tuple(u for u in ordered if roles.get(u.participant_id) in _ASKING)
    return Talk(tuple(_turns(ordered, roles)), receiver)


def _turns(ordered: Sequence[Utterance], roles: dict[str, Role]) -> list[Turn]:
    turns, question, first = list[Turn](), "", True
    for utterance in ordered:
        role = roles.get(utterance.participant_id)
        if role in _ASKING:
            question, first = utterance.text, True
        elif role is Role.PETITIONER:
            turns.append(Turn(utterance, question, first))
            first = False
    return turns
