"""What is wrong with a resource, in lines that a trader can act on: where, which value, what is allowed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from alpha_panda.errors import InputError
from alpha_panda.resources.fields import ALLOWED

Path = tuple[str | int, ...]
"""Where a value stands in a document: field names and list positions from the top."""
SHOWN_CHARACTERS: Final = 60
_NAMED: Final = 3
"""Mistakes that are named where all have to fit into one line."""


@dataclass(frozen=True)
class Problem:
    """One mistake. `line` and `column` count from 1; both are 0 where the source has no lines.

    As text it is one printable line, whatever the input: control characters would reach a terminal.
    """

    source: str
    line: int
    column: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}:{self.column}" if self.line else self.source
        text = f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"
        return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


class ResourceError(InputError):
    """Resources that cannot be accepted; `problems` holds every mistake, the message a line for each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def dotted(path: Path) -> str:
    """The path as a person writes it: `spec.instruments[2].symbol`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def shown(value: object) -> str:
    """The value as JSON on one line, shortened: long input must not fill the screen."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"


def suggestion(word: object, known: Sequence[str]) -> str:
    """`; did you mean "x"?` for a near miss, or nothing."""
    by_lower = {each.lower(): each for each in known}
    close = get_close_matches(str(word).lower(), by_lower, n=1, cutoff=0.7)
    return f'; did you mean "{by_lower[close[0]]}"?' if close else ""


def in_one_line(error: ValidationError, model: type[BaseModel]) -> str:
    """What is wrong with the spec of a resource that a service was told of: the first mistakes, on one line.

    Who applies a file is told every mistake with its place; what comes over the log was written by another
    release, or by no release, and goes into a reason.
    """
    found = [f"{dotted(('spec', *each['loc']))}: {explain(each, model)}" for each in error.errors(include_url=False)]
    more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    text = "; ".join(found[:_NAMED]) + more
    return "".join(each if each.isprintable() else " " for each in text)


def explain(error: ErrorDetails, model: type[BaseModel]) -> str:
    """What is wrong and what is allowed, for one of pydantic's errors about a document of `model`."""
    path, kind, context = error["loc"], error["type"], error.get("ctx", {})
    if kind == "missing":
        field = _field(model, path)
        return f"is required: {field.description}" if field else "is required"
    if kind == "extra_forbidden":
        known = _field_names(model, path[:-1])
        return f"unknown field{suggestion(path[-1], known)}; allowed: {', '.join(known)}"
    return f"{shown(error['input'])} {_complaint(error, kind, context)}"


def _complaint(error: ErrorDetails, kind: str, context: Mapping[str, Any]) -> str:
    if kind in ("enum", "literal_error"):
        words = [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
        return f"is not allowed{suggestion(error['input'], words)}; allowed: {', '.join(words)}"
    if kind == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        return f"does not fit; allowed: {ALLOWED.get(pattern, pattern)}"
    return _COMPLAINTS[kind].format(**context) if kind in _COMPLAINTS else error["msg"]


_COMPLAINTS: Final = {
    "string_type": 'is not a string; allowed: text, in quotes where it looks like something else, such as "123"',
    "string_too_long": "is too long; allowed: at most {max_length} characters",
    "int_type": "is not a whole number; allowed: digits without quotes",
    "int_from_float": "is not a whole number; allowed: digits without quotes",
    "greater_than_equal": "is too small; allowed: {ge} or more",
    "less_than_equal": "is too large; allowed: {le} or less",
    "bool_type": "is not true or false; allowed: true, false",
    "model_type": "is not a mapping; allowed: fields, one on a line",
    "dict_type": "is not a mapping; allowed: fields, one on a line",
    "tuple_type": "is not a list; allowed: entries, one on a line after a hyphen",
    "too_long": "has {actual_length} entries; allowed: at most {max_length}",
    "too_short": "has {actual_length} entries; allowed: at least {min_length}",
    "date_type": "is not a date; allowed: YYYY-MM-DD",
    "date_parsing": "is not a date; allowed: YYYY-MM-DD",
    "date_from_datetime_parsing": "is not a date; allowed: YYYY-MM-DD",
}
"""By pydantic's name of an error; its own words serve for the rest."""


def _models_in(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401 — annotations have no common type
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for each in get_args(annotation) for model in _models_in(each)]


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    for step in path:
        if isinstance(step, int):
            continue
        field = next((each for each in model.model_fields.values() if each.alias == step), None)
        inner = _models_in(field.annotation) if field else []
        if not inner:
            return None
        model = inner[0]
    return model


def _field(model: type[BaseModel], path: Path) -> FieldInfo | None:
    parent = _model_at(model, path[:-1])
    fields = parent.model_fields.values() if parent else ()
    return next((each for each in fields if each.alias == path[-1]), None)


def _field_names(model: type[BaseModel], path: Path) -> list[str]:
    parent = _model_at(model, path)
    return [str(each.alias) for each in parent.model_fields.values()] if parent else []
