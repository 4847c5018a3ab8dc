"""A service tells what its watch finds, in its status and its metrics, also when its loop hangs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

import msgspec
from tests.support.market import at

from alpha_panda.domain.calendar import default_calendar
from alpha_panda.domain.pipeline_watch import Bounds, Code, Finding
from alpha_panda.runtime.health import Health, serve_health
from alpha_panda.runtime.metrics import Metrics
from alpha_panda.runtime.service_watch import ServiceWatch
from alpha_panda.runtime.settings import ServiceSettings, WatchSettings


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def wall(self) -> datetime:
        return datetime(2026, 6, 2, 4, 0, tzinfo=UTC) + timedelta(seconds=self.now)


def watched() -> tuple[ServiceWatch, Clock]:
    clock = Clock()
    bounds = Bounds(no_progress_seconds=5, stale_feed_seconds=10)
    return ServiceWatch("bar-builder", bounds, paced="market-feed", clock=clock, wall=clock.wall), clock


def found(watch: ServiceWatch) -> list[Code]:
    return [each.code for each in watch.findings()]


def test_what_the_loop_saw_last_is_judged_by_the_moment_of_the_question() -> None:
    watch, clock = watched()
    watch.observe(3, 1)
    assert found(watch) == []
    clock.now += 6
    assert found(watch) == [Code.NO_PROGRESS]
    watch.observe(3, 2)
    assert found(watch) == []


def test_the_market_is_watched_only_where_it_is_said_so() -> None:
    watch, clock = watched()
    watch.heard(at("10:00:00"))
    clock.now += 60
    assert found(watch) == []
    watch.watch_market(default_calendar())
    watch.heard(at("10:00:00"))
    clock.now += 11
    assert found(watch) == [Code.STALE_FEED]


def test_the_feed_of_a_replay_says_when_it_may_not_move_and_when_it_has_ended() -> None:
    watch, clock = watched()
    watch.watch_market(None)
    clock.now += 9
    watch.nothing_due()
    clock.now += 9
    assert found(watch) == []
    clock.now += 2
    assert found(watch) == [Code.STALE_FEED]
    watch.ended()
    assert found(watch) == []


def test_status_and_metrics_tell_the_findings() -> None:
    watch, clock = watched()
    metrics = Metrics("bar-builder", None)
    metrics.watch(watch)
    watch.observe(7, 1, ("market-feed", "other/0"))
    clock.now += 30
    with serve_health("127.0.0.1", 0, Health(watch.findings), metrics) as port:
        with urlopen(f"http://127.0.0.1:{port}/status", timeout=5) as answer:
            told = json.load(answer)["findings"]
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    assert [(each["code"], each["subject"], each["seconds"]) for each in told] == [("no_progress", "bar-builder", 30.0)]
    labels = 'broker="",code="{}",service="bar-builder"'
    assert f"panda_finding{{{labels.format('no_progress')}}} 1.0" in text
    assert f"panda_finding{{{labels.format('stale_feed')}}} 0.0" in text
    assert 'panda_progress_age_seconds{broker="",service="bar-builder"} 30.0' in text
    assert 'panda_pending_records{broker="",service="bar-builder"} 7.0' in text
    assert 'panda_tick_age_seconds{broker="",service="bar-builder"} 0.0' in text


def test_the_bounds_are_settings_with_the_domains_defaults() -> None:
    assert WatchSettings().bounds == Bounds()
    settings = ServiceSettings.model_validate({"watch": {"no_progress_seconds": 2}})
    assert settings.watch.bounds.no_progress_seconds == 2


def test_a_finding_is_written_and_read_back_as_it_was() -> None:
    watch, clock = watched()
    watch.observe(7, 1, ("other/0",))
    clock.now += 30
    written = json.loads(json.dumps(msgspec.to_builtins(watch.findings())))
    assert msgspec.convert(written, tuple[Finding, ...]) == watch.findings()
