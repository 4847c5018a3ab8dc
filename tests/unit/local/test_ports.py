"""Ports are chosen free, remembered, and never silently shared with another program."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alpha_panda.errors import InputError, UnavailableError
from alpha_panda.local.layout import Layout
from alpha_panda.local.ports import FIRST, HOST, LAST, Ports, is_free


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "run")
    made.create()
    return made


@contextmanager
def another_program_on(port: int) -> Iterator[None]:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((HOST, port))
        server.listen()
        yield


def test_a_chosen_port_is_free_and_remembered(layout: Layout):
    port = Ports(layout).take("kafka", "Kafka")
    assert FIRST <= port < LAST
    assert is_free(port)
    assert Ports(layout).take("kafka", "Kafka") == port
    assert Ports(layout).known("kafka") == port


def test_two_servers_never_get_one_port(layout: Layout):
    ports = Ports(layout)
    assert len({ports.take(f"service-{number}", "a service") for number in range(50)}) == 50


def test_a_remembered_port_that_was_taken_is_replaced_and_that_is_said(layout: Layout):
    old = Ports(layout).take("redis", "Redis")
    said: list[str] = []
    with another_program_on(old):
        new = Ports(layout, progress=said.append).take("redis", "Redis")
    assert new != old
    assert said == [f"port {old} for Redis is in use by another program: using {new} from now on"]
    assert Ports(layout).known("redis") == new


def test_a_fixed_port_in_use_is_refused_with_its_number_its_purpose_and_the_remedy(layout: Layout):
    port = Ports(layout).take("api", "the API")
    with (
        another_program_on(port),
        pytest.raises(UnavailableError, match=f"port {port} for the API is in use") as refused,
    ):
        Ports(layout, {"api": port}).take("api", "the API")
    assert refused.value.remedy == "stop that program, or set another port for api"


def test_a_fixed_port_wins_over_a_remembered_one(layout: Layout):
    remembered = Ports(layout).take("api", "the API")
    fixed = Ports(layout).take("other", "another")
    assert fixed != remembered
    assert Ports(layout, {"api": fixed}).take("api", "the API") == fixed


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_number_that_is_no_port_is_refused(layout: Layout, port: int):
    with pytest.raises(InputError, match=f"port {port} for api is not one: allowed is 1-65535"):
        Ports(layout, {"api": port})


def test_one_number_for_two_servers_is_refused(layout: Layout):
    with pytest.raises(InputError, match="port 4000 is set for both api and redis"):
        Ports(layout, {"api": 4000, "redis": 4000})


def test_an_unknown_port_says_that_the_run_was_never_started(layout: Layout):
    with pytest.raises(UnavailableError, match="no port for kafka yet"):
        Ports(layout).known("kafka")


def test_a_damaged_port_file_is_named(layout: Layout):
    layout.ports.write_text('{"kafka": "nine"}')
    with pytest.raises(UnavailableError, match=r"ports\.json is damaged"):
        Ports(layout)


def test_clients_reach_a_server_at_its_own_port_unless_something_stands_before_it(layout: Layout):
    ports = Ports(layout)
    taken = ports.take("kafka", "Kafka")
    assert ports.door("kafka") == taken
    assert Ports(layout, {"kafka-door": 4000}).door("kafka") == 4000
    assert Ports(layout, {"kafka-door": 4000}).take("kafka", "Kafka") == taken
