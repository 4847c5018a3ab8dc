"""Kafka's errors in our words, bounded retries, and what a failure to connect means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka import errors as kafka_errors

from alpha_panda.runtime.errors import AuthenticationError, TransientError, UnknownOutcomeError
from alpha_panda.runtime.kafka import make_consumer, make_producer, retried, start_client, translate
from alpha_panda.runtime.settings import PROFILES, KafkaProfile, KafkaSettings


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (kafka_errors.TopicAuthorizationFailedError("t"), AuthenticationError),
        (kafka_errors.GroupAuthorizationFailedError("g"), AuthenticationError),
        (kafka_errors.SaslAuthenticationFailed("u"), AuthenticationError),
        (kafka_errors.ProducerFenced(), UnknownOutcomeError),
        (kafka_errors.OutOfOrderSequenceNumber(), UnknownOutcomeError),
        (kafka_errors.KafkaTimeoutError(), TransientError),
        (kafka_errors.NotEnoughReplicasError(), TransientError),
        (kafka_errors.KafkaConnectionError("gone"), TransientError),
    ],
)
def test_an_error_of_the_library_becomes_what_is_to_be_done_about_it(error: Exception, ours: type[Exception]):
    assert type(translate(error)) is ours


def test_what_is_not_kafkas_stays_as_it_is():
    error = ZeroDivisionError()
    assert translate(error) is error


class Failing:
    """An operation that fails as often as told, and the waits between its tries."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception, times: int) -> None:
        self.error, self.left, self.tried = error, times, 0
        self.waits: list[float] = []
        monkeypatch.setattr(asyncio, "sleep", self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def __call__(self) -> str:
        self.tried += 1
        if self.left:
            self.left -= 1
            raise self.error
        return "done"


Make = Callable[[Exception, int], Failing]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Make:
    return lambda error, times: Failing(monkeypatch, error, times)


async def test_a_transient_error_is_tried_again_until_it_passes(failing: Make):
    operation = failing(TransientError("later"), 3)
    assert await retried(operation) == "done"
    assert operation.tried == 4


async def test_tries_are_bounded_and_the_last_error_is_told(failing: Make):
    operation = failing(kafka_errors.KafkaTimeoutError(), 100)
    with pytest.raises(TransientError, match="KafkaTimeoutError"):
        await retried(operation, tries=4)
    assert operation.tried == 4


async def test_waits_grow_to_a_limit_and_have_jitter(failing: Make):
    operation = failing(TransientError("later"), 7)
    await retried(operation, tries=8, first_wait=1.0, longest_wait=5.0)
    for wait, longest in zip(operation.waits, (1, 2, 4, 5, 5, 5, 5), strict=True):
        assert longest / 2 <= wait <= longest
    assert len(set(operation.waits[3:])) > 1, "equal waits of many services would meet again"


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (AuthenticationError("no"), AuthenticationError),
        (kafka_errors.TopicAuthorizationFailedError("t"), AuthenticationError),
        (kafka_errors.ProducerFenced(), UnknownOutcomeError),
        (ZeroDivisionError(), ZeroDivisionError),
    ],
)
async def test_what_trying_again_cannot_mend_is_not_tried_again(failing: Make, error: Exception, ours: type[Exception]):
    operation = failing(error, 1)
    with pytest.raises(ours):
        await retried(operation)
    assert operation.tried == 1


@asynccontextmanager
async def listening() -> AsyncIterator[int]:
    """A port that listens and says nothing: a broker that is still starting."""

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def settings(port: int) -> KafkaSettings:
    return KafkaSettings(
        bootstrap=f"127.0.0.1:{port}", profile=KafkaProfile(request_timeout_milliseconds=500), username=None
    )


async def test_a_broker_that_listens_and_does_not_serve_yet_may_serve_later():
    async with listening() as port:
        known = settings(port)
        with pytest.raises(TransientError, match=f"Kafka at 127.0.0.1:{port} does not answer"):
            await start_client(make_consumer(known), known)


async def test_a_broker_that_is_not_there_may_come():
    async with listening() as port:
        known = settings(port)
    with pytest.raises(TransientError, match="does not answer"):
        await start_client(make_producer(known), known)


async def test_a_commit_that_nobody_answers_is_given_up_and_may_pass(monkeypatch: pytest.MonkeyPatch):
    async def waits_for_ever(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(AIOKafkaConsumer, "commit", waits_for_ever)
    consumer = make_consumer(KafkaSettings(profile=KafkaProfile(request_timeout_milliseconds=500)), "group")
    with pytest.raises(kafka_errors.KafkaTimeoutError, match=r"not answered within 0\.5 s") as raised:
        await consumer.commit({})
    assert type(translate(raised.value)) is TransientError
    await consumer.stop()


@pytest.mark.parametrize(
    ("service", "gathers", "waits"),
    [("history", True, 50), ("portfolio", True, 20), ("risk-manager", True, 200), ("portfolio", False, 200)],
)
async def test_only_services_off_the_way_to_an_order_let_kafka_gather_and_none_in_a_replay(
    service: str, *, gathers: bool, waits: int
):
    settings = KafkaSettings(profile=KafkaProfile(**PROFILES.get(service, {})))
    consumer = make_consumer(settings, "group", gathers=gathers)
    asked = vars(consumer)
    assert (asked["_fetch_max_wait_ms"], asked["_fetch_min_bytes"] > 1) == (waits, waits < 200)
    await consumer.stop()
