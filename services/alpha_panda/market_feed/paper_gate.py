"""What the feed waits for in a replay: that every Paper Broker's trading has closed the epoch before.

By then it has met the markers of every runner for the epoch before that, since they stand before those of
trading; where these promise facts on a control topic, they are waited for, too, and so named in time.

Control events and markers come in; the answer to "may the next epoch go out?" comes out. Pure.
"""

from __future__ import annotations

from alpha_panda.domain.processor import AnyEvent
from alpha_panda.events.control import BrokerConfigured
from alpha_panda.events.epochs import EpochClosed


class PaperGate:
    """Which Paper Brokers there are and how far the trading of each has come."""

    def __init__(self) -> None:
        """Know of none."""
        self._since: dict[str, int] = {}
        self._closed: dict[str, int] = {}
        self._promised: dict[str, int] = {}

    @property
    def brokers(self) -> tuple[str, ...]:
        """The Paper Brokers that are waited for, sorted."""
        return tuple(sorted(self._since))

    def saw_control(self, event: AnyEvent, next_epoch: int) -> None:
        """A Broker counts from the next epoch that goes out; one that is deleted counts no more at once."""
        change = event.data
        if not isinstance(change, BrokerConfigured):
            return
        if change.spec is not None and change.spec.get("type") == "Paper":
            self._since.setdefault(change.name, next_epoch)
        else:
            self._since.pop(change.name, None)
            self._closed.pop(change.name, None)

    def saw_marker(self, marker: EpochClosed, trading_tasks: dict[str, str]) -> None:
        """`trading_tasks` gives the Broker of each Paper trading task."""
        for topic, ends in marker.outputs.items():
            self._promised[topic] = max([self._promised.get(topic, 0), *ends.values()])
        broker = trading_tasks.get(marker.task)
        if broker is not None:
            self._closed[broker] = max(self._closed.get(broker, 0), marker.epoch)

    def waits_for(self, epoch: int) -> tuple[str, ...]:
        """The Brokers whose trading has not closed `epoch` although it must."""
        return tuple(
            broker for broker in self.brokers if self._since[broker] <= epoch and self._closed.get(broker, 0) < epoch
        )

    def misses(self, control: dict[str, int]) -> bool:
        """Whether a marker promises more of a control topic than has been read, up to the offsets in `control`."""
        return any(self._promised.get(topic, 0) > end for topic, end in control.items())
