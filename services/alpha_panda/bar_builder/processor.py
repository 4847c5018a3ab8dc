"""The bar builder's core: ticks of its partitions in, bars out when the watermark closes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from alpha_panda.domain.bars import BarBuilder
from alpha_panda.domain.calendar import HorizonError, SessionCalendar
from alpha_panda.domain.processor import AnyEvent, Processor, RefusedEventError
from alpha_panda.events.market import Bar, Tick
from alpha_panda.events.topics import Topic


class BarBuilderProcessor(Processor):
    """A `BarBuilder` in the shape of a service's core."""

    def __init__(self, calendar: SessionCalendar) -> None:
        """Start without ticks; `calendar` says when sessions are."""
        self._builder = BarBuilder(calendar)

    def diagnostics(self) -> dict[str, int]:
        """Ticks taken, bars closed, and ticks dropped by reason, since the first start."""
        return self._builder.counters

    def on_event(self, event: AnyEvent, topic: Topic) -> Iterable[AnyEvent]:
        """Take a tick in; bars wait for the watermark, so nothing follows at once.

        Raises:
            RefusedEventError: it is no tick, or of a date that the session table does not cover.
        """
        tick = event.data
        if not isinstance(tick, Tick):
            raise RefusedEventError(f"{type(tick).__name__} on {topic.name}: the bar builder takes ticks only")
        try:
            self._builder.take(event)
        except HorizonError as error:
            raise RefusedEventError(f"a tick of {error}", remedy=error.remedy) from error
        return ()

    def on_watermark(self, watermark: datetime) -> Iterable[AnyEvent]:
        """Every bar that ends at or before the watermark, by (end, instrument, sequence, id)."""
        return self._builder.advance(watermark)

    def recall(self, event: AnyEvent, topic: Topic) -> None:
        """Keep to a bar that is on the log already: when its time comes, it is said again word for word."""
        _ = topic
        if isinstance(event.data, Bar):
            self._builder.remember(event)

    def snapshot(self) -> bytes:
        """The whole state; equal states give equal bytes."""
        return self._builder.snapshot()

    def restore(self, state: bytes) -> None:
        """Take over a state that `snapshot` wrote."""
        self._builder.restore(state)
