"""From what was said to a draft record: pure functions, no model, no clock, no files."""

from transcription.drafting.draft import build_draft
from transcription.drafting.echo import without_echoes

__all__ = ["build_draft", "without_echoes"]
