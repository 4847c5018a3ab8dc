"""One set of real stores for all integration tests, on a data directory that goes when they end."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from alpha_panda.local.layout import Layout
from alpha_panda.local.stores import Stores


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stores(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stores]:
    """Kafka, Redis and PostgreSQL, started and serving, with nothing in them but their administrators.

    `stores.kafka.admin_settings()` (confluent-kafka), `stores.kafka.bootstrap`, `stores.redis.url()`
    and `stores.postgres.dsn()` are the administrator's ways in; `url(user, password)` and
    `dsn(user, password)` anybody's. All tests share them, so a test uses names that no other has
    and provisions with `owns=nobody` (see below); it never stops them.
    """
    layout = Layout(tmp_path_factory.mktemp("stores") / "data")
    found = await Stores.find(layout, progress=print)
    await found.start(print)
    yield found
    await found.stop()
    layout.remove()


def nobody(_name: str) -> bool:
    """An `owns` for shared stores: no other test's user is this one's to delete."""
    return False
