"""Who is changing things: every change is recorded with a name."""

from __future__ import annotations

import getpass
import os
from typing import Final

from alpha_panda.errors import InputError

ACTOR: Final = "PANDA_ACTOR"
_LONGEST: Final = 100


def actor_name() -> str:
    """The environment's PANDA_ACTOR, else the login name.

    Raises:
        InputError: there is neither, or it is no name.
    """
    name = os.environ.get(ACTOR) or _login_name()
    if not name.isprintable() or len(name) > _LONGEST:
        msg = f"{ACTOR} is {name!r}: allowed are at most {_LONGEST} printable characters"
        raise InputError(msg)
    return name


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        msg = "this process has no login name, and each change is recorded with who made it"
        raise InputError(msg, remedy=f"set {ACTOR} to your name") from error
