"""By which code and under which settings an event was written: digests for the services that move money."""

from __future__ import annotations

from hashlib import blake2b
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import msgspec

from alpha_panda.events.envelope import Origin
from alpha_panda.runtime.settings import ServiceSettings

_BYTES: Final = 8
_SECTIONS: Final = frozenset({"http", "logs"})
"""Settings that decide nothing about what is written."""


def origin_of(settings: ServiceSettings, task: str) -> Origin:
    """Who writes the events of a task; a Broker's service says by which code and settings."""
    service = settings.service
    if service.broker is None:
        return Origin(source=task)
    return Origin(source=task, broker=service.broker, code=code_digest(), config=config_digest(settings))


def code_digest() -> str:
    """Of every source file of this package, by name: some hundredths of a second, once in a process' life."""
    digest = blake2b(digest_size=_BYTES)
    for name, content in sorted(_sources(files("alpha_panda"), "")):
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()


def config_digest(settings: ServiceSettings) -> str:
    """Of the settings as they were resolved. A secret is in it as a row of stars, whatever it is."""
    values = settings.model_dump(mode="json", exclude=set(_SECTIONS))
    return blake2b(msgspec.json.encode(values, order="sorted"), digest_size=_BYTES).hexdigest()


def _sources(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _sources(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".py", ".sql")):
            found.append((f"{prefix}{entry.name}", entry.read_bytes()))
    return found
