"""The kinds of value that resources are made of: names, money, percentages, their patterns and limits.

Each constraint stands here once, so that the reader of files, the CRDs and the services agree. A
number with a fraction is written as a string of decimals: binary floats cannot hold ten paise.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

MONEY_PATTERN: Final = r"^[0-9]+(\.[0-9]{1,2})?$"
PERCENT_PATTERN: Final = r"^(100(\.0{1,4})?|[0-9]{1,2}(\.[0-9]{1,4})?)$"
RATIO_PATTERN: Final = r"^[0-9]{1,3}(\.[0-9]{1,4})?$"
BASIS_POINTS_PATTERN: Final = r"^[0-9]{1,4}(\.[0-9]{1,2})?$"
DNS_LABEL_PATTERN: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
SYMBOL_PATTERN: Final = r"^[A-Z0-9][A-Z0-9&_ .-]*$"
STRATEGY_CLASS_PATTERN: Final = (
    r"^([A-Za-z][A-Za-z0-9_-]*|[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*)$"
)
IMAGE_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._/:@-]*$"
ALGO_PATTERN: Final = r"^[A-Za-z0-9]+$"

ALLOWED: Final[dict[str, str]] = {
    MONEY_PATTERN: 'rupees as a string with at most two decimals, such as "50000" or "0.05"',
    PERCENT_PATTERN: 'a percentage from 0 to 100 as a string with at most four decimals, such as "1.5"',
    RATIO_PATTERN: 'a ratio as a string with at most four decimals, such as "2.5"',
    BASIS_POINTS_PATTERN: 'hundredths of a percent as a string with at most two decimals, such as "2" or "2.5"',
    DNS_LABEL_PATTERN: "lower-case letters, digits and hyphens, with a letter or digit at both ends",
    SYMBOL_PATTERN: "an exchange's symbol in capitals, such as RELIANCE or M&M",
    STRATEGY_CLASS_PATTERN: "a registered strategy such as momentum, or package.module:Class",
    ALGO_PATTERN: "letters and digits",
    IMAGE_PATTERN: "an image reference such as example.org/team/strategy:1.2",
}
"""What each pattern means to a person: the end of the message when a value does not fit it."""


class Model(BaseModel):
    """Base of every part of a resource: immutable, camelCase outside, unknown fields refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        validate_default=True,
    )


def decimal_text(value: object) -> object:
    """The text of a decimal field: whole numbers may come without quotes, fractions may not.

    A fraction without quotes has been a binary float on its way here, and is no longer what was written.

    Raises:
        PydanticCustomError: `unquoted_fraction`, for a float.
    """
    if isinstance(value, float):
        raise PydanticCustomError(
            "unquoted_fraction", 'is a number with a fraction: write it in quotes, "{text}"', {"text": repr(value)}
        )
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def paise(money: str) -> int:
    """Whole paise of a money field: 100 paise are a rupee.

    Raises:
        ValueError: more than two decimals, or no number; a validated field never is.
    """
    amount = Decimal(money) * 100
    if amount != amount.to_integral_value():
        msg = f"{money!r} rupees are not whole paise"
        raise ValueError(msg)
    return int(amount)


def decimal(text: str) -> Decimal:
    """The exact number of a percentage, ratio or basis-point field."""
    return Decimal(text)


def _positive(value: str) -> str:
    if Decimal(value) == 0:
        raise PydanticCustomError("not_positive", "must be greater than zero")
    return value


@dataclass(frozen=True)
class DecimalSchema:
    """What a schema says of a decimal field, where pydantic sees only functions: digits, in quotes or whole."""

    pattern: str
    longest: int
    positive: bool = False

    def __get_pydantic_json_schema__(self, core_schema: object, handler: object) -> dict[str, Any]:
        """JSON Schema has no word for decimals; `x-decimal` says whether zero is one of them."""
        del core_schema, handler
        return {
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "pattern": self.pattern,
            "maxLength": self.longest,
            "x-decimal": "positive" if self.positive else "any",
        }


Money = Annotated[
    str, BeforeValidator(decimal_text), Field(pattern=MONEY_PATTERN, max_length=16), DecimalSchema(MONEY_PATTERN, 16)
]
"""Rupees; `paise()` gives the integer. Sixteen characters keep paise within 64 bits."""
Percent = Annotated[
    str, BeforeValidator(decimal_text), Field(pattern=PERCENT_PATTERN), DecimalSchema(PERCENT_PATTERN, 8)
]
PositivePercent = Annotated[Percent, AfterValidator(_positive), DecimalSchema(PERCENT_PATTERN, 8, positive=True)]
Ratio = Annotated[str, BeforeValidator(decimal_text), Field(pattern=RATIO_PATTERN), DecimalSchema(RATIO_PATTERN, 8)]
PositiveRatio = Annotated[Ratio, AfterValidator(_positive), DecimalSchema(RATIO_PATTERN, 8, positive=True)]
BasisPoints = Annotated[
    str, BeforeValidator(decimal_text), Field(pattern=BASIS_POINTS_PATTERN), DecimalSchema(BASIS_POINTS_PATTERN, 7)
]
BrokerName = Annotated[str, Field(pattern=DNS_LABEL_PATTERN, max_length=20)]
"""It begins topics, Redis keys and a PostgreSQL schema; the reserved names are a rule of their own."""
StrategyName = Annotated[str, Field(pattern=DNS_LABEL_PATTERN, max_length=40)]
Namespace = Annotated[str, Field(pattern=DNS_LABEL_PATTERN, max_length=63)]
ObjectName = Annotated[str, Field(pattern=DNS_LABEL_PATTERN, max_length=63)]
Symbol = Annotated[str, Field(pattern=SYMBOL_PATTERN, max_length=40)]
StrategyClass = Annotated[str, Field(pattern=STRATEGY_CLASS_PATTERN, max_length=200)]
AlgoId = Annotated[str, Field(pattern=ALGO_PATTERN, max_length=20)]
Image = Annotated[str, Field(pattern=IMAGE_PATTERN, max_length=512)]
