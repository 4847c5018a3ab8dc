"""A model of pydantic as the API server wants it: a structural OpenAPI schema, every reference written out.

What JSON Schema and Kubernetes say differently is translated here: decimals (`int-or-string`), fields that may be
null, lists that are sets or maps, free-form parameters, and defaults, of which only those are written that the
fields inside do not have by themselves. Unknown fields are the API server's own business: it prunes what a schema
does not name, and `kubectl` asks it to refuse instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from alpha_panda.resources.fields import Model

Schema = dict[str, Any]
LIST_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "InstrumentReference": ("exchange", "symbol"),
    "Condition": ("type",),
    "ServiceStatus": ("name",),
}
"""What tells the entries of a list apart, by the entries' model; lists of plain values are sets."""
_KEPT: Final = (
    *("type", "description", "enum", "pattern", "format", "minLength", "maxLength"),
    *("minimum", "maximum", "minItems", "maxItems", "x-decimal"),
)
_NOTHING: Final = object()


def structural_schema(model: type[Model], *, defaults: bool = True) -> Schema:
    """The schema of `model`; without `defaults` the API server fills nothing in, as is right for a status."""
    schema = model.model_json_schema(by_alias=True)
    return _Translation(schema.pop("$defs", {}), defaults=defaults).node(schema)


class _Translation:
    """Of one model, whose definitions it knows."""

    def __init__(self, definitions: Mapping[str, Schema], *, defaults: bool) -> None:
        self._definitions = definitions
        self._defaults = defaults

    def node(self, source: Schema) -> Schema:
        """The schema of one field and all within."""
        source, nullable = self._resolved(source)
        result: Schema = {key: source[key] for key in _KEPT if key in source}
        if "const" in source:
            result["enum"] = [source["const"]]
        result |= self._kind(source)
        if nullable:
            result["nullable"] = True
        default = source.get("default", _NOTHING)
        if self._defaults and default is not _NOTHING and default is not None:
            result["default"] = _beyond(default, result)
        return result

    def _resolved(self, source: Schema) -> tuple[Schema, bool]:
        """The field with its reference written out, and whether null may stand for it."""
        options = source.get("anyOf", [])
        given = [each for each in options if each != {"type": "null"}]
        nullable = len(given) < len(options)
        if nullable:
            (only,) = given
            source = {**only, **{key: value for key, value in source.items() if key != "anyOf"}}
        if "$ref" in source:
            source = {**self._definitions[source["$ref"].rpartition("/")[2]], **source}
        return source, nullable

    def _kind(self, source: Schema) -> Schema:
        if "x-decimal" in source:
            return {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}
        if source.get("type") == "array":
            return self._list(source["items"])
        if source.get("type") == "object":
            return self._object(source)
        return {}

    def _list(self, items: Schema) -> Schema:
        source, _ = self._resolved(items)
        result: Schema = {"items": self.node(items)}
        if source.get("type") != "object":
            return {"x-kubernetes-list-type": "set", **result}
        keys = LIST_KEYS.get(source["title"])
        if keys is None:
            msg = f"nothing says what tells the entries of a list of {source['title']} apart; add it to LIST_KEYS"
            raise LookupError(msg)
        return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys), **result}

    def _object(self, source: Schema) -> Schema:
        if "properties" not in source:
            values, _ = self._resolved(source["additionalProperties"])
            free = "type" not in values
            return {"x-kubernetes-preserve-unknown-fields": True} if free else {"additionalProperties": values}
        result: Schema = {"required": source["required"]} if "required" in source else {}
        return result | {"properties": {name: self.node(each) for name, each in source["properties"].items()}}


def _beyond(default: object, schema: Schema) -> object:
    """The default without what the fields within have as theirs, which the API server fills in by itself."""
    if not isinstance(default, dict):
        return default
    fields = schema.get("properties", {})
    given = {name: _beyond(value, fields.get(name, {})) for name, value in default.items() if value is not None}
    return {name: value for name, value in given.items() if value != fields.get(name, {}).get("default", _NOTHING)}
