"""How fast an account may ask: below the caps, exits before entries, over restarts."""

from alpha_panda.zerodha_trading.rates import MINUTE, Caps, Rates


def placed(rates: Rates, times: int, now: float, *, entry: bool) -> int:
    done = 0
    for _ in range(times):
        if not rates.may_place(now, entry=entry):
            break
        rates.request().leave(now, placed=True)
        done += 1
    return done


def test_entries_leave_room_in_each_second_that_exits_may_use():
    rates = Rates(Caps(per_second=8))
    assert placed(rates, 20, 10.0, entry=True) == 6
    assert placed(rates, 20, 10.0, entry=False) == 2


def test_a_second_later_the_account_may_ask_again():
    rates = Rates(Caps(per_second=8))
    placed(rates, 8, 10.0, entry=False)
    assert not rates.may_ask(11.1)
    assert rates.may_ask(11.2)


def test_what_began_apart_does_not_leave_together():
    rates = Rates(Caps(per_second=8))
    held_up = [rates.request() for _ in range(8)]
    assert not rates.may_ask(20.0)
    for each in held_up[:6]:
        each.leave(20.0)
    held_up[6].close()
    held_up[0].close()
    assert rates.may_ask(20.0)
    assert placed(rates, 8, 20.0, entry=False) == 1
    held_up[7].close()
    assert placed(rates, 8, 20.0, entry=False) == 1
    assert placed(rates, 8, 21.2, entry=False) == 8


def test_the_minute_and_the_day_have_caps_of_their_own():
    rates = Rates(Caps(per_second=100, per_minute=10, per_day=14))
    assert placed(rates, 50, 10.0, entry=False) == 10
    assert placed(rates, 50, 10.0 + MINUTE, entry=False) == 4
    rates.new_day()
    assert rates.may_place(10.0 + 2 * MINUTE, entry=False)


def test_a_restart_counts_what_was_asked_before_it():
    rates = Rates(Caps(per_minute=10), placed_today=4_900, asked_lately=9, now=5.0)
    assert not rates.may_place(6.3, entry=False)
    assert rates.may_ask(6.3)
    assert not Rates(Caps(per_minute=10), asked_lately=10, now=5.0).may_ask(6.3)


def test_nothing_is_asked_for_a_while_after_too_much():
    rates = Rates(Caps())
    rates.limited(10.0, 2.0)
    assert not rates.may_ask(11.9)
    assert rates.may_ask(12.0)
    assert rates.meter == {"orders_last_second": 0, "orders_last_minute": 0, "orders_today": 0}
