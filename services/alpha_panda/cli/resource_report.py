"""Everything known about one resource, for `panda describe`: what is asked, what comes of it, its history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

import msgspec

from alpha_panda.cli.age import short_age
from alpha_panda.cli.resource_tables import as_file, as_json
from alpha_panda.domain.quarantine import Quarantine
from alpha_panda.local.shortfalls import Shortfall
from alpha_panda.operations.resource_store import Change
from alpha_panda.resources.problems import dotted, shown
from alpha_panda.resources.stored import StoredResource
from alpha_panda.resources.yaml_text import write_yaml
from alpha_panda.topology.claims import Holdings
from alpha_panda.topology.instances import instances, runner_of
from alpha_panda.topology.model import Conflict

_NONE = "<none>"
_LABEL_WIDTH = 14


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """A change and what it changed, a line per field: `spec.halted: false -> true`."""

    change: Change
    fields: tuple[str, ...]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan makes of a resource."""

    services: tuple[str, ...]
    """Those that run for it: a Broker's own, or a Strategy's runner."""
    trades_with: tuple[str, ...]
    """A Broker's strategies, or the Brokers that a Strategy really trades on."""
    conflicts: tuple[str, ...]
    """What it asks for and cannot have."""
    quarantine: Quarantine | None = None
    """Why a Strategy is called no more."""


def status_of(
    stored: StoredResource,
    holdings: Holdings,
    lacks: Iterable[Conflict | Shortfall],
    quarantine: Quarantine | None = None,
) -> Status:
    """What comes of the resource beside all others, of which `lacks` are what they will not get."""
    conflicts = tuple(each.message for each in lacks if each.uid == stored.uid)
    if stored.kind == "Broker":
        own = [each.name for each in instances(holdings) if each.broker == stored.name]
        users = [each.name for each in holdings.strategies if stored.name in each.brokers]
        return Status(services=tuple(own), trades_with=tuple(users), conflicts=conflicts)
    held = next((each for each in holdings.strategies if each.uid == stored.uid), None)
    runner = runner_of(held) if held is not None else None
    return Status(
        services=(runner,) if runner is not None else (),
        trades_with=held.brokers if held is not None else (),
        conflicts=conflicts,
        quarantine=quarantine,
    )


def edits(changes: Sequence[Change]) -> tuple[Edit, ...]:
    """The changes with what each changed from the one before it."""
    if not changes:
        return ()
    later = (Edit(change=new, fields=_difference(old, new)) for old, new in pairwise(changes))
    return (Edit(change=changes[0], fields=()), *later)


def as_value(stored: StoredResource, status: Status, history: Sequence[Edit]) -> dict[str, object]:
    """All of it for a program."""
    return {**as_json(stored), "status": status, "changes": history}


def report(stored: StoredResource, status: Status, history: Sequence[Edit], now: datetime) -> str:
    """All of it as text for a person."""
    value = as_file(stored)
    metadata = stored.resource.metadata
    others = "Strategies" if stored.kind == "Broker" else "Trades on"
    lines = [
        _line("Name", stored.name),
        _line("Kind", stored.kind),
        _line("UID", stored.uid),
        _line("Generation", str(stored.generation)),
        _line("Created", _when(stored.created_at, now)),
        _line("Changed", f"{_when(stored.changed_at, now)} by {stored.changed_by}"),
        *_list("Labels", [f"{name}={each}" for name, each in sorted(metadata.labels.items())]),
        *_list("Annotations", [f"{name}={each}" for name, each in sorted(metadata.annotations.items())]),
        "Spec:",
        *(f"  {line}" for line in write_yaml(value["spec"]).splitlines()),
        "Status:",
        *(f"  {line}" for line in _list("Services", status.services)),
        *(f"  {line}" for line in _list(others, status.trades_with)),
        *_list("Conflicts", status.conflicts),
        *_quarantine(status.quarantine),
        "Changes:",
        *(f"  {line}" for edit in history for line in _told(edit, now)),
    ]
    return "\n".join(lines)


def _quarantine(quarantine: Quarantine | None) -> list[str]:
    if quarantine is None:
        return []
    where = "" if quarantine.instrument_token is None else f" on instrument {quarantine.instrument_token}"
    lines = [
        _line("Kind", f"{quarantine.kind} in {quarantine.call}{where}"),
        _line("Since", f"{quarantine.since.isoformat(timespec='seconds')} (market time)"),
        _line("Cause", quarantine.cause or _NONE),
        _line("Reason", quarantine.reason),
        *_list("Evidence", quarantine.evidence.splitlines()),
        _line("Ends by", "a changed manifest, or `panda unpause`"),
    ]
    return ["Quarantined:", *(f"  {line}" for line in lines)]


def _told(edit: Edit, now: datetime) -> list[str]:
    change = edit.change
    heading = (
        f"{change.action} by {change.changed_by}, {_when(change.changed_at, now)} (generation {change.generation})"
    )
    return [heading, *(f"  {field}" for field in edit.fields)]


def _difference(old: Change, new: Change) -> tuple[str, ...]:
    """Fields of the spec that the change gave, took or altered; none where the resource went or came again."""
    if old.uid != new.uid or new.action == "deleted":
        return ()
    return tuple(_altered(("spec",), old.spec, new.spec)) or ("labels or annotations",)


def _altered(path: tuple[str | int, ...], old: object, new: object) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        fields = [*old, *(field for field in new if field not in old)]
        return [line for field in fields for line in _altered((*path, field), old.get(field), new.get(field))]
    if shown(old) == shown(new) and old == new:
        return []
    return [f"{dotted(path)}: {_value(old)} -> {_value(new)}"]


def _value(value: object) -> str:
    return _NONE if value is None else shown(value)


def _line(label: str, value: str) -> str:
    return f"{label + ':':<{_LABEL_WIDTH}}{value}"


def _list(label: str, values: Sequence[str]) -> list[str]:
    """The label with its values below one another."""
    first, *more = values or (_NONE,)
    return [_line(label, first), *(" " * _LABEL_WIDTH + each for each in more)]


def _when(moment: datetime, now: datetime) -> str:
    return f"{moment.isoformat(timespec='seconds')} ({short_age(now - moment)} ago)"
