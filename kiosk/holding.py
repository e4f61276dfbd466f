"""What a page has in hand while somebody types: in memory only, so that a page that was opened again goes on with it."""

import time

KEPT_S = 1800.0
"""Whoever goes without a word is forgotten after so long even if no page comes back."""


class Holding:
    """One text; the next takes its place."""

    def __init__(self) -> None:
        self._text, self._at = "", 0.0

    def hold(self, text: str | None) -> str:
        """Keep a text (empty: forget; None: only ask); what is kept now."""
        now = time.monotonic()
        if text is not None:
            self._text, self._at = text, now
        elif now - self._at > KEPT_S:
            self._text = ""
        return self._text
