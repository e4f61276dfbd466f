"""Video codecs that the node forwards and records, none of which it decodes.

Everything that depends on the codec is in here, behind `Codec`: reading a payload's header, putting frames together,
and what a file of them begins with.  The first is preferred where the other side leaves it to us.
"""

from server.media import rtp
from server.media.codecs.base import Codec, Frames
from server.media.codecs.h264 import H264
from server.media.codecs.vp8 import VP8

__all__ = ["VIDEO", "Codec", "Frames", "named", "of"]
VIDEO = (VP8, H264)
_BY_MIME = {codec.mime.lower(): codec for codec in VIDEO}


def named(mime: str) -> Codec | None:
    """The codec of this MIME type (in any case); None: not one of ours."""
    return _BY_MIME.get(mime.lower())


def of(header: rtp.Header) -> Codec:
    """The codec that this is a header of."""
    return _BY_MIME[header.mime.lower()]
