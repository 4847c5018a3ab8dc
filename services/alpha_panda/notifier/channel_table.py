"""The configured channels in PostgreSQL, with their addresses encrypted: what `panda notify` changes at run time."""

from __future__ import annotations

from typing import Any, Final, Protocol

import msgspec

from alpha_panda.domain.channels import Channel, check_channel
from alpha_panda.errors import InputError
from alpha_panda.notifier.addresses import Address, open_address, read_address
from alpha_panda.notifier.vault import Vault
from alpha_panda.runtime.store_errors import postgres_errors

_LOAD: Final = "SELECT name, settings, origin, changed_at, changed_by, address FROM platform.channels ORDER BY name"
_KEEP: Final = """
INSERT INTO platform.channels (name, address, origin, settings, changed_at, changed_by)
VALUES ($1, $2, $3, $4::jsonb, now(), $5)
ON CONFLICT (name) DO UPDATE SET address = EXCLUDED.address, settings = EXCLUDED.settings, changed_at = now(),
    changed_by = EXCLUDED.changed_by, origin = EXCLUDED.origin
"""
_SETTINGS: Final = """
UPDATE platform.channels SET settings = $2::jsonb, changed_at = now(), changed_by = $3 WHERE name = $1
"""
_REMOVE: Final = "DELETE FROM platform.channels WHERE name = $1 RETURNING name"
_FAILURES: Final = """
SELECT channel, count(*) FILTER (WHERE state = 'sent') AS sent, count(*) FILTER (WHERE state = 'failed') AS failed,
    count(*) FILTER (WHERE state IN ('pending', 'sending')) AS waiting,
    count(*) FILTER (WHERE state IN ('dropped', 'unknown')) AS other,
    (array_agg(reason ORDER BY changed_at DESC) FILTER (WHERE reason <> ''))[1] AS reason,
    max(changed_at) FILTER (WHERE state = 'sent') AS sent_at
FROM platform.deliveries GROUP BY channel
"""


class Source(Protocol):
    """A pool or a connection of asyncpg."""

    async def fetch(self, query: str, *arguments: object) -> list[Any]:
        """Rows."""

    async def execute(self, query: str, *arguments: object) -> str:
        """What was done."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A channel as it is kept."""

    channel: Channel
    origin: str
    changed_by: str
    address: bytes
    """Encrypted."""


class ChannelTable:
    """The table; every method raises TransientError where PostgreSQL does not answer."""

    def __init__(self, source: Source, vault: Vault) -> None:
        """Use `source`, which the caller closes."""
        self._source = source
        self._vault = vault

    async def load(self) -> tuple[Kept, ...]:
        """All channels, by name."""
        with postgres_errors():
            rows = await self._source.fetch(_LOAD)
        return tuple(
            Kept(
                channel=msgspec.json.decode(row["settings"], type=Channel),
                origin=row["origin"],
                changed_by=row["changed_by"],
                address=row["address"],
            )
            for row in rows
        )

    async def require(self, name: str) -> Kept:
        """The channel of this name; raises InputError where there is none."""
        known = await self.load()
        for kept in known:
            if kept.channel.name == name:
                return kept
        names = ", ".join(kept.channel.name for kept in known) or "none"
        raise InputError(f"there is no channel {name!r}; there are: {names}", remedy="panda notify list")

    async def keep(self, channel: Channel, address: Address, actor: str, origin: str = "person") -> None:
        """Add a channel, or replace the one of its name.

        Raises:
            InputError: nothing can be sent there, or a setting is not allowed.
        """
        check_channel(channel)
        open_address(address)
        closed = self._vault.close(address.to_json())
        with postgres_errors():
            await self._source.execute(_KEEP, channel.name, closed, origin, _json(channel), actor)

    async def change(self, channel: Channel, actor: str) -> None:
        """Change what a channel wants to hear."""
        check_channel(channel)
        with postgres_errors():
            await self._source.execute(_SETTINGS, channel.name, _json(channel), actor)

    async def remove(self, name: str) -> bool:
        """Forget a channel with all that waits for it; False where there is none."""
        with postgres_errors():
            return bool(await self._source.fetch(_REMOVE, name))

    def address_of(self, kept: Kept) -> Address:
        """Where it leads; raises PandaError where the key is another one."""
        return read_address(self._vault.open(kept.address))

    async def results(self) -> dict[str, dict[str, Any]]:
        """What became of the messages, by channel."""
        with postgres_errors():
            return {row["channel"]: dict(row) for row in await self._source.fetch(_FAILURES)}


def _json(channel: Channel) -> str:
    return msgspec.json.encode(channel).decode()
