"""The configuration of a strategy: what a resource's `params` may hold, checked before anything trades."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from alpha_panda.errors import InputError


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
        InputError: with a line for each mistake: the parameter, its value, what is allowed.
    """
    try:
        return model.model_validate(params)
    except ValidationError as error:
        lines = [f"strategy {strategy}: {_line(detail, model)}" for detail in error.errors(include_url=False)]
        raise InputError("\n".join(lines), remedy=f"{strategy} takes: {describe(model)}") from error


def describe(model: type[StrategyConfig]) -> str:
    """The parameters in one line: each with its default, or `required`."""
    parts = []
    for field in model.model_fields.values():
        default = "required" if field.is_required() else f"default {_shown(field.default)}"
        parts.append(f"{field.alias} ({default})")
    return ", ".join(parts) or "no parameters"


def _line(detail: ErrorDetails, model: type[StrategyConfig]) -> str:
    field = ".".join(str(step) for step in ("params", *detail["loc"]))
    if detail["type"] == "extra_forbidden":
        known = [str(each.alias) for each in model.model_fields.values()]
        close = get_close_matches(str(detail["loc"][-1]), known, n=1)
        hint = f'; did you mean "{close[0]}"?' if close else ""
        return f"{field}: unknown parameter{hint}"
    if detail["type"] == "missing":
        return f"{field}: is required"
    message = detail["msg"].removeprefix("Value error, ")
    return f"{field}: {_shown(detail['input'])}: {message[0].lower()}{message[1:]}"


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
