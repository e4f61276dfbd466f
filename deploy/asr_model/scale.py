"""How much of everything a run makes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Counts are sentences unless their name says otherwise; renditions are spoken versions of each sentence."""

    name: str
    per_template: int
    salad: int
    free: int
    talk_per_template: int
    fixed_repeats: int
    fixed_fresh: int
    renditions: dict[str, float]
    at_most: int | None  # sentences of each kind that are spoken; None: all
    clips: int  # clips of each set of the evaluation
    minutes: float  # of training, unless the command line says otherwise


FULL = Scale("full", 45, 3000, 7000, 14, 12, 1700,
             {"train": 1.6, "salad": 1.6, "free": 1.0, "talk": 2.0, "fixed": 1.0}, None, 60, 180.0)
SMALL = Scale("small", 4, 60, 60, 2, 2, 60,
              {"train": 1.0, "salad": 1.0, "free": 1.0, "talk": 1.0, "fixed": 1.0}, 120, 4, 1.0)
SCALES = {scale.name: scale for scale in (FULL, SMALL)}
