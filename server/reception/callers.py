"""Where a request came from, as it is counted and kept: a network, and only as a keyed hash."""

import hashlib
import hmac
from ipaddress import IPv6Address, IPv6Network, ip_address

from server.settings import Settings


def network_of(address: str) -> str:
    """What counts as one caller: an IPv4 address, or a /64 of IPv6, of which one household has 2**64 addresses."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found) >> 64 << 64, 64)))


def hashed(settings: Settings, purpose: str, *what: str) -> str:
    """HMAC-SHA-256 (hex) of `what` with the key of this purpose."""
    return hmac.new(settings.key(purpose).encode(), "\n".join(what).encode(), hashlib.sha256).hexdigest()
