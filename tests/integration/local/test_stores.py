"""The embedded stores start side by side, keep what they were given, and never outlive their starter."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from redis.asyncio import Redis

from alpha_panda.errors import UnavailableError
from alpha_panda.local.cache import cache_folder
from alpha_panda.local.kafka_program import VERSION, find_kafka
from alpha_panda.local.layout import Layout
from alpha_panda.local.stores import Stores

pytestmark = pytest.mark.integration
STARTER = """
import asyncio, sys
from pathlib import Path
from alpha_panda.local.layout import Layout
from alpha_panda.local.stores import Stores

async def main():
    stores = await Stores.find(Layout(Path(sys.argv[1])))
    await stores.start()
    print(*(store.process.pid for store in stores.all), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@asynccontextmanager
async def run(folder: Path) -> AsyncIterator[Layout]:
    """A data directory that goes with all of its files, also those outside of it."""
    layout = Layout(folder / "run")
    try:
        yield layout
    finally:
        layout.remove()


@asynccontextmanager
async def serving(layout: Layout, said: list[str] | None = None, **ports: int) -> AsyncIterator[Stores]:
    progress = said.append if said is not None else print
    stores = await Stores.find(
        layout, fixed_ports={name.replace("_", "-"): port for name, port in ports.items()}, progress=progress
    )
    await stores.start(progress)
    try:
        yield stores
    finally:
        await stores.stop()


def write_record(stores: Stores, value: bytes) -> None:
    admin = AdminClient({**stores.kafka.admin_settings()})
    for future in admin.create_topics([NewTopic("kept", 1, 1)], operation_timeout=10).values():
        future.result()
    producer = Producer({**stores.kafka.admin_settings()})
    producer.produce("kept", value)
    assert producer.flush(10) == 0


def read_record(stores: Stores) -> bytes | None:
    settings = {**stores.kafka.admin_settings(), "group.id": str(uuid.uuid4()), "auto.offset.reset": "earliest"}
    consumer = Consumer(settings)
    consumer.subscribe(["kept"])
    try:
        message = consumer.poll(10)
        assert message is not None
        assert message.error() is None
        return message.value()
    finally:
        consumer.close()


async def write(stores: Stores, value: str) -> None:
    await asyncio.to_thread(write_record, stores, value.encode())
    async with Redis.from_url(stores.redis.url()) as client:
        await client.set("kept", value)
    connection = await asyncpg.connect(stores.postgres.dsn())
    await connection.execute("CREATE TABLE kept (value text)")
    await connection.execute("INSERT INTO kept VALUES ($1)", value)
    await connection.close()


async def read(stores: Stores) -> tuple[bytes | None, bytes | None, str]:
    async with Redis.from_url(stores.redis.url()) as client:
        cached = await client.get("kept")
    connection = await asyncpg.connect(stores.postgres.dsn())
    stored = await connection.fetchval("SELECT value FROM kept")
    await connection.close()
    return await asyncio.to_thread(read_record, stores), cached, stored


def processes_of(layout: Layout) -> list[psutil.Process]:
    places = {str(layout.root), str(layout.postgres.resolve())}
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        command = " ".join(process.info["cmdline"] or ())
        if process.pid != os.getpid() and any(place in command for place in places):
            found.append(process)
    return found


async def test_what_was_written_is_there_after_stop_and_start_on_the_same_ports(tmp_path: Path):
    async with run(tmp_path) as layout:
        async with serving(layout) as stores:
            await write(stores, "value")
            addresses = (stores.kafka.bootstrap, stores.redis.address, stores.postgres.address)
        assert processes_of(layout) == []
        begun = time.monotonic()
        async with serving(layout) as stores:
            assert time.monotonic() - begun < 20, "far beyond the goal of 4 s, on a machine that others share"
            assert (stores.kafka.bootstrap, stores.redis.address, stores.postgres.address) == addresses
            assert await read(stores) == (b"value", b"value", "value")


async def test_two_runs_at_once_on_one_machine_know_nothing_of_each_other(tmp_path: Path):
    async with (
        run(tmp_path / "one") as first,
        run(tmp_path / "two") as second,
        serving(first) as one,
        serving(second) as two,
    ):
        await write(one, "first")
        await write(two, "second")
        assert await read(one) == (b"first", b"first", "first")
        assert await read(two) == (b"second", b"second", "second")


async def test_a_data_directory_is_served_by_one_process_at_a_time(stores: Stores):
    again = await Stores.find(stores.layout)
    with pytest.raises(UnavailableError, match=f"{stores.layout.root} is in use by process {os.getpid()}"):
        await again.start()
    assert all(store.process.pid is not None for store in stores.all)


async def test_only_the_loopback_is_listened_on(stores: Stores):
    addresses = {
        connection.laddr.ip
        for store in stores.all
        for connection in psutil.Process(store.process.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert {address.removeprefix("::ffff:") for address in addresses} == {"127.0.0.1"}


async def test_taken_ports_are_replaced_and_the_data_stays(tmp_path: Path):
    async with run(tmp_path / "one") as first, run(tmp_path / "two") as second:
        async with serving(first) as stores:
            await write(stores, "value")
        second.create()
        second.ports.write_bytes(first.ports.read_bytes())
        said: list[str] = []
        async with serving(second), serving(first, said) as stores:
            assert await read(stores) == (b"value", b"value", "value")
        replaced = [line for line in said if "is in use by another program: using" in line]
        assert len(replaced) == 4, said


async def test_a_fixed_port_in_use_stops_the_start_and_what_was_started(tmp_path: Path):
    async with run(tmp_path / "one") as first, run(tmp_path / "two") as second, serving(first) as stores:
        taken = stores.ports.known("redis")
        refused = await Stores.find(second, fixed_ports={"redis": taken})
        with pytest.raises(UnavailableError, match=f"port {taken} for Redis is in use"):
            await refused.start()
        assert processes_of(second) == []


async def test_a_killed_starter_leaves_nothing_running_and_nothing_lost(tmp_path: Path):
    async with run(tmp_path) as layout:
        async with serving(layout) as stores:
            await write(stores, "value")
        starter = await asyncio.create_subprocess_exec(
            sys.executable, "-c", STARTER, str(layout.root), stdout=subprocess.PIPE
        )
        assert starter.stdout is not None
        servers = [psutil.Process(int(pid)) for pid in (await starter.stdout.readline()).split()]
        assert len(servers) == 3
        starter.kill()
        await starter.wait()
        _gone, alive = await asyncio.to_thread(psutil.wait_procs, servers, 20)
        assert alive == []
        async with serving(layout) as stores:
            assert await read(stores) == (b"value", b"value", "value")


async def test_servers_that_outlived_their_starter_are_stopped_by_the_next_start(tmp_path: Path):
    """Without setpriv on the path nothing ties a server to its starter."""
    async with run(tmp_path) as layout:
        starter = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            STARTER,
            str(layout.root),
            stdout=subprocess.PIPE,
            env={**os.environ, "PATH": str(tmp_path)},
        )
        assert starter.stdout is not None
        servers = [psutil.Process(int(pid)) for pid in (await starter.stdout.readline()).split()]
        starter.kill()
        await starter.wait()
        assert all(server.is_running() for server in servers)
        async with serving(layout):
            _gone, alive = await asyncio.to_thread(psutil.wait_procs, servers, 20)
            assert alive == []


async def test_a_killed_server_is_noticed_and_its_data_survives(tmp_path: Path):
    async with run(tmp_path) as layout:
        stores = await Stores.find(layout)
        await stores.start()
        await write(stores, "value")
        for store in stores.all:
            assert store.process.pid is not None
            os.kill(store.process.pid, signal.SIGKILL)
            assert await store.process.ended() == -signal.SIGKILL
        await stores.stop()
        async with serving(layout) as again:
            assert await read(again) == (b"value", b"value", "value")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("kafka", "Kafka's records in .* belong to another administrator password"),
        ("redis", "Redis' users in .* have another administrator password"),
        ("postgres", "PostgreSQL's data of .* has another administrator password"),
    ],
)
async def test_a_lost_secret_is_named_for_what_it_is(tmp_path: Path, name: str, said: str):
    async with run(tmp_path) as layout:
        store = next(store for store in (await Stores.find(layout)).all if store.name == name)
        try:
            await store.prepare()
            (layout.secrets / f"{name}-admin").unlink()
            await store.start()
            with pytest.raises(UnavailableError, match=said):
                await store.wait_ready(30)
        finally:
            await store.stop()


