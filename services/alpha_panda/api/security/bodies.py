"""What a request may carry: so many bytes, and JSON that is nested so deep. It is read whole before a route sees it."""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

_OPENS, _CLOSES, _QUOTE, _ESCAPE = b"[{", b"]}", 0x22, 0x5C


async def read_body(scope: Scope, receive: Receive, most: int) -> bytes | None:
    """The whole body; None where the client left.

    Raises:
        HTTPException: 413, it is larger than allowed.
    """
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > most:
        raise _too_large(most)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise _too_large(most)
        if not message.get("more_body", False):
            return b"".join(parts)


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read, and then goes on with the client's."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def depth_of(body: bytes) -> int:
    """How deep arrays and objects are nested, counted without parsing: what is too deep is not given to a parser."""
    deepest = depth = 0
    quoted = escaped = False
    for byte in body:
        if quoted:
            quoted, escaped = escaped or byte != _QUOTE, not escaped and byte == _ESCAPE
        elif byte == _QUOTE:
            quoted = True
        elif byte in _OPENS:
            depth += 1
            deepest = max(deepest, depth)
        elif byte in _CLOSES:
            depth -= 1
    return deepest


def _too_large(most: int) -> HTTPException:
    return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is larger than {most} bytes")
