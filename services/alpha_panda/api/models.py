"""What the API answers with; times are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from alpha_panda.api.money import Money

T = TypeVar("T")
INSTRUMENT = Field(description="EXCHANGE:SYMBOL; null where the instrument table has no such token.")


class Answer(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True)


class Freshness(Answer):
    """How old the figures are."""

    as_of: datetime = Field(description="Event time up to which everything was seen; in a replay, of the replayed day.")
    written_at: datetime = Field(description="Wall time at which the portfolio service wrote them.")
    age_seconds: float = Field(description="Wall time since then.", examples=[0.4])


class Account(Answer):
    """What the account is worth: starting cash + realised - charges = cash + cost of the positions."""

    starting_cash: Money
    cash: Money
    cost: Money = Field(description="Signed cost of the open positions.")
    realised: Money
    unrealised: Money
    charges: Money
    equity: Money
    fills: int
    open_positions: int


class Position(Answer):
    """An open position of one strategy; `quantity` is negative for a short."""

    strategy: str
    instrument: Annotated[str | None, INSTRUMENT]
    instrument_token: int
    product: str
    quantity: int
    cost: Money
    price: Money = Field(description="The mark: the last tick, or the last fill where no tick came yet.")
    price_at: datetime | None = Field(description="Exchange time of that tick.")
    unrealised: Money


class StrategyResult(Answer):
    """What one strategy has made on a Broker; `profit` is after charges."""

    strategy: str
    fills: int
    realised: Money
    unrealised: Money
    charges: Money
    profit: Money
    open_positions: int


@dataclass(frozen=True)
class EquityPoint:
    """The account's worth at a moment of event time."""

    at: datetime
    equity: Money


class Halt(Answer):
    """Why risk-increasing orders are refused at present."""

    source: str = Field(
        description="The halted scope (all, broker, strategy, instrument); resource: spec.halted of the Broker."
    )
    subject: str = Field(description="The Broker, strategy or instrument (EXCHANGE:SYMBOL); empty for all.")
    reason: str
    actor: str | None


class Portfolio(Answer):
    """A Broker and its account; `account` is null until the portfolio service has written for the first time."""

    broker: str
    type: str
    live: bool
    halts: list[Halt]
    freshness: Freshness | None
    account: Account | None


class PortfolioDetail(Portfolio):
    """A Broker, its account, and what the account is made of."""

    positions: list[Position]
    strategies: list[StrategyResult]
    equity_curve: list[EquityPoint]


class StrategyQuarantine(Answer):
    """Why a Strategy is called no more, until it changes."""

    kind: str = Field(description="raised, nonsense, time, memory or crash.")
    reason: str
    evidence: str
    call: str = Field(description="The call into its code: on_bar, on_tick, snapshot, load...")
    instrument_token: int | None
    cause: str | None = Field(description="The id of the event that it happened at.")
    since: datetime = Field(description="Event time.")


class StrategySummary(Answer):
    """A Strategy in force."""

    name: str
    generation: int
    strategy: str
    state: str = Field(description="Running, Paused or Stopped as its resource asks; Quarantined whatever it asks.")
    quarantine: StrategyQuarantine | None
    mode: str
    brokers: list[str]
    instruments: list[str]
    timeframes: list[str]


class StrategyOnBroker(Answer):
    """A Strategy's result on one of its Brokers; `result` is null while it has traded nothing there."""

    broker: str
    freshness: Freshness | None
    result: StrategyResult | None


class StrategyDetail(StrategySummary):
    """A Strategy with its settings and its results."""

    spec: dict[str, object] = Field(description="The spec of the resource.")
    results: list[StrategyOnBroker]


class Order(Answer):
    """An order as its latest event and its fills left it."""

    broker: str
    order_id: str
    signal_id: str
    strategy: str
    instrument: Annotated[str | None, INSTRUMENT]
    instrument_token: int
    leg: str
    side: str
    quantity: int
    order_type: str
    product: str
    limit_price: Money | None
    trigger_price: Money | None
    status: str
    filled_quantity: int
    filled_value: Money = Field(description="Sum of quantity x price over its fills.")
    code: str | None = Field(description="Why it failed or was cancelled.")
    message: str | None
    submitted_at: datetime
    changed_at: datetime


class Fill(Answer):
    """A trade."""

    broker: str
    id: str
    order_id: str
    strategy: str
    instrument: Annotated[str | None, INSTRUMENT]
    instrument_token: int
    leg: str
    side: str
    quantity: int
    price: Money
    charges: Money
    event_time: datetime


class Reason(Answer):
    """A check that a signal failed."""

    code: str = Field(description="Stable, such as daily_loss; each is explained in docs/risk.md.")
    value: str = Field(description="What was found.")
    limit: str = Field(description="What is allowed.")
    message: str = Field(description="A sentence with both, and the setting to change.")


class Lock(Answer):
    """Why entries are refused until a moment: a breaker that tripped, or a pause."""

    code: str
    strategy: str | None = Field(description="The strategy whose entries it stops; null for every strategy's.")
    instrument: Annotated[str | None, INSTRUMENT]
    instrument_token: int | None = Field(description="The instrument that it stops entries in; null for all.")
    value: str
    limit: str
    message: str
    since: datetime = Field(description="Event time.")
    until: datetime = Field(description="Event time from which on entries pass again.")


class Refusal(Answer):
    """A signal that was refused, with every reason."""

    signal_id: str
    strategy: str
    instrument: Annotated[str | None, INSTRUMENT]
    instrument_token: int
    intent: str
    side: str
    event_time: datetime
    reasons: list[Reason]


class RiskReport(Answer):
    """What an account may do; `state`, `as_of` and `written_at` are null until its risk manager heard of the market."""

    broker: str
    state: Literal["Active", "Reducing", "Halted"] | None = Field(
        description="Reducing: a breaker or a pause of the whole account lets only exits pass; Halted: people do."
    )
    as_of: datetime | None = Field(description="Event time of the state, the breakers and the pauses.")
    written_at: datetime | None = Field(description="Wall time at which the risk manager last had something to change.")
    halts: list[Halt]
    breakers: list[Lock]
    pauses: list[Lock]
    refusals: list[Refusal] = Field(description="The last signals that were refused, latest first.")


class Verdict(Answer):
    """What the risk manager said: a quantity and what bound it, or a code, the value found and the limit."""

    verdict: Literal["validated", "rejected"]
    quantity: int | None = None
    binding_constraint: str | None = None
    code: str | None = None
    value: str | None = None
    limit: str | None = None
    message: str | None = None
    reasons: list[Reason] = Field(default=[], description="Every reason of a rejection, the verdict's own first.")


class Signal(Answer):
    """A strategy's wish and its verdict; `verdict` is null while there is none."""

    broker: str
    id: str
    strategy: str
    instrument: Annotated[str | None, INSTRUMENT]
    instrument_token: int
    intent: str
    side: str
    reference_price: Money
    stop_loss: Money | None
    target: Money | None
    confidence: int
    reason: str
    event_time: datetime
    verdict: Verdict | None


class Page(Answer, Generic[T]):
    """Part of a list, latest first; ask again with `cursor` for what follows."""

    items: list[T]
    cursor: str | None = Field(description="Where the next page begins; null on the last.")


class HealthReport(Answer):
    """Whether the API can answer, and what it lacks."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, str] = Field(examples=[{"control": "ok", "postgres": "ok", "redis": "ok"}])
