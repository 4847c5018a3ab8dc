"""What a single value must look like: rules that answer in words instead of a regular expression, and descriptions.

`kubectl explain` shows neither defaults nor patterns, and calls a decimal an object, so the descriptions say it.
"""

from __future__ import annotations

import json
from typing import Any, Final

from alpha_panda.resources.fields import ALLOWED

_POSITIVE: Final = {
    "rule": "string(self).matches('[1-9]')",
    "messageExpression": "string(self) + ' must be greater than zero'",
}


def pattern_rule(pattern: str, value: str = "self") -> dict[str, Any]:
    """A rule that the value fits the pattern; by itself the API server's answer would not show the value."""
    words = ALLOWED[pattern].replace("'", "\\'")
    return {
        "rule": f"{value}.matches(r'{pattern}')",
        "messageExpression": f"'\"' + {value} + '\" does not fit; allowed: {words}'",
    }


def explain_values(schema: dict[str, Any]) -> None:
    """Say in words what each value within must look like and what it is if not given, in place."""
    _describe(schema)
    rules = []
    pattern = schema.get("pattern")
    if pattern in ALLOWED:
        del schema["pattern"]
        rules.append(pattern_rule(pattern, "string(self)" if _is_decimal(schema) else "self"))
    if schema.pop("x-decimal", None) == "positive":
        rules.append(dict(_POSITIVE))
    if rules:
        schema["x-kubernetes-validations"] = rules
    for inner in _within(schema):
        explain_values(inner)


def _describe(schema: dict[str, Any]) -> None:
    if "description" not in schema:
        return
    if _is_decimal(schema):
        words = ALLOWED[schema["pattern"]]
        schema["description"] += f" {words[0].upper()}{words[1:]}."
    default = schema.get("default")
    if default is not None and not isinstance(default, dict):
        schema["description"] += f" Default: {json.dumps(default)}."


def _is_decimal(schema: dict[str, Any]) -> bool:
    return "x-kubernetes-int-or-string" in schema


def _within(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
