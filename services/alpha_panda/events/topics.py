"""The one table of topics: every name, key, partitioning and retention is spelt here and nowhere else.

Services, the operator, the local supervisor and the tests all take topics from this table. A topic of
the `BROKER` scope exists once per Broker, under the Broker's name; `platform.prefix` goes before all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """Who owns a topic."""

    MARKET = "market"
    BROKER = "broker"
    CONTROL = "control"
    AUDIT = "audit"


class Cleanup(StrEnum):
    """What Kafka does with old records."""

    DELETE = "delete"
    COMPACT = "compact"
    KEEP = "keep"


@dataclass(frozen=True, eq=False)
class Topic:
    """One row of the table. Rows are themselves and nothing else is equal to one, which every record's way rests on.

    `single` topics have one partition; all others share the installation's partition count, and a
    record's partition depends on its instrument token alone, so that joins are local.
    `retention_days` counts wall time and matters for `DELETE` only.
    """

    name: str
    scope: Scope
    key: str
    cleanup: Cleanup
    retention_days: int = 0
    single: bool = False

    def full_name(self, broker: str | None = None, prefix: str = "") -> str:
        """The name in Kafka, for a Broker where the topic is a Broker's."""
        if (self.scope is Scope.BROKER) != (broker is not None):
            msg = f"topic {self.name} is of scope {self.scope}: broker={broker!r} does not fit"
            raise ValueError(msg)
        owned = f"{broker}.{self.name}" if broker is not None else self.name
        return f"{prefix}{owned}"


TICKS = Topic("market.ticks", Scope.MARKET, "instrument", Cleanup.DELETE, retention_days=1)
BARS = Topic("market.bars", Scope.MARKET, "instrument", Cleanup.DELETE, retention_days=30)
MARKET_EPOCHS = Topic("market.epochs", Scope.MARKET, "task", Cleanup.DELETE, retention_days=30, single=True)

SIGNALS_RAW = Topic("signals.raw", Scope.BROKER, "strategy:instrument", Cleanup.DELETE, retention_days=30)
SIGNALS_VALIDATED = Topic("signals.validated", Scope.BROKER, "strategy:instrument", Cleanup.DELETE, retention_days=30)
SIGNALS_REJECTED = Topic("signals.rejected", Scope.BROKER, "strategy:instrument", Cleanup.DELETE, retention_days=30)
ORDERS_SUBMITTED = Topic("orders.submitted", Scope.BROKER, "instrument", Cleanup.KEEP)
ORDERS_ACK = Topic("orders.ack", Scope.BROKER, "instrument", Cleanup.KEEP)
ORDERS_FILLED = Topic("orders.filled", Scope.BROKER, "instrument", Cleanup.KEEP)
ORDERS_FAILED = Topic("orders.failed", Scope.BROKER, "instrument", Cleanup.KEEP)
ORDERS_CANCELLED = Topic("orders.cancelled", Scope.BROKER, "instrument", Cleanup.KEEP)
ORDERS_MODIFIED = Topic("orders.modified", Scope.BROKER, "instrument", Cleanup.KEEP)
PNL_SNAPSHOTS = Topic("pnl.snapshots", Scope.BROKER, "account", Cleanup.COMPACT, single=True)
BROKER_EPOCHS = Topic("epochs", Scope.BROKER, "task", Cleanup.DELETE, retention_days=30, single=True)

CONTROL_STRATEGIES = Topic("control.strategies", Scope.CONTROL, "name", Cleanup.COMPACT, single=True)
CONTROL_BROKERS = Topic("control.brokers", Scope.CONTROL, "name", Cleanup.COMPACT, single=True)
CONTROL_TRADING = Topic("control.trading", Scope.CONTROL, "scope", Cleanup.COMPACT, single=True)
CONTROL_QUARANTINE = Topic("control.quarantine", Scope.CONTROL, "strategy", Cleanup.COMPACT, single=True)
AUDIT_EVENTS = Topic("audit.events", Scope.AUDIT, "actor", Cleanup.KEEP, single=True)

TOPICS: tuple[Topic, ...] = (
    TICKS,
    BARS,
    MARKET_EPOCHS,
    SIGNALS_RAW,
    SIGNALS_VALIDATED,
    SIGNALS_REJECTED,
    ORDERS_SUBMITTED,
    ORDERS_ACK,
    ORDERS_FILLED,
    ORDERS_FAILED,
    ORDERS_CANCELLED,
    ORDERS_MODIFIED,
    PNL_SNAPSHOTS,
    BROKER_EPOCHS,
    CONTROL_STRATEGIES,
    CONTROL_BROKERS,
    CONTROL_TRADING,
    CONTROL_QUARANTINE,
    AUDIT_EVENTS,
)
ORDER_EVENTS: tuple[Topic, ...] = (
    ORDERS_SUBMITTED,
    ORDERS_ACK,
    ORDERS_FILLED,
    ORDERS_FAILED,
    ORDERS_CANCELLED,
    ORDERS_MODIFIED,
)
CONTROL: tuple[Topic, ...] = (CONTROL_STRATEGIES, CONTROL_BROKERS, CONTROL_TRADING)
"""What people want."""
CONTROL_AND_FINDINGS: tuple[Topic, ...] = (*CONTROL, CONTROL_QUARANTINE)
"""And what runners have found out about it."""

DLQ_SUFFIX = ".dlq"
DLQ_ROOM = 64 * 1024
"""Bytes that a dead letter may be larger than its source: its coordinates and reason."""


def dead_letter_topic(topic: str, broker: str | None = None, prefix: str = "") -> str:
    """The dead-letter topic of the full name `topic`, for a reader that belongs to `broker` or to nobody.

    A Broker's service may not write to a shared topic, so what it cannot read from one goes to a
    topic under its own name.
    """
    bare = topic.removeprefix(prefix)
    if broker is None or bare.startswith(f"{broker}."):
        return f"{topic}{DLQ_SUFFIX}"
    return f"{prefix}{broker}.{bare}{DLQ_SUFFIX}"


def parse_name(full_name: str, prefix: str = "") -> tuple[Topic, str | None]:
    """The row of the table and the Broker that a full name stands for; raises ValueError for any other name.

    A Broker's name has no dots and is never a scope's name, so there is one reading at most.
    """
    bare = full_name.removeprefix(prefix)
    for topic in TOPICS:
        if topic.scope is not Scope.BROKER and bare == topic.name:
            return topic, None
        if topic.scope is Scope.BROKER and bare.endswith(f".{topic.name}"):
            broker = bare.removesuffix(f".{topic.name}")
            if broker and "." not in broker and broker not in tuple(Scope):
                return topic, broker
    raise ValueError(f"{full_name!r} is not in the topic table")
