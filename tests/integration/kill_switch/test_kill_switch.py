"""The kill switch on a market that trades all the time: pressed by the real command, with each store up or stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.kill_switch.desk import INSTRUMENTS, LOG, Desk, resources
from tests.integration.kill_switch.patient import patient
from tests.integration.panda_command import Panda

from alpha_panda.events.topics import AUDIT_EVENTS
from alpha_panda.local.ports import HOST
from alpha_panda.local.status_file import load_status

pytestmark = [pytest.mark.operations, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("kill-switch")
    (folder / "desk.yaml").write_text(resources())
    panda = Panda(folder / "data", (Path(__file__).parent,))
    try:
        panda.run(
            "up", "-f", str(folder / "desk.yaml"), "--synthetic", str(INSTRUMENTS), "--rate", str(10 * INSTRUMENTS)
        )
        yield Desk(panda)
    finally:
        panda.down()
        panda.run("reset", "-y", check=False)


@pytest.fixture
def trading(desk: Desk) -> Iterator[Desk]:
    """The desk while entries are validated; every halt of a test ends with it."""
    desk.trades()
    yield desk
    desk.resume()


def test_a_halt_stops_every_entry_lets_exits_pass_and_outlives_the_platform(trading: Desk) -> None:
    begun = datetime.now(UTC)
    doors, pressed = trading.press()
    assert doors == {LOG: True, "redis": True, "resource": True}
    found = trading.stays_halted(pressed)
    first = min(each.written for each in trading.verdicts(begun) if each.code == "trading_halted")
    exits = [each for each in trading.verdicts(first) if (each.intent, each.code) == ("Exit", "validated")]
    assert exits, "positions that were open when it was pressed are exited"
    assert {each.code for each in found if each.intent == "Exit"} <= {"validated", "no_position", "exit_pending"}
    _shown_everywhere(trading)
    trading.panda.run("down")
    assert "HALTED all by" in trading.panda.run("up").stdout
    trading.stays_halted(pressed)
    trading.stays_halted(datetime.now(UTC))


def _shown_everywhere(desk: Desk) -> None:
    line = next(line for line in desk.panda.run("status").stdout.splitlines() if line.startswith("HALTED"))
    assert line.endswith(f": a test ({LOG}, redis, resource)")
    status = load_status(desk.layout)
    assert status is not None
    token = desk.layout.secret("api-token")
    url = f"http://{HOST}:{status.api_port}/api/v1/portfolios/paper"
    shown: Any = httpx.get(url, headers={"Authorization": f"Bearer {token}"}).json()["halts"]
    assert {each["source"] for each in shown} == {"all", "resource"}


def test_with_redis_stopped_the_log_holds_the_halt_and_exits_go_on(trading: Desk) -> None:
    with trading.stopped("redis"):
        stopped = datetime.now(UTC)
        doors, pressed = trading.press("--strategy", "eager")
        assert doors == {LOG: True, "redis": False}
        trading.wait_for(stopped, "Exit", "validated", 1)
        refused = trading.panda.run("resume", "--strategy", "eager", check=False)
        assert refused.returncode == 1
        assert "redis did not let go" in refused.stderr
        assert trading.halts() == set()
        trading.wait_for(datetime.now(UTC), "Exit", "no_position", INSTRUMENTS)
        late = [each for each in trading.verdicts(pressed) if (each.intent, each.code) == ("Enter", "validated")]
        assert not late, "nobody knows what Redis would say"
    trading.trades()


def test_an_entry_that_can_wait_for_redis_no_longer_is_refused_for_that_and_as_expired(trading: Desk) -> None:
    """This one is followed by no exit for longer than it lives, and opens nothing, as it has no stop."""
    trading.panda.run("apply", "-f", "-", stdin=patient())
    trading.wait_for(datetime.now(UTC), "Enter", "no_stop", 1)
    with trading.stopped("redis"):
        found = trading.wait_for(datetime.now(UTC), "Enter", "halts_unreadable", 2 * INSTRUMENTS)
        while not any({"signal_expired", "no_stop"} <= set(each.codes) for each in found):
            found = trading.wait_for(found[-1].written, "Enter", "halts_unreadable", 1)
    trading.panda.run("delete", "strategy", "patient")
    trading.trades()


def test_with_kafka_stopped_redis_and_the_resource_hold_the_halt(trading: Desk) -> None:
    with trading.stopped("kafka"):
        doors, pressed = trading.press()
        assert doors == {LOG: False, "redis": True, "resource": True}
    trading.stays_halted(pressed)
    assert trading.halts() == {("all", "", "redis"), ("all", "", "resource")}


def test_every_press_is_in_the_audit_log_also_one_while_kafka_was_stopped(trading: Desk) -> None:
    begun = datetime.now(UTC)
    with trading.stopped("kafka"):
        said = trading.panda.run("halt", "--reason", "kafka hangs", "-o", "json")
        assert f"{AUDIT_EVENTS.name} did not take what was done" in said.stderr
    trading.panda.run("resume", "--reason", "it answers again")
    entries = [each for each in trading.panda.json("audit", "--limit", "1000") if each["at"] >= begun.isoformat()]
    assert [(each["action"], each["reason"]) for each in entries] == [
        ("halt", "kafka hangs"),
        ("resume", "it answers again"),
    ]
    assert entries[1]["previous"] == entries[0]["digest"]


def test_with_postgresql_stopped_both_others_hold_the_halt_and_trading_goes_on_until_then(trading: Desk) -> None:
    with trading.stopped("postgres"):
        stopped = datetime.now(UTC)
        trading.wait_for(stopped + timedelta(seconds=2), "Exit", "validated")
        doors, pressed = trading.press()
        assert doors == {LOG: True, "redis": True, "resource": False}
        trading.stays_halted(pressed)
    trading.stays_halted(datetime.now(UTC))


@pytest.mark.long
def test_with_a_postgresql_that_hangs_people_halt_through_the_api_and_an_open_page(trading: Desk) -> None:
    """Nobody can tell about their sessions any more, and the last answer about them has become old."""
    with trading.people() as signed_in, trading.stopped("postgres", connected=True):
        stopped = datetime.now(UTC)
        trading.wait_for(stopped + timedelta(seconds=2.5), "Exit", "validated", 1)
        wanted = {"scope": "strategy", "subject": "eager", "reason": "a test"}
        for each in signed_in:
            said = each.post("/api/v1/ops/halts", json=wanted)
            assert said.status_code == HTTPStatus.OK, said.text
            assert {store["store"]: store["done"] for store in said.json()["stores"]} == {LOG: True, "redis": True}
        trading.stays_halted(datetime.now(UTC))


def test_with_every_store_stopped_the_command_says_that_nothing_is_halted(trading: Desk) -> None:
    with trading.stopped("redis"), trading.stopped("postgres"), trading.stopped("kafka"):
        said = trading.panda.run("halt", check=False)
    assert said.returncode == 1
    assert "trading is NOT halted for all" in said.stderr
    assert trading.halts() == set()


def test_a_paused_strategy_enters_no_more_until_it_is_unpaused(trading: Desk) -> None:
    assert trading.panda.run("pause", "eager").stdout == "strategy.alphapanda.io/eager paused\n"
    trading.wait_for(datetime.now(UTC), "Exit", "no_position", 2 * INSTRUMENTS)
    found = trading.wait_for(datetime.now(UTC), "Exit", "no_position", INSTRUMENTS)
    assert not [each for each in found if (each.intent, each.code) == ("Enter", "validated")]
    assert trading.panda.run("unpause", "eager").stdout == "strategy.alphapanda.io/eager unpaused\n"
    trading.trades()


def test_a_mistyped_name_is_refused_and_nothing_is_pressed(trading: Desk) -> None:
    said = trading.panda.run("halt", "--strategy", "eagre", check=False)
    assert said.returncode == 2
    assert 'there is no Strategy eagre; did you mean "eager"?' in said.stderr
    assert trading.halts() == set()
