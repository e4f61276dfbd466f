"""Getting through to the media node where direct ways are blocked: the product's programs, a real coturn, real
packets between network namespaces."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.network import places as net
from tests.network.conftest import ONLY, UDP, Network


@pytest.mark.parametrize("only", ONLY)
def test_a_talk_gets_through_the_one_way_that_is_open(network: Network, only: str) -> None:
    network.places.let_through(to_relay=ONLY[only])
    assert network.talk()["through"]


def test_with_no_way_open_nobody_hears_anything(network: Network) -> None:
    network.places.let_through()
    assert network.talk(seconds=4)["heard"] == [0, 0]


def test_a_node_behind_nat_is_reached_by_the_address_it_announces_in_its_port_range(network: Network) -> None:
    network.places.let_through(to_office="-p udp --dport 40000:40019 -m conntrack --ctstate DNAT")
    assert network.talk()["through"]


def test_ipv6_carries_signalling_and_media(network: Network) -> None:
    network.places.let_through(to_office6="-p udp --dport 40000:40019")
    assert network.talk(bind=net.CLIENT6)["through"]


def test_only_credentials_that_are_right_and_not_too_old_let_in(network: Network) -> None:
    network.places.let_through(to_relay=ONLY["udp"])
    good = network.turn()
    late = network.turn(datetime.now(UTC) - timedelta(hours=13))
    foreign = network.turn(turn_secret="a secret of somebody else")
    longer = good | {"username": f"{int(time.time()) + 9_000_000}:p1"}
    answers = [network.ask(do="credentials", turn=UDP, **one)["in"] for one in (good, late, foreign, longer)]
    assert answers == [True, False, False, False]


def test_the_relay_leads_to_the_node_and_nowhere_else(network: Network) -> None:
    network.places.let_through(to_relay=ONLY["udp"])
    peers = [net.NODE, net.BETWEEN, net.RELAY, net.CLIENT, "127.0.0.1", "10.77.2.9", "192.168.0.1", "224.0.0.1"]
    assert network.ask(do="reach", turn=UDP, peers=peers, **network.turn())["reached"] == [net.NODE]
