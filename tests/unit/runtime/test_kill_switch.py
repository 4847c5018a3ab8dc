"""The switch in Redis: what stands there is read as written, what cannot be understood halts, silence is told."""

from __future__ import annotations

from typing import Any, Self

import pytest
from redis import exceptions as redis_errors
from tests.support.trading import moment, signal

from alpha_panda.domain.kill_switch import SwitchReading
from alpha_panda.events.control import HaltScope, TradingHalted, TradingResumed
from alpha_panda.events.signals import Intent
from alpha_panda.runtime.errors import AuthenticationError, TransientError
from alpha_panda.runtime.kill_switch import KillSwitch, KillSwitchGate

KEY, HASH = "alpha_panda:ops:trading_enabled", "alpha_panda:ops:halts"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class FakeRedis:
    """Strings and hashes; raises `fault` instead of answering."""

    def __init__(self) -> None:
        self.strings: dict[str, str] = {}
        self.hashes: dict[str, dict[str, str]] = {}
        self.fault: Exception | None = None
        self.asked = 0

    def pipeline(self, *, transaction: bool) -> FakePipeline:
        assert not transaction
        return FakePipeline(self)

    async def set(self, key: str, value: str) -> None:
        self.answer()
        self.strings[key] = value

    async def delete(self, key: str) -> None:
        self.answer()
        self.strings.pop(key, None)

    async def hset(self, key: str, name: str, value: str) -> None:
        self.answer()
        self.hashes.setdefault(key, {})[name] = value

    async def hdel(self, key: str, name: str) -> None:
        self.answer()
        self.hashes.get(key, {}).pop(name, None)

    def answer(self) -> None:
        self.asked += 1
        if self.fault is not None:
            raise self.fault


class SlowRedis(FakeRedis):
    """Another one behind a slow way, by this clock."""

    def __init__(self, behind: FakeRedis, clock: Clock, seconds: float) -> None:
        super().__init__()
        self._behind = behind
        self._clock = clock
        self._seconds = seconds

    def answer(self) -> None:
        self._clock.now += self._seconds
        self._behind.answer()


class FakePipeline:
    """What is asked for, answered at once."""

    def __init__(self, redis: FakeRedis) -> None:
        self._redis = redis
        self._answers: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._answers.clear()

    def get(self, key: str) -> None:
        self._answers.append(self._redis.strings.get(key))

    def hgetall(self, key: str) -> None:
        self._answers.append(dict(self._redis.hashes.get(key, {})))

    async def execute(self) -> list[Any]:
        self._redis.answer()
        return list(self._answers)


@pytest.fixture
def redis() -> FakeRedis:
    return FakeRedis()


@pytest.fixture
def switch(redis: FakeRedis) -> KillSwitch:
    return KillSwitch(redis, "")  # type: ignore[arg-type] # a fake


def halted(scope: HaltScope, subject: str = "") -> TradingHalted:
    return TradingHalted(scope=scope, subject=subject, actor="bo", reason="smoke")


def resumed(scope: HaltScope, subject: str = "") -> TradingResumed:
    return TradingResumed(scope=scope, subject=subject, actor="bo", reason="clear")


async def test_a_switch_that_nobody_touched_says_nothing(switch: KillSwitch) -> None:
    assert await switch.read() == {}


@pytest.mark.parametrize(
    ("scope", "subject"),
    [
        (HaltScope.ALL, ""),
        (HaltScope.BROKER, "paper"),
        (HaltScope.STRATEGY, "momentum"),
        (HaltScope.INSTRUMENT, "NSE:INFY"),
    ],
)
async def test_what_is_pressed_is_read_until_exactly_that_is_released(
    switch: KillSwitch, scope: HaltScope, subject: str
) -> None:
    await switch.press(halted(scope, subject))
    await switch.press(halted(HaltScope.STRATEGY, "another"))
    found = await switch.read()
    assert found[f"{scope}:{subject}"] == halted(scope, subject)
    assert len(found) == 2
    await switch.release(resumed(scope, subject))
    assert set(await switch.read()) == {"strategy:another"}


