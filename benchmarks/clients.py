"""Clients of the run's Kafka for the programs of a benchmark: those of the services, logged in as the administrator."""

from __future__ import annotations

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pydantic import SecretStr

from alpha_panda.runtime.kafka import make_consumer, make_producer
from alpha_panda.runtime.settings import KafkaProfile, KafkaSettings


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Where Kafka is and who may do everything there."""

    bootstrap: str
    username: str
    password: str

    def settings(self, profile: KafkaProfile | None = None) -> KafkaSettings:
        """As the services take it."""
        return KafkaSettings(
            bootstrap=self.bootstrap,
            username=self.username,
            password=SecretStr(self.password),
            profile=profile or KafkaProfile(),
        )


async def producer(access: Access, profile: KafkaProfile | None = None) -> AIOKafkaProducer:
    """A started producer."""
    made = make_producer(access.settings(profile))
    await made.start()
    return made


async def consumer(
    access: Access, topics: dict[str, int], group: str | None = None, profile: KafkaProfile | None = None
) -> AIOKafkaConsumer:
    """A started consumer of partition 0 of each topic, from the offset that it stands for."""
    made = make_consumer(access.settings(profile), group)
    await made.start()
    made.assign([TopicPartition(topic, 0) for topic in topics])
    for topic, offset in topics.items():
        made.seek(TopicPartition(topic, 0), offset)
    return made
