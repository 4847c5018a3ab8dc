"""A question that a live service asks beside the log before it decides, and what waits while nobody answers.

A replay by epochs never asks: its decisions follow from the log alone. Live, the answer is a fact for the
processor (`Processor.heed`) just before the records that it concerns. Where there is no answer, these
records wait uncommitted, and everything else goes on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime

import msgspec

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.runtime.inbox import Item
from alpha_panda.runtime.turns import Heard


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: a fact for the processor, and whether records may be decided on by it."""

    fact: msgspec.Struct
    known: bool


class LiveGate(ABC):
    """One question and the events that it concerns."""

    @abstractmethod
    def concerns(self, event: AnyEvent) -> bool:
        """Whether the event may not be decided on without an answer."""

    @abstractmethod
    def may_wait(self, event: AnyEvent, watermark: datetime | None) -> bool:
        """Whether an event without an answer can still wait; after that it is decided on without one."""

    @abstractmethod
    def read(self, fact: msgspec.Raw) -> msgspec.Struct:
        """A fact of an earlier answer, from JSON; raises msgspec.DecodeError where it is none."""

    @abstractmethod
    async def ask(self) -> Answer:
        """Ask, within a fraction of a second; never raises for a store that does not answer."""


def sort_out(
    gate: LiveGate, items: list[Item], answer: Answer, watermark: datetime | None
) -> tuple[list[Item], list[Item]]:
    """The items to decide on now and those that wait, each in their order.

    A later record of the same key that does not wait ends the wait: an entry is not decided on after the
    exit that was raised behind it.
    """
    if answer.known:
        return items, []
    now: list[Item] = []
    held: list[Item] = []
    overtaken: set[tuple[str, str]] = set()
    for item in reversed(items):
        key = (item.record.topic, item.event.key)
        if gate.concerns(item.event) and gate.may_wait(item.event, watermark) and key not in overtaken:
            held.append(item)
            continue
        now.append(item)
        overtaken.add(key)
    return now[::-1], held[::-1]


def hold_back(gate: LiveGate | None, items: list[Item]) -> tuple[list[Item], list[Item]]:
    """The items that nobody needs to ask about, and those that wait until somebody does."""
    if gate is None:
        return items, []
    free: list[Item] = []
    held: list[Item] = []
    for item in items:
        (held if gate.concerns(item.event) else free).append(item)
    return free, held


def told(answer: Answer | None) -> Heard | None:
    """An answer as a turn carries it."""
    return None if answer is None else Heard(known=answer.known, fact=msgspec.Raw(msgspec.json.encode(answer.fact)))


def read_again(gate: LiveGate, heard: Heard | None) -> Answer | None:
    """The answer that a turn carries."""
    return None if heard is None else Answer(fact=gate.read(heard.fact), known=heard.known)
