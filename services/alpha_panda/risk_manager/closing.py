"""A person's wish to close a position, as the signal that the risk manager decides on.

It comes on `control.trading` and not on `signals.raw`, so it comes whether or not the strategy is there to exit.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from alpha_panda.events.control import CloseWanted
from alpha_panda.events.envelope import Event
from alpha_panda.events.ids import close_id
from alpha_panda.events.signals import Intent, OrderType, SignalRaised

_WORTH: Final = timedelta(minutes=1)
"""A wish that could not be heard for so long is refused: the person has seen other prices since."""


def exit_of(event: Event[CloseWanted], now: datetime | None, *, live: bool) -> Event[SignalRaised]:
    """The exit at market time `now` (None: nobody knows it yet).

    The wish itself is dated by a clock. A live one ends by that; a replay's day has nothing to do with it.
    """
    wanted = event.data
    at = event.event_time if now is None else now
    limit_paise = wanted.limit_price_paise
    data = SignalRaised(
        strategy=wanted.strategy,
        instrument_token=wanted.instrument_token,
        intent=Intent.EXIT,
        side=wanted.side,
        product=wanted.product,
        reference_price_paise=wanted.reference_price_paise,
        order_type=OrderType.MARKET if limit_paise is None else OrderType.LIMIT,
        limit_price_paise=limit_paise,
        reason=f"closed by {wanted.actor}: {wanted.reason}",
        expires_at=(event.event_time if live else at) + _WORTH,
    )
    return Event(
        id=close_id(event.event_time, wanted, event.id),
        event_time=at,
        data=data,
        key=f"{wanted.strategy}:{wanted.instrument_token}",
        key_instrument=wanted.instrument_token,
        correlation_id=event.correlation_id,
        causation_id=event.id,
        broker=wanted.broker,
    )
