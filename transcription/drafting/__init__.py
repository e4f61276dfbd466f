"""From what was said to a draft record: pure functions, no model, no clock, no files."""

from transcription.drafting.draft import build_draft, find_promises, prepare
from transcription.drafting.echo import without_echoes

__all__ = ["build_draft", "find_promises", "prepare", "without_echoes"]
