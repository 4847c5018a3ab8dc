"""Settings of the notifier; see `settings`, which holds them as its section `notifier`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from alpha_panda.runtime.sections import Section


class NotifierSettings(Section):
    """How alerts are made and told. Channels are added with `panda notify add`, or declared here."""

    channels: SecretStr | None = None
    """YAML text: channels by name, each with its url, and what else `panda notify add` takes."""
    look_seconds: Annotated[float, Field(ge=0.1, le=600)] = 5.0
    """Between two looks at breakers, findings, processes and dead letters."""
    queue: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """Alerts that may wait for one channel; beyond it the least urgent are dropped and counted."""
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """How long what is over is kept."""
