"""A strategy that does what none may do is quarantined with its evidence, and its neighbours trade as if alone."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.integration.determinism.conftest import Outcome
from tests.integration.panda_command import Panda
from tests.integration.quarantine.conftest import KINDS, Finished, shown, unruly, wait_for

from alpha_panda.local.layout import Layout
from alpha_panda.local.ports import HOST
from alpha_panda.local.status_file import load_status

pytestmark = [pytest.mark.operations, pytest.mark.timeout(900)]


def test_each_unruly_strategy_of_a_replay_is_quarantined_with_its_kind_and_evidence(crowded: Finished) -> None:
    found = {name: status for name, status in shown(crowded.panda).items() if status}
    assert {name: status["quarantine"]["kind"] for name, status in found.items()} == KINDS
    for status in found.values():
        assert status["state"] == "Quarantined"
        assert status["quarantine"]["call"] == "on_tick"
        assert status["quarantine"]["cause"]
        assert status["quarantine"]["evidence"]
    reasons = {name: status["quarantine"]["reason"] for name, status in found.items()}
    assert reasons["raises"] == "ZeroDivisionError: nothing to divide by"
    assert reasons["too-many"] == "wants 10000 things at once; allowed: 50"
    assert "stop_loss_paise is nan of type float" in reasons["not-a-number"]
    assert "allowed: 1000 ms" in reasons["loops"]
    assert "swallowed 20 interruptions" in reasons["loops-and-swallows"]
    assert "allowed: 268435456 (256 MiB)" in reasons["allocates"]
    assert "2 times in a row" in reasons["ends-the-process"]


def test_the_healthy_ones_trade_to_the_paisa_as_without_their_neighbours(crowded: Finished, alone: Outcome) -> None:
    assert alone.count("paper", "OrderFilled") >= 10
    assert crowded.outcome.contradicted == {}
    assert crowded.outcome.rows["paper"] == alone.rows["paper"]
    assert crowded.outcome.digests == alone.digests


def test_a_quarantine_is_shown_by_every_face_of_the_platform(crowded: Finished) -> None:
    panda = crowded.panda
    table = {line.split()[0]: line.split()[2] for line in panda.run("get", "strategies").stdout.splitlines()}
    assert {name for name, state in table.items() if state == "Quarantined"} == set(KINDS)
    described = panda.run("describe", "strategy", "raises").stdout
    assert "Quarantined:" in described
    assert "raise ZeroDivisionError" in described
    findings = panda.json("doctor", check=False)
    told = [each["message"] for each in findings if each["check"] == "quarantine"]
    assert len(told) == len(KINDS)
    status = load_status(Layout(panda.data_dir))
    assert status is not None
    token = Layout(panda.data_dir).secret("api-token")
    url = f"http://{HOST}:{status.api_port}/api/v1/strategies/loops"
    answer: dict[str, Any] = httpx.get(url, headers={"Authorization": f"Bearer {token}"}).json()
    assert answer["state"] == "Quarantined"
    assert answer["quarantine"]["kind"] == "time"


def test_a_quarantine_outlives_the_platform(crowded: Finished) -> None:
    before = shown(crowded.panda)
    crowded.panda.run("down")
    crowded.panda.run("up")
    assert shown(crowded.panda) == before


@pytest.mark.long
@pytest.mark.parametrize("name", ["raises", "loops", "allocates", "ends-the-process"])
def test_one_that_is_applied_while_others_trade_is_quarantined_within_seconds(desk: Panda, name: str) -> None:
    desk.run("apply", "-f", "-", stdin=unruly(name))
    status = wait_for(desk, lambda found: bool(found.get(name)))[name]
    assert status["quarantine"]["kind"] == KINDS[name]
    healthy = [each for each, status in shown(desk).items() if each not in KINDS]
    assert all(not shown(desk)[each] for each in healthy)


@pytest.mark.long
def test_unpausing_lets_it_go_until_it_does_the_same_again(desk: Panda) -> None:
    first = wait_for(desk, lambda found: bool(found.get("raises")))["raises"]["quarantine"]
    desk.run("unpause", "raises")
    again = wait_for(
        desk, lambda found: bool(found["raises"]) and found["raises"]["quarantine"]["cause"] != first["cause"]
    )
    assert again["raises"]["quarantine"]["kind"] == "raised"
    described = desk.json("describe", "strategy", "raises")
    assert described["metadata"]["generation"] == 3
