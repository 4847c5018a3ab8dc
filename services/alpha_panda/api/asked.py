"""What is sent to the API: every name is known, every text is bounded and printable."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from alpha_panda.api.security.principal import Role
from alpha_panda.events.control import HaltScope
from alpha_panda.events.signals import Product


def _printable(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("allowed is a line of printable text")
    return text


Line = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_printable)]
UserName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$", examples=["ana"])]


class Asked(BaseModel):
    """Base of what is sent: a name that is not known is refused, so that a misspelt one is not left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HaltAsked(Asked):
    """How much is to be halted or resumed, and why."""

    scope: HaltScope = Field(examples=["broker"])
    subject: str = Field(
        default="", max_length=100, description="The Broker, strategy or instrument; empty for all.", examples=["paper"]
    )
    reason: Line = Field(examples=["the feed shows nonsense"])

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.scope is HaltScope.ALL) != (self.subject == ""):
            raise ValueError("scope all has no subject, and every other scope has one")
        return self


class CloseAsked(Asked):
    """A position that is to be closed, the worst price for that, and why."""

    strategy: str = Field(max_length=100, examples=["momentum"])
    instrument: str = Field(max_length=100, examples=["NSE:YESBANK"])
    product: Product = Field(examples=["MIS"])
    price: Decimal | None = Field(
        default=None,
        gt=0,
        max_digits=12,
        decimal_places=2,
        description="Rupees: the worst price that may be traded at. Without it, what the market gives.",
        examples=["94.50"],
    )
    reason: Line = Field(examples=["news at noon"])


class ReasonAsked(Asked):
    """Why."""

    reason: Line = Field(examples=["news at noon"])


class ReplayAsked(ReasonAsked):
    """Why dead letters are to have a second chance."""

    returned: bool = Field(default=False, description="Also what was written back before and came back.")


class UserAsked(Asked):
    """A new user."""

    name: UserName
    role: Role
    password: str = Field(max_length=256)


class UserChangeAsked(Asked):
    """What is to change about a user; what is left out stays."""

    role: Role | None = None
    password: str | None = Field(default=None, max_length=256)
    disabled: bool | None = None
    forget_second_factor: bool = Field(default=False, description="For somebody who lost the telephone.")
