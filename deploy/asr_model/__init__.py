"""Makes the small Whisper model for tests and the demo again, from text to model card; see README.md."""
