"""A strategy in words: what it is and what it takes, made of its class and its configuration's schema. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from inspect import cleandoc
from typing import Any, Final

import msgspec

from alpha_panda.strategy.base import Strategy, listens_to_ticks
from alpha_panda.strategy.config import StrategyConfig

_KINDS: Final = {
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "string": "text",
    "object": "map",
    "array": "list",
    "null": "null",
}
_FORMATS: Final = {"time": "time HH:MM"}
_BOUNDS: Final = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "like {}",
}


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter of a strategy, as it is written in a resource's `params`."""

    name: str
    type: str
    default: str
    """As JSON, or `required`."""
    allowed: str
    description: str


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy for its reader."""

    name: str
    target: str
    """`package.module:Class`."""
    title: str
    text: str
    one_timeframe: bool
    ticks: bool
    parameters: tuple[Parameter, ...]


def describe_strategy(name: str, found: type[Strategy[Any]]) -> Description:
    """The strategy that goes by this name."""
    text = cleandoc(found.__doc__ or "")
    return Description(
        name=name,
        target=f"{found.__module__}:{found.__qualname__}",
        title=text.partition("\n")[0],
        text=text,
        one_timeframe=found.one_timeframe,
        ticks=listens_to_ticks(found),
        parameters=tuple(parameters(found.Config)),
    )


def parameters(config: type[StrategyConfig]) -> Iterator[Parameter]:
    """Those that the configuration takes, in its order."""
    schema = config.model_json_schema()
    required = schema.get("required", ())
    for name, found in schema.get("properties", {}).items():
        kinds = [_resolved(each, schema) for each in found.get("anyOf", (found,))]
        yield Parameter(
            name=name,
            type=" or ".join(_kind(each, schema) for each in kinds),
            default="required" if name in required else json.dumps(found.get("default"), ensure_ascii=False),
            allowed=", ".join(bound for each in kinds for bound in _allowed(each)) or "any",
            description=found.get("description", ""),
        )


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = root["$defs"][str(schema["$ref"]).rpartition("/")[2]]
    return schema


def _kind(schema: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    kind = _FORMATS.get(schema.get("format", "")) or _KINDS.get(schema.get("type", ""), "any value")
    inner = schema.get("additionalProperties") or schema.get("items")
    return f"{kind} of {_kind(_resolved(inner, root), root)}s" if isinstance(inner, Mapping) else kind


def _allowed(schema: Mapping[str, Any]) -> Iterator[str]:
    if "enum" in schema:
        yield f"one of {', '.join(map(str, schema['enum']))}"
    for keyword, says in _BOUNDS.items():
        if keyword in schema:
            bound = schema[keyword]
            yield says.format(f"{bound:g}" if isinstance(bound, float) else bound)
