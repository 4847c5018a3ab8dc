"""Whether the cluster's definitions of our kinds have every field that this operator reads and writes.

Helm upgrades a chart's `crds/` never and others' by hand: an operator can meet definitions that are older than itself.
The API server would then leave out, without a word, whatever it does not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from alpha_panda.crds.definitions import DEFINITIONS, schema

Schema = Mapping[str, Any]


def lacking(published: Mapping[str, Schema]) -> tuple[str, ...]:
    """Fields and values that the server's schemas do not have, such as `Strategy.status.runner`."""
    found: list[str] = []
    for each in DEFINITIONS:
        theirs = next((known for known in published.values() if _is_of(known, each.kind)), None)
        found += [each.kind] if theirs is None else _lacking(each.kind, theirs, schema(each))
    return tuple(found)


def _is_of(known: Schema, kind: str) -> bool:
    return any(each.get("kind") == kind for each in known.get("x-kubernetes-group-version-kind", ()))


def _lacking(path: str, theirs: Schema, ours: Schema) -> Iterator[str]:
    values = theirs.get("enum")
    if values is not None:
        yield from (f"{path}={value}" for value in ours.get("enum", ()) if value not in values)
    known = theirs.get("properties", {})
    for name, field in ours.get("properties", {}).items():
        if path.count(".") == 0 and name == "metadata":
            continue  # the server's own
        if name in known:
            yield from _lacking(f"{path}.{name}", known[name], field)
        else:
            yield f"{path}.{name}"
    if "items" in ours and "items" in theirs:
        yield from _lacking(f"{path}[]", theirs["items"], ours["items"])
