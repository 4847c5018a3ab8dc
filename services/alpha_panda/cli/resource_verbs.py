"""What the resource verbs do with a store, and what they print: kubectl's words for each outcome."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from alpha_panda.cli.kinds import BY_NAME, KINDS, Kind
from alpha_panda.cli.messages import print_notice, print_warning
from alpha_panda.cli.options import Output, TextOutput
from alpha_panda.cli.output import print_json, print_table, print_text
from alpha_panda.cli.resource_report import as_value, edits, report, status_of
from alpha_panda.cli.resource_tables import as_file, as_json, columns, quarantine_of, row
from alpha_panda.domain.instrument_table import InstrumentTable
from alpha_panda.domain.quarantine import Quarantines
from alpha_panda.errors import PandaError
from alpha_panda.local.shortfalls import Shortfall, shortfalls
from alpha_panda.operations.resource_store import Applied, Change
from alpha_panda.resources.documents import Document
from alpha_panda.resources.stored import StoredResource
from alpha_panda.resources.strategy import StrategySpec
from alpha_panda.resources.yaml_text import write_yaml
from alpha_panda.topology.claims import Holdings, settle
from alpha_panda.topology.model import Conflict

Targets = list[tuple[Kind, list[str]]]
"""Kinds with the names of theirs that a person gave; no names stand for all."""
AskQuarantines = Callable[[], Awaitable[Quarantines]]
"""Reads what the log says."""
LoadTable = Callable[[], InstrumentTable]
"""Reads the instruments of the platform's run."""
Found = list[tuple[Kind, list[StoredResource]]]


class Resources(Protocol):
    """What the verbs need of a store; `alpha_panda.operations.resource_store` has one."""

    async def apply(self, documents: Sequence[Document], actor: str, *, dry_run: bool = False) -> tuple[Applied, ...]:
        """Make the resources what the documents say; what became of each."""

    async def delete(self, kind: str, names: Iterable[str], actor: str) -> tuple[str, ...]:
        """Delete those that exist; their names."""

    async def load_all(self) -> tuple[StoredResource, ...]:
        """All resources, by kind and name."""

    async def changes(self, kind: str, name: str) -> tuple[Change, ...]:
        """The history of one name, the oldest change first."""


async def apply_documents(
    store: Resources, documents: list[Document], actor: str, table: LoadTable, *, dry_run: bool
) -> None:
    """Apply them and print what became of each, then what they ask for and cannot have."""
    applied = await store.apply(documents, actor, dry_run=dry_run)
    suffix = " (server dry run)" if dry_run else ""
    for each in applied:
        print_text(f"{BY_NAME[each.kind].qualified}/{each.name} {each.outcome}{suffix}")
    if dry_run:
        return
    ours = {(each.kind, each.name) for each in applied}
    everything = await store.load_all()
    uids = {each.uid for each in everything if (each.kind, each.name) in ours}
    holdings = settle(everything)
    for lack in _lacks(holdings, table()):
        if lack.uid in uids:
            print_warning(lack.message)


async def show_resources(store: Resources, targets: Targets, output: Output, ask: AskQuarantines) -> None:
    """Print what there is of the targets; PandaError names those that there are not."""
    found, missing = _find(await store.load_all(), targets)
    items = [stored for _kind, resources in found for stored in resources]
    by_name = any(names for _kind, names in targets)
    known = await _quarantines(items, ask) if output not in (Output.YAML, Output.NAME) else {}
    if output is Output.JSON:
        single = len(items) == 1 and by_name
        print_json(as_json(items[0], quarantine_of(items[0], known)) if single else _list(items, known))
    elif not items and not missing:
        print_notice("No resources found")
    elif items:
        _print_found(found, items, output, known)
    _fail(missing)


async def describe_resources(
    store: Resources, targets: Targets, output: TextOutput, ask: AskQuarantines, table: LoadTable
) -> None:
    """Print all that is known of each target; PandaError names those that there are not."""
    now = datetime.now(UTC)
    everything = await store.load_all()
    found, missing = _find(everything, targets)
    texts, values = [], []
    items = [each for _kind, resources in found for each in resources]
    known = await _quarantines(items, ask)
    holdings = settle(everything)
    lacks = _lacks(holdings, table())
    for stored in items:
        status = status_of(stored, holdings, lacks, quarantine_of(stored, known))
        history = edits(await store.changes(stored.kind, stored.name))
        texts.append(report(stored, status, history, now))
        values.append(as_value(stored, status, history))
    if output is TextOutput.JSON:
        print_json(values[0] if len(values) == 1 else values)
    elif texts:
        print_text("\n\n\n".join(texts))
    _fail(missing)


