"""Papers that the petitioner showed, as the sentences that stand in lists and in the form."""

from datetime import datetime


def papers_sentence(shown_at: datetime, pages: int, in_talk: bool) -> str:
    """E.g. 09:50 给领导看了 2 张材料。  `shown_at`: in the office's zone."""
    return f"{shown_at:%H:%M} {'谈话时' if in_talk else ''}给领导看了 {pages} 张材料。"


def materials_words(counts: list[int]) -> str:
    """What the form says of them; empty where there are none."""
    return f"在接谈终端拍下材料 {sum(counts)} 张" if counts else ""
