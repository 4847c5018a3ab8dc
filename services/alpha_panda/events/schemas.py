"""JSON Schema of the envelope and of every event, for whoever reads the log in another language. Pure.

The files in `schemas/events/` are written from here by `panda schemas`; the shapes themselves are the
structs of this package.
"""

from __future__ import annotations

from inspect import cleandoc
from typing import Any, Final

import msgspec

from alpha_panda.events.envelope import VERSION, Envelope
from alpha_panda.events.epochs import EpochClosed
from alpha_panda.events.ownership import OwnershipTaken
from alpha_panda.events.registry import EVENT_TOPICS, EVENTS
from alpha_panda.events.topics import BARS, BROKER_EPOCHS, MARKET_EPOCHS, TOPICS, Scope

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


def event_schemas() -> dict[str, Schema]:
    """A whole schema by name: `Envelope`, and every event type by its name on the wire."""
    shapes: dict[str, type[msgspec.Struct]] = {Envelope.__name__: Envelope, **EVENTS}
    return {name: _document(name, shape) for name, shape in shapes.items()}


def schema_text(schema: Schema) -> str:
    """The schema as the file holds it: sorted keys, two spaces, one newline at the end."""
    return msgspec.json.format(msgspec.json.encode(schema, order="sorted"), indent=2).decode() + "\n"


def _document(name: str, shape: type[msgspec.Struct]) -> Schema:
    """The shape's own properties at the top, what it refers to under `$defs`, and where it travels."""
    _, parts = msgspec.json.schema_components([shape], ref_template="#/$defs/{name}")
    document: Schema = {"$schema": DIALECT, "$id": f"alpha-panda/v{VERSION}/{name}.json", **parts.pop(name)}
    for each in (document, *parts.values()):
        if "description" in each:
            each["description"] = cleandoc(each["description"])  # Python 3.13 does so itself, 3.11 does not
    if topics := _topics(shape):
        document["x-topics"] = topics
    if parts:
        document["$defs"] = parts
    return document


def _topics(shape: type[msgspec.Struct]) -> list[str]:
    if shape is EpochClosed:
        return [MARKET_EPOCHS.name, BROKER_EPOCHS.name]
    if shape is OwnershipTaken:
        return [topic.name for topic in TOPICS if topic.scope is Scope.BROKER or topic in (BARS, MARKET_EPOCHS)]
    return [EVENT_TOPICS[shape].name] if shape in EVENT_TOPICS else []
