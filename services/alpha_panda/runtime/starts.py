"""Where reading begins, compared with what the log still has: what is gone is said, never skipped in silence. Pure."""

from __future__ import annotations

import msgspec


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """The offset to read from, and what a person must be told, if anything."""

    offset: int
    loss: str = ""


def start_at(where: str, wanted: int | None, beginning: int, end: int) -> Start:
    """Begin at `wanted` (None: nothing was read yet), as far as the partition `where` has it.

    Offsets never come back in a topic that lives: an end before `wanted` is that of another topic of the
    same name, so it is read whole.
    """
    if wanted is None:
        return Start(offset=beginning)
    if wanted > end:
        return Start(
            offset=beginning,
            loss=f"{where} was read up to offset {wanted} and now ends at {end}: the topic was deleted and made anew; "
            "it is read from its beginning, and what it held before and was not read is gone",
        )
    if wanted < beginning:
        return Start(
            offset=beginning,
            loss=f"{where} was read up to offset {wanted} and now begins at {beginning}: "
            f"{beginning - wanted} records were deleted before they were read",
        )
    return Start(offset=wanted)
