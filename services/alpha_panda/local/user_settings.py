"""The user's YAML of settings (`panda up --config`): `platform` shapes the plan, the rest goes to every service.

It is checked whole before anything starts, and copied to the data directory, so that a later edit of the
file changes nothing before the next `panda up --config`.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml
from pydantic import BaseModel, ValidationError

from alpha_panda.errors import InputError
from alpha_panda.local.layout import Layout, write_private
from alpha_panda.resources.yaml_text import YamlDocument
from alpha_panda.runtime.layers import read_mapping, told
from alpha_panda.runtime.settings import ServiceSettings
from alpha_panda.topology.settings import PlatformSettings

_PLATFORM: Final = "platform"
_OURS: Final = (
    *(
        ("service",),
        ("feed",),
        ("data",),
        ("redis",),
        ("postgres",),
        ("http",),
        ("api",),
        ("run", "pacing"),
        ("budget", "notes"),
        ("zerodha", "broker"),
        ("zerodha", "session_key"),
    ),
    *(("kafka", name) for name in ("bootstrap", "username", "password", "tls", "authority")),
)
"""What `panda up` sets itself, by its options or from the plan."""


class UserSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says, checked; both empty where there is none."""

    platform: dict[str, Any] = {}
    services: dict[str, Any] = {}


def read_user_settings(file: Path) -> UserSettings:
    """Read and check the file.

    Raises:
        InputError: a line for each mistake with its place, the setting and what is allowed.
    """
    values, document = read_mapping(file)
    services = {name: value for name, value in values.items() if name != _PLATFORM}
    problems = [
        f"{_place(document, path)}: {'.'.join(path)} is set by `panda up` itself"
        for path in _OURS
        if path in document.values
    ]
    problems += _problems(PlatformSettings, values.get(_PLATFORM) or {}, document, (_PLATFORM,))
    problems += _problems(ServiceSettings, services, document, ())
    if problems:
        raise InputError("\n".join(problems), remedy="see docs/settings.md")
    platform = PlatformSettings.model_validate(values.get(_PLATFORM) or {})
    _refuse_replicas(platform, document)
    return UserSettings(platform=platform.model_dump(mode="json", exclude_unset=True), services=services)


def keep_user_settings(layout: Layout, settings: UserSettings) -> str:
    """Write what services are to read into the data directory; the path, another for each content."""
    text = yaml.safe_dump(settings.services, sort_keys=True)
    path = layout.root / f"settings-{blake2b(text.encode(), digest_size=6).hexdigest()}.yaml"
    write_private(path, text)
    return str(path)


def _problems(model: type[BaseModel], values: object, document: YamlDocument, parents: tuple[str, ...]) -> list[str]:
    try:
        model.model_validate(values)
    except ValidationError as error:
        found = []
        for problem in error.errors():
            path = (*parents, *problem["loc"])
            found.append(f"{_place(document, path)}: {told({**problem, 'loc': path})}")
        return found
    return []


def _place(document: YamlDocument, path: tuple[str | int, ...]) -> str:
    place = document.place(path)
    return f"{document.source}:{place.line}:{place.column}"


def _refuse_replicas(settings: PlatformSettings, document: YamlDocument) -> None:
    """The embedded Kafka is one node."""
    asked = {"replication": settings.replication}
    asked |= {f"topics.{name}.replication": overlay.replication or 1 for name, overlay in settings.topics.items()}
    for name, count in sorted(asked.items()):
        if count > 1:
            raise InputError(
                f"{document.source}: platform.{name} is {count}, and the Kafka that `panda up` starts is one node",
                remedy="leave it at 1 here; it is for your own Kafka",
            )
