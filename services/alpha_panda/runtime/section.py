"""What the groups of settings have in common; see `settings`, which puts them together."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Port = Annotated[int, Field(ge=1, le=65_535)]
FreePort = Annotated[int, Field(ge=0, le=65_535)]
"""0 takes any free port."""


class Section(BaseModel):
    """A group of settings; unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
