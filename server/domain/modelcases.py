"""典型案例: how far a model case is, and what is taken into it from a case."""

from enum import StrEnum


class ModelState(StrEnum):
    DRAFT = "draft"
    WAITING = "waiting"
    """Every proposal is decided; a leader reads it and publishes it or sends it back."""
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


STATE_WORDS = {
    ModelState.DRAFT: "在写", ModelState.WAITING: "等领导看", ModelState.PUBLISHED: "已入库", ModelState.WITHDRAWN: "已撤下",
}  # fmt: skip
FIELDS = ("title", "situation", "handling", "result", "lesson", "category")
COVER, KEEP = "cover", "keep"
