"""The media node.  Its hot modules are taken compiled where that has been done (compiled.py)."""

from server.media import compiled

compiled.use(__path__)
