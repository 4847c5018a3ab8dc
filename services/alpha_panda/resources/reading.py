"""A Broker's resource as those who trade read it from the log: its spec, or why nothing may trade."""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import ValidationError

from alpha_panda.domain.order_terms import Refusal
from alpha_panda.resources.broker import BrokerSpec, BrokerType
from alpha_panda.resources.problems import in_one_line


def read_spec(broker: str, spec: dict[str, Any] | None, kind: BrokerType) -> BrokerSpec | Refusal:
    """The spec of a Broker that is to be of this type."""
    if spec is None:
        return _refusal("broker_deleted", broker, "deleted", kind, f"Broker {broker} is deleted: nothing trades on it")
    try:
        parsed = BrokerSpec.model_validate_json(msgspec.json.encode(spec), strict=True)
    except ValidationError as error:
        says = in_one_line(error, BrokerSpec)
        return _refusal("broker_invalid", broker, "bad spec", kind, f"Broker {broker} has a bad spec: {says}")
    if parsed.type is not kind:
        says = f"Broker {broker} is of type {parsed.type}, not {kind}"
        return _refusal(f"broker_not_{kind.lower()}", broker, parsed.type, kind, says)
    return parsed


def unknown_broker(broker: str, kind: BrokerType) -> Refusal:
    """Why nothing may trade before the Broker's resource was seen."""
    return _refusal("broker_unknown", broker, "none", kind, f"no Broker {broker} was applied yet: nothing trades on it")


def _refusal(code: str, broker: str, value: str, kind: BrokerType, message: str) -> Refusal:
    return Refusal(code=code, value=f"{broker}: {value}", limit=f"a running {kind} Broker", message=message)
