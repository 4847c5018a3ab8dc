"""A Broker's resource as one of the kill switch's sources: who asks for `spec.halted`, so that each can take it back.

An annotation names the halts that set `spec.halted`. A Broker whose manifest says halted has no such
annotation; only another manifest ends that. Applying a manifest replaces both.
"""

from __future__ import annotations

from typing import Final

from alpha_panda.resources.broker import Broker

ANNOTATION: Final = "alphapanda.io/halted-by"
MANIFEST: Final = "manifest"
"""Stands among the names where the resource said halted before any halt set it."""
_BETWEEN: Final = ","


def halted_by(broker: Broker) -> tuple[str, ...]:
    """The names of those who ask for the Broker's halt; empty where it is not halted."""
    if not broker.spec.halted:
        return ()
    names = broker.metadata.annotations.get(ANNOTATION, "")
    return tuple(names.split(_BETWEEN)) if names else (MANIFEST,)


def with_halt(broker: Broker, name: str) -> Broker:
    """The Broker, halted by `name` too."""
    return _asked_by(broker, tuple(dict.fromkeys((*halted_by(broker), name))))


def without_halt(broker: Broker, name: str) -> Broker:
    """The Broker, no longer halted by `name`; as halted as before by anybody else."""
    if name not in halted_by(broker):
        return broker
    return _asked_by(broker, tuple(each for each in halted_by(broker) if each != name))


def _asked_by(broker: Broker, names: tuple[str, ...]) -> Broker:
    annotations = {key: value for key, value in broker.metadata.annotations.items() if key != ANNOTATION}
    if names not in ((), (MANIFEST,)):
        annotations[ANNOTATION] = _BETWEEN.join(names)
    return broker.model_copy(
        update={
            "spec": broker.spec.model_copy(update={"halted": bool(names)}),
            "metadata": broker.metadata.model_copy(update={"annotations": annotations}),
        }
    )