async def test_a_halt_of_everything_is_the_key_that_the_design_names(redis: FakeRedis, switch: KillSwitch) -> None:
    await switch.press(halted(HaltScope.ALL))
    assert redis.strings[KEY].startswith("false:")
    await KillSwitch(redis, "second_").press(halted(HaltScope.ALL))  # type: ignore[arg-type] # a fake
    assert set(redis.strings) == {KEY, f"second_{KEY}"}


@pytest.mark.parametrize("value", ["false", "false:maintenance", "0", "off", "", "FALSE"])
async def test_what_was_written_by_hand_halts_unless_it_says_true(
    redis: FakeRedis, switch: KillSwitch, value: str
) -> None:
    redis.strings[KEY] = value
    (found,) = (await switch.read()).values()
    assert (found.scope, found.actor) == (HaltScope.ALL, "unknown")
    assert repr(value) in found.reason
    redis.strings[KEY] = "true"
    assert await switch.read() == {}


async def test_a_fields_name_says_what_it_halts_whatever_its_value_claims(redis: FakeRedis, switch: KillSwitch) -> None:
    await switch.press(halted(HaltScope.STRATEGY, "a"))
    redis.hashes[HASH]["broker:paper"] = redis.hashes[HASH]["strategy:a"]
    redis.hashes[HASH]["nonsense:x"] = "false:"
    found = await switch.read()
    assert {key: (halt.scope, halt.subject) for key, halt in found.items()} == {
        "broker:paper": (HaltScope.BROKER, "paper"),
        "strategy:a": (HaltScope.STRATEGY, "a"),
    }


async def test_a_key_of_another_kind_cannot_be_read(redis: FakeRedis, switch: KillSwitch) -> None:
    redis.fault = redis_errors.ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")
    with pytest.raises(TransientError, match=KEY):
        await switch.read()
    redis.fault = redis_errors.NoPermissionError("this user has no permissions")
    with pytest.raises(AuthenticationError, match="no permissions"):
        await switch.read()


async def test_the_gate_tells_what_the_switch_says_each_time_it_is_asked(switch: KillSwitch) -> None:
    gate = KillSwitchGate(switch, clock=Clock())
    assert (await gate.ask()).fact == SwitchReading()
    await switch.press(halted(HaltScope.ALL))
    answer = await gate.ask()
    assert answer.known
    assert answer.fact == SwitchReading(halts={"all:": halted(HaltScope.ALL)})


@pytest.mark.parametrize(
    "fault", [redis_errors.ConnectionError("refused"), redis_errors.NoPermissionError("no"), TimeoutError()]
)
async def test_a_redis_that_fails_is_told_and_left_alone_for_a_moment(
    redis: FakeRedis, switch: KillSwitch, fault: Exception
) -> None:
    clock = Clock()
    gate = KillSwitchGate(switch, clock=clock)
    redis.fault = fault
    for _ in range(3):
        answer = await gate.ask()
        assert not answer.known
        assert isinstance(answer.fact, SwitchReading)
        assert "Redis" in (answer.fact.unreadable or "")
    assert redis.asked == 1
    redis.fault = None
    clock.now += 0.25
    assert (await gate.ask()).known
    assert redis.asked == 2


async def test_after_an_answer_that_was_late_entries_wait_for_one_turn_in_which_the_log_is_read() -> None:
    clock, redis = Clock(), FakeRedis()
    slow = KillSwitch(SlowRedis(redis, clock, 0.4), "")  # type: ignore[arg-type] # a fake
    gate = KillSwitchGate(slow, clock=clock)
    late = await gate.ask()
    assert isinstance(late.fact, SwitchReading)
    assert (late.known, "late" in (late.fact.unreadable or "")) == (False, True)
    assert (await gate.ask()).known, "a Redis that is always slow keeps nobody from trading"
    assert not (await gate.ask()).known
    assert redis.asked == 3


async def test_only_entries_are_asked_about_and_they_wait_until_their_time_to_live_ends(switch: KillSwitch) -> None:
    gate = KillSwitchGate(switch)
    entry = signal("10:00:00")
    assert gate.concerns(entry)
    assert not gate.concerns(signal("10:00:00", intent=Intent.EXIT))
    assert gate.may_wait(entry, None)
    assert gate.may_wait(entry, moment("10:01:00"))
    assert not gate.may_wait(entry, moment("10:01:01"))
