"""What the pages ask of PostgreSQL beside the lists of the API: bars, and what belongs to one signal or order."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from alpha_panda.api.dependencies import Dependencies
from alpha_panda.api.queries import FILLS, ORDERS, SIGNALS, Listing, Row
from alpha_panda.api.risk import reasons_of

BARS: Final = Listing(
    select="'00000000-0000-0000-0000-000000000000'::uuid AS row_id, b.start AS row_time, b.* FROM market.bars b",
    where="true",
    time="b.start",
    key="b.instrument_token",
    filters={"instrument_token": "b.instrument_token", "timeframe": "b.timeframe"},
)
ONE_SIGNAL: Final = SIGNALS._replace(filters={"id": "s.id"})
ORDERS_OF_SIGNAL: Final = ORDERS._replace(filters={"signal_id": "o.signal_id"})
FILLS_OF_ORDER: Final = FILLS._replace(filters={"order_id": "f.order_id"})
MOST_ORDERS: Final = 50
MOST_FILLS: Final = 200


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A signal from its votes to what became of it."""

    signal: Row
    orders: list[Row]
    fills: list[Row]

    @property
    def votes(self) -> list[dict[str, Any]]:
        """What each indicator said, the weightiest first."""
        return sorted(self.signal["data"].get("votes") or [], key=lambda vote: -vote["weight"])

    @property
    def at(self) -> datetime:
        """When the strategy decided."""
        at: datetime = self.signal["row_time"]
        return at


async def read_story(dependencies: Dependencies, broker: str, identity: UUID) -> Story | None:
    """The story of a signal, None where the Broker has none of this id; raises TransientError without PostgreSQL."""
    found, _ = await dependencies.queries.page(ONE_SIGNAL, [broker], {"id": identity}, 1)
    if not found:
        return None
    orders, _ = await dependencies.queries.page(ORDERS_OF_SIGNAL, [broker], {"signal_id": identity}, MOST_ORDERS)
    fills: list[Row] = []
    for order in orders:
        more, _ = await dependencies.queries.page(FILLS_OF_ORDER, [broker], {"order_id": order["order_id"]}, MOST_FILLS)
        fills += more
    return Story(
        signal=described(dependencies, found[0]),
        orders=[described(dependencies, each) for each in reversed(orders)],
        fills=[described(dependencies, each) for each in sorted(fills, key=lambda row: (row["row_time"], row["id"]))],
    )


def described(dependencies: Dependencies, row: Row) -> Row:
    """A row with its instrument's name, and of a signal with every reason of its refusal."""
    token = row["instrument_token"]
    more: Row = {"instrument": dependencies.instrument_name(token) or str(token)}
    if row.get("verdict") == "rejected":
        more["reasons"] = reasons_of(row["verdict_data"])
    return {**row, **more}
