"""The rules of `resources.rules` in CEL, the API server's language: what breaks one is refused at `kubectl apply`.

Each says the same as the rule whose name it has, in the same words, and points at the same field; tests hold both to
that. A field that may be null is only there when it is not null, and a decimal may be digits or text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from alpha_panda.resources.broker import PaperSettings
from alpha_panda.resources.rules import RESERVED_BROKER_BEGINNING, RESERVED_BROKER_NAMES
from alpha_panda.resources.sizing import Kelly

Path = tuple[str, ...]


@dataclass(frozen=True)
class Validation:
    """A rule at one place of a schema; `message` is a CEL expression of text, `field` is relative to the place."""

    name: str
    at: Path
    rule: str
    message: str
    field: str | None = None

    def as_schema(self) -> dict[str, Any]:
        """As `x-kubernetes-validations` has it."""
        result: dict[str, Any] = {"rule": self.rule}
        if self.message.startswith('"'):
            result["message"] = self.message[1:-1]
        else:
            result["messageExpression"] = self.message
        if self.field is not None:
            result["fieldPath"] = self.field
        return result


def given(parent: str, field: str) -> str:
    """That an optional field is there: not left out, and not null."""
    return f"(has({parent}.{field}) && dyn({parent}.{field}) != null)"


def text(value: str) -> str:
    """A decimal as text, whether it was given in quotes or as digits."""
    return f"string({value})"


def amount(value: str) -> str:
    """A decimal as an exact number."""
    return f"quantity({text(value)})"


def _names(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{each}'" for each in values)


def _trades(place: Path) -> Iterator[Validation]:
    for field in ("maxPositionValue", "maxOrderValue", "maxDailyLoss"):
        yield Validation(
            "account-lets-trade" if place[-1] == "account" else "strategy-lets-trade",
            place,
            f"!{given('self', field)} || {text(f'self.{field}')}.matches('[1-9]')",
            '"lets nothing be entered; allowed: more than 0, or leave it out"',
            f".{field}",
        )


_SPEC: Final[Path] = ("spec",)
_STARTING_CASH: Final = (
    f"({given('self', 'paper')} ? {text('self.paper.startingCash')} : '{PaperSettings().starting_cash}')"
)
_USUAL_KELLY: Final = " && ".join(
    (
        f"{text('self.sizing.kelly.fraction')} == '{Kelly().fraction}'",
        f"{text('self.sizing.kelly.maxPercent')} == '{Kelly().max_percent}'",
        f"self.sizing.kelly.minTrades == {Kelly().min_trades}",
        f"!{given('self.sizing.kelly', 'winRatePercent')}",
        f"!{given('self.sizing.kelly', 'payoff')}",
    )
)

BROKER: Final = (
    Validation(
        "broker-name-reserved",
        (),
        f"!(self.metadata.name in [{_names(RESERVED_BROKER_NAMES)}]) "
        f"&& !self.metadata.name.startsWith('{RESERVED_BROKER_BEGINNING}')",
        f'"is reserved; not allowed are {", ".join(RESERVED_BROKER_NAMES)} '
        f'and names that begin with {RESERVED_BROKER_BEGINNING}"',
        ".metadata.name",
    ),
    Validation(
        "zerodha-needs-credentials",
        _SPEC,
        f"self.type != 'Zerodha' || {given('self', 'credentialsSecretRef')}",
        '"a Zerodha broker needs credentialsSecretRef"',
        ".credentialsSecretRef",
    ),
    Validation(
        "paper-has-no-credentials",
        _SPEC,
        f"self.type != 'Paper' || !{given('self', 'credentialsSecretRef')}",
        '"a Paper broker holds no credentials: remove it"',
        ".credentialsSecretRef",
    ),
    Validation(
        "paper-not-live",
        _SPEC,
        "self.type != 'Paper' || !self.live",
        '"a Paper broker cannot be live; allowed: false"',
        ".live",
    ),
    Validation(
        "settings-fit-type",
        _SPEC,
        f"self.type != 'Paper' || !{given('self', 'zerodha')}",
        '"a Paper broker takes no zerodha settings: remove them"',
        ".zerodha",
    ),
    Validation(
        "settings-fit-type",
        _SPEC,
        f"self.type != 'Zerodha' || !{given('self', 'paper')}",
        '"a Zerodha broker takes no paper settings: remove them"',
        ".paper",
    ),
    *_trades(("spec", "account")),
    Validation(
        "account-lets-trade",
        _SPEC,
        f"self.type != 'Paper' || {amount('self.account.minCashReserve')}.isLessThan(quantity({_STARTING_CASH}))",
        f"'leaves nothing of the startingCash of ' + {_STARTING_CASH} + ' to trade with; allowed: less than that'",
        ".account.minCashReserve",
    ),
    Validation(
        "type-immutable",
        ("spec", "type"),
        "self == oldSelf",
        "'is immutable: the broker is ' + oldSelf + '; delete it, or create another under a new name'",
    ),
)
STRATEGY: Final = (
    Validation(
        "one-target",
        ("spec", "levels"),
        f"!{given('self', 'targetPercent')} || !{given('self', 'rewardRisk')}",
        '"give targetPercent or rewardRisk, not both"',
        ".rewardRisk",
    ),
    Validation(
        "sizing-fits-method",
        _SPEC,
        f"self.sizing.method == 'Kelly' || ({_USUAL_KELLY})",
        "'is for method Kelly; with ' + self.sizing.method + ' remove it'",
        ".sizing.kelly",
    ),
    Validation(
        "sizing-fits-method",
        ("spec", "sizing", "kelly"),
        f"{given('self', 'winRatePercent')} == {given('self', 'payoff')}",
        '"give both winRatePercent and payoff, or neither"',
    ),
    *_trades(("spec", "risk")),
    Validation(
        "live-acknowledged",
        (),
        f"self.spec.mode != 'Live' || ({given('self.spec', 'acknowledgeLive')} "
        "&& self.spec.acknowledgeLive == self.metadata.name)",
        "'mode Live needs acknowledgeLive equal to the strategy\\'s own name, \"' + self.metadata.name + '\"'",
        ".spec.acknowledgeLive",
    ),
    Validation(
        "live-limited",
        _SPEC,
        f"self.mode != 'Live' || {given('self.risk', 'maxDailyLoss')}",
        '"mode Live needs risk.maxDailyLoss"',
        ".risk.maxDailyLoss",
    ),
    Validation(
        "mode-kept-while-running",
        _SPEC,
        "self.mode == oldSelf.mode || oldSelf.state == 'Stopped'",
        "'stop the strategy (spec.state: Stopped) before changing its mode from ' + oldSelf.mode",
        ".mode",
    ),
    Validation(
        "brokers-kept-while-running",
        _SPEC,
        "(self.brokers.all(each, each in oldSelf.brokers) && oldSelf.brokers.all(each, each in self.brokers)) "
        "|| oldSelf.state == 'Stopped'",
        "'stop the strategy (spec.state: Stopped) before changing its brokers from ' + oldSelf.brokers.join(', ')",
        ".brokers",
    ),
)
BY_THE_SCHEMA: Final = frozenset({"lists-are-sets"})
"""Rules that need no CEL: lists are of type set or map."""
