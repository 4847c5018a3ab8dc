"""One running platform: rubbish is set aside, shown and written back once; the doctor finds what somebody broke."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from tests.integration.panda_command import Panda

from alpha_panda.domain.instrument_table import load_instruments
from alpha_panda.events.envelope import Event, Origin, encode
from alpha_panda.events.ids import tick_id
from alpha_panda.events.market import Tick
from alpha_panda.events.topics import TICKS, dead_letter_topic
from alpha_panda.local.doctor.ask_stores import Addresses
from alpha_panda.local.kafka import ADMIN
from alpha_panda.local.layout import Layout
from alpha_panda.local.letter_box import read_letters
from alpha_panda.runtime.kafka import make_producer, start_client
from alpha_panda.runtime.settings import KafkaSettings

BROKER = """\
apiVersion: alphapanda.io/v1alpha1
kind: Broker
metadata: {name: paper}
spec: {type: Paper}
"""
TOPIC = TICKS.full_name()
SHARED, OF_BROKER = dead_letter_topic(TOPIC), dead_letter_topic(TOPIC, "paper")
READERS = 6
"""Groups that read ticks: builder, runner, history; and risk, trading, portfolio of the Broker."""
RUBBISH = b"\xff{ this is no tick"
STRANGER = 999_999
OPENING = datetime(2026, 1, 5, 3, 45, tzinfo=UTC)
"""When the made-up market begins."""
PATIENCE = 40.0

pytestmark = [pytest.mark.operations, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def panda(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panda]:
    """A made-up market of three instruments, with a record of rubbish and a tick of a stranger in it."""
    folder = tmp_path_factory.mktemp("letters")
    resources = folder / "broker.yaml"
    resources.write_text(BROKER)
    panda = Panda(folder / "data")
    try:
        panda.run("up", "-f", str(resources), "--synthetic", "3", "--rate", "20")
        in_loop(write(panda, RUBBISH, stranger()))
        wait_for(lambda: letters(panda), Counter({SHARED: READERS, OF_BROKER: READERS}))
        yield panda
    finally:
        panda.down()
        panda.run("reset", "-y", check=False)


def in_loop(work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever the work gives
    return asyncio.run(work)


async def write(panda: Panda, *values: bytes) -> None:
    layout = Layout(panda.data_dir)
    settings = KafkaSettings(
        bootstrap=Addresses(layout).kafka, username=ADMIN, password=SecretStr(layout.secret("kafka-admin"))
    )
    producer = make_producer(settings)
    await start_client(producer, settings)
    try:
        for value in values:
            await producer.send_and_wait(TOPIC, value, key=b"some", partition=0, headers=[("trace", b"7")])
    finally:
        await producer.stop()


def stranger() -> bytes:
    """A tick of an instrument that the run's table does not have, of the market's first second.

    A tick of a later time would close every bar where it stands.
    """
    identity = tick_id(STRANGER, OPENING, 1)
    data = Tick(instrument_token=STRANGER, price_paise=10_000)
    event = Event(id=identity, event_time=OPENING, data=data, key="some", correlation_id=identity, sequence=1)
    return encode(event, Origin(source="market-feed"))


def letters(panda: Panda) -> Counter[str]:
    """How many letters each dead-letter topic holds."""
    return Counter(each.place[0] for each in in_loop(read_letters(Layout(panda.data_dir))))


def wait_for(ask: Callable[[], Any], wanted: object) -> None:
    deadline = time.monotonic() + PATIENCE
    while (found := ask()) != wanted:
        assert time.monotonic() < deadline, f"{found} after {PATIENCE:g} s; wanted: {wanted}"
        time.sleep(0.5)


def doctor(panda: Panda) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """The exit code, and by check what is not in order."""
    done = panda.run("doctor", "-o", "json", check=False)
    found: dict[str, list[dict[str, str]]] = {}
    for each in json.loads(done.stdout):
        if each["level"] in ("failed", "warning"):
            found.setdefault(each["check"], []).append(each)
    return done.returncode, found


def test_dead_letters_are_shown_with_their_bytes_coordinates_and_reason(panda: Panda) -> None:
    (shared, own) = sorted(panda.json("dlq", "list"), key=lambda each: each["topic"])
    assert len(shared["groups"]) == len(own["groups"]) == READERS // 2
    shown = panda.json("dlq", "show", TOPIC, "--limit", "20")
    values = {json.dumps(each["value"]) for each in shown}
    assert json.dumps({"hex": RUBBISH.hex()}) in values
    assert len(values) == 2
    for each in shown:
        assert each["source"].startswith(f"{TOPIC}/0/")
        assert each["headers"] == [{"name": "trace", "text": "7"}]
        assert each["key"] == {"text": "some"}
    assert f"hex {RUBBISH.hex()}" in panda.run("dlq", "show", OF_BROKER).stdout
    assert len(panda.json("dlq", "show", TOPIC, "--offset", "4")) == 2


def test_the_doctor_tells_of_dead_letters_and_finds_nothing_wrong(panda: Panda) -> None:
    code, found = doctor(panda)
    assert code == 0
    assert [each["message"] for each in found["dead-letters"]] == [f"{SHARED}: 2 set aside (2 not yet replayed)"]
    assert set(found) <= {"dead-letters", "calendar", "disk", "memory"}


def test_a_dry_run_writes_nothing(panda: Panda) -> None:
    for choice in (("--reason", "INSTRUMENT TOKEN"), ("--limit", "1")):
        said = panda.json("dlq", "replay", TOPIC, "--dry-run", *choice)
        assert (said["written"], said["counts"]) == (0, {"replay": 1})


def test_a_topic_that_is_none_is_refused_with_those_that_are(panda: Panda) -> None:
    done = panda.run("dlq", "replay", "market.tics", check=False)
    assert done.returncode == 2
    assert SHARED in done.stderr


def test_a_mended_record_is_taken_by_all_who_could_not_and_poison_comes_back_once(panda: Panda) -> None:
    panda.run("down")
    table = panda.data_dir / "instruments.csv"
    text = table.read_text()
    a_row = text.splitlines()[1].split(",")
    table.write_text(f"{text.rstrip()}\n{','.join([str(STRANGER), 'NSE', 'STRANGER', *a_row[3:]])}\n")
    assert load_instruments(table).require(STRANGER).symbol == "STRANGER"
    panda.run("up")

    assert panda.json("dlq", "replay", TOPIC)["written"] == 2
    came_back = Counter({SHARED: READERS + 3, OF_BROKER: READERS + 3})
    wait_for(lambda: letters(panda), came_back)
    wait_for(lambda: in_loop(history(panda)), 1)
    back = [each for each in panda.json("dlq", "show", TOPIC, "--limit", "50") if each["replays"]]
    assert {each["value"]["hex"] for each in back} == {RUBBISH.hex()}
    assert len({each["origin"] for each in back}) == 1

    for topic in (TOPIC, OF_BROKER):
        again = panda.json("dlq", "replay", topic)
        assert again["written"] == 0, again
        assert again["counts"] == {"already replayed": 2, "came back": 1}
    assert letters(panda) == came_back


def test_what_comes_back_again_and_again_is_written_back_three_times_at_most(panda: Panda) -> None:
    for count in (2, 3):
        assert panda.json("dlq", "replay", TOPIC, "--returned")["written"] == 1
        both = READERS + 3 * count
        wait_for(lambda: letters(panda), Counter({SHARED: both, OF_BROKER: both}))  # a late one would be a new question
    last = panda.json("dlq", "replay", TOPIC, "--returned")
    assert last["written"] == 0
    assert last["counts"]["came back too often"] == 1
    contradicted = [
        each for each in json.loads(panda.run("verify", "-o", "json", check=False).stdout) if each["failures"]
    ]
    assert contradicted == []


async def history(panda: Panda) -> int:
    """Ticks of the stranger that were stored."""
    connection = await asyncpg.connect(Addresses(Layout(panda.data_dir)).dsn())
    try:
        return int(await connection.fetchval("SELECT count(*) FROM market.ticks WHERE instrument_token = $1", STRANGER))
    finally:
        await connection.close()


def test_the_doctor_finds_what_somebody_broke_in_each_store(panda: Panda) -> None:
    layout = Layout(panda.data_dir)
    (layout.secrets / "services" / "history" / "kafka__password").write_text("wrong")
    in_loop(break_stores(Addresses(layout)))
    code, found = doctor(panda)
    assert code == 1
    failed = {check: each[0]["message"] for check, each in found.items() if each[0]["level"] == "failed"}
    assert failed["credentials"] == "kafka refuses history"
    assert failed["redis-users"] == "Redis user paper.portfolio differs from the plan"
    assert "GRANT" in failed["postgres-rights"]
    assert set(failed) == {"credentials", "redis-users", "postgres-rights"}, failed
    assert all(each["remedy"] for lines in found.values() for each in lines)


async def break_stores(addresses: Addresses) -> None:
    redis = Redis.from_url(addresses.redis_url())
    await redis.execute_command("ACL", "SETUSER", "paper.portfolio", "~*")
    await redis.aclose()
    connection = await asyncpg.connect(addresses.dsn())
    await connection.execute("REVOKE SELECT ON market.bars FROM api")
    await connection.close()


def test_the_doctor_finds_a_migration_that_was_changed_after_it_had_run(panda: Panda) -> None:
    in_loop(change_migration(Addresses(Layout(panda.data_dir))))
    code, found = doctor(panda)
    assert code == 1
    assert "was changed after it had run" in found["schema"][0]["message"]


async def change_migration(addresses: Addresses) -> None:
    connection = await asyncpg.connect(addresses.dsn())
    schema = await connection.fetchval(
        "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'migrations'"
    )
    await connection.execute(f"UPDATE \"{schema}\".migrations SET sha256 = 'another' WHERE schema = 'market'")  # noqa: S608 - read from the catalogue
    await connection.close()


def test_the_doctor_works_on_a_platform_that_is_down(panda: Panda, tmp_path: Path) -> None:
    for place in (Panda(tmp_path / "never"), panda):
        if place is panda:
            panda.run("down")
        done = place.run("doctor", check=False)
        assert done.returncode == 1
        assert "✗   supervisor" in done.stdout
        assert "skipped: the platform is not running" in done.stdout
        assert "start it with `panda up`" in done.stdout
        assert not done.stderr
