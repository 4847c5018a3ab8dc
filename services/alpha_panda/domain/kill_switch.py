"""The kill switch: which halts there are, by which source, and whether one of them covers a signal. Pure.

Three sources speak, each on its own: the facts on `control.trading` (the truth), the Broker's resource,
and the switch in Redis, a fast path that works while the log does not. Any of them that says halted
wins; none can release what another one says. A halt blocks what would increase risk and nothing else.
The risk manager asks before it validates an entry, and trading again before it submits one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from alpha_panda.domain.order_terms import Refusal
from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed

Halts = dict[str, TradingHalted]
"""One source's halts in force, by `halt_key`."""


class SwitchReading(msgspec.Struct, frozen=True, kw_only=True):
    """What the switch in Redis said when it was last asked; it is no fact of the log.

    The default is that of a run that does not ask it: no statement.
    """

    halts: Halts = msgspec.field(default_factory=dict)
    unreadable: str | None = None
    """Why it could not be asked; nobody knows then whether it says halted."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What an order would touch: every halt of one of these covers it."""

    broker: str
    strategy: str
    instrument: str
    """EXCHANGE:SYMBOL; empty where it is unknown."""

    @property
    def subjects(self) -> tuple[tuple[HaltScope, str], ...]:
        """Scopes and subjects, the widest first."""
        return (
            (HaltScope.ALL, ""),
            (HaltScope.BROKER, self.broker),
            (HaltScope.STRATEGY, self.strategy),
            (HaltScope.INSTRUMENT, self.instrument),
        )


def halt_key(scope: HaltScope, subject: str) -> str:
    """What a halt and its end have in common, and their key on the log: `strategy:momentum`, `all:`."""
    return f"{scope}:{subject}"


def note(halts: Halts, statement: TradingHalted | TradingResumed) -> None:
    """Let a statement take effect on its own source's halts: a resumption ends exactly the halt of its key."""
    key = halt_key(statement.scope, statement.subject)
    if isinstance(statement, TradingHalted):
        halts[key] = statement
    else:
        halts.pop(key, None)


def covering(target: Target, sources: Iterable[Mapping[str, TradingHalted]]) -> TradingHalted | None:
    """The first halt of any source that covers the target, the widest of a source first."""
    for halts in sources:
        for scope, subject in target.subjects:
            halt = halts.get(halt_key(scope, subject))
            if halt is not None:
                return halt
    return None


def refuse_entry(target: Target, *, broker_halted: bool, halts: Halts, switch: SwitchReading) -> Refusal | None:
    """Why nothing that would increase risk may go out; None where nobody says halted and all could be asked.

    `broker_halted` is what the Broker's resource says, `halts` what `control.trading` says.
    """
    if broker_halted:
        says = f"Broker {target.broker} is halted (halted)"
        return Refusal(code="trading_halted", value="halted", limit="no halt", message=says)
    halt = covering(target, (halts, switch.halts))
    if halt is not None:
        where = f"{halt.scope} {halt.subject}".strip()
        says = f"trading is halted for {where} by {halt.actor}: {halt.reason}"
        return Refusal(code="trading_halted", value=where, limit="no halt", message=says)
    if switch.unreadable is None:
        return None
    says = f"whether trading is halted could not be read while the signal could wait: {switch.unreadable}"
    return Refusal(code="halts_unreadable", value="unreadable", limit="a kill switch that can be read", message=says)