async def delete_resources(store: Resources, targets: Targets, actor: str, *, ignore_missing: bool) -> None:
    """Delete the targets and print each, then which strategies name a deleted Broker.

    PandaError names those that there are not, unless `ignore_missing`; the others are deleted.
    """
    missing: list[str] = []
    gone: set[str] = set()
    for kind, names in targets:
        deleted = await store.delete(kind.name, names, actor)
        for name in deleted:
            print_text(f'{kind.qualified} "{name}" deleted')
        missing += [kind.missing(name) for name in dict.fromkeys(names) if name not in deleted]
        gone |= set(deleted) if kind.name == "Broker" else set()
    for stored in await store.load_all() if gone else ():
        if isinstance(stored.spec, StrategySpec):
            for broker in sorted(gone.intersection(stored.spec.brokers)):
                print_warning(f"Strategy {stored.name} still names Broker {broker}, which is deleted")
    if not ignore_missing:
        _fail(missing)


def _lacks(holdings: Holdings, table: InstrumentTable) -> list[Conflict | Shortfall]:
    """All that resources ask for and will not get."""
    return [*holdings.conflicts, *shortfalls(holdings, table)]


def targets_of(documents: Iterable[Document]) -> Targets:
    """The resources of documents, Strategies first, so that none trades on a Broker that is being deleted."""
    named: dict[str, list[str]] = {}
    for document in documents:
        named.setdefault(document.resource.kind, []).append(document.resource.metadata.name)
    return [(kind, named[kind.name]) for kind in reversed(KINDS) if kind.name in named]


def _find(everything: Iterable[StoredResource], targets: Targets) -> tuple[Found, list[str]]:
    """The targets that there are, in the order asked for, and a line for each that there is not."""
    by_kind: dict[str, dict[str, StoredResource]] = {kind.name: {} for kind in KINDS}
    for stored in everything:
        by_kind[stored.kind][stored.name] = stored
    found: Found = []
    missing: list[str] = []
    for kind, names in targets:
        present = by_kind[kind.name]
        found.append((kind, [present[name] for name in dict.fromkeys(names or present) if name in present]))
        missing += [kind.missing(name) for name in dict.fromkeys(names) if name not in present]
    return found, missing


def _print_found(found: Found, items: Sequence[StoredResource], output: Output, known: Quarantines) -> None:
    if output is Output.YAML:
        print_text("---\n".join(write_yaml(as_file(stored)) for stored in items))
    elif output is Output.NAME:
        print_text("\n".join(f"{BY_NAME[stored.kind].qualified}/{stored.name}" for stored in items))
    else:
        _print_tables(found, known, wide=output is Output.WIDE)


def _print_tables(found: Found, known: Quarantines, *, wide: bool) -> None:
    """A table for each kind that has any, an empty line between them; of several kinds names say which."""
    now = datetime.now(UTC)
    qualified = len({kind for kind, _resources in found}) > 1
    shown = 0
    for kind, resources in found:
        if not resources:
            continue
        if shown:
            print_text("")
        shown += 1
        rows = [row(stored, now, quarantine_of(stored, known), wide=wide, qualified=qualified) for stored in resources]
        print_table(columns(kind, wide=wide), rows)


async def _quarantines(items: Sequence[StoredResource], ask: AskQuarantines) -> Quarantines:
    """What the log says of strategies; where it does not answer, the rest is worth showing, with a warning."""
    if not any(isinstance(stored.spec, StrategySpec) for stored in items):
        return {}
    try:
        return await ask()
    except PandaError as error:
        print_warning(f"which strategies are quarantined could not be read: {error}")
        return {}


def _list(items: Sequence[StoredResource], known: Quarantines) -> dict[str, object]:
    values = [as_json(stored, quarantine_of(stored, known)) for stored in items]
    return {"apiVersion": "v1", "kind": "List", "items": values}


def _fail(missing: Sequence[str]) -> None:
    if missing:
        raise PandaError("\n".join(missing))
