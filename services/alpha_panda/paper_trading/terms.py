"""What a Broker's resource says about its paper market."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from pydantic import ValidationError

from alpha_panda.domain.matching import PaperTerms
from alpha_panda.domain.money import percent
from alpha_panda.domain.order_terms import Refusal
from alpha_panda.resources.broker import BrokerSpec, BrokerType
from alpha_panda.resources.problems import in_one_line


def read_terms(broker: str, spec: dict[str, Any] | None) -> PaperTerms | Refusal:
    """The terms to trade on, or why nothing may trade."""
    if spec is None:
        return _refusal("broker_deleted", broker, "deleted", f"Broker {broker} is deleted: nothing trades on it")
    try:
        parsed = BrokerSpec.model_validate_json(msgspec.json.encode(spec), strict=True)
    except ValidationError as error:
        says = in_one_line(error, BrokerSpec)
        return _refusal("broker_invalid", broker, "bad spec", f"Broker {broker} has a bad spec: {says}")
    if parsed.type is not BrokerType.PAPER:
        return _refusal("broker_not_paper", broker, parsed.type, f"Broker {broker} is of type {parsed.type}, not Paper")
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
    return _refusal("broker_unknown", broker, "none", f"no Broker {broker} was applied yet: nothing trades on it")


def _refusal(code: str, broker: str, value: str, message: str) -> Refusal:
    return Refusal(code=code, value=f"{broker}: {value}", limit="a running Paper Broker", message=message)
