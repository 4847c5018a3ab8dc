"""What can go wrong between this service and Zerodha, by what is to be done about it."""

from __future__ import annotations

from alpha_panda.errors import PandaError


class ZerodhaError(PandaError):
    """Something that Zerodha said or did not say."""


class MalformedReplyError(ZerodhaError):
    """A reply that is not what the interface promises; nothing in it may be believed."""


class SessionDownError(ZerodhaError):
    """There is no login at Zerodha, or it is over; nothing is sent until somebody logs in."""


class UnreachableError(ZerodhaError):
    """A question (never an order) was not answered; it is asked again."""


class LimitedError(UnreachableError):
    """Zerodha wants fewer questions a second."""
