"""The `Strategy` resource: which class trades what, on which Brokers, within which limits."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue
from pydantic_core import PydanticCustomError

from alpha_panda.resources.common import API_VERSION, ApiVersion, DeletionPolicy, Metadata, Rollout
from alpha_panda.resources.fields import (
    AlgoId,
    BrokerName,
    Image,
    Model,
    Money,
    PositivePercent,
    PositiveRatio,
    StrategyClass,
    StrategyName,
    Symbol,
)
from alpha_panda.resources.protections import Protections
from alpha_panda.resources.sizing import Sizing

PARAMS_LIMIT: Final = 64 * 1024
"""Bytes of `params` as JSON: a resource is stored in etcd, where 1.5 MiB is the end of everything."""


class Exchange(StrEnum):
    """The exchanges whose prices are whole paise; currency derivatives (CDS, BCD) are not."""

    NSE = "NSE"
    BSE = "BSE"
    NFO = "NFO"
    BFO = "BFO"


def _no_currency(value: object) -> object:
    if value in ("CDS", "BCD"):
        raise PydanticCustomError(
            "currency_derivative",
            "holds currency derivatives, whose prices are no whole paise; allowed: {allowed}",
            {"allowed": ", ".join(Exchange)},
        )
    return value


class Timeframe(StrEnum):
    """The lengths of bars."""

    MINUTE = "1m"
    FIVE_MINUTES = "5m"
    FIFTEEN_MINUTES = "15m"
    HOUR = "1h"
    DAY = "1d"


class StrategyProduct(StrEnum):
    """How a strategy's positions are held: MIS within the day, CNC over days."""

    MIS = "MIS"
    CNC = "CNC"


class StrategyState(StrEnum):
    """What a strategy does at present."""

    RUNNING = "Running"
    PAUSED = "Paused"
    STOPPED = "Stopped"


class Mode(StrEnum):
    """Whether a strategy may reach a live Broker."""

    PAPER = "Paper"
    LIVE = "Live"


class InstrumentReference(Model):
    """An instrument, as the exchange names it."""

    exchange: Annotated[Exchange, BeforeValidator(_no_currency)] = Field(
        description="The exchange: NSE, BSE, NFO or BFO."
    )
    symbol: Symbol = Field(description="The exchange's symbol, such as RELIANCE.")

    def __str__(self) -> str:
        return f"{self.exchange}:{self.symbol}"


class Levels(Model):
    """Where a position is closed when the strategy's signal names no levels of its own."""

    stop_loss_percent: PositivePercent | None = Field(
        default=None, description="Distance of the stop from the entry, in percent of the entry price."
    )
    target_percent: PositivePercent | None = Field(
        default=None, description="Distance of the target from the entry, in percent; not together with rewardRisk."
    )
    reward_risk: PositiveRatio | None = Field(
        default=None, description="Distance of the target in multiples of the stop's; not together with targetPercent."
    )


class StrategyRisk(Model):
    """Limits of this strategy on each of its Brokers; an absent limit does not limit."""

    max_position_quantity: Annotated[int, Field(ge=1, le=100_000_000)] | None = Field(
        default=None, description="Largest position in one instrument, in units."
    )
    max_position_value: Money | None = Field(default=None, description="Largest notional of one position, in rupees.")
    max_order_value: Money | None = Field(default=None, description="Largest notional of one order, in rupees.")
    max_daily_loss: Money | None = Field(
        default=None, description="Loss of a day, in rupees, at which the strategy only reduces; Live needs it."
    )
    max_orders_per_minute: Annotated[int, Field(ge=1, le=400)] | None = Field(
        default=None, description="Orders that may be placed in any 60 seconds."
    )
    protections: Protections = Field(
        default=Protections(), description="Pauses after trades of this strategy that went badly."
    )


def _params_size(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    size = len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
    if size > PARAMS_LIMIT:
        raise PydanticCustomError(
            "params_too_large", "has {size} bytes as JSON; at most {limit}", {"size": size, "limit": PARAMS_LIMIT}
        )
    return value


class StrategySpec(Model):
    """What a trader asks of a Strategy."""

    strategy: StrategyClass = Field(description="A registered strategy such as momentum, or package.module:Class.")
    params: Annotated[dict[str, JsonValue], AfterValidator(_params_size)] = Field(
        default={}, description="The strategy's own parameters, checked by its configuration class; at most 64 KiB."
    )
    instruments: Annotated[tuple[InstrumentReference, ...], Field(min_length=1, max_length=200)] = Field(
        description="The instruments to trade, each once."
    )
    timeframes: Annotated[tuple[Timeframe, ...], Field(min_length=1, max_length=5)] = Field(
        default=(Timeframe.MINUTE,), description="The bars the strategy is given, each once: 1m, 5m, 15m, 1h, 1d."
    )
    brokers: Annotated[tuple[BrokerName, ...], Field(min_length=1, max_length=10)] = Field(
        default=("paper",), description="The Brokers the strategy trades on, each once and each on its own."
    )
    product: StrategyProduct = Field(
        default=StrategyProduct.MIS, description="MIS (intraday, may be short) or CNC (held over days, long only)."
    )
    sizing: Sizing = Field(default=Sizing(), description="How a signal becomes a quantity.")
    levels: Levels = Field(
        default=Levels(), description="Stop and target of positions whose signal names none of its own."
    )
    risk: StrategyRisk = Field(default=StrategyRisk(), description="Limits of this strategy on each of its Brokers.")
    state: StrategyState = Field(
        default=StrategyState.RUNNING,
        description="Running; Paused (follows the market, enters nothing); Stopped (does not run).",
    )
    mode: Mode = Field(default=Mode.PAPER, description="Paper, or Live to be let onto live Brokers.")
    acknowledge_live: Annotated[str, Field(max_length=63)] | None = Field(
        default=None, description="The strategy's own name, which mode Live needs, so that no copy goes live unnoticed."
    )
    algo_id: AlgoId | None = Field(
        default=None,
        description="The exchange's id of this strategy as a registered algorithm; its orders carry it.",
    )
    image: Image | None = Field(
        default=None, description="An image with the strategy's code; it then runs in a runner of its own."
    )
    signal_time_to_live_seconds: Annotated[int, Field(ge=1, le=86_400)] = Field(
        default=60, description="Seconds after which a signal that could not be decided is rejected."
    )
    deletion_policy: DeletionPolicy = Field(
        default=DeletionPolicy.RETAIN, description="Whether the strategy's stored state is kept or deleted with it."
    )
    rollout: Rollout = Field(default=Rollout(), description="When a change that restarts a service may take effect.")


class StrategyMetadata(Metadata):
    """Who a Strategy is; its name is its id in every event."""

    name: StrategyName = Field(description="The strategy's name: its id in every signal, order and position.")


class Strategy(Model):
    """A trading strategy at work on instruments and Brokers."""

    api_version: ApiVersion = Field(default=API_VERSION, description="The version of the resource's fields.")
    kind: Literal["Strategy"] = Field(default="Strategy", description="The kind of the resource.")
    metadata: StrategyMetadata = Field(description="Who the Strategy is.")
    spec: StrategySpec = Field(description="What the trader asks for.")
