"""A Broker at Zerodha says who is logged in, until when, and why no entry goes; no watch tells the operator of it."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from tests.support.installed import LEASE_SECONDS, Installed

pytestmark = pytest.mark.operator


@dataclass
class Account:
    """A Broker, and what its services write down, which nothing here does by itself."""

    at: Installed
    name: str = field(default_factory=lambda: f"kite-{secrets.token_hex(3)}")

    async def write(self, sql: str, *values: object) -> None:
        """A row of the Broker's own schema."""
        connection = await asyncpg.connect(self.at.stores.postgres.dsn(database=f"{self.at.prefix}db"))
        try:
            await connection.execute(sql.format(schema=f'"{self.name}"'), *values)
        finally:
            await connection.close()

    async def comes_to(self, condition: str, status: str, reason: str) -> dict[str, Any]:
        return await asyncio.to_thread(self.at.await_condition, "Broker", self.name, condition, status, reason)

    @property
    def until(self) -> str | None:
        """What its status says of the login's end."""
        return self.at.get("Broker", self.name)["status"].get("sessionExpiresAt")


@pytest_asyncio.fixture(loop_scope="session")
async def account(installed: Installed) -> AsyncIterator[Account]:
    installed.changes = {"timing": {"lease": LEASE_SECONDS}}
    installed.create("Secret", "kite", data={"api-key": "eA==", "api-secret": "eA=="})
    installed.start()
    found = Account(installed)
    installed.apply("Broker", found.name, {"type": "Zerodha", "live": True, "credentialsSecretRef": {"name": "kite"}})
    yield found
    installed.end()


async def test_a_login_and_its_end_are_seen_in_the_status(account: Account) -> None:
    nobody = await account.comes_to("SessionActive", "False", "SessionExpired")
    assert nobody["message"] == "nobody has logged in at Zerodha: kubectl panda zerodha login"
    assert account.until is None

    end = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=9)
    login = (
        "INSERT INTO {schema}.kite_session (user_id, api_key, sealed, logged_in_at, expires_at)"
        " VALUES ('AB1234', 'k', '', now(), $1)"
    )
    await account.write(login, end)
    word = {"trading": False, "why_not": "2 unexplained differences", "live": True}
    standing = "INSERT INTO {schema}.exchange_standing VALUES ('x', now() + interval '1 day', $1)"
    await account.write(standing, json.dumps(word))
    active = await account.comes_to("SessionActive", "True", "AsAsked")
    assert "logged in as AB1234" in active["message"]
    assert account.until == end.strftime("%Y-%m-%dT%H:%M:%SZ")
    stopped = await account.comes_to("Trading", "False", "EntriesStopped")
    assert stopped["message"] == "2 unexplained differences"

    await account.write("UPDATE {schema}.kite_session SET refused_at = now()")
    refused = await account.comes_to("SessionActive", "False", "SessionExpired")
    assert "Zerodha refused the login of AB1234" in refused["message"]
    assert account.until is None
    assert account.at.denied() == []
