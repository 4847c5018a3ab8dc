"""A person may call a kind by any of kubectl's forms."""

import pytest

from alpha_panda.cli.kinds import BROKER, KINDS, STRATEGY, parse_kind, parse_kinds, parse_targets
from alpha_panda.errors import InputError


@pytest.mark.parametrize(
    "word", ["broker", "brokers", "brk", "Broker", "broker.alphapanda.io", "brokers.alphapanda.io", "BRK"]
)
def test_every_word_for_a_broker_is_known(word: str):
    assert parse_kind(word) is BROKER


@pytest.mark.parametrize("word", ["strategy", "strategies", "strat", "strategies.alphapanda.io"])
def test_every_word_for_a_strategy_is_known(word: str):
    assert parse_kind(word) is STRATEGY


def test_several_kinds_come_in_their_order_each_once():
    assert parse_kinds("strat,brk,strategy") == (STRATEGY, BROKER)
    assert parse_kinds("all") == KINDS


@pytest.mark.parametrize("text", ["", "pods", "all,brk", "brk,", "broker/"])
def test_other_words_are_refused(text: str):
    with pytest.raises(InputError):
        parse_targets(text, [])


def test_kind_and_name_may_be_one_word_each():
    assert parse_targets("strat/a", ["brk/b"]) == [(STRATEGY, ["a"]), (BROKER, ["b"])]
    assert parse_targets("strat", ["a", "b"]) == [(STRATEGY, ["a", "b"])]


def test_the_two_forms_do_not_mix():
    with pytest.raises(InputError, match='"b" is not KIND/NAME'):
        parse_targets("strat/a", ["b"])
