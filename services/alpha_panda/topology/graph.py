"""The one table of services: what each reads, writes, keeps and waits for.

The plan, its ACLs and its tests all come from these rows; a new service is a new row. In a row of a
shared service a Broker's topic or table stands for that of each Broker it serves; in a row of a
Broker's service for that Broker's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from alpha_panda.events.topics import (
    BARS,
    BROKER_EPOCHS,
    CONTROL,
    CONTROL_AND_FINDINGS,
    CONTROL_QUARANTINE,
    MARKET_EPOCHS,
    ORDER_EVENTS,
    ORDERS_ACK,
    ORDERS_FAILED,
    ORDERS_FILLED,
    PNL_SNAPSHOTS,
    SIGNALS_RAW,
    SIGNALS_REJECTED,
    SIGNALS_VALIDATED,
    TICKS,
    Topic,
)
from alpha_panda.resources.broker import BrokerType

PAPER: Final = frozenset({BrokerType.PAPER})
ZERODHA: Final = frozenset({BrokerType.ZERODHA})
EVERY: Final = frozenset(BrokerType)

SELECT: Final = ("SELECT",)
APPEND: Final = ("SELECT", "INSERT")
UPSERT: Final = ("SELECT", "INSERT", "UPDATE")
CHANGE: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")

ACCOUNT_KEYS: Final = ("api-key", "api-secret")
"""What the Secret of a Zerodha Broker must have."""
PLATFORM_SCHEMA: Final = "platform"
MARKET_SCHEMA: Final = "market"


class Redis(StrEnum):
    """What a service may do with the keys of the Brokers that it serves; `HALTS` is to read the kill switch alone."""

    NONE = "none"
    HALTS = "halts"
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True)
class Table:
    """A table and the privileges on it; `brokers` ones exist in the schema of each Broker, the others in `schema`."""

    name: str
    privileges: tuple[str, ...]
    brokers: bool = False
    schema: str = MARKET_SCHEMA


@dataclass(frozen=True, kw_only=True)
class Service:
    """One row.

    `brokers` are the types of Broker that a Broker's service exists for, or that a shared one serves.
    `dead_letters` are topics whose dead letters it writes without consuming them. `per_partition` gives
    it a task for each partition, otherwise one task has all. `upstream` are the services whose markers
    of epoch k close its inputs of k, `upstream_previous` those whose markers of k - 1 do. `watches_letters` lets it
    see how many dead letters there are of everybody's. `sessions` says that it
    uses the logins of Brokers at an exchange.
    """

    name: str
    shared: bool
    brokers: frozenset[BrokerType]
    reads: tuple[Topic, ...]
    writes: tuple[Topic, ...] = ()
    dead_letters: tuple[Topic, ...] = ()
    one_writer: bool = False
    per_partition: bool = False
    tables: tuple[Table, ...] = ()
    redis: Redis = Redis.NONE
    watches_letters: bool = False
    sessions: bool = False
    upstream: tuple[str, ...] = ()
    upstream_previous: tuple[str, ...] = ()


MARKET_FEED: Final = Service(
    name="market-feed",
    shared=True,
    brokers=PAPER,
    reads=(*CONTROL_AND_FINDINGS, BROKER_EPOCHS),
    writes=(TICKS, MARKET_EPOCHS),
    dead_letters=(TICKS,),
    one_writer=True,
    sessions=True,
    upstream_previous=("paper-trading",),
)
BAR_BUILDER: Final = Service(
    name="bar-builder",
    shared=True,
    brokers=frozenset(),
    reads=(TICKS, MARKET_EPOCHS),
    writes=(BARS, MARKET_EPOCHS),
    per_partition=True,
    tables=(Table("owners", UPSERT), Table("snapshots", CHANGE)),
    upstream=("market-feed",),
)
STRATEGY_RUNNER: Final = Service(
    name="strategy-runner",
    shared=True,
    brokers=EVERY,
    reads=(TICKS, BARS, MARKET_EPOCHS, *CONTROL_AND_FINDINGS),
    writes=(SIGNALS_RAW, BROKER_EPOCHS, CONTROL_QUARANTINE),
    per_partition=True,
    tables=(Table("bars", SELECT), Table("owners", UPSERT), Table("snapshots", CHANGE)),
    upstream=("market-feed", "bar-builder"),
)
RISK_MANAGER: Final = Service(
    name="risk-manager",
    shared=False,
    brokers=EVERY,
    reads=(
        TICKS,
        MARKET_EPOCHS,
        BROKER_EPOCHS,
        SIGNALS_RAW,
        *ORDER_EVENTS,
        *CONTROL,
        SIGNALS_VALIDATED,
        SIGNALS_REJECTED,
    ),
    writes=(SIGNALS_VALIDATED, SIGNALS_REJECTED, BROKER_EPOCHS),
    one_writer=True,
    tables=(
        Table("owners", UPSERT, brokers=True),
        Table("snapshots", CHANGE, brokers=True),
        Table("standing", UPSERT, brokers=True),
    ),
    redis=Redis.HALTS,
    upstream=("market-feed", "strategy-runner", "paper-trading"),
)
PAPER_TRADING: Final = Service(
    name="paper-trading",
    shared=False,
    brokers=PAPER,
    reads=(TICKS, MARKET_EPOCHS, BROKER_EPOCHS, SIGNALS_VALIDATED, *CONTROL, *ORDER_EVENTS),
    writes=(*ORDER_EVENTS, BROKER_EPOCHS),
    one_writer=True,
    tables=(Table("owners", UPSERT, brokers=True), Table("snapshots", CHANGE, brokers=True)),
    redis=Redis.HALTS,
    upstream=("market-feed",),
    upstream_previous=("risk-manager",),
)
ZERODHA_TRADING: Final = Service(
    name="zerodha-trading",
    shared=False,
    brokers=ZERODHA,
    reads=(TICKS, SIGNALS_VALIDATED, *CONTROL, *ORDER_EVENTS),
    writes=ORDER_EVENTS,
    one_writer=True,
    sessions=True,
    tables=(
        Table("owners", UPSERT, brokers=True),
        Table("snapshots", CHANGE, brokers=True),
        Table("exchange_orders", UPSERT, brokers=True),
        Table("exchange_trades", CHANGE, brokers=True),
        Table("exchange_outbox", UPSERT, brokers=True),
        Table("exchange_standing", UPSERT, brokers=True),
        Table("exchange_books", UPSERT, brokers=True),
    ),
    redis=Redis.HALTS,
)
PORTFOLIO: Final = Service(
    name="portfolio",
    shared=False,
    brokers=EVERY,
    reads=(TICKS, MARKET_EPOCHS, BROKER_EPOCHS, ORDERS_FILLED, *CONTROL),
    writes=(PNL_SNAPSHOTS, BROKER_EPOCHS),
    one_writer=True,
    tables=(
        Table("ledger", APPEND, brokers=True),
        Table("owners", UPSERT, brokers=True),
        Table("snapshots", CHANGE, brokers=True),
    ),
    redis=Redis.WRITE,
    upstream=("market-feed", "paper-trading"),
)
HISTORY: Final = Service(
    name="history",
    shared=True,
    brokers=EVERY,
    reads=(TICKS, BARS, SIGNALS_RAW, SIGNALS_VALIDATED, SIGNALS_REJECTED, *ORDER_EVENTS),
    tables=(
        Table("ticks", UPSERT),
        Table("bars", UPSERT),
        Table("claims", UPSERT),
        Table("signals", UPSERT, brokers=True),
        Table("orders", UPSERT, brokers=True),
        Table("fills", UPSERT, brokers=True),
    ),
)
NOTIFIER: Final = Service(
    name="notifier",
    shared=True,
    brokers=EVERY,
    reads=(ORDERS_ACK, ORDERS_FILLED, ORDERS_FAILED, SIGNALS_REJECTED, *CONTROL_AND_FINDINGS),
    tables=(
        Table("claims", UPSERT),
        Table("alerts", CHANGE, schema=PLATFORM_SCHEMA),
        Table("channels", CHANGE, schema=PLATFORM_SCHEMA),
        Table("deliveries", CHANGE, schema=PLATFORM_SCHEMA),
        Table("command_offsets", CHANGE, schema=PLATFORM_SCHEMA),
        Table("resources", UPSERT, schema=PLATFORM_SCHEMA),
        Table("resource_changes", APPEND, schema=PLATFORM_SCHEMA),
        Table("standing", SELECT, brokers=True),
    ),
    redis=Redis.READ,
    watches_letters=True,
)
API: Final = Service(
    name="api",
    shared=True,
    brokers=EVERY,
    reads=CONTROL_AND_FINDINGS,
    tables=(
        Table("bars", SELECT),
        Table("signals", SELECT, brokers=True),
        Table("orders", SELECT, brokers=True),
        Table("fills", SELECT, brokers=True),
        Table("ledger", SELECT, brokers=True),
        Table("standing", SELECT, brokers=True),
        Table("users", UPSERT, schema=PLATFORM_SCHEMA),
        Table("sessions", CHANGE, schema=PLATFORM_SCHEMA),
        Table("signing_keys", CHANGE, schema=PLATFORM_SCHEMA),
        Table("approvals", UPSERT, schema=PLATFORM_SCHEMA),
        Table("resources", UPSERT, schema=PLATFORM_SCHEMA),
        Table("resource_changes", APPEND, schema=PLATFORM_SCHEMA),
        Table("alerts", UPSERT, schema=PLATFORM_SCHEMA),
        Table("channels", SELECT, schema=PLATFORM_SCHEMA),
        Table("deliveries", APPEND, schema=PLATFORM_SCHEMA),
    ),
    redis=Redis.READ,
)

SERVICES: Final[tuple[Service, ...]] = (
    MARKET_FEED,
    BAR_BUILDER,
    STRATEGY_RUNNER,
    RISK_MANAGER,
    PAPER_TRADING,
    ZERODHA_TRADING,
    PORTFOLIO,
    HISTORY,
    NOTIFIER,
    API,
)
