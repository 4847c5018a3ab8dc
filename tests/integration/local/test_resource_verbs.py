"""The `panda` command as a process of its own, on the PostgreSQL of a running platform."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest
import pytest_asyncio
from tests.integration.conftest import nobody

from alpha_panda.local.layout import Layout
from alpha_panda.local.ports import Ports
from alpha_panda.local.stores import Stores
from alpha_panda.provision import provision_kafka, provision_postgres
from alpha_panda.topology.planner import plan
from alpha_panda.topology.settings import PlatformSettings

pytestmark = pytest.mark.integration
NAME = "verbs-desk"
BROKER = f"""\
apiVersion: alphapanda.io/v1alpha1
kind: Broker
metadata: {{name: {NAME}}}
spec: {{type: Paper}}
"""


class Said(NamedTuple):
    code: int | None
    out: str
    err: str


async def panda(data_dir: Path, *words: str, stdin: str = "") -> Said:
    environment = {**os.environ, "PANDA_DATA_DIR": str(data_dir), "PANDA_ACTOR": "asha"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "alpha_panda", *words),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    out, err = await process.communicate(stdin.encode())
    return Said(process.returncode, out.decode(), err.decode())


@pytest_asyncio.fixture(loop_scope="session")
async def data_dir(stores: Stores) -> AsyncIterator[Path]:
    """The data directory of a platform of nothing yet, with the log of who did what; this test's Broker goes again."""
    empty = plan((), PlatformSettings(), stores.layout.secret("master").encode())
    await provision_postgres(empty, stores.postgres.dsn(), owns=nobody)
    await provision_kafka(empty, stores.kafka.admin_settings(), owns=nobody)
    yield stores.layout.root
    connection = await asyncpg.connect(stores.postgres.dsn())
    await connection.execute("DELETE FROM platform.resources WHERE name = $1", NAME)
    await connection.close()


async def test_a_broker_is_applied_shown_described_and_deleted(data_dir: Path):
    assert await panda(data_dir, "apply", "-f", "-", stdin=BROKER) == (
        0,
        f"broker.alphapanda.io/{NAME} created\n",
        "",
    )
    shown = await panda(data_dir, "get", "broker", NAME)
    assert shown.out.splitlines()[1].split()[:4] == [NAME, "Paper", "false", "false"]
    described = await panda(data_dir, "describe", f"brk/{NAME}")
    assert f"{NAME}.risk-manager" in described.out
    assert "  created by asha, " in described.out
    assert await panda(data_dir, "delete", "broker", NAME) == (0, f'broker.alphapanda.io "{NAME}" deleted\n', "")
    gone = await panda(data_dir, "get", "broker", NAME)
    assert gone == (1, "", f'Error from server (NotFound): brokers.alphapanda.io "{NAME}" not found\n')


async def test_two_commands_at_once_leave_one_resource_with_two_changes(data_dir: Path):
    other = BROKER.replace("{type: Paper}", "{type: Paper, halted: true}")
    first, second = await asyncio.gather(
        panda(data_dir, "apply", "-f", "-", stdin=BROKER), panda(data_dir, "apply", "-f", "-", stdin=other)
    )
    said = sorted([first.out.split()[-1], second.out.split()[-1]])
    assert said == ["configured", "created"]
    described = await panda(data_dir, "describe", "broker", NAME)
    assert "Generation:   2" in described.out


async def test_an_immutable_type_is_refused_by_the_server_with_its_place(data_dir: Path):
    assert (await panda(data_dir, "apply", "-f", "-", stdin=BROKER)).code == 0
    changed = BROKER.replace("{type: Paper}", "{type: Zerodha, credentialsSecretRef: {name: login}}")
    refused = await panda(data_dir, "apply", "-f", "-", stdin=f"# changed\n{changed}")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith('<stdin>:2:1: spec.type: "Zerodha": is immutable: the broker is Paper')


async def test_where_no_platform_ever_ran_none_is_running_and_nothing_is_made(tmp_path: Path):
    said = await panda(tmp_path / "none", "get")
    assert said.code == 3
    assert said.err.startswith(f"no platform is running in {tmp_path / 'none'}\nremedy: start it with `panda up`")
    assert not (tmp_path / "none").exists()


async def test_where_another_s_database_has_the_port_no_platform_is_running(stores: Stores, tmp_path: Path):
    """The port that a stopped platform remembers may since be another program's."""
    layout = Layout(tmp_path / "stopped")
    layout.create()
    layout.secret("postgres-admin")
    layout.ports.write_text(f'{{"postgres": {Ports(stores.layout).known("postgres")}}}')
    said = await panda(layout.root, "get")
    assert (said.code, said.out) == (3, "")
    assert said.err.startswith("no platform is running in ")
