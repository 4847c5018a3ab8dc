"""The platform's settings that shape a plan; the master secret is passed beside them, never within."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from alpha_panda.events.topics import TOPICS, Cleanup

MOST_PARTITIONS: Final = 256
PREFIX_PATTERN: Final = r"^([a-z][a-z0-9]{0,14}_)?$"
"""It ends with `_`, which no Broker's name can hold, so that no installation's topics look like another's."""


class TopicOverlay(BaseModel):
    """What one row of the topic table does otherwise in this installation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    replication: Annotated[int, Field(ge=1, le=16)] | None = None
    retention_days: Annotated[int, Field(ge=1, le=3650)] | None = None


class PlatformSettings(BaseModel):
    """What holds for the whole installation.

    `partition_multiplier` multiplies the partitions of all pipeline topics together: joins are local
    only while their counts are equal. `topics` is keyed by the table's names, such as `market.ticks`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefix: Annotated[str, Field(pattern=PREFIX_PATTERN)] = ""
    partitions: Annotated[int, Field(ge=1, le=MOST_PARTITIONS)] = 1
    partition_multiplier: Annotated[int, Field(ge=1, le=MOST_PARTITIONS)] = 1
    replication: Annotated[int, Field(ge=1, le=16)] = 1
    min_insync_replicas: Annotated[int, Field(ge=1, le=16)] = 1
    topics: dict[str, TopicOverlay] = {}
    secret_generation: Annotated[int, Field(ge=1)] = 1

    @property
    def pipeline_partitions(self) -> int:
        """Partitions of every topic that is not single."""
        return self.partitions * self.partition_multiplier

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.pipeline_partitions > MOST_PARTITIONS:
            msg = (
                f"partitions {self.partitions} x partition_multiplier {self.partition_multiplier} = "
                f"{self.pipeline_partitions}; allowed: at most {MOST_PARTITIONS}"
            )
            raise ValueError(msg)
        if self.min_insync_replicas > self.replication:
            msg = f"min_insync_replicas {self.min_insync_replicas} is more than replication {self.replication}"
            raise ValueError(msg)
        table = {topic.name: topic for topic in TOPICS}
        for name, overlay in sorted(self.topics.items()):
            if name not in table:
                msg = f"topics: {name!r} is not in the table; allowed: {', '.join(sorted(table))}"
                raise ValueError(msg)
            if overlay.retention_days is not None and table[name].cleanup is not Cleanup.DELETE:
                msg = f"topics: {name} is never deleted by age ({table[name].cleanup}): remove its retention_days"
                raise ValueError(msg)
            if overlay.replication is not None and overlay.replication < self.min_insync_replicas:
                msg = f"topics: {name} has replication {overlay.replication}, below min_insync_replicas"
                raise ValueError(msg)
        return self
