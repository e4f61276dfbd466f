"""Memory that this program frees goes back to the system at once, so that what it holds is what it uses (mallopt(3)).

Left to itself glibc keeps freed pieces of recordings and pictures, per thread and up to twice the largest that was ever freed:
5 MB more from the first copy that is sent on, of which nothing is used (measured with mallinfo2).
"""

import contextlib
import ctypes

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
LARGE = 128 * 1024
"""Bytes; what is larger is mapped by itself and gone when it is freed.  Setting it keeps glibc from raising it."""
ARENAS = 2


def give_back_what_is_freed() -> None:
    """Where the C library is glibc; elsewhere nothing."""
    with contextlib.suppress(AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, LARGE)
        mallopt(M_ARENA_MAX, ARENAS)
