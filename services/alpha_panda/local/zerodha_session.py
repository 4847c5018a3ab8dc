"""The login at Zerodha of this machine's platform.

The app's key and secret are in private files; the login is in the Broker's schema, sealed with a key that follows
from the master secret.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from alpha_panda.errors import InputError
from alpha_panda.local.administrator import database
from alpha_panda.local.layout import Layout, write_private
from alpha_panda.local.ports import Ports
from alpha_panda.local.run_file import load_run, run_section
from alpha_panda.local.simulator import PORT, addresses
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from alpha_panda.topology.credentials import session_key
from alpha_panda.topology.graph import ACCOUNT_KEYS

if TYPE_CHECKING:
    from alpha_panda.zerodha.session_store import SessionStore

_BROKERS: Final = """
SELECT name FROM platform.resources WHERE kind = 'Broker' AND spec->>'type' = 'Zerodha'
    AND to_regclass(quote_ident(name) || '.kite_session') IS NOT NULL ORDER BY name
"""


class AppKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The app at Zerodha. `repr` does not show the secret."""

    api_key: str
    api_secret: str

    def __repr__(self) -> str:
        return f"AppKeys({self.api_key})"


def settings_of(layout: Layout) -> ZerodhaSettings:
    """The settings that the run was started with."""
    run = load_run(layout)
    played = addresses(Ports(layout).known(PORT)) if run is not None and run.rehearsal is not None else {}
    return ZerodhaSettings.model_validate({**run_section(layout, "zerodha"), **played})


def kept_keys(layout: Layout, broker: str) -> AppKeys | None:
    """The app's key and secret that the last login left; None before the first."""
    folder = keys_folder(layout, broker)
    files = [folder / name for name in ACCOUNT_KEYS]
    if not all(file.exists() for file in files):
        return None
    key, secret = (file.read_text().strip() for file in files)
    return AppKeys(api_key=key, api_secret=secret)


def keep_keys(layout: Layout, broker: str, keys: AppKeys) -> None:
    """Keep them in files that their owner alone may read."""
    folder = keys_folder(layout, broker)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, value in zip(ACCOUNT_KEYS, (keys.api_key, keys.api_secret), strict=True):
        write_private(folder / name, value)


def seal_key(layout: Layout, broker: str) -> str:
    """What the Broker's login is sealed with on this machine."""
    run = load_run(layout)
    generation = 1 if run is None else run.platform_settings.secret_generation
    return session_key(layout.secret("master").encode(), broker, generation)


async def zerodha_brokers(layout: Layout) -> tuple[str, ...]:
    """The Brokers at Zerodha that hold their names, sorted. Raises UnavailableError where PostgreSQL is away."""
    async with database(layout) as connection:
        return tuple([row["name"] for row in await connection.fetch(_BROKERS)])


@asynccontextmanager
async def session_store(layout: Layout, broker: str) -> AsyncIterator[SessionStore]:
    """The Broker's login, with the administrator's rights."""
    from alpha_panda.zerodha.session_store import Seal, SessionStore  # noqa: PLC0415 - not everybody has cryptography

    async with database(layout) as connection:
        yield SessionStore(connection, broker, Seal(seal_key(layout, broker)))


def chosen(brokers: tuple[str, ...], wanted: str | None) -> str:
    """The one Broker that is meant.

    Raises:
        InputError: there is none, or several and none is named.
    """
    if wanted in brokers:
        return str(wanted)
    names = ", ".join(brokers)
    if not brokers or wanted is not None:
        said = f"there is no Broker {wanted!r} of type Zerodha" if wanted else "there is no Broker of type Zerodha"
        raise InputError(f"{said}; there are: {names or 'none'}", remedy="apply one: panda apply -f broker.yaml")
    if len(brokers) > 1:
        raise InputError(f"there are several Brokers at Zerodha: {names}", remedy="name one with --broker")
    return brokers[0]


def keys_folder(layout: Layout, broker: str) -> Path:
    """Where the app's key and secret are; the service that trades takes them from here, too."""
    return layout.secrets / "brokers" / broker
