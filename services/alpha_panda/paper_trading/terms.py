"""What a Broker's resource says about its paper market."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from alpha_panda.domain.matching import PaperTerms
from alpha_panda.domain.money import percent
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.resources import reading
from alpha_panda.resources.broker import BrokerType


def read_terms(broker: str, spec: dict[str, Any] | None) -> PaperTerms | Refusal:
    """The terms to trade on, or why nothing may trade."""
    parsed = reading.read_spec(broker, spec, BrokerType.PAPER)
    if isinstance(parsed, Refusal):
        return parsed
    settings = parsed.paper_settings()
    return PaperTerms(
        slippage=percent(settings.slippage_bps) / 100,
        latency=timedelta(milliseconds=settings.latency_milliseconds),
        participation=percent(settings.participation_percent),
        charges_as_of=settings.charges.as_of,
        halted=parsed.halted,
    )


def unknown_broker(broker: str) -> Refusal:
    """Why nothing may trade before the Broker's resource was seen."""
    return reading.unknown_broker(broker, BrokerType.PAPER)
