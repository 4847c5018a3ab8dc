"""One running platform whose stores are changed behind its back: each service says what is wrong and goes on."""

from __future__ import annotations

import time

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined] # they are exported, only not by __all__
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from tests.integration.hostile.conftest import PATIENCE_SECONDS, Besieged, in_loop

from alpha_panda.events.topics import BARS, TICKS, dead_letter_topic
from alpha_panda.local.letter_box import read_letters
from alpha_panda.local.letters import Letter
from alpha_panda.runtime.dead_letters import KEPT_BYTES

pytestmark = [pytest.mark.operations, pytest.mark.long, pytest.mark.timeout(600)]

TICK_TOPIC, BAR_TOPIC = TICKS.full_name(), BARS.full_name()
TEN_MEGABYTES = b"x" * 10_000_000
READERS = 6
"""Groups that read ticks: builder, runner, history; and risk, trading, portfolio of the Broker."""


def limit(besieged: Besieged, topic: str, most: int) -> None:
    """Let the topic take records of so many bytes."""
    entry = ConfigEntry("max.message.bytes", str(most), incremental_operation=AlterConfigOpType.SET)
    changed = besieged.kafka.incremental_alter_configs(
        [ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])]
    )
    for future in changed.values():
        future.result()


def write(besieged: Besieged, *values: bytes) -> None:
    """Write to the ticks, as a stranger would."""
    producer = Producer({**besieged.addresses.kafka_settings, "message.max.bytes": 12_000_000})
    for value in values:
        producer.produce(TICK_TOPIC, value, key=b"stranger", partition=0)
    assert producer.flush(30) == 0


def letters(besieged: Besieged, size: str) -> list[Letter]:
    """Those of a record of this size."""
    return [each for each in in_loop(read_letters(besieged.layout)) if each.whole.startswith(f"{size} bytes")]


def test_a_record_of_ten_megabytes_is_set_aside_shortened_and_nothing_stops(besieged: Besieged) -> None:
    limit(besieged, TICK_TOPIC, 12_000_000)
    before = besieged.services()
    write(besieged, TEN_MEGABYTES, b"{")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found := letters(besieged, "10000000")) < READERS:
        assert time.monotonic() < deadline, f"{len(found)} letters; {besieged.services()}"
        time.sleep(1)
    assert {each.value for each in found} == {TEN_MEGABYTES[:KEPT_BYTES]}
    assert len({each.group for each in found}) == READERS
    after = besieged.wait_ready()
    assert {name: each.restarts for name, each in after.items()} == {
        name: each.restarts for name, each in before.items()
    }
    steps = besieged.panda.json("dlq", "replay", TICK_TOPIC, "--dry-run")["counts"]
    assert steps["too large: only its beginning is here"] == 1


def test_a_letter_that_its_topic_does_not_take_whole_is_shortened_too(besieged: Besieged) -> None:
    for topic in (dead_letter_topic(TICK_TOPIC), dead_letter_topic(TICK_TOPIC, "paper")):
        limit(besieged, topic, 100_000)
    write(besieged, b"y" * 500_000)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found := letters(besieged, "500000")) < READERS:
        assert time.monotonic() < deadline, f"{len(found)} letters; {besieged.services()}"
        time.sleep(1)
    besieged.wait_ready()


def test_a_topic_that_is_deleted_is_named_with_the_remedy_and_read_whole_when_it_is_back(besieged: Besieged) -> None:
    for future in besieged.kafka.delete_topics([BAR_TOPIC]).values():
        future.result()
    besieged.kill("bar-builder")  # who writes it would miss it with its next bar only, or at its next start
    readers = ("bar-builder", "history", "strategy-runner")
    found = besieged.wait_for(
        lambda now: all(BAR_TOPIC in now[name].reason for name in readers), "each says which topic is missing"
    )
    for name in readers:
        assert "panda up" in found[name].reason, found[name].reason
    assert f"topic {BAR_TOPIC} is missing" in besieged.doctor()["topics"]
    assert besieged.panda.run("status", check=False).returncode == 1

    besieged.panda.run("up")
    besieged.wait_ready()
    assert "topics" not in besieged.doctor()


def test_refused_credentials_are_told_with_store_user_and_remedy_until_they_are_mended(besieged: Besieged) -> None:
    other = UserScramCredentialUpsertion(
        "paper.portfolio", ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096), b"another"
    )
    for future in besieged.kafka.alter_user_scram_credentials([other]).values():
        future.result()
    besieged.redis("ACL", "SETUSER", "api", "resetpass", ">another")
    besieged.sql("ALTER ROLE history PASSWORD 'another'")
    refused = {"paper.portfolio": "Kafka", "api": "Redis", "history": "PostgreSQL"}
    besieged.kill(*refused)
    found = besieged.wait_for(
        lambda now: all("exit code 77" in now[name].reason for name in refused), "each was refused"
    )
    for name, store in refused.items():
        assert f"{store} at 127.0.0.1:" in found[name].reason
        assert f"does not accept user '{name}'" in found[name].reason
        assert "remedy: check" in found[name].reason
    said = besieged.doctor()["credentials"]
    assert all(f"{store.lower()[:5]}" in said for store in refused.values()), said

    besieged.panda.run("up")
    besieged.wait_ready()
    assert "credentials" not in besieged.doctor()
