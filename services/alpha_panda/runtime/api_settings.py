"""Settings of the API: who may come in, how often, with how much; and who people are in the stores where they act."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from alpha_panda.runtime.sections import FreePort, Section


class ApiSettings(Section):
    """The public API's own settings."""

    token: SecretStr | None = None
    """Of machines, and of whoever makes the first user."""
    hook_secret: Annotated[SecretStr, Field(min_length=16)] | None = None
    """What Alertmanager shows at /api/v1/hooks/alertmanager; without it nobody may call that."""
    token_role: Literal["viewer", "trader", "admin"] = "admin"  # noqa: S105 - a role
    port: FreePort = 8080
    production: bool = False
    """Refuses what only suits one machine: any origin, and cookies over plain HTTP."""
    https: bool = False
    """Browsers reach the API over HTTPS: its cookie is then sent over nothing else."""
    origins: tuple[str, ...] = ()
    """Other origins whose pages may ask, such as https://panda.example.org; never with the cookie."""
    trusted_proxies: Annotated[int, Field(ge=0, le=5)] = 0
    """How many proxies of ours stand before the API: as many addresses from the right of X-Forwarded-For are theirs."""
    access_minutes: Annotated[int, Field(ge=1, le=15)] = 10
    session_hours: Annotated[int, Field(ge=1, le=168)] = 12
    logins_per_minute: Annotated[int, Field(ge=1, le=1000)] = 10
    """Of one address, and of one name."""
    changes_per_minute: Annotated[int, Field(ge=1, le=10_000)] = 60
    """Of one principal; a halt is never counted."""
    body_bytes: Annotated[int, Field(ge=1024, le=10_000_000)] = 262_144
    body_depth: Annotated[int, Field(ge=4, le=100)] = 20
    request_seconds: Annotated[float, Field(ge=1, le=120)] = 20.0

    @model_validator(mode="after")
    def _is_safe_in_production(self) -> Self:
        if self.production and "*" in self.origins:
            raise ValueError("api.origins has *, and api.production is true: name the origins")
        return self


class OperationsSettings(Section):
    """Who people are in the stores where they act through a service, and where this machine keeps what they ask for."""

    username: str | None = None
    password: SecretStr | None = None
    folder: Path | None = None
    """Where what waits for the audit log is kept; shared with the command line where both are on one machine."""
    status: Path | None = None
    """The file in which the supervisor tells how the services are; there is none on Kubernetes."""
    logs: Path | None = None
    """The folder of the services' logs; there is none on Kubernetes."""
    resources: Literal["stored", "cluster"] = "cluster"
    """Whether Brokers and Strategies are in PostgreSQL, where people may change them through the API."""
