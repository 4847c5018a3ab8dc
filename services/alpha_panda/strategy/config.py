"""The configuration of a strategy: what a resource's `params` may hold, checked before anything trades."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from alpha_panda.errors import InputError

Mistake = tuple[tuple[str | int, ...], str]
"""Where in a resource's `spec` something is wrong, and what."""


class StrategyChoiceError(InputError):
    """A strategy cannot be made of what a resource says; `mistakes` has each with its place there."""

    def __init__(self, name: str, mistakes: Sequence[Mistake], *, remedy: str | None = None) -> None:
        """`name` is the strategy's; the message has a line for each mistake."""
        super().__init__("\n".join(f"strategy {name}: {_dotted(path)}{text}" for path, text in mistakes), remedy=remedy)
        self.name = name
        self.mistakes = tuple(mistakes)


class StrategyConfig(BaseModel):
    """Base of a strategy's configuration: immutable, unknown parameters refused.

    Fields are snake_case in Python and camelCase in a resource's `params`, like every other field
    there: `entry_percent` is written `entryPercent`.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=False,
        validate_default=True,
        allow_inf_nan=False,
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: object, info: ValidationInfo) -> object:
        """Refuse YAML's yes, no, on and off where a number is meant: they would become 1 and 0."""
        annotation = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and bool not in (annotation, *get_args(annotation)):
            raise ValueError("is true or false where another kind of value is wanted")
        return value


ConfigT = TypeVar("ConfigT", bound=StrategyConfig)


def read_config(model: type[ConfigT], params: dict[str, Any], strategy: str) -> ConfigT:
    """The parameters of `strategy`, typed.

    Raises:
        StrategyChoiceError: with each mistake: the parameter, its value, what is allowed.
    """
    try:
        return model.model_validate(params)
    except ValidationError as error:
        mistakes = [_mistake(detail, model) for detail in error.errors(include_url=False)]
        raise StrategyChoiceError(strategy, mistakes, remedy=f"{strategy} takes: {describe(model)}") from error


def describe(model: type[StrategyConfig]) -> str:
    """The parameters in one line: each with its default, or `required`."""
    parts = []
    for field in model.model_fields.values():
        default = "required" if field.is_required() else f"default {_shown(field.default)}"
        parts.append(f"{field.alias} ({default})")
    return ", ".join(parts) or "no parameters"


def _mistake(detail: ErrorDetails, model: type[StrategyConfig]) -> Mistake:
    path = ("params", *detail["loc"])
    if detail["type"] == "extra_forbidden":
        known = [str(each.alias) for each in model.model_fields.values()]
        close = get_close_matches(str(detail["loc"][-1]), known, n=1)
        hint = f'; did you mean "{close[0]}"?' if close else ""
        return path, f"unknown parameter{hint}"
    if detail["type"] == "missing":
        return path, "is required"
    message = detail["msg"].removeprefix("Value error, ")
    return path, f"{_shown(detail['input'])}: {message[0].lower()}{message[1:]}"


def _dotted(path: tuple[str | int, ...]) -> str:
    """The place before what is wrong there; the strategy's own name needs none."""
    return "" if path == ("strategy",) else f"{'.'.join(map(str, path))}: "


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
