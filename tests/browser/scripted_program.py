"""The kiosk's own program as far as its screens need it: card reader, self-test, papers, a sitting alone."""

import base64
import json
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import WebSocketRoute

from kiosk.checks import framing, paper, sound
from tests.kiosk.simulated_pad import ridges

CARD = {"type": "card_read", "name": "何守田", "number": "511025195803124412", "sex": "male", "ethnic_group": "汉",
        "address": "石桥镇柳湾村四组", "device": "读卡器"}  # fmt: skip
REFUSED = {"type": "refused", "code": "unusable", "message": "没有。"}
ROOM = 4_000_000_000
NO_PAGE = {"code": "no_page", "words": paper.WORDS[paper.PageFault.NO_PAGE]}
DEAD = {"code": "dead", "words": sound.WORDS[sound.SoundFault.DEAD]}
SITS, NOBODY = ({"code": one, "words": framing.WORDS[one]} for one in (framing.Framing.GOOD, framing.Framing.NOBODY))
CORNERS = [[0.2, 0.1], [0.8, 0.1], [0.8, 0.9], [0.2, 0.9]]
UNDERSTOOD = "去年三月村里修路占了我家一亩二分地，补偿款三万六千八一分没给。"
NUMBER = "K1-01"
PAD = "模拟手印板"


def _page() -> str:
    """A page with lines, as the program gives it back straightened."""
    picture = np.full((1754, 1240, 3), 245, np.uint8)
    for line in range(20):
        cv2.rectangle(picture, (140, 160 + line * 70), (1100 - line % 4 * 90, 176 + line * 70), (60, 60, 60), -1)
    return base64.b64encode(cv2.imencode(".jpg", picture)[1].tobytes()).decode()


class Program:
    """Says what it is told to; keeps nothing but the pages that it was given."""

    def __init__(self) -> None:
        self.card = False
        """Whether a card lies on the reader."""
        self.paper = False
        """Whether a page lies under the document camera."""
        self.microphone = True
        """Whether the self-test hears anything."""
        self.voice: sound.SoundFault | None = None
        """What is wrong with how somebody is heard."""
        self.somebody = True
        """Whether the camera sees anybody."""
        self.pad = False
        """Whether a fingerprint pad is there, with a finger on it."""
        self.page = _page()
        self.printed = list[tuple[str, bytes]]()
        """By which printer, and what."""
        self._pages = list[str]()
        self._sent = 0

    def opened(self, socket: WebSocketRoute) -> None:
        """A connection of the page."""
        socket.on_message(_Line(self, socket).take)

    def answer(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """To a first message; None: it waits."""
        kind = asked["type"]
        if kind == "card" and not self.card:
            return None
        answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "reader": lambda _: {"type": "reader_is", "device": "读卡器"},
            "hold": lambda _: {"type": "held", "text": ""},
            "card": lambda _: CARD,
            "open_alone": lambda _: self.kept(0),
            "understand": lambda _: {"type": "understood", "words": UNDERSTOOD},
            "listen": lambda _: {"type": "heard", "faults": self._heard(), "words": "", "speech_db": 0, "room_db": 0},
            "look": lambda _: {"type": "seen", "faults": [], "framing": SITS if self.somebody else NOBODY},
            "paper": self._photographed,
            "printer": lambda _: {"type": "printer_is", "state": "ready", "words": ""},
            "print": self._print,
            "pad": lambda _: {"type": "pad_is", "device": PAD} if self.pad else REFUSED,
            "press": lambda _: {"type": "print", "image": base64.b64encode(ridges()).decode(), "device": PAD},
        }
        if kind.endswith(("paper", "papers")) and kind != "paper":
            return self._papers(asked)
        return answers.get(kind, lambda _: REFUSED)(asked)

    def kept(self, pieces: int) -> dict[str, Any]:
        """So much of a sitting alone is on the disk."""
        return {"type": "kept", "next": pieces, "number": NUMBER, "room": ROOM}

    def _heard(self) -> list[dict[str, str]]:
        if not self.microphone:
            return [DEAD]
        return [{"code": self.voice, "words": sound.WORDS[self.voice]}] if self.voice else []

    def _print(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.printed.append((asked["printer"], base64.b64decode(asked["pdf"])))
        return {"type": "printer_is", "state": "printed", "words": ""}

    def _photographed(self, asked: dict[str, Any]) -> dict[str, Any]:
        if not self.paper:
            return {"type": "paper_is", "faults": [NO_PAGE], "readable": True, "corners": [], "page": ""}
        return {"type": "paper_is", "faults": [], "corners": CORNERS, "page": self.page if asked["straighten"] else ""}

    def _papers(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["type"] == "keep_paper":
            self._pages.append(asked["jpeg"])
        if asked["type"] == "order_papers":
            self._pages = [self._pages[int(one, 16)] for one in asked["pages"]]
        if asked["type"] == "send_papers":
            self._sent, self._pages = self._sent + len(self._pages), []
        if asked["type"] == "forget_papers":
            self._sent, self._pages = 0, []
        pages = [{"id": f"{number:016x}", "small": small} for number, small in enumerate(self._pages)]
        return {"type": "papers_are", "pages": pages, "waiting": 0, "arrived": self._sent}


class _Line:
    """One connection: one message and its answer, or the pieces of a sitting."""

    def __init__(self, program: Program, socket: WebSocketRoute) -> None:
        self._program, self._socket, self._pieces = program, socket, 0

    def take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self._pieces += 1
            self._send(self._program.kept(self._pieces))
            return
        asked = json.loads(message)
        if asked["type"] != "end":
            self._send(self._program.answer(asked))

    def _send(self, answer: dict[str, Any] | None) -> None:
        if answer is not None:
            self._socket.send(json.dumps(answer))
