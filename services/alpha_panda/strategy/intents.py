"""What a strategy wants: to enter or to exit. The runner turns each into a signal for every Broker."""

from __future__ import annotations

import msgspec

from alpha_panda.events.signals import OrderType, Side, Vote

_PRICED = {
    OrderType.MARKET: (False, False),
    OrderType.LIMIT: (True, False),
    OrderType.SL: (True, True),
    OrderType.SL_M: (False, True),
}
"""Whether an order type has a limit price and a trigger price."""


class Enter(msgspec.Struct, frozen=True, kw_only=True):
    """Open a position: BUY to be long, SELL to be short. Prices are integer paise.

    Without a stop or a target the levels of the Strategy resource apply. `confidence` is a percentage;
    `votes` are what it was counted from, if it was. Sizing by volatility needs the average true range,
    sizing by liquidity the units that usually trade in a bar.

    Raises:
        ValueError: a limit or trigger price that the order type lacks or does not take, no reason, or a
            confidence outside 0 to 100. It is a fault of the strategy's code.
    """

    side: Side
    reason: str
    confidence: int = 100
    order_type: OrderType = OrderType.MARKET
    limit_price_paise: int | None = None
    trigger_price_paise: int | None = None
    stop_loss_paise: int | None = None
    target_paise: int | None = None
    votes: tuple[Vote, ...] = ()
    atr_paise: int | None = None
    bar_volume: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no broker could take."""
        _check_reason(self.reason)
        limit, trigger = _PRICED[self.order_type]
        if limit != (self.limit_price_paise is not None):
            raise ValueError(f"a {self.order_type} order {'needs' if limit else 'takes no'} limit_price_paise")
        if trigger != (self.trigger_price_paise is not None):
            raise ValueError(f"a {self.order_type} order {'needs' if trigger else 'takes no'} trigger_price_paise")
        if not 0 <= self.confidence <= 100:  # noqa: PLR2004 — a percentage
            raise ValueError(f"confidence {self.confidence} is outside 0 to 100")


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """Close the strategy's own position, all of it, at the market.

    `side` is the way the closing order trades: SELL ends a long, BUY a short. Where nothing is held (the
    stop was hit before) the risk manager rejects it with `no_position`; that is no error of the strategy.
    """

    side: Side
    reason: str

    def __post_init__(self) -> None:
        """A signal without a reason cannot be explained to its trader."""
        _check_reason(self.reason)


Wish = Enter | Exit


def _check_reason(reason: str) -> None:
    if not reason:
        raise ValueError("a reason is needed: it is shown beside the trade")
