"""What can go wrong at the edges of a service, by what is to be done about it."""

from __future__ import annotations

from alpha_panda.errors import PandaError, UnavailableError


class TransientError(UnavailableError):
    """A store did not answer; trying again may help. After a bounded number of tries the process ends."""


class AuthenticationError(PandaError):
    """A store refused the credentials or the permission; trading stops and a person must look."""


class UnknownOutcomeError(PandaError):
    """A write or commit may or may not have happened; the process must end and recover from the log."""


class FencedError(PandaError):
    """Another process has taken over this one's task; nothing that this one writes counts any more, so it ends."""


EXIT_FATAL = 70
"""Exit code of a service that must be restarted to recover."""
EXIT_FENCED = 75
"""Exit code of a service that another copy has taken over from."""
EXIT_AUTHENTICATION = 77
"""Exit code of a service whose credentials or permissions were refused."""
EXIT_SETTINGS = 78
"""Exit code of a service whose settings are wrong; restarting does not help."""
AGAIN = "`panda up` makes the users of its own stores what they were"
"""The remedy of refused credentials on one machine."""
