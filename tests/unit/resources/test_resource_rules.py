"""The rules over a whole resource, and over its change."""

import pytest

from alpha_panda.resources.account_limits import AccountLimits
from alpha_panda.resources.broker import (
    Broker,
    BrokerMetadata,
    BrokerSpec,
    BrokerType,
    PaperSettings,
    SecretReference,
    ZerodhaSettings,
)
from alpha_panda.resources.rules import RESERVED_BROKER_NAMES, validate, validate_change
from alpha_panda.resources.sizing import Kelly, Sizing, SizingMethod
from alpha_panda.resources.strategy import (
    Exchange,
    InstrumentReference,
    Levels,
    Mode,
    Strategy,
    StrategyMetadata,
    StrategyRisk,
    StrategySpec,
    StrategyState,
    Timeframe,
)

RELIANCE = InstrumentReference(exchange=Exchange.NSE, symbol="RELIANCE")
PAPER = BrokerSpec(type=BrokerType.PAPER)
ZERODHA = BrokerSpec(type=BrokerType.ZERODHA, credentials_secret_ref=SecretReference(name="kite"))
PLAIN = StrategySpec(strategy="momentum", instruments=(RELIANCE,))
LIVE = {"mode": Mode.LIVE, "acknowledge_live": "mine", "risk": StrategyRisk(max_daily_loss="500")}


def broker(spec: BrokerSpec, name: str = "desk", **changes: object) -> Broker:
    return Broker(metadata=BrokerMetadata(name=name), spec=spec.model_copy(update=changes))


def strategy(**changes: object) -> Strategy:
    return Strategy(metadata=StrategyMetadata(name="mine"), spec=PLAIN.model_copy(update=changes))


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
    [
        (broker(ZERODHA, credentials_secret_ref=None), "zerodha-needs-credentials", "spec.credentialsSecretRef"),
        (
            broker(PAPER, credentials_secret_ref=SecretReference(name="kite")),
            "paper-has-no-credentials",
            "spec.credentialsSecretRef",
        ),
        (broker(PAPER, live=True), "paper-not-live", "spec.live"),
        (broker(PAPER, zerodha=ZerodhaSettings()), "settings-fit-type", "spec.zerodha"),
        (broker(ZERODHA, paper=PaperSettings()), "settings-fit-type", "spec.paper"),
        (
            broker(PAPER, account=AccountLimits(max_daily_loss="0")),
            "account-lets-trade",
            "spec.account.maxDailyLoss",
        ),
        (broker(PAPER, paper=PaperSettings(starting_cash="1000")), "account-lets-trade", "spec.account.minCashReserve"),
        (strategy(risk=StrategyRisk(max_order_value="0.00")), "strategy-lets-trade", "spec.risk.maxOrderValue"),
        (strategy(sizing=Sizing(kelly=Kelly(fraction="50"))), "sizing-fits-method", "spec.sizing.kelly"),
        (
            strategy(sizing=Sizing(method=SizingMethod.KELLY, kelly=Kelly(payoff="2"))),
            "sizing-fits-method",
            "spec.sizing.kelly",
        ),
        (strategy(instruments=(RELIANCE, RELIANCE)), "lists-are-sets", "spec.instruments.1"),
        (strategy(timeframes=(Timeframe.DAY, Timeframe.HOUR, Timeframe.DAY)), "lists-are-sets", "spec.timeframes.2"),
        (strategy(brokers=("paper", "paper")), "lists-are-sets", "spec.brokers.1"),
        (strategy(levels=Levels(target_percent="2", reward_risk="2")), "one-target", "spec.levels.rewardRisk"),
        (strategy(**{**LIVE, "acknowledge_live": None}), "live-acknowledged", "spec.acknowledgeLive"),
        (strategy(**{**LIVE, "acknowledge_live": "other"}), "live-acknowledged", "spec.acknowledgeLive"),
        (strategy(**{**LIVE, "risk": StrategyRisk()}), "live-limited", "spec.risk.maxDailyLoss"),
    ],
)
def test_each_rule_finds_its_own_field(resource: Broker | Strategy, rule: str, field: str) -> None:
    assert broken(resource) == [(rule, field)]


@pytest.mark.parametrize(
    "resource",
    [
        broker(PAPER),
        broker(PAPER, halted=True, paper=PaperSettings()),
        broker(ZERODHA, live=True, zerodha=ZerodhaSettings()),
        strategy(),
        strategy(**LIVE),
        strategy(levels=Levels(stop_loss_percent="1", reward_risk="2")),
        strategy(acknowledge_live="other"),
    ],
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
