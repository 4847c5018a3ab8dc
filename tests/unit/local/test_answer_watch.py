"""A service that no longer answers is found out, and one that never did yet is not."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from alpha_panda.local.answer_watch import AnswerWatch, answers
from alpha_panda.runtime.health import Health, serve_health
from alpha_panda.runtime.metrics import Metrics

BEGUN = datetime(2026, 6, 2, 4, 0, tzinfo=UTC)


def noted(watch: AnswerWatch, answers: str) -> AnswerWatch:
    """One question a second: answered (+) or not (-)."""
    for second, each in enumerate(answers):
        watch.note(BEGUN + timedelta(seconds=second), answered=each == "+")
    return watch


def test_a_service_is_silent_since_its_last_answer_once_it_has_missed_two() -> None:
    assert noted(AnswerWatch(), "++-").silent_since is None
    assert noted(AnswerWatch(), "++---").silent_since == BEGUN + timedelta(seconds=1)


def test_an_answer_ends_the_silence() -> None:
    assert noted(AnswerWatch(), "+--+").silent_since is None


def test_a_process_that_has_just_started_may_take_its_time() -> None:
    assert noted(AnswerWatch(), "---").silent_since is None
    watch = noted(AnswerWatch(), "+--")
    watch.begin()
    watch.note(BEGUN, answered=False)
    assert watch.silent_since is None


async def test_whatever_speaks_http_answers_and_nothing_else_does() -> None:
    with serve_health("127.0.0.1", 0, Health(), Metrics("a", None)) as port:
        assert await answers(port)
    assert not await answers(port)
    mute = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with mute:
        assert not await answers(mute.sockets[0].getsockname()[1])
