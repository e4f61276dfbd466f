"""Which of this machine's addresses media may use: the only place that touches a private habit of aioice.

aioice gathers every address but 127.0.0.1, so two programs on one machine would not find each other on a
machine without a network, and a kiosk with several networks could not choose one.
"""

from collections.abc import Iterable
from ipaddress import ip_address

import aioice.ice


def bind_media_to(addresses: Iterable[str]) -> None:
    """Let this process gather exactly these addresses; none given: all that aioice finds by itself.

    Raises ValueError for what is no IP address.  Holds for connections made from now on.
    """
    chosen = [str(ip_address(address)) for address in addresses]
    if chosen:
        aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: _usable(chosen, use_ipv4, use_ipv6)


def _usable(addresses: list[str], use_ipv4: bool, use_ipv6: bool) -> list[str]:
    wanted = {4: use_ipv4, 6: use_ipv6}
    return [address for address in addresses if wanted[ip_address(address).version]]
