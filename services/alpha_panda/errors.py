"""The errors that every package of Alpha Panda shares.

A `PandaError` is something that a person can act on: its message names the thing, the value, the
limit and the remedy, and the command line prints it as it is. Anything else that reaches the top is
a fault of ours and keeps its traceback.
"""


class PandaError(Exception):
    """A failure with a message for the person who can mend it.

    `remedy` is one line that says what to do; it is printed after the message.
    """

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        """Keep the message and the remedy apart, so that a table or JSON can show both."""
        super().__init__(message)
        self.remedy = remedy


class InputError(PandaError):
    """What a person gave (a file, a flag, a setting) is wrong; exit code 2."""


class UnavailableError(PandaError):
    """Something that must run or answer does not (a store, the platform, a port); exit code 3."""
