"""What a run has come to, read from its ledger, history and read model with the administrator's rights."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from redis.asyncio import Redis

from alpha_panda.local.administrator import database
from alpha_panda.local.layout import Layout
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.redis import ADMIN
from alpha_panda.runtime.store_errors import redis_store_errors


class SignalCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many signals of a strategy came to which verdict; `code` says why they were rejected."""

    strategy: str
    verdict: str
    code: str
    count: int


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """A trade; the time is event time."""

    time: str
    strategy: str
    instrument_token: int
    leg: str
    side: str
    quantity: int
    price_paise: int
    charges_paise: int


class OrderCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many orders are in which state."""

    status: str
    count: int


class BrokerDay(msgspec.Struct, frozen=True, kw_only=True):
    """One Broker's account at the end; `account` and `positions` are the read model's, None before its first write."""

    broker: str
    type: str
    signals: tuple[SignalCount, ...]
    orders: tuple[OrderCount, ...]
    fills: tuple[Fill, ...]
    account: dict[str, Any] | None
    positions: tuple[dict[str, Any], ...]
    strategies: tuple[dict[str, Any], ...]


_SIGNALS = """
SELECT strategy, stage AS verdict, coalesce(data->>'code', '') AS code, count(*) AS count
FROM {schema}.signals GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_ORDERS = "SELECT status, count(*) AS count FROM {schema}.orders GROUP BY 1 ORDER BY 1"
_FILLS = """
SELECT f.event_time AS time, f.strategy, f.instrument_token, o.leg, f.side, f.quantity, f.price_paise, f.charges_paise
FROM {schema}.fills f JOIN {schema}.orders o USING (order_id) ORDER BY f.event_time, f.id
"""
_BROKERS = """
SELECT name, spec->>'type' AS type FROM platform.resources
WHERE kind = 'Broker' AND to_regnamespace(quote_ident(name)) IS NOT NULL ORDER BY name
"""
"""Those that hold their name: one whose name another resource has got, or that is no name, has no schema."""


async def read_days(layout: Layout) -> tuple[BrokerDay, ...]:
    """The account of every Broker, by name; raises UnavailableError where the stores do not answer."""
    redis = Redis(
        host=HOST,
        port=Ports(layout).known("redis"),
        username=ADMIN,
        password=layout.secret("redis-admin"),
        decode_responses=True,
    )
    try:
        async with database(layout) as connection:
            with redis_store_errors():
                found = await connection.fetch(_BROKERS)
                return tuple([await _day(connection, redis, row["name"], row["type"]) for row in found])
    finally:
        await redis.aclose()


async def _day(connection: Any, redis: Redis, broker: str, kind: str) -> BrokerDay:  # noqa: ANN401 — asyncpg has no types
    schema = f'"{broker}"'
    signals = await connection.fetch(_SIGNALS.format(schema=schema))
    orders = await connection.fetch(_ORDERS.format(schema=schema))
    fills = await connection.fetch(_FILLS.format(schema=schema))
    account, positions, strategies = [
        await _part(redis, broker, part) for part in ("summary", "positions", "strategies")
    ]
    return BrokerDay(
        broker=broker,
        type=kind,
        signals=tuple(SignalCount(**dict(row)) for row in signals),
        orders=tuple(OrderCount(**dict(row)) for row in orders),
        fills=tuple(Fill(**{**dict(row), "time": row["time"].isoformat()}) for row in fills),
        account=account,
        positions=tuple(positions or ()),
        strategies=tuple(strategies or ()),
    )


async def _part(redis: Redis, broker: str, part: str) -> Any:  # noqa: ANN401 — the read model's JSON
    text = await redis.get(f"{broker}:portfolio:{part}")
    return None if text is None else json.loads(text)["data"]
