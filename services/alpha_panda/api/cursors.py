"""Where a page of a list ends: the time and id of its last row, as an opaque text."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from starlette.exceptions import HTTPException


class Cursor(NamedTuple):
    """The last row that was shown."""

    at: datetime
    id: UUID

    def encode(self) -> str:
        """The cursor as text."""
        return urlsafe_b64encode(f"{self.at.isoformat()}|{self.id}".encode()).decode().rstrip("=")


def decode_cursor(text: str | None) -> Cursor | None:
    """The cursor in a query; raises HTTPException (422) where it is none of ours."""
    if text is None:
        return None
    try:
        at, _, identity = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition("|")
        cursor = Cursor(datetime.fromisoformat(at), UUID(identity))
    except (ValueError, binascii.Error) as error:
        raise _foreign(text) from error
    if cursor.at.tzinfo is None:
        raise _foreign(text)
    return cursor


def _foreign(text: str) -> HTTPException:
    detail = f"query.cursor: {text!r} is no cursor; take it from the page before, or leave it out"
    return HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
