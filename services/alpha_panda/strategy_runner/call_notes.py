"""What the next life of a runner must know of the last call of this one: for code that takes the process with it.

Before each call into a strategy its label and cause are written to a file in memory (mmap), which outlives any
death of the process but not one of the machine. A new life reads it before anything else:

- The watch gave the process up, or the kernel ended it because of a call that hung: the note says so, and that
  call is condemned at once, with kind `time`.
- The process died in a call, of whatever else (`os._exit`, a fault in C, the kernel short of memory, kill -9): that
  alone proves nothing, since an operator's kill hits whoever is at work. Two deaths in a row in the same call about
  the same event do, and so do five in a row in calls of one strategy: kind `crash`.
- It died between calls, or ended in order: deaths before that count no more.

A condemned call is not made again: its verdict stands in its place, at the same event, and the fact goes to
the log there. Nor is that generation of the strategy called about any event on its other instruments, which would
take two deaths for each of them. Verdicts stay here, since they name what never comes again once it is on the log.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import IO, Final

import msgspec

from alpha_panda.errors import UnavailableError
from alpha_panda.events.control import QuarantineKind
from alpha_panda.strategy_runner.verdicts import Case, Docket, Fatal, Party, Verdict, generation_of, verdict

_SIZE: Final = 4096
_CAUSE_AT: Final = 1
_LABEL_AT: Final = 256
"""In the file: whether a call is under way, what it is about, whose it is."""
_END: Final = b"\0"
_SAME_CALL: Final = 2
_SAME_STRATEGY: Final = 5
_KEPT: Final = 50
"""Verdicts that are remembered."""


class _Condemned(msgspec.Struct, frozen=True, kw_only=True):
    party: Party
    verdict: Verdict


class _Book(msgspec.Struct, frozen=True, kw_only=True):
    """What lives tell each other: the calls in which the last ones died in a row, and the verdicts."""

    deaths: tuple[Case, ...] = ()
    condemned: tuple[_Condemned, ...] = ()


def label_of(party: Party, call: str) -> bytes:
    """What a note says of a call; made once for each kind of call of each instance."""
    return msgspec.json.encode((party, call)) + _END


class CallNotes:
    """The notes of one runner in `folder`; reading what a former life left is part of making them."""

    def __init__(self, folder: Path, runner: str) -> None:
        """Judge the last life; raises UnavailableError where the folder cannot be written."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._book_file = folder / f"{runner}.json"
            self.hang_file: IO[bytes] = (folder / f"{runner}.hang").open("a+b")
            with (folder / f"{runner}.call").open("a+b") as file:
                file.truncate(_SIZE)
                self._note = mmap.mmap(file.fileno(), _SIZE)
            self._book = self._read_book()
            self._judge(self._last_call(), self._hang())
        except OSError as error:
            msg = f"the notes of strategies' calls cannot be kept in {folder}: {error.strerror}"
            raise UnavailableError(msg, remedy="make room or rights there, or set budget.notes") from error

    @property
    def docket(self) -> Docket:
        """The calls that are not made again, and the verdicts in their places."""
        return {Case(each.party, each.verdict.call, each.verdict.cause): each.verdict for each in self._book.condemned}

    @property
    def fatal(self) -> Fatal:
        """The strategies that they are about."""
        return {generation_of(each.party): each.verdict for each in self._book.condemned}

    def begin(self, label: bytes, cause: bytes) -> None:
        """A call is under way; `label` is from `label_of`, `cause` at most 250 bytes."""
        note = self._note
        note[_CAUSE_AT : _CAUSE_AT + len(cause) + 1] = cause + _END
        note[_LABEL_AT : _LABEL_AT + len(label)] = label
        note[0] = 1

    def end(self) -> None:
        """No call is under way."""
        self._note[0] = 0

    def condemn(self, reason: str, evidence: str) -> None:
        """Leave a verdict on the call that is under way; the process ends now."""
        self._judge(self._last_call(), None, (reason, evidence))

    def close(self) -> None:
        """An orderly end."""
        self.end()
        self._note.close()
        self.hang_file.close()

    def _last_call(self) -> Case | None:
        if not self._note[0]:
            return None
        cause = bytes(self._note[_CAUSE_AT:_LABEL_AT]).partition(_END)[0].decode(errors="replace")
        label = bytes(self._note[_LABEL_AT:]).partition(_END)[0]
        try:
            party, call = msgspec.json.decode(label, type=tuple[Party, str])
        except msgspec.DecodeError:
            return None  # the machine died while it was written
        return Case(party, call, cause or None)

    def _hang(self) -> str | None:
        self.hang_file.seek(0)
        trace = self.hang_file.read().decode(errors="replace").strip()
        self.hang_file.truncate(0)
        return trace or None

    def _judge(self, last: Case | None, hang: str | None, given_up: tuple[str, str] | None = None) -> None:
        """Write down what the last call has come to, then forget the call."""
        deaths = () if last is None else (*self._book.deaths, last)[-_SAME_STRATEGY:]
        found = None if last is None else _found(last, deaths, hang, given_up)
        condemned = self._book.condemned
        if last is not None and found is not None:
            condemned = (*condemned, _Condemned(party=last.party, verdict=found))[-_KEPT:]
            deaths = ()
        self._book = _Book(deaths=deaths, condemned=condemned)
        half = self._book_file.with_suffix(".part")
        half.write_bytes(msgspec.json.encode(self._book))
        half.replace(self._book_file)
        self.end()

    def _read_book(self) -> _Book:
        try:
            return msgspec.json.decode(self._book_file.read_bytes(), type=_Book)
        except (FileNotFoundError, msgspec.DecodeError):
            return _Book()  # none yet, or the machine died while it was written


def _found(last: Case, deaths: tuple[Case, ...], hang: str | None, given_up: tuple[str, str] | None) -> Verdict | None:
    if given_up is not None:
        return verdict(last, QuarantineKind.TIME, *given_up)
    if hang is not None:
        return verdict(last, QuarantineKind.TIME, "it hung in code that cannot be interrupted", hang)
    same_call = sum(each == last for each in deaths[-_SAME_CALL:])
    same_strategy = sum(generation_of(each.party) == generation_of(last.party) for each in deaths)
    if same_call == _SAME_CALL:
        reason = f"the process ended {_SAME_CALL} times in a row in this call about the same event"
    elif same_strategy == _SAME_STRATEGY:
        reason = f"the process ended {_SAME_STRATEGY} times in a row in calls of this strategy"
    else:
        return None
    return verdict(last, QuarantineKind.CRASH, reason, "it left no trace: os._exit, a fault in C, or SIGKILL")
