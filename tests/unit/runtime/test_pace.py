from __future__ import annotations

import threading

from alpha_panda.runtime.pace import Pace


class Clock:
    """Time that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pace = Pace(
            2.0, first_pause=1.0, longest_pause=5.0, ticking=lambda: self.now, sleep=self.sleep, chance=lambda: 1.0
        )

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_turns_come_no_faster_than_so_many_a_second() -> None:
    clock = Clock()
    for _ in range(5):
        clock.pace.take_turn()
    assert clock.now == 2.0


def test_pauses_double_until_the_longest_and_an_answer_ends_the_growth() -> None:
    clock = Clock()
    assert [clock.pace.refused() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    clock.pace.take_turn()
    assert clock.now == 5.0
    clock.pace.answered()
    assert clock.pace.refused() == 1.0


def test_whoever_waits_when_nobody_is_to_ask_any_more_waits_no_longer() -> None:
    pace = Pace(0.001)
    pace.take_turn()
    waiting = threading.Thread(target=pace.take_turn)
    waiting.start()
    pace.close()
    waiting.join(60)
    assert not waiting.is_alive()


def test_a_pause_is_between_half_and_the_whole_of_what_it_may_be() -> None:
    assert Pace(1.0, first_pause=2.0, chance=lambda: 0.0).refused() == 1.0
    assert Pace(1.0, first_pause=2.0, chance=lambda: 1.0).refused() == 2.0
