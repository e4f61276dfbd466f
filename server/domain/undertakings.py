"""领导答复: until when what the receiving side undertook may be decided, and how it reads."""

from server.domain.states import EDITABLE_RECORD, RecordState

WITH_PETITIONER = "笔录已经交给群众核对，答复不能再改。要改，请接谈员先“重新打开”。"
TYPED = "领导补写，没有原话"
"""What stands for the sentence of a promise that nobody heard."""
SIGNED = "笔录已经签字，答复不能再改。"


def settled_because(record: RecordState | None) -> str:
    """Why promises cannot be decided any more, in Chinese; "" while they can.  None: there is no record yet.

    They are on the paper that the petitioner reads and signs, so they stand still as soon as it does.
    """
    if record is None or record in EDITABLE_RECORD:
        return ""
    return WITH_PETITIONER if record == RecordState.CONFIRMED else SIGNED


def in_words(who: str, what: str, by: str) -> str:
    """A promise as one phrase: 拿出处理意见，由镇政府办，五个工作日内."""
    return f"{what}，由{who or '接谈方'}办，{by or '没有说时间'}"
