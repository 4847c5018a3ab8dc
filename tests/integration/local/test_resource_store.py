"""Resources in a real PostgreSQL: what apply and delete do, and what they remember."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from alpha_panda.errors import InputError, UnavailableError
from alpha_panda.local.stores import Stores
from alpha_panda.operations.resource_store import CHANNEL, Applied, Outcome, ResourceStore
from alpha_panda.provision.migrations import migrate
from alpha_panda.resources.documents import Document, read_documents
from alpha_panda.resources.problems import ResourceError
from alpha_panda.topology.model import PostgresSchema

pytestmark = pytest.mark.integration
DATABASE = "resource_store"

BROKER = """\
apiVersion: alphapanda.io/v1alpha1
kind: Broker
metadata: {name: paper}
spec: {type: Paper}
"""
ZERODHA = """\
apiVersion: alphapanda.io/v1alpha1
kind: Broker
metadata: {name: paper}
spec: {type: Zerodha, credentialsSecretRef: {name: login}}
"""


def strategy(name: str = "momentum", more: str = "", params: str = "{}", labels: str = "{}") -> str:
    return f"""\
apiVersion: alphapanda.io/v1alpha1
kind: Strategy
metadata: {{name: {name}, labels: {labels}}}
spec:
  strategy: momentum
  instruments: [{{exchange: NSE, symbol: RELIANCE}}]
  params: {params}
  {more}
"""


def documents(*texts: str) -> list[Document]:
    return read_documents("---\n".join(texts), "desk.yaml")


def outcomes(applied: tuple[Applied, ...]) -> list[str]:
    return [f"{each.kind}/{each.name} {each.outcome}" for each in applied]


@pytest_asyncio.fixture(loop_scope="session")
async def pool(stores: Stores) -> AsyncIterator[asyncpg.Pool]:
    """A pool on a database of this test alone, with the platform's tables."""
    administrator = await asyncpg.connect(stores.postgres.dsn())
    await administrator.execute(f"CREATE DATABASE {DATABASE}")
    opened = await asyncpg.create_pool(stores.postgres.dsn(database=DATABASE), min_size=1, max_size=8)
    async with opened.acquire() as connection, connection.transaction():
        await migrate(connection, [PostgresSchema(name="platform", migrations="platform")])
    yield opened
    await opened.close()
    await administrator.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    await administrator.close()


@pytest.fixture
def store(pool: asyncpg.Pool) -> ResourceStore:
    return ResourceStore(pool)


async def test_documents_are_created_then_unchanged_then_configured(store: ResourceStore):
    first = documents(BROKER, strategy())
    assert outcomes(await store.apply(first, "asha")) == ["Broker/paper created", "Strategy/momentum created"]
    assert outcomes(await store.apply(first, "ravi")) == ["Broker/paper unchanged", "Strategy/momentum unchanged"]
    changed = documents(BROKER, strategy(more="state: Paused"))
    assert outcomes(await store.apply(changed, "ravi")) == ["Broker/paper unchanged", "Strategy/momentum configured"]
    broker, momentum = await store.load_all()
    assert (broker.generation, broker.changed_by) == (1, "asha")
    assert (momentum.generation, momentum.changed_by) == (2, "ravi")
    assert momentum.resource == changed[1].resource
    assert momentum.changed_at > momentum.created_at


async def test_what_is_written_is_read_back_exactly(store: ResourceStore):
    given = documents(
        strategy(params='{whole: 1, exact: 1.0, huge: 1.0e+22, text: "1", "yes": true, none: null, "ö": [1, {a: 0.1}]}')
    )
    await store.apply(given, "asha")
    stored = await store.get("Strategy", "momentum")
    assert stored is not None
    assert stored.resource == given[0].resource
    assert outcomes(await store.apply(given, "asha")) == ["Strategy/momentum unchanged"]


@pytest.mark.parametrize(("old", "new"), [("{a: 1}", "{a: true}"), ("{a: 0}", "{a: false}"), ("{a: 1}", '{a: "1"}')])
async def test_values_that_python_takes_for_equal_are_a_change(store: ResourceStore, old: str, new: str):
    await store.apply(documents(strategy(params=old)), "asha")
    assert outcomes(await store.apply(documents(strategy(params=new)), "asha")) == ["Strategy/momentum configured"]


async def test_labels_are_configured_without_a_new_generation(store: ResourceStore):
    await store.apply(documents(strategy()), "asha")
    assert outcomes(await store.apply(documents(strategy(labels="{desk: one}")), "ravi")) == [
        "Strategy/momentum configured"
    ]
    stored = await store.get("Strategy", "momentum")
    assert stored is not None
    assert (stored.generation, stored.resource.metadata.labels) == (1, {"desk": "one"})


async def test_a_forbidden_change_is_refused_with_file_and_line_and_nothing_is_applied(store: ResourceStore):
    await store.apply(documents(BROKER), "asha")
    with pytest.raises(ResourceError) as refused:
        await store.apply(documents(strategy(), ZERODHA), "ravi")
    (problem,) = refused.value.problems
    assert (problem.source, problem.field) == ("desk.yaml", "spec.type")
    assert problem.line == strategy().count("\n") + 2
    assert '"Zerodha": is immutable: the broker is Paper' in problem.message
    (only,) = await store.load_all()
    assert (only.kind, only.changed_by) == ("Broker", "asha")
    assert len(await store.changes("Broker", "paper")) == 1


