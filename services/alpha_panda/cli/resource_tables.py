"""Resources as `panda get` shows them: rows of a table, and values for JSON and YAML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alpha_panda.cli.age import short_age
from alpha_panda.cli.kinds import BROKER, BY_NAME, Kind
from alpha_panda.domain.quarantine import QUARANTINED, Quarantine, Quarantines
from alpha_panda.resources.broker import BrokerSpec, BrokerType
from alpha_panda.resources.common import GROUP
from alpha_panda.resources.documents import write_object
from alpha_panda.resources.stored import StoredResource

_INSTRUMENTS_SHOWN = 3
_BROKER_COLUMNS = ("NAME", "TYPE", "LIVE", "HALTED", "AGE")
_STRATEGY_COLUMNS = ("NAME", "STRATEGY", "STATE", "MODE", "BROKERS", "INSTRUMENTS", "AGE")
_WIDE_BROKER_COLUMNS = ("STARTING-CASH", "MAX-DAILY-LOSS", "GENERATION", "CHANGED", "CHANGED-BY")
_WIDE_STRATEGY_COLUMNS = ("TIMEFRAMES", "PRODUCT", "GENERATION", "CHANGED", "CHANGED-BY")

Cells = tuple[object, ...]


def columns(kind: Kind, *, wide: bool) -> tuple[str, ...]:
    """The headings of a kind's table."""
    if kind is BROKER:
        return (*_BROKER_COLUMNS, *(_WIDE_BROKER_COLUMNS if wide else ()))
    return (*_STRATEGY_COLUMNS, *(_WIDE_STRATEGY_COLUMNS if wide else ()))


def quarantine_of(stored: StoredResource, quarantines: Quarantines) -> Quarantine | None:
    """What holds for this generation of a resource."""
    return quarantines.get((stored.name, stored.uid, stored.generation)) if stored.kind == "Strategy" else None


def row(
    stored: StoredResource, now: datetime, quarantine: Quarantine | None = None, *, wide: bool, qualified: bool
) -> Cells:
    """One resource under `columns`; `qualified` puts the kind before its name, for tables of several kinds."""
    name = f"{BY_NAME[stored.kind].qualified}/{stored.name}" if qualified else stored.name
    narrow = (name, *_facts(stored, quarantine), short_age(now - stored.created_at))
    return (*narrow, *_more(stored, now)) if wide else narrow


def as_json(stored: StoredResource, quarantine: Quarantine | None = None) -> dict[str, object]:
    """The resource as the API server would show it: with what the store knows in its metadata."""
    value = write_object(stored.resource)
    metadata = value["metadata"]
    assert isinstance(metadata, dict)  # noqa: S101 - a resource's form
    status = {} if quarantine is None else {"status": {"state": QUARANTINED, "quarantine": quarantine}}
    return {
        **value,
        **status,
        "metadata": {
            **metadata,
            "uid": stored.uid,
            "generation": stored.generation,
            "creationTimestamp": stored.created_at,
            "annotations": {
                **metadata.get("annotations", {}),
                f"{GROUP}/changed-at": stored.changed_at.isoformat(),
                f"{GROUP}/changed-by": stored.changed_by,
            },
        },
    }


def as_file(stored: StoredResource) -> dict[str, object]:
    """The resource as a person would write it, so that `panda apply` takes it back."""
    value = write_object(stored.resource)
    metadata = value["metadata"]
    assert isinstance(metadata, dict)  # noqa: S101 - a resource's form
    return {**value, "metadata": {field: each for field, each in metadata.items() if each}}


def _facts(stored: StoredResource, quarantine: Quarantine | None) -> Cells:
    spec = stored.spec
    if isinstance(spec, BrokerSpec):
        return spec.type.value, spec.live, spec.halted
    return (
        spec.strategy,
        spec.state.value if quarantine is None else QUARANTINED,
        spec.mode.value,
        ",".join(spec.brokers),
        _shortened([str(each) for each in spec.instruments]),
    )


def _more(stored: StoredResource, now: datetime) -> Cells:
    spec = stored.spec
    known = (stored.generation, short_age(now - stored.changed_at), stored.changed_by)
    if isinstance(spec, BrokerSpec):
        cash = spec.paper_settings().starting_cash if spec.type is BrokerType.PAPER else None
        return cash, spec.account.max_daily_loss, *known
    return ",".join(each.value for each in spec.timeframes), spec.product.value, *known


def _shortened(words: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = len(words) - _INSTRUMENTS_SHOWN
    return ",".join(words[:_INSTRUMENTS_SHOWN]) + (f" + {more} more..." if more > 0 else "")
