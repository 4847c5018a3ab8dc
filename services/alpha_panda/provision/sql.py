"""Names and texts as SQL, for statements that take no parameters."""

from __future__ import annotations


def identifier(name: str) -> str:
    """`name` as a quoted SQL identifier; raises ValueError for one that SQL cannot have."""
    if not name or "\0" in name:
        msg = f"{name!r} is no SQL name"
        raise ValueError(msg)
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as an SQL string, right whatever `standard_conforming_strings` says."""
    if "\0" in text or "\\" in text:
        msg = "an SQL string here has no backslash and no NUL"
        raise ValueError(msg)
    return "'" + text.replace("'", "''") + "'"
