"""A login through the pod that trades, as the roles and keys of the plan allow it, and the feed that finds it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio
from tests.integration.conftest import nobody
from tests.support.kite import API_KEY, API_SECRET, RunningSimulator, running_simulator
from tests.unit.topology.stored_resources import MASTER_SECRET, zerodha

from alpha_panda.errors import InputError
from alpha_panda.local.stores import Stores
from alpha_panda.provision import provision_postgres
from alpha_panda.provision.exchange import read_standing
from alpha_panda.resources.standing import ExchangeStanding
from alpha_panda.runtime.settings import PostgresSettings, ServiceSection, ServiceSettings
from alpha_panda.runtime.zerodha_settings import ZerodhaSettings
from alpha_panda.topology.environment import service_secrets
from alpha_panda.topology.model import Plan
from alpha_panda.topology.names import role
from alpha_panda.topology.planner import plan
from alpha_panda.topology.settings import PlatformSettings
from alpha_panda.zerodha.entrance import answer, main
from alpha_panda.zerodha.errors import LoginRefusedError
from alpha_panda.zerodha.session import SessionState
from alpha_panda.zerodha.session_store import Seal, SessionStore

pytestmark = pytest.mark.integration
BROKER = "entrance"


@dataclass(frozen=True)
class Pods:
    """The pods of the plan, as far as the login needs them."""

    plan: Plan
    stores: Stores
    simulator: RunningSimulator
    keys: Path

    def postgres(self, name: str) -> PostgresSettings:
        """The database as that service's user."""
        (service,) = [each for each in self.plan.services if each.name == name]
        at = urlsplit(self.stores.postgres.dsn())
        return PostgresSettings(
            host=at.hostname or "",
            port=at.port or 0,
            database=at.path.removeprefix("/"),
            username=role(service.principal),
            password=service_secrets(service, self.plan)["postgres__password"],
        )

    @property
    def trading(self) -> ServiceSettings:
        """What the pod that trades is told."""
        return ServiceSettings(
            postgres=self.postgres(f"{BROKER}.zerodha-trading"),
            service=ServiceSection(name=f"{BROKER}.zerodha-trading", broker=BROKER),
            zerodha=ZerodhaSettings(
                root=self.simulator.root, keys=self.keys, session_key=self.plan.session_keys[BROKER]
            ),
        )

    async def feed(self) -> asyncpg.Connection:
        """The database as the feed's user."""
        at = self.postgres("market-feed")
        password = at.password.get_secret_value() if at.password else ""
        return await asyncpg.connect(
            host=at.host, port=at.port, database=at.database, user=at.username, password=password
        )


@pytest_asyncio.fixture(loop_scope="session")
async def pods(stores: Stores, tmp_path: Path) -> Pods:
    """With the account's keys in their Secret's folder, and nobody logged in."""
    planned = plan([zerodha(BROKER)], PlatformSettings(prefix="entrance_"), MASTER_SECRET)
    await provision_postgres(planned, stores.postgres.dsn(), owns=nobody)
    (tmp_path / "api-key").write_text(f"{API_KEY}\n")
    (tmp_path / "api-secret").write_text(API_SECRET)
    connection = await asyncpg.connect(stores.postgres.dsn())
    await connection.execute("TRUNCATE entrance.kite_session, entrance.exchange_standing")
    await connection.close()
    with running_simulator() as simulator:
        yield Pods(planned, stores, simulator, tmp_path)


async def test_a_login_through_the_trading_pod_is_opened_by_the_feed(pods: Pods) -> None:
    before = (await answer("session", "", pods.trading)).verdict
    assert before is not None
    assert before.state is SessionState.ABSENT
    said = (await answer("login", pods.simulator.request_token(), pods.trading)).verdict
    assert said is not None
    assert said.state.is_valid
    connection = await pods.feed()
    try:
        found = await SessionStore(connection, BROKER, Seal(pods.plan.session_keys[BROKER])).load()
    finally:
        await connection.close()
    assert found is not None
    assert found.api_key == API_KEY
    assert found.expires_at == said.expires_at


async def test_the_feed_cannot_put_a_login_there(pods: Pods) -> None:
    connection = await pods.feed()
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                f"INSERT INTO {BROKER}.kite_session (user_id, api_key, sealed, logged_in_at, expires_at)"  # noqa: S608
                " VALUES ('x', 'x', '', now(), now())"
            )
    finally:
        await connection.close()


async def test_an_administrator_reads_who_is_logged_in_and_what_the_service_said_last(pods: Pods) -> None:
    dsn = pods.stores.postgres.dsn()
    assert await read_standing(dsn, BROKER) == ExchangeStanding()
    said = (await answer("login", pods.simulator.request_token(), pods.trading)).verdict
    assert said is not None
    connection = await asyncpg.connect(dsn)
    try:
        word = '{"trading": false, "why_not": "the books differ", "live": true}'
        await connection.execute(f"INSERT INTO {BROKER}.exchange_standing VALUES ('x', now(), $1)", word)  # noqa: S608
    finally:
        await connection.close()
    found = await read_standing(dsn, BROKER)
    assert (found.user_id, found.expires_at, found.refused_at) == ("AB1234", said.expires_at, None)
    assert (found.trading, found.why_not, found.live) == (False, "the books differ", True)
    assert found.told_at is not None


async def test_the_page_to_open_names_the_account_s_app(pods: Pods) -> None:
    page = (await answer("page", "", pods.trading)).page
    assert page is not None
    assert f"api_key={API_KEY}" in page


async def test_a_token_that_the_exchange_refuses_leaves_the_login_as_it_was(pods: Pods) -> None:
    await answer("login", pods.simulator.request_token(), pods.trading)
    with pytest.raises(LoginRefusedError):
        await answer("login", "nosuchtoken", pods.trading)
    said = (await answer("session", "", pods.trading)).verdict
    assert said is not None
    assert said.state.is_valid


async def test_a_secret_without_the_app_s_keys_is_named(pods: Pods) -> None:
    (pods.keys / "api-secret").unlink()
    with pytest.raises(InputError, match="api-secret"):
        await answer("login", pods.simulator.request_token(), pods.trading)


def test_what_is_not_understood_is_said_in_the_answer() -> None:
    assert main(["logout"], "").error == "logout is not understood"
