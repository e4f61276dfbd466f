"""A name as a hand drew it, as pages send it; the rules are in domain/strokes.py."""

from typing import Annotated

from pydantic import Field

Share = Annotated[float, Field(ge=-0.5, le=2.0, allow_inf_nan=False)]
StrokePoint = tuple[Share, Share, Annotated[int, Field(ge=0, le=3_600_000)], Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]]
"""x and y as shares of the field's width, milliseconds since the first touch, pressure (0: the device has none)."""
Stroke = Annotated[tuple[StrokePoint, ...], Field(min_length=1, max_length=20_000)]
Strokes = Annotated[tuple[Stroke, ...], Field(max_length=300)]
Aspect = Annotated[float, Field(ge=0.15, le=1.5, allow_inf_nan=False)]
"""Height of the field as a share of its width."""
