"""How far a long command is, for whoever waits at the shell."""

import sys
import time

EVERY_S = 2.0


class Progress:
    """Says on standard error how far it is, every two seconds; nothing where it is over sooner."""

    def __init__(self, what: str, total: int) -> None:
        """`total` in bytes; 0: not known yet."""
        self._what = what
        self.total = total
        self.done = 0
        self._told = self.started = time.monotonic()

    def add(self, size: int) -> None:
        """So many bytes more are done."""
        self.done += size
        now = time.monotonic()
        if now - self._told >= EVERY_S:
            self._told = now
            share = f"，{min(100, 100 * self.done // self.total)} %" if self.total else ""
            print(f"{self._what}：{in_words(self.done)}{share}", file=sys.stderr, flush=True)  # noqa: T201

    @property
    def seconds(self) -> float:
        """Since it began."""
        return round(time.monotonic() - self.started, 1)


def in_words(size: int) -> str:
    """Bytes as people say them."""
    for unit, step in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= step:
            return f"{size / step:.1f} {unit}"
    return f"{size} 字节"
