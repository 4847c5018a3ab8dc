"""Whether a release still reads what older ones wrote: two sets of event schemas compared. Pure.

The log is kept for years and read again from its beginning, so a shape may only grow: new events, new
optional fields, new enum values, wider bounds. Everything that would refuse a record which the older
schema allowed is a break, told in one sentence with the event, the field and what changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]
_LOWEST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_HIGHEST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_EXACT: Final = ("pattern", "format", "multipleOf", "const")
_ANYTHING: Final = "anything"


def breaks(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[str]:
    """A sentence for each way in which `new` refuses what `old` allowed; both are schemas by event name."""
    found: list[str] = []
    for event in sorted(old):
        if event not in new:
            found.append(f"{event}: the event was removed, and records of it are on logs")
            continue
        found += _Comparison(event, old[event], new[event]).breaks()
    return found


class _Comparison:
    """One event's two schemas, each with its own `$defs`."""

    def __init__(self, event: str, old: Schema, new: Schema) -> None:
        self._event = event
        self._old = old
        self._new = new
        self._compared: set[tuple[str, str]] = set()

    def breaks(self) -> Iterator[str]:
        yield from self._topics()
        yield from self._any_of("", self._old, self._new)

    def _topics(self) -> Iterator[str]:
        for topic in self._old.get("x-topics", ()):
            if topic not in self._new.get("x-topics", ()):
                yield f"{self._event}: it no longer travels on {topic}, where its readers look for it"

    def _any_of(self, field: str, old: Schema, new: Schema) -> Iterator[str]:
        """Each kind of value that was allowed must still be."""
        pair = (str(old.get("$ref", "")), str(new.get("$ref", "")))
        if all(pair) and pair in self._compared:
            return
        self._compared.add(pair)
        kinds = _by_kind(new, self._new)
        for kind, alternative in _by_kind(old, self._old).items():
            if _ANYTHING in kinds:
                continue
            successor = kinds.get(kind) or (kinds.get("number") if kind == "integer" else None)
            if successor is None:
                yield self._says(field, f"no longer allows {kind}, only {' or '.join(sorted(kinds))}")
                continue
            yield from self._same_kind(field, alternative, successor)

    def _same_kind(self, field: str, old: Schema, new: Schema) -> Iterator[str]:
        yield from self._bounds(field, old, new)
        yield from self._values(field, old, new)
        yield from self._fields(field, old, new)
        for keyword, where in (("items", f"{field}[]"), ("additionalProperties", f"{field}{{}}")):
            if isinstance(old.get(keyword), dict) and isinstance(new.get(keyword), dict):
                yield from self._any_of(where, old[keyword], new[keyword])
        if old.get("additionalProperties", True) is not False and new.get("additionalProperties", True) is False:
            yield self._says(field, "no longer allows keys that the schema does not name")

    def _bounds(self, field: str, old: Schema, new: Schema) -> Iterator[str]:
        for keyword in _LOWEST:
            if keyword in new and (keyword not in old or new[keyword] > old[keyword]):
                yield self._changed(field, keyword, old, new)
        for keyword in _HIGHEST:
            if keyword in new and (keyword not in old or new[keyword] < old[keyword]):
                yield self._changed(field, keyword, old, new)
        for keyword in _EXACT:
            if keyword in new and new[keyword] != old.get(keyword):
                yield self._changed(field, keyword, old, new)

    def _values(self, field: str, old: Schema, new: Schema) -> Iterator[str]:
        if "enum" not in new:
            return
        if "enum" not in old:
            yield self._says(field, f"was free and now allows only {', '.join(map(repr, new['enum']))}")
            return
        for value in old["enum"]:
            if value not in new["enum"]:
                yield self._says(field, f"no longer allows the value {value!r}")

    def _fields(self, field: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in sorted(before):
            path = f"{field}.{name}" if field else name
            if name not in after:
                yield self._says(path, "was removed, and records that carry it are on logs")
            else:
                yield from self._any_of(path, before[name], after[name])
        for name in new.get("required", ()):
            if name not in old.get("required", ()):
                path = f"{field}.{name}" if field else name
                done = "became required" if name in before else "is new and required"
                yield self._says(path, f"{done}, and records without it are on logs: give it a default")

    def _changed(self, field: str, keyword: str, old: Schema, new: Schema) -> str:
        before = old.get(keyword, "none")
        return self._says(field, f"was narrowed: {keyword} was {before} and is {new[keyword]}")

    def _says(self, field: str, what: str) -> str:
        return f"{self._event}: field {field} {what}" if field else f"{self._event}: it {what}"


def _by_kind(schema: Schema, root: Schema) -> dict[str, Schema]:
    """The alternatives of a schema by the type of value, with references followed."""
    found: dict[str, Schema] = {}
    for alternative in schema.get("anyOf", (schema,)):
        resolved = _resolve(alternative, root)
        found[_kind(resolved)] = resolved
    return found


def _resolve(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        schema = root["$defs"][str(schema["$ref"]).rpartition("/")[2]]
    return schema


def _kind(schema: Schema) -> str:
    if "type" in schema:
        return str(schema["type"])
    if "enum" in schema:
        return "string" if all(isinstance(value, str) for value in schema["enum"]) else "integer"
    return _ANYTHING
