"""Double entry: every change of the account as amounts that add up to zero.

Debits are positive. `cash` and `position:…` are what is owned; `capital`, `realised:…` and `charge:…`
say where it came from and went. The entries of one cause share its id and are numbered from 0.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from alpha_panda.domain.day_taxes import TaxRounding
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import event_id
from alpha_panda.events.orders import OrderFilled

CASH = "cash"
CAPITAL = "capital"


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the books. `id` and `entry` name it: to book it twice changes nothing."""

    id: str
    entry: int
    account: str
    amount_paise: int
    event_time: datetime
    cause: str
    description: str


def capital_entries(cause: Event[Any], paid_in_paise: int) -> tuple[LedgerEntry, ...]:
    """Cash that was paid in (negative: out) because the Broker's starting cash was set."""
    description = "starting cash of the Broker"
    return _entries(cause, description, {CASH: paid_in_paise, CAPITAL: -paid_in_paise})


def fill_entries(
    cause: Event[OrderFilled], cash_paise: int, cost_paise: int, realised_paise: int
) -> tuple[LedgerEntry, ...]:
    """A fill that changed cash and the cost of the position by these amounts and realised this profit."""
    fill, order = cause.data, cause.data.order
    position = f"{order.strategy}:{order.instrument_token}:{order.product}"
    charges = {
        f"charge:{name.removesuffix('_paise')}": paise for name, paise in msgspec.structs.asdict(fill.charges).items()
    }
    description = f"{order.side} {fill.quantity} at {fill.price_paise} paise, order {order.order_id}"
    return _entries(
        cause,
        description,
        {
            CASH: cash_paise,
            f"position:{position}": cost_paise,
            f"realised:{order.strategy}": -realised_paise,
            **charges,
        },
    )


def rounding_entries(broker: str, rounding: TaxRounding) -> tuple[LedgerEntry, ...]:
    """The charge that made the tax of a closed day whole rupees, at the close of its session."""
    identity = event_id(rounding.closed_at, "stt rounding", broker, rounding.day, rounding.tax_paise)
    description = f"STT of {rounding.day}, {rounding.tax_paise} paise, in whole rupees"
    amounts = {CASH: -rounding.paise, "charge:stt": rounding.paise}
    return tuple(
        LedgerEntry(
            id=identity,
            entry=number,
            account=account,
            amount_paise=paise,
            event_time=rounding.closed_at,
            cause=rounding.cause,
            description=description,
        )
        for number, (account, paise) in enumerate(amounts.items())
    )


def _entries(cause: Event[Any], description: str, amounts: dict[str, int]) -> tuple[LedgerEntry, ...]:
    return tuple(
        LedgerEntry(
            id=cause.id,
            entry=number,
            account=account,
            amount_paise=paise,
            event_time=cause.event_time,
            cause=cause.id,
            description=description,
        )
        for number, (account, paise) in enumerate(amounts.items())
        if paise
    )
