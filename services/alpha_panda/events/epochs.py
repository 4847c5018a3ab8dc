"""Markers: what makes a replay provable. A task writes one for each epoch, after its outputs are acknowledged."""

from __future__ import annotations

import msgspec


class EpochClosed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`task` published all it had to say for `epoch`. Topics `market.epochs` and `epochs` of a Broker.

    The watermark (event time up to which everything is published) is the envelope's event time.
    """

    task: str
    epoch: int
    outputs: dict[str, dict[str, int]]
    """By topic and partition (a JSON key is text): the offset that a reader must have reached."""
    control: dict[str, int]
    """By control topic: the offset up to which control changes apply in this epoch."""
    final: bool = False
    """True on the last epoch of a replay."""
