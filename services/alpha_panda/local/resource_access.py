"""The way from a data directory to the resources of the platform that runs there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg

from alpha_panda.errors import UnavailableError
from alpha_panda.local.layout import Layout
from alpha_panda.local.ports import HOST, Ports
from alpha_panda.local.postgres import ADMIN, DATABASE
from alpha_panda.operations.resource_store import ResourceStore

_SECRET: Final = "postgres-admin"  # noqa: S105 - the name of a file
_CONNECT_SECONDS: Final = 5.0
_COMMAND_SECONDS: Final = 30.0
_NOT_OURS: Final = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What a connection meets where another program has taken the port of a platform that does not run."""


@asynccontextmanager
async def open_resources(data_dir: Path) -> AsyncIterator[ResourceStore]:
    """The resources of the platform that runs in `data_dir`.

    Raises:
        UnavailableError: no platform runs there, it is still starting, or its PostgreSQL cannot serve.
    """
    pool = await _connect(data_dir)
    try:
        yield ResourceStore(pool)
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise _cannot_serve(error) from error
    finally:
        await pool.close()


async def _connect(data_dir: Path) -> asyncpg.Pool:
    layout = Layout(data_dir)
    if not layout.ports.is_file() or not (layout.secrets / _SECRET).is_file():
        raise _nothing_runs(data_dir)
    try:
        return await asyncpg.create_pool(
            host=HOST,
            port=Ports(layout).known("postgres"),
            user=ADMIN,
            password=layout.secret(_SECRET),
            database=DATABASE,
            ssl=False,
            min_size=1,
            max_size=1,
            timeout=_CONNECT_SECONDS,
            command_timeout=_COMMAND_SECONDS,
            server_settings={"application_name": "panda"},
        )
    except (asyncpg.InvalidCatalogNameError, asyncpg.CannotConnectNowError) as error:
        msg = f"the platform in {data_dir} is still starting"
        raise UnavailableError(msg, remedy="try again in a few seconds") from error
    except (OSError, *_NOT_OURS) as error:
        raise _nothing_runs(data_dir) from error
    except asyncpg.PostgresError as error:
        raise _cannot_serve(error) from error


def _cannot_serve(error: Exception) -> UnavailableError:
    return UnavailableError(f"PostgreSQL cannot serve: {error}", remedy="see `panda doctor`, which names a full disk")


def _nothing_runs(data_dir: Path) -> UnavailableError:
    return UnavailableError(
        f"no platform is running in {data_dir}",
        remedy="start it with `panda up`, or name the directory of a running one with --data-dir or PANDA_DATA_DIR",
    )
