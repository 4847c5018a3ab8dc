"""What the simulator refuses and how it says so: the error types of Kite Connect with their usual status codes."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class ErrorType(StrEnum):
    """The `error_type` of a reply. The client has no class for Margin and Holding; it calls them General."""

    TOKEN = "TokenException"  # noqa: S105 - a name
    PERMISSION = "PermissionException"
    ORDER = "OrderException"
    INPUT = "InputException"
    MARGIN = "MarginException"
    HOLDING = "HoldingException"
    DATA = "DataException"
    NETWORK = "NetworkException"
    GENERAL = "GeneralException"


STATUS: Final = {
    ErrorType.TOKEN: 403,
    ErrorType.PERMISSION: 403,
    ErrorType.ORDER: 400,
    ErrorType.INPUT: 400,
    ErrorType.MARGIN: 400,
    ErrorType.HOLDING: 400,
    ErrorType.DATA: 502,
    ErrorType.NETWORK: 503,
    ErrorType.GENERAL: 500,
}
TOO_MANY: Final = 429


class KiteRefusal(Exception):  # noqa: N818 - an answer, not a fault of the simulator
    """A request that is answered with an error."""

    def __init__(self, error_type: ErrorType, message: str, status: int | None = None) -> None:
        """Say what is refused; the status code is the type's unless given."""
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.status = status or STATUS[error_type]

    @property
    def body(self) -> dict[str, object]:
        """The reply."""
        return {"status": "error", "message": self.message, "error_type": self.error_type.value, "data": None}


def too_many() -> KiteRefusal:
    """The answer to a caller that is too fast."""
    return KiteRefusal(ErrorType.NETWORK, "Too many requests", TOO_MANY)


def bad_input(message: str) -> KiteRefusal:
    """The answer to parameters that cannot be right."""
    return KiteRefusal(ErrorType.INPUT, message)
