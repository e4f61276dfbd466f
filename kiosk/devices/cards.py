"""The identity card reader: what is printed on a card, from whatever program the reader's maker gives.

Nothing is kept here, nothing is logged of it, and nothing goes anywhere but to the kiosk's own page.
"""

from typing import Any, Protocol

from pydantic import ValidationError

from kiosk.devices.bridge import Bridge, NoBridge
from server.protocol.base import kept
from server.protocol.devices import CardRead

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
SEXES = {"男": "male", "女": "female", "male": "male", "female": "female"}
LONGEST_NAME = 60


class NoReader(Exception):
    """There is none, it is unplugged, or its program does not answer."""


class NoCard(Exception):
    """Nobody put one there in time."""


class CardUnreadable(Exception):
    """It was there, and could not be read whole."""


class CardReader(Protocol):
    """What the kiosk's program needs of a reader."""

    async def name(self) -> str:
        """What is plugged in now; raises NoReader."""

    async def read(self, wait_s: float) -> CardRead:
        """The card that is put there within so long; raises NoReader, NoCard, CardUnreadable."""


class BridgeReader:
    """A reader behind its maker's program."""

    def __init__(self, port: int) -> None:
        self._bridge = Bridge(port)

    async def name(self) -> str:
        """Raises NoReader."""
        answer = await self._ask({"ask": "device"})
        return str(answer.get("device") or "读卡器")[:LONGEST_NAME]

    async def read(self, wait_s: float) -> CardRead:
        """Raises NoReader, NoCard, CardUnreadable: also where the number's last digit is not the one that belongs to it."""
        answer = await self._ask({"ask": "card", "wait_s": wait_s}, wait_s)
        return card_of(answer.get("card"), str(answer.get("device") or "读卡器")[:LONGEST_NAME])

    async def _ask(self, question: dict[str, Any], wait_s: float = 0) -> dict[str, Any]:
        try:
            answer = await self._bridge.ask(question, wait_s)
        except NoBridge as error:
            raise NoReader from error
        match answer.get("error"):
            case None:
                return answer
            case "no_card":
                raise NoCard
            case "unreadable":
                raise CardUnreadable
            case _:
                raise NoReader


def card_of(said: Any, device: str) -> CardRead:
    """A card as the bridge told it, of which nothing but what the form has is taken; raises CardUnreadable."""
    if not isinstance(said, dict):
        raise CardUnreadable
    words = {name: kept(str(said.get(name) or "")).strip() for name in ("name", "number", "sex", "ethnic_group", "address")}
    words["number"] = words["number"].upper()
    words["sex"] = SEXES.get(words["sex"], "")
    try:
        card = CardRead.model_validate({**words, "device": device})
    except ValidationError:
        raise CardUnreadable from None
    if not card.name or not right_number(card.number):
        raise CardUnreadable
    return card


def right_number(number: str) -> bool:
    """Whether the last character is the one that GB 11643 gives; numbers of other kinds of cards have none."""
    if len(number) != 18 or not number[:17].isdecimal():
        return True
    return CHECK[sum(int(digit) * weight for digit, weight in zip(number, WEIGHTS, strict=False)) % 11] == number[17]