async def test_a_running_strategy_keeps_its_brokers_until_it_is_stopped(store: ResourceStore):
    await store.apply(documents(strategy()), "asha")
    with pytest.raises(ResourceError, match=r"stop the strategy \(spec.state: Stopped\) before changing its brokers"):
        await store.apply(documents(strategy(more="brokers: [other]")), "asha")
    await store.apply(documents(strategy(more="state: Stopped")), "asha")
    await store.apply(documents(strategy(more="brokers: [other]")), "asha")


async def test_a_character_that_no_store_holds_is_refused_with_its_place(store: ResourceStore):
    with pytest.raises(InputError, match=r"desk.yaml:1:1: Strategy momentum holds the character U\+0000"):
        await store.apply(documents(strategy(params='{a: "x\\0y"}')), "asha")


async def test_a_dry_run_tells_all_and_keeps_nothing(store: ResourceStore):
    applied = await store.apply(documents(BROKER, strategy()), "asha", dry_run=True)
    assert outcomes(applied) == ["Broker/paper created", "Strategy/momentum created"]
    assert await store.load_all() == ()
    assert await store.changes("Broker", "paper") == ()


async def test_many_applies_at_once_follow_one_another(store: ResourceStore):
    """Each sees what the one before it left: generations and versions have no gap and no double."""
    texts = [strategy(more=f"signalTimeToLiveSeconds: {seconds}") for seconds in range(1, 21)]
    applied = await asyncio.gather(*(store.apply(documents(text), f"trader-{n}") for n, text in enumerate(texts)))
    said = sorted(each.outcome for (each,) in applied)
    assert said == [Outcome.CONFIGURED] * 19 + [Outcome.CREATED]
    changes = await store.changes("Strategy", "momentum")
    assert [change.generation for change in changes] == list(range(1, 21))
    assert [change.changed_at for change in changes] == sorted(change.changed_at for change in changes)
    stored = await store.get("Strategy", "momentum")
    assert stored is not None
    assert (stored.generation, stored.changed_by) == (20, changes[-1].changed_by)


async def test_two_applies_at_once_cannot_both_create_different_types(store: ResourceStore):
    results = await asyncio.gather(
        store.apply(documents(BROKER), "asha"), store.apply(documents(ZERODHA), "ravi"), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["ResourceError", "tuple"]


async def test_history_tells_who_changed_what_also_of_the_deleted(store: ResourceStore):
    await store.apply(documents(strategy()), "asha")
    await store.apply(documents(strategy(more="state: Paused")), "ravi")
    assert await store.delete("Strategy", ["momentum", "absent"], "asha") == ("momentum",)
    await store.apply(documents(strategy()), "ravi")
    history = await store.changes("Strategy", "momentum")
    assert [(change.action, change.changed_by, change.generation) for change in history] == [
        ("created", "asha", 1),
        ("configured", "ravi", 2),
        ("deleted", "asha", 2),
        ("created", "ravi", 1),
    ]
    assert [change.spec["state"] for change in history] == ["Running", "Paused", "Paused", "Running"]
    assert history[0].uid == history[2].uid != history[3].uid


async def test_history_cannot_be_rewritten(store: ResourceStore, pool: asyncpg.Pool):
    await store.apply(documents(strategy()), "asha")
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await pool.execute("UPDATE platform.resource_changes SET changed_by = 'nobody'")


async def test_deleting_what_is_not_there_changes_nothing(store: ResourceStore):
    assert await store.delete("Broker", ["paper"], "asha") == ()
    assert await store.get("Broker", "paper") is None
    assert await store.list("Broker") == ()


async def test_each_change_notifies_once_and_no_change_does_not(store: ResourceStore, pool: asyncpg.Pool):
    heard: asyncio.Queue[str] = asyncio.Queue()

    def hear(*arguments: object) -> None:
        heard.put_nowait(str(arguments[-1]))

    async with pool.acquire() as connection:
        await connection.add_listener(CHANNEL, hear)
        await store.apply(documents(BROKER, strategy()), "asha")
        await store.apply(documents(BROKER, strategy()), "asha")
        await store.apply(documents(strategy(more="state: Paused")), "asha", dry_run=True)
        await store.delete("Strategy", ["absent"], "asha")
        await store.delete("Strategy", ["momentum"], "asha")
        assert [await asyncio.wait_for(heard.get(), 10) for _ in range(2)] == ["2", str(await newest(pool))]
        assert heard.empty()
        await connection.remove_listener(CHANNEL, hear)


async def newest(pool: asyncpg.Pool) -> int:
    return int(await pool.fetchval("SELECT max(version) FROM platform.resource_changes"))


async def test_tables_that_are_not_made_yet_mean_a_platform_that_is_starting(store: ResourceStore, pool: asyncpg.Pool):
    await pool.execute("DROP SCHEMA platform CASCADE")
    with pytest.raises(UnavailableError, match="still starting"):
        await store.load_all()


async def test_a_server_that_goes_away_is_unavailable(stores: Stores, store: ResourceStore, pool: asyncpg.Pool):
    pid = await pool.fetchval("SELECT pg_backend_pid()")
    blocker = await asyncpg.connect(stores.postgres.dsn(database=DATABASE))
    await blocker.execute("BEGIN; LOCK TABLE platform.resources")
    reading = asyncio.ensure_future(store.load_all())
    while not await blocker.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = $1", pid):
        pass
    await blocker.execute("SELECT pg_terminate_backend($1)", pid)
    with pytest.raises(UnavailableError, match="PostgreSQL stopped answering"):
        await reading
    await blocker.close()
