"""The `panda` command: where its arguments go, and how each kind of failure leaves it.

Exit codes: 0 done; 1 it could not be done; 2 what was given is wrong; 3 something that must run does
not; 130 interrupted. `panda run` (every service) and `panda supervise` load no command-line library.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Final

from alpha_panda.cli.messages import print_error
from alpha_panda.errors import InputError, PandaError, UnavailableError

FAILED: Final = 1
WRONG_INPUT: Final = 2
UNAVAILABLE: Final = 3
INTERRUPTED: Final = 130
PROCESSES: Final = {"run": "one SERVICE", "supervise": "a DATA_DIR and its fixed ports"}
"""Commands that stay for as long as the platform runs, with what they take."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments (by default the process's) ask for; the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in PROCESSES:
        return guarded(lambda: _stay(words[0], words[1:]))
    return guarded(lambda: _command(words), debug="--debug" in words)


def guarded(action: Callable[[], int], *, debug: bool = False) -> int:
    """Run `action`; a failure that a person can act on becomes its message and exit code, anything else rises.

    With `debug` such a failure rises too, with its traceback.
    """
    try:
        return action()
    except KeyboardInterrupt:
        return INTERRUPTED
    except PandaError as error:
        if debug:
            raise
        print_error(error)
        return _code(error)


def _code(error: PandaError) -> int:
    if isinstance(error, InputError):
        return WRONG_INPUT
    return UNAVAILABLE if isinstance(error, UnavailableError) else FAILED


def _stay(command: str, words: list[str]) -> int:
    """Load what this process is and nothing more."""
    if not words or words[0].startswith("-") or (command == "run" and len(words) > 1):
        msg = f"`panda {command}` takes {PROCESSES[command]}; it got {' '.join(words) or 'nothing'}"
        raise InputError(msg)
    if command == "run":
        from alpha_panda.cli.run import run_service  # noqa: PLC0415

        return run_service(words[0])
    from alpha_panda.cli.supervise import supervise  # noqa: PLC0415

    return supervise(words)


def invoke(app: Callable[..., object], words: Sequence[str], name: str = "panda") -> int:
    """Let a typer app, which calls itself by this name, do what the words ask for; its exit code."""
    try:
        app(list(words), prog_name=name)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else FAILED
    return 0


def _command(words: list[str]) -> int:
    import structlog  # noqa: PLC0415 - a service sets its logs up by itself

    from alpha_panda.cli.app import make_app  # noqa: PLC0415 - loads typer, which no service does

    # Standard output is for results, and what a record on the log has wrong the services say, with a dead letter.
    structlog.configure(
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger("critical"),
    )
    return invoke(make_app(words), words)
