"""Puts a service's wall clock wrong: it starts itself anew under libfaketime, as `clocks.json` beside this says.

Python imports this at each start of a process that has this folder on its path. The monotonic clock stays right.
"""

import json
import os
import sys
from pathlib import Path

_CLOCKS = Path(__file__).parent / "clocks.json"
_LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


def _shift() -> str:
    """Such as `+3600`; nothing where this process has the right clock."""
    if not _CLOCKS.exists():
        return ""
    clocks: dict[str, str] = json.loads(_CLOCKS.read_text())
    return clocks.get(os.environ.get("PANDA_SERVICE__NAME", ""), "")


if "LD_PRELOAD" not in os.environ and (shift := _shift()):
    wrong = {"LD_PRELOAD": str(_LIBRARY), "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    os.execve(sys.executable, sys.orig_argv, {**os.environ, **wrong})  # noqa: S606 - itself
