"""What each rule allows an entry to be: its method, the limits of strategy and account, what the market bears.

Cash is the last cap and looks at what the others left: it is in `entry_size`.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial

from alpha_panda.domain.inquiry import refusal
from alpha_panda.domain.instrument import Instrument
from alpha_panda.domain.kelly import kelly_stake
from alpha_panda.domain.limits import AccountTerms, Limits, Method, SizingTerms
from alpha_panda.domain.money import rupees
from alpha_panda.domain.order_terms import Refusal, entry_price_paise
from alpha_panda.domain.sizing import Cap, fixed_risk_quantity, share_paise, value_quantity
from alpha_panda.domain.trades import Trades
from alpha_panda.events.signals import SignalRaised


def method_cap(
    signal: SignalRaised, stop_loss_paise: int, sizing: SizingTerms, trades: Trades, equity_paise: int
) -> Cap | Refusal:
    """What the strategy's method of sizing asks for, or why it cannot say."""
    distance_paise = abs(signal.reference_price_paise - stop_loss_paise)
    match sizing.method:
        case Method.FIXED_RISK:
            return _risk_cap("risk_per_trade", sizing.risk, equity_paise, distance_paise, "sizing.riskPercent")
        case Method.KELLY:
            stake = kelly_stake(sizing.kelly, trades.tally(signal.strategy))
            if isinstance(stake, Refusal):
                return stake
            return _risk_cap("kelly", stake.share, equity_paise, distance_paise, stake.setting)
        case Method.VOLATILITY:
            if signal.atr_paise is None:
                says = f"{signal.strategy} gives no average true range to size by (sizing.method)"
                return refusal("atr_missing", "none", "an average true range", says)
            move_paise = -(-signal.atr_paise * sizing.atr_multiple.numerator // sizing.atr_multiple.denominator)
            return _risk_cap("volatility", sizing.risk, equity_paise, move_paise, "sizing.riskPercent, atrMultiple")


def limit_caps(price_paise: int, allowed: tuple[Limits, ...], instrument: Instrument) -> list[Cap]:
    """The limits in units and rupees of strategy and account, and the exchange's."""
    caps = []
    for limits in allowed:
        if limits.max_position_quantity is not None:
            most = limits.max_position_quantity
            setting = f"{limits.where}.maxPositionQuantity"
            caps.append(Cap(code="max_position", quantity=most, limit=partial(str, most), setting=setting))
        for code, name, value_paise in (
            ("max_position", "maxPositionValue", limits.max_position_value_paise),
            ("max_order_value", "maxOrderValue", limits.max_order_value_paise),
        ):
            if value_paise is not None:
                most = value_quantity(value_paise, price_paise)
                setting = f"{limits.where}.{name}"
                caps.append(Cap(code=code, quantity=most, limit=partial(rupees, value_paise), setting=setting))
    freeze = instrument.freeze_quantity
    if freeze is not None:
        setting = f"the exchange's limit for {instrument.symbol}"
        caps.append(Cap(code="freeze_quantity", quantity=freeze, limit=partial(str, freeze), setting=setting))
    return caps


def account_caps(
    signal: SignalRaised, stop_loss_paise: int, account: AccountTerms, equity_paise: int, sector: tuple[str, int]
) -> list[Cap]:
    """Shares of the account's equity: what one trade risks, what one position is worth, what a sector has.

    `sector` is the instrument's, and what the account has in it.
    """
    price_paise, caps = entry_price_paise(signal), []
    if account.risk is not None:
        distance_paise = max(abs(price_paise - stop_loss_paise), abs(signal.reference_price_paise - stop_loss_paise))
        setting = "account.maxRiskPercent"
        caps.append(_risk_cap("max_risk_per_trade", account.risk, equity_paise, distance_paise, setting))
    if account.position is not None:
        most_paise = share_paise(equity_paise, account.position)
        cap = Cap(
            code="max_position_percent",
            quantity=value_quantity(most_paise, price_paise),
            limit=partial(_share, account.position, equity_paise),
            setting="account.maxPositionPercent",
        )
        caps.append(cap)
    if account.sector is not None:
        name, taken_paise = sector
        share = account.sector
        cap = Cap(
            code="sector_concentration",
            quantity=value_quantity(share_paise(equity_paise, share) - taken_paise, price_paise),
            limit=lambda: f"{_share(share, equity_paise)} in {name}, of which {rupees(taken_paise)} are taken",
            setting="account.maxSectorPercent",
        )
        caps.append(cap)
    return caps


def liquidity_caps(signal: SignalRaised, sizing: SizingTerms) -> list[Cap]:
    """A share of what usually trades in a bar, where the strategy says how much that is."""
    volume, share = signal.bar_volume, sizing.volume
    if volume is None or share is None:
        return []
    cap = Cap(
        code="liquidity",
        quantity=share_paise(volume, share),
        limit=lambda: f"{float(share * 100):g} % of {volume} that trade in a bar",
        setting="sizing.maxVolumePercent",
    )
    return [cap]


def _risk_cap(code: str, share: Fraction, equity_paise: int, distance_paise: int, setting: str) -> Cap:
    return Cap(
        code=code,
        quantity=fixed_risk_quantity(equity_paise, share, distance_paise),
        limit=lambda: f"{float(share * 100):g} % of {rupees(equity_paise)} at {rupees(distance_paise)} a unit",
        setting=setting,
    )


def _share(share: Fraction, equity_paise: int) -> str:
    return f"{float(share * 100):g} % of {rupees(equity_paise)}"
