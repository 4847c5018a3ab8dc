"""What people want is told to the services once for each change, and goes on after a restart where it was."""

from __future__ import annotations

import pytest
from tests.support.memory_log import MemoryConsumer, MemoryLog, MemoryProducer
from tests.unit.topology.stored_resources import paper, strategy

from alpha_panda.events.envelope import decode, decode_header
from alpha_panda.events.topics import CONTROL, CONTROL_BROKERS, CONTROL_STRATEGIES
from alpha_panda.resources.stored import StoredResource
from alpha_panda.runtime import control_publisher as module
from alpha_panda.runtime import control_reader
from alpha_panda.runtime.control_publisher import ControlPublisher
from alpha_panda.runtime.settings import ServiceSettings


class Told:
    """The log, and the publishers that come and go."""

    def __init__(self) -> None:
        self.log = MemoryLog()

    async def publisher(self) -> ControlPublisher:
        made = ControlPublisher(ServiceSettings(), "supervisor")
        await made.start()
        return made

    async def tell(self, *resources: StoredResource) -> None:
        """What one reconciliation says, by a supervisor that has just started."""
        publisher = await self.publisher()
        await publisher.publish_deletions(resources)
        await publisher.publish_changes(resources)
        await publisher.stop()

    @property
    def changes(self) -> list[tuple[str, int, bool]]:
        """Name, generation and whether it exists, of each topic in turn."""
        found = []
        for topic in CONTROL:
            for value in self.log.values(topic.full_name()):
                data = decode(decode_header(value)).data
                found.append((data.name, data.generation, data.spec is not None))
        return found


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    made = Told()

    async def connected(*_: object) -> None:
        return None

    monkeypatch.setattr(module, "make_producer", lambda _: MemoryProducer(made.log))
    monkeypatch.setattr(module, "start_client", connected)
    monkeypatch.setattr(control_reader, "make_consumer", lambda _: MemoryConsumer(made.log))
    monkeypatch.setattr(control_reader, "start_client", connected)
    return made


def changed(resource: StoredResource) -> StoredResource:
    return StoredResource(
        resource=resource.resource,
        uid=resource.uid,
        generation=resource.generation + 1,
        created_at=resource.created_at,
        changed_at=resource.changed_at,
        changed_by=resource.changed_by,
    )


async def test_what_is_new_is_told_brokers_and_strategies_each_on_their_topic(told: Told):
    await told.tell(strategy(), paper())
    assert told.changes == [("momentum", 1, True), ("paper", 1, True)]
    assert len(told.log.values(CONTROL_BROKERS.full_name())) == 1
    assert len(told.log.values(CONTROL_STRATEGIES.full_name())) == 1


async def test_what_was_told_is_not_told_again_also_not_by_the_next_supervisor(told: Told):
    await told.tell(paper())
    publisher = await told.publisher()
    await publisher.publish_changes([paper()])
    await publisher.publish_changes([paper()])
    assert told.changes == [("paper", 1, True)]


async def test_a_change_is_told_with_its_generation(told: Told):
    await told.tell(paper())
    await told.tell(changed(paper()))
    assert told.changes == [("paper", 1, True), ("paper", 2, True)]


async def test_a_deletion_is_told_once_and_the_name_can_come_back(told: Told):
    await told.tell(paper())
    await told.tell()
    await told.tell()
    assert told.changes == [("paper", 1, True), ("paper", 2, False)]
    await told.tell(paper())
    assert told.changes[-1] == ("paper", 1, True)


async def test_brokers_are_told_before_the_strategies_that_name_them(told: Told):
    publisher = await told.publisher()
    order: list[str] = []
    append = told.log.append

    def watched(topic: str, *args: object, **kwargs: object) -> object:
        order.append(topic)
        return append(topic, *args, **kwargs)  # type: ignore[arg-type] # passed on

    told.log.append = watched  # type: ignore[assignment, method-assign] # only looked at
    await publisher.publish_changes([strategy("a"), paper("z")])
    assert order == [CONTROL_BROKERS.full_name(), CONTROL_STRATEGIES.full_name()]


async def test_what_stood_on_topics_that_were_made_anew_is_told_again(told: Told):
    publisher = await told.publisher()
    await publisher.publish_changes([paper(), strategy("a")])
    told.log.partitions.clear()
    await publisher.publish_changes([paper(), strategy("a")])
    assert told.changes == [], "it believes that the services were told"
    await publisher.read_again()
    await publisher.publish_changes([paper(), strategy("a")])
    assert sorted(told.changes) == [("a", 1, True), ("paper", 1, True)]
