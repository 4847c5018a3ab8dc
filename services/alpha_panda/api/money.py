"""Money as the API shows it: whole paise, and the same amount as rupees in text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field


@dataclass(frozen=True)
class Money:
    """An amount."""

    # A dataclass, unlike the other answers: there are thousands in one, and it is made in a tenth of the time.
    __pydantic_config__ = ConfigDict(json_schema_extra={"examples": [{"paise": 12345, "rupees": "123.45"}]})

    paise: Annotated[int, Field(description="Whole paise; computations use this.")]
    rupees: Annotated[str, Field(description="The same amount in rupees, exact.")]

    @classmethod
    def of(cls, paise: int) -> Money:
        """The amount of so many paise."""
        whole, rest = divmod(abs(paise), 100)
        return cls(paise, f"{'-' if paise < 0 else ''}{whole}.{rest:02d}")
