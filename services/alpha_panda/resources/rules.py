"""The rules that no single field can hold, each stated once: within a resource and between its versions.

Every reader applies them: files here, the API server as CEL made from the same names, the operator
and the risk manager on their own.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from pydantic.alias_generators import to_camel

from alpha_panda.resources.account_limits import AccountLimits
from alpha_panda.resources.broker import Broker, BrokerType
from alpha_panda.resources.fields import paise
from alpha_panda.resources.sizing import Kelly, SizingMethod
from alpha_panda.resources.strategy import Mode, Strategy, StrategyRisk, StrategyState

RESERVED_BROKER_NAMES: Final = ("market", "control", "audit", "public", "platform")
"""They begin shared topics or name shared schemas."""
RESERVED_BROKER_BEGINNING: Final = "pg"
"""PostgreSQL keeps such schema names for itself."""


@dataclass(frozen=True)
class Violation:
    """A rule that a resource breaks: the dotted field, the value there, and what is allowed."""

    rule: str
    field: str
    value: object
    message: str


Found = tuple[str, object, str]
"""Field, value and message of one violation."""
R = TypeVar("R", Broker, Strategy)


@dataclass(frozen=True)
class Rule(Generic[R]):
    """A rule over one resource."""

    name: str
    find: Callable[[R], Iterator[Found]]


@dataclass(frozen=True)
class ChangeRule(Generic[R]):
    """A rule over a resource as it is and as it shall be."""

    name: str
    find: Callable[[R, R], Iterator[Found]]


def _broker_name(broker: Broker) -> Iterator[Found]:
    name = broker.metadata.name
    if name in RESERVED_BROKER_NAMES or name.startswith(RESERVED_BROKER_BEGINNING):
        reserved = ", ".join(RESERVED_BROKER_NAMES)
        yield "metadata.name", name, f"is reserved; not allowed are {reserved} and names that begin with pg"


def _zerodha_credentials(broker: Broker) -> Iterator[Found]:
    if broker.spec.type is BrokerType.ZERODHA and broker.spec.credentials_secret_ref is None:
        yield "spec.credentialsSecretRef", None, "a Zerodha broker needs credentialsSecretRef"


def _paper_without_credentials(broker: Broker) -> Iterator[Found]:
    if broker.spec.type is BrokerType.PAPER and broker.spec.credentials_secret_ref is not None:
        name = broker.spec.credentials_secret_ref.name
        yield "spec.credentialsSecretRef", name, "a Paper broker holds no credentials: remove it"


def _paper_not_live(broker: Broker) -> Iterator[Found]:
    if broker.spec.type is BrokerType.PAPER and broker.spec.live:
        yield "spec.live", True, "a Paper broker cannot be live; allowed: false"


def _settings_of_type(broker: Broker) -> Iterator[Found]:
    if broker.spec.type is BrokerType.PAPER and broker.spec.zerodha is not None:
        yield "spec.zerodha", None, "a Paper broker takes no zerodha settings: remove them"
    if broker.spec.type is BrokerType.ZERODHA and broker.spec.paper is not None:
        yield "spec.paper", None, "a Zerodha broker takes no paper settings: remove them"


def _repeated(field: str, values: Sequence[Hashable]) -> Iterator[Found]:
    first: dict[Hashable, int] = {}
    for index, value in enumerate(values):
        if value in first:
            yield f"{field}.{index}", str(value), f"is named twice, first as {field}.{first[value]}"
        else:
            first[value] = index


def _lists_are_sets(strategy: Strategy) -> Iterator[Found]:
    yield from _repeated("spec.instruments", [(str(each)) for each in strategy.spec.instruments])
    yield from _repeated("spec.timeframes", strategy.spec.timeframes)
    yield from _repeated("spec.brokers", strategy.spec.brokers)


def _sizing_of_method(strategy: Strategy) -> Iterator[Found]:
    sizing = strategy.spec.sizing
    if sizing.method is not SizingMethod.KELLY and sizing.kelly != Kelly():
        message = f"is for method Kelly; with {sizing.method} remove it"
        yield "spec.sizing.kelly", None, message
    if (sizing.kelly.win_rate_percent is None) != (sizing.kelly.payoff is None):
        yield (
            "spec.sizing.kelly",
            None,
            "give both winRatePercent and payoff, or neither",
        )


def _account_lets_trade(broker: Broker) -> Iterator[Found]:
    account = broker.spec.account
    yield from _zeros("spec.account", account, ("max_position_value", "max_order_value", "max_daily_loss"))
    if broker.spec.type is not BrokerType.PAPER:
        return
    cash = broker.spec.paper_settings().starting_cash
    if paise(account.min_cash_reserve) >= paise(cash):
        message = f"leaves nothing of the startingCash of {cash} to trade with; allowed: less than that"
        yield "spec.account.minCashReserve", account.min_cash_reserve, message


def _strategy_lets_trade(strategy: Strategy) -> Iterator[Found]:
    yield from _zeros("spec.risk", strategy.spec.risk, ("max_position_value", "max_order_value", "max_daily_loss"))


def _zeros(field: str, limits: AccountLimits | StrategyRisk, names: Sequence[str]) -> Iterator[Found]:
    for name in names:
        value = getattr(limits, name)
        if value is not None and paise(value) == 0:
            yield (
                f"{field}.{to_camel(name)}",
                value,
                "lets nothing be entered; allowed: more than 0, or leave it out",
            )


def _one_target(strategy: Strategy) -> Iterator[Found]:
    levels = strategy.spec.levels
    if levels.target_percent is not None and levels.reward_risk is not None:
        yield "spec.levels.rewardRisk", levels.reward_risk, "give targetPercent or rewardRisk, not both"


def _live_acknowledged(strategy: Strategy) -> Iterator[Found]:
    spec, name = strategy.spec, strategy.metadata.name
    if spec.mode is Mode.LIVE and spec.acknowledge_live != name:
        message = f'mode Live needs acknowledgeLive equal to the strategy\'s own name, "{name}"'
        yield "spec.acknowledgeLive", spec.acknowledge_live, message


def _live_limited(strategy: Strategy) -> Iterator[Found]:
    if strategy.spec.mode is Mode.LIVE and strategy.spec.risk.max_daily_loss is None:
        yield "spec.risk.maxDailyLoss", None, "mode Live needs risk.maxDailyLoss"


def _type_kept(old: Broker, new: Broker) -> Iterator[Found]:
    if old.spec.type is not new.spec.type:
        message = f"is immutable: the broker is {old.spec.type}; delete it, or create another under a new name"
        yield "spec.type", new.spec.type.value, message


def _mode_kept_while_running(old: Strategy, new: Strategy) -> Iterator[Found]:
    if old.spec.mode is not new.spec.mode and old.spec.state is not StrategyState.STOPPED:
        message = f"stop the strategy (spec.state: Stopped) before changing its mode from {old.spec.mode}"
        yield "spec.mode", new.spec.mode.value, message


def _brokers_kept_while_running(old: Strategy, new: Strategy) -> Iterator[Found]:
    if set(old.spec.brokers) != set(new.spec.brokers) and old.spec.state is not StrategyState.STOPPED:
        before = ", ".join(old.spec.brokers)
        message = f"stop the strategy (spec.state: Stopped) before changing its brokers from {before}"
        yield "spec.brokers", list(new.spec.brokers), message


BROKER_RULES: Final[tuple[Rule[Broker], ...]] = (
    Rule("broker-name-reserved", _broker_name),
    Rule("zerodha-needs-credentials", _zerodha_credentials),
    Rule("paper-has-no-credentials", _paper_without_credentials),
    Rule("paper-not-live", _paper_not_live),
    Rule("settings-fit-type", _settings_of_type),
    Rule("account-lets-trade", _account_lets_trade),
)
STRATEGY_RULES: Final[tuple[Rule[Strategy], ...]] = (
    Rule("lists-are-sets", _lists_are_sets),
    Rule("one-target", _one_target),
    Rule("sizing-fits-method", _sizing_of_method),
    Rule("strategy-lets-trade", _strategy_lets_trade),
    Rule("live-acknowledged", _live_acknowledged),
    Rule("live-limited", _live_limited),
)
BROKER_CHANGE_RULES: Final[tuple[ChangeRule[Broker], ...]] = (ChangeRule("type-immutable", _type_kept),)
STRATEGY_CHANGE_RULES: Final[tuple[ChangeRule[Strategy], ...]] = (
    ChangeRule("mode-kept-while-running", _mode_kept_while_running),
    ChangeRule("brokers-kept-while-running", _brokers_kept_while_running),
)


def validate(resource: Broker | Strategy) -> tuple[Violation, ...]:
    """Every rule that the resource breaks; empty where it may stand."""
    if isinstance(resource, Broker):
        return tuple(Violation(rule.name, *found) for rule in BROKER_RULES for found in rule.find(resource))
    return tuple(Violation(rule.name, *found) for rule in STRATEGY_RULES for found in rule.find(resource))


def validate_change(old: Broker | Strategy, new: Broker | Strategy) -> tuple[Violation, ...]:
    """Every rule that the change from `old` to `new` breaks, beside those of `validate(new)`.

    Raises:
        ValueError: the two are not versions of one resource.
    """
    if (old.kind, old.metadata.name) != (new.kind, new.metadata.name):
        msg = f"{old.kind} {old.metadata.name} and {new.kind} {new.metadata.name} are two resources"
        raise ValueError(msg)
    if isinstance(old, Broker) and isinstance(new, Broker):
        return tuple(Violation(rule.name, *found) for rule in BROKER_CHANGE_RULES for found in rule.find(old, new))
    if isinstance(old, Strategy) and isinstance(new, Strategy):
        return tuple(Violation(rule.name, *found) for rule in STRATEGY_CHANGE_RULES for found in rule.find(old, new))
    msg = f"no such kinds: {type(old).__name__}, {type(new).__name__}"
    raise TypeError(msg)
