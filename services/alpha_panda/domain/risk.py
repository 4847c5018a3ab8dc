"""The chain of checks that a signal passes before it is sized: every refusal counts, the first is the verdict's code.

Entries are held to the halts, the breakers, the strategy's state and the limits; exits only to what an exit
needs, so that risk can always be reduced: the two chains share no limit.
"""

from __future__ import annotations

from collections.abc import Callable

from alpha_panda.domain import account_checks, breakers, market_checks, protections
from alpha_panda.domain.inquiry import Inquiry
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.events.signals import Intent

Check = Callable[[Inquiry], Refusal | None]

ENTRY_CHECKS: tuple[Check, ...] = (
    market_checks.unknown_instrument,
    account_checks.broker_missing,
    account_checks.strategy_not_running,
    account_checks.trading_halted,
    market_checks.signal_expired,
    market_checks.market_closed,
    market_checks.market_phase,
    market_checks.delayed_data,
    market_checks.stale_data,
    market_checks.data_gap,
    *(account_checks.Locked(code) for code in breakers.ACCOUNT_CODES),
    account_checks.Locked(breakers.STRATEGY_LOSS),
    market_checks.bad_prices,
    market_checks.bad_levels,
    market_checks.short_needs_mis,
    account_checks.duplicate_position,
    account_checks.max_open_positions,
    account_checks.max_product_positions,
    market_checks.reward_risk,
    account_checks.max_orders_per_minute,
    market_checks.price_band,
    market_checks.far_from_market,
    *(account_checks.Locked(code) for code in protections.CODES),
)
EXIT_CHECKS: tuple[Check, ...] = (
    market_checks.unknown_instrument,
    account_checks.broker_missing,
    market_checks.signal_expired,
    market_checks.market_closed,
    market_checks.bad_prices,
    account_checks.no_position,
    account_checks.exit_pending,
)


_WHILE_UNLOCKED = tuple(check for check in ENTRY_CHECKS if not isinstance(check, account_checks.Locked))
"""While there is no lock at all, which is nearly always, nobody needs to look for one of each kind."""


def refusals(inquiry: Inquiry) -> list[Refusal]:
    """Every refusal of the chain in its order; empty where the signal may be sized."""
    return [found for check in _checks(inquiry) if (found := check(inquiry)) is not None]


def _checks(inquiry: Inquiry) -> tuple[Check, ...]:
    if inquiry.signal.intent is Intent.EXIT:
        return EXIT_CHECKS
    return ENTRY_CHECKS if inquiry.locks else _WHILE_UNLOCKED
