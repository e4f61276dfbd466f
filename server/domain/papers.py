"""Papers that the petitioner showed, as the sentences that stand in lists and in the form."""

from datetime import datetime


def papers_sentence(shown_at: datetime, pages: int, in_talk: bool, *, alone: bool = False) -> str:
    """E.g. 09:50 给领导看了 2 张材料。  `shown_at`: in the office's zone; `alone`: nobody was there to see them."""
    if alone:
        return f"{shown_at:%H:%M} 自助登记时拍了 {pages} 张材料。"
    return f"{shown_at:%H:%M} {'谈话时' if in_talk else ''}给领导看了 {pages} 张材料。"


def materials_words(counts: list[int]) -> str:
    """What the form says of them; empty where there are none."""
    return f"在接谈终端拍下材料 {sum(counts)} 张" if counts else ""
