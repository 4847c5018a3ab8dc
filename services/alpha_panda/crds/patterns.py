"""What a single value must look like, as rules that answer in words instead of a regular expression."""

from __future__ import annotations

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


def explain_patterns(schema: dict[str, Any]) -> None:
    """Put a rule with the words of `resources.fields.ALLOWED` in the place of each pattern within, in place."""
    rules = []
    pattern = schema.get("pattern")
    if pattern in ALLOWED:
        del schema["pattern"]
        rules.append(pattern_rule(pattern, "string(self)" if "x-kubernetes-int-or-string" in schema else "self"))
    if schema.pop("x-decimal", None) == "positive":
        rules.append(dict(_POSITIVE))
    if rules:
        schema["x-kubernetes-validations"] = rules
    for inner in _within(schema):
        explain_patterns(inner)


def _within(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
