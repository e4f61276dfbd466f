"""From what was said to a draft record: pure functions, no model, no clock, no files."""

from transcription.drafting.draft import build_draft

__all__ = ["build_draft"]
