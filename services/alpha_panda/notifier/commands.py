"""What a chat may ask for: words in, a request out. Pure; `chat_desk` does it and `telegram` brings the words."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Final

import msgspec

from alpha_panda.errors import InputError
from alpha_panda.events.control import HaltScope

HELP: Final = (
    "/status - what is wrong and what is halted\n"
    "/positions - open positions of each Broker\n"
    "/locks - breakers and pauses of each account\n"
    "/halt [broker NAME | strategy NAME | instrument EXCHANGE:SYMBOL] - refuse new risk; exits go on\n"
    "/resume [the same] - end exactly that halt; it asks for a confirmation"
)
ASKS: Final = ("status", "positions", "locks", "help", "start")
_CONFIRM_SECONDS: Final = 60.0
_WORDS: Final = 2


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for; `scope` and `subject` of a halt or a resume."""

    verb: str
    scope: HaltScope = HaltScope.ALL
    subject: str = ""

    @property
    def where(self) -> str:
        """`all`, `strategy momentum`."""
        return f"{self.scope} {self.subject}".strip()


def read_command(text: str) -> Request:
    """The request in a message such as `/halt strategy momentum`.

    Raises:
        InputError: it is none; the message says what there is.
    """
    words = text.strip().split()
    if not words or not words[0].startswith("/"):
        raise InputError("that is no command\n" + HELP)
    verb = words[0][1:].partition("@")[0].lower()
    if verb in ASKS:
        return Request(verb=verb)
    if verb == "confirm" and len(words) == _WORDS:
        return Request(verb=verb, subject=words[1])
    if verb not in {"halt", "resume"}:
        raise InputError(f"/{verb[:20]} is no command\n" + HELP)
    return _scoped(verb, words[1:])


def _scoped(verb: str, words: list[str]) -> Request:
    if not words or words == ["all"]:
        return Request(verb=verb)
    narrow = [scope.value for scope in HaltScope if scope is not HaltScope.ALL]
    if len(words) != _WORDS or words[0].lower() not in narrow:
        raise InputError(f"/{verb} takes nothing, or one of {', '.join(narrow)} and its name")
    scope = HaltScope(words[0].lower())
    subject = words[1].upper() if scope is HaltScope.INSTRUMENT else words[1]
    if not subject.isprintable() or len(subject) > 100:  # noqa: PLR2004 - longer than any name
        raise InputError("that is no name")
    return Request(verb=verb, scope=scope, subject=subject)


class Confirmations:
    """What waits for a second word from the same chat: one request a chat, good for a minute, once."""

    def __init__(self, clock: Callable[[], float], code: Callable[[], str] | None = None) -> None:
        """`clock` is monotonic seconds; `code` makes the word."""
        self._clock = clock
        self._code = code or (lambda: f"{secrets.randbelow(10_000):04}")
        self._waiting: dict[str, tuple[str, float, Request]] = {}

    def ask(self, chat: str, request: Request) -> str:
        """The word that confirms the request."""
        word = self._code()
        self._waiting[chat] = (word, self._clock() + _CONFIRM_SECONDS, request)
        return word

    def take(self, chat: str, word: str) -> Request:
        """The request that the word confirms; a wrong word ends it.

        Raises:
            InputError: nothing waits, or the word is wrong or too late.
        """
        known, until, request = self._waiting.pop(chat, ("", 0.0, Request(verb="")))
        if not known or self._clock() > until or not hmac.compare_digest(known.encode(), word.encode()):
            raise InputError("nothing waits for that confirmation; ask again")
        return request
