"""What the answer to an order means: everything that is not certain is unknown."""

import json

import pytest

from alpha_panda.zerodha_trading.replies import LARGEST_REPLY, Outcome, Reply, classify, session_is_over


def error(kind: str, message: str = "no", status: int = 400) -> Reply:
    body = {"status": "error", "error_type": kind, "message": message, "data": None}
    return Reply(status=status, body=json.dumps(body).encode())


def accepted(data: object) -> Reply:
    return Reply(status=200, body=json.dumps({"status": "success", "data": data}).encode())


def test_an_accepted_order_is_acknowledged_with_all_its_slices():
    children = [{"order_id": "2"}, {"error": {"code": 400}}, {"order_id": "1"}]
    found = classify(accepted({"order_id": "1", "children": children}))
    assert (found.outcome, found.broker_order_ids) == (Outcome.ACKED, ("1", "2"))


@pytest.mark.parametrize("kind", ["InputException", "MarginException", "HoldingException", "PermissionException"])
def test_a_refusal_that_says_why_is_certain(kind: str):
    assert classify(error(kind)).outcome is Outcome.REJECTED


def test_too_many_requests_is_certain_and_says_so():
    found = classify(error("NetworkException", "Too many requests", 429))
    assert (found.outcome, found.limited) == (Outcome.REJECTED, True)


@pytest.mark.parametrize(
    "message",
    ["Order request timed out. Please check the order book", "timeout at the exchange", "Please check the orderbook"],
)
def test_a_refusal_whose_words_take_it_back_is_unknown(message: str):
    assert classify(error("InputException", message)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "reply",
    [
        Reply(error="ReadTimeout"),
        Reply(status=502, body=b"<html>Bad gateway</html>"),
        Reply(status=200, body=b'{"status": "success", "data": {"order_i'),
        Reply(status=200, body=b'{"status": "success", "data": {}}'),
        Reply(status=200, body=b"[]"),
        Reply(status=307, body=b""),
        Reply(status=200, body=b" " * (LARGEST_REPLY + 1)),
        error("OrderException", status=500),
        error("GeneralException", status=500),
        error("NetworkException", status=503),
        error("", status=400),
    ],
)
def test_whatever_else_comes_back_is_unknown(reply: Reply):
    assert classify(reply).outcome is Outcome.UNKNOWN


def test_a_connection_that_was_never_made_sent_nothing():
    assert classify(Reply(written=False, error="refused")).outcome is Outcome.NOT_SENT


def test_only_a_forbidden_reply_with_its_word_ends_the_session():
    assert session_is_over(error("TokenException", status=403))
    assert not session_is_over(error("PermissionException", status=403))
    assert not session_is_over(error("TokenException", status=400))


def test_a_reason_is_one_line_of_printable_characters():
    assert "\n" not in classify(error("InputException", "a\r\nb\x1b[31m")).reason
