"""The stage of what trades at an exchange: the three stores alone, and the account that tests of orders stand on.

No platform: what is measured is one service, and the exchange is a simulator on a thread of this process.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from alpha_panda.local.kafka import ADMIN
from alpha_panda.local.layout import Layout
from alpha_panda.local.stores import Stores
from benchmarks.clients import Access

BROKER: Final = "measured"
_ACCOUNT, _PLAN = "tests.support.zerodha_story", "tests.support.zerodha_plan"


@asynccontextmanager
async def stores(folder: Path, say: Callable[[str], None]) -> AsyncIterator[Stores]:
    """Kafka, Redis and PostgreSQL in a folder, for as long as the block."""
    made = await Stores.find(Layout(folder / "data"), progress=say)
    await made.start(say)
    try:
        yield made
    finally:
        await made.stop()


def access_of(made: Stores) -> Access:
    """The administrator's way to its Kafka."""
    return Access(bootstrap=made.kafka.bootstrap, username=ADMIN, password=made.kafka.password)


async def provisioned(made: Stores) -> None:
    """Topics, users and tables of one Broker at an exchange."""
    await _support(_PLAN).provisioned(made, BROKER)


def account(made: Stores, folder: Path) -> AbstractAsyncContextManager[Any]:
    """That Broker with its simulator and its service as a process: the rig of the tests, which are no package."""
    entered: AbstractAsyncContextManager[Any] = _support(_ACCOUNT).account(made, folder, BROKER, hurried=False)
    return entered


def load() -> str:
    """What else the machine did: processes that wanted to run over the last minutes, beside its processors."""
    return f"{', '.join(f'{each:.1f}' for each in os.getloadavg())} on {os.cpu_count()} processors"


def _support(name: str) -> Any:  # noqa: ANN401 - a module of the tests
    return importlib.import_module(name)