async def test_a_first_start_that_was_broken_off_is_done_again(tmp_path: Path):
    async with run(tmp_path) as layout:
        kafka = (await Stores.find(layout)).kafka
        (layout.kafka / "data.part").mkdir()
        (layout.kafka / "data.part" / "bootstrap.checkpoint").write_bytes(b"half")
        try:
            await kafka.prepare()
            await kafka.start()
            await kafka.wait_ready(30)
        finally:
            await kafka.stop()


async def test_a_damaged_jar_is_fetched_again_from_maven_central(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    await asyncio.to_thread(find_kafka, print)
    shutil.copytree(cache_folder(f"kafka-{VERSION}"), tmp_path / f"kafka-{VERSION}")
    monkeypatch.setenv("ALPHA_PANDA_CACHE", str(tmp_path))
    small = next((tmp_path / f"kafka-{VERSION}").glob("jspecify-*.jar"))
    whole = small.read_bytes()
    small.write_bytes(whole[:-1])
    said: list[str] = []
    try:
        await asyncio.to_thread(find_kafka, said.append)
    except UnavailableError as error:
        if "could not be fetched" not in str(error):
            raise
        pytest.skip(f"Maven Central cannot be reached: {error}")
    assert said[0].endswith(f"fetching again: {small.name}")
    assert small.read_bytes() == whole


async def test_a_database_link_to_nowhere_is_named(tmp_path: Path):
    async with run(tmp_path) as layout:
        layout.create()
        layout.postgres.symlink_to(tmp_path / "gone")
        stores = await Stores.find(layout)
        with pytest.raises(UnavailableError, match=r"this run's database was in .*gone, which is gone"):
            await stores.start()
