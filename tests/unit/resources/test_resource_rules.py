"""The rules over a whole resource, and over its change."""

import pytest
from tests.support.rule_cases import BROKEN, KEPT, LIVE, PAPER, ZERODHA, broker, strategy

from alpha_panda.resources.broker import Broker
from alpha_panda.resources.rules import RESERVED_BROKER_NAMES, validate, validate_change
from alpha_panda.resources.strategy import Strategy, StrategyState


def broken(resource: Broker | Strategy) -> list[tuple[str, str]]:
    return [(violation.rule, violation.field) for violation in validate(resource)]


@pytest.mark.parametrize("name", [*RESERVED_BROKER_NAMES, "pg", "pgdesk"])
def test_a_brokers_name_may_not_be_a_shared_one(name: str) -> None:
    assert broken(broker(PAPER, name)) == [("broker-name-reserved", "metadata.name")]


def test_a_brokers_name_may_look_like_a_shared_one() -> None:
    assert not broken(broker(PAPER, "market2"))
    assert not broken(broker(PAPER, "my-pg"))


@pytest.mark.parametrize(
    ("resource", "rule", "field"),
    BROKEN,
)
def test_each_rule_finds_its_own_field(resource: Broker | Strategy, rule: str, field: str) -> None:
    assert broken(resource) == [(rule, field)]


@pytest.mark.parametrize(
    "resource",
    KEPT,
)
def test_what_keeps_the_rules_may_stand(resource: Broker | Strategy) -> None:
    assert validate(resource) == ()


def test_a_brokers_type_cannot_be_changed() -> None:
    (violation,) = validate_change(broker(PAPER), broker(ZERODHA))
    assert (violation.field, violation.value) == ("spec.type", "Zerodha")
    assert validate_change(broker(PAPER), broker(PAPER, halted=True)) == ()


@pytest.mark.parametrize("state", [StrategyState.RUNNING, StrategyState.PAUSED])
@pytest.mark.parametrize(("change", "field"), [(LIVE, "spec.mode"), ({"brokers": ("desk",)}, "spec.brokers")])
def test_mode_and_brokers_change_only_after_a_stop(state: StrategyState, change: dict[str, object], field: str) -> None:
    (violation,) = validate_change(strategy(state=state), strategy(**change, state=StrategyState.STOPPED))
    assert violation.field == field
    assert "spec.state: Stopped" in violation.message
    assert validate_change(strategy(state=StrategyState.STOPPED), strategy(**change)) == ()


def test_the_order_of_brokers_is_no_change() -> None:
    assert validate_change(strategy(brokers=("a", "b")), strategy(brokers=("b", "a"))) == ()


def test_two_resources_are_not_versions_of_one() -> None:
    with pytest.raises(ValueError, match="are two resources"):
        validate_change(broker(PAPER), broker(PAPER, "other"))
    with pytest.raises(ValueError, match="are two resources"):
        validate_change(broker(PAPER, "mine"), strategy())
