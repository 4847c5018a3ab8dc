"""Kelly's stake: the share of the equity to put at risk by how often, and how much, a strategy wins.

Win rate less loss rate over payoff, of which a fraction is taken: the whole of it grows fastest on
average and falls by half along the way. The rates are those of the strategy's own closed trades on this
account once there are enough of them, and given ones until then.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec

from alpha_panda.domain.inquiry import refusal
from alpha_panda.domain.limits import KellyTerms
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.domain.trades import Tally


class Stake(msgspec.Struct, frozen=True, kw_only=True):
    """A share of the equity, and the setting that kept it from being larger."""

    share: Fraction
    setting: str


def kelly_stake(terms: KellyTerms, tally: Tally) -> Stake | Refusal:
    """The stake of the next trade, or why there is none."""
    own = tally.trades >= terms.min_trades
    win_rate = tally.win_rate if own else terms.win_rate
    payoff = tally.payoff if own else terms.payoff
    if win_rate is None or (payoff is None and not own):
        says = f"{tally.trades} closed trades of {terms.min_trades} that Kelly's stake needs (sizing.kelly.minTrades), "
        says += "and no rates are given until then (sizing.kelly.winRatePercent, payoff)"
        return refusal("kelly_unknown", tally.trades, terms.min_trades, says)
    whole = win_rate - (Fraction(0) if payoff is None else _loss(win_rate, payoff))
    if whole <= 0:
        whose = f"its last {tally.trades} trades" if own else "sizing.kelly"
        paid = "none" if payoff is None else f"{float(payoff):.2f}"
        says = f"by {whose} it wins {float(win_rate):.1%} at a payoff of {paid}: Kelly stakes nothing on that"
        return refusal("kelly_no_edge", f"{float(whole):.1%}", "more than 0 %", says)
    share = terms.fraction * whole
    if share > terms.most:
        return Stake(share=terms.most, setting="sizing.kelly.maxPercent")
    return Stake(share=share, setting="sizing.kelly.fraction")


def _loss(win_rate: Fraction, payoff: Fraction) -> Fraction:
    """What losing takes off; all where a win pays nothing."""
    return (1 - win_rate) / payoff if payoff else Fraction(1)
