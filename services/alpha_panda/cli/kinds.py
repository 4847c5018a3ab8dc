"""The kinds of resource as a person types them, in kubectl's forms, and as its messages name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from alpha_panda.errors import InputError
from alpha_panda.resources.common import GROUP
from alpha_panda.resources.problems import suggestion


@dataclass(frozen=True)
class Kind:
    """A kind with its names; `qualified` begins the lines about one resource."""

    name: str
    plural: str
    short: str

    @property
    def singular(self) -> str:
        """`broker` or `strategy`."""
        return self.name.lower()

    @property
    def qualified(self) -> str:
        """The singular with the API group: `strategy.alphapanda.io`."""
        return f"{self.singular}.{GROUP}"

    def words(self) -> tuple[str, ...]:
        """Everything a person may type for it."""
        plural = f"{self.plural}.{GROUP}"
        return (self.singular, self.plural, self.short, self.qualified, plural)

    def missing(self, name: str) -> str:
        """The line that says that there is no resource of this name."""
        return f'Error from server (NotFound): {self.plural}.{GROUP} "{name}" not found'


BROKER: Final = Kind("Broker", "brokers", "brk")
STRATEGY: Final = Kind("Strategy", "strategies", "strat")
KINDS: Final = (BROKER, STRATEGY)
BY_NAME: Final = {kind.name: kind for kind in KINDS}
ALL: Final = "all"


def parse_kind(word: str) -> Kind:
    """The kind of one of its words, capitals aside; InputError for any other word."""
    for kind in KINDS:
        if word.lower() in kind.words():
            return kind
    known = [each for kind in KINDS for each in kind.words()[:3]]
    msg = f'the server doesn\'t have a resource type "{word}"{suggestion(word, known)}; allowed: {", ".join(known)}'
    raise InputError(msg)


def parse_kinds(text: str) -> tuple[Kind, ...]:
    """The kinds of `all` or of words with commas between them, each once, in their order."""
    if text.lower() == ALL:
        return KINDS
    return tuple(dict.fromkeys(parse_kind(word.strip()) for word in text.split(",")))


def parse_targets(text: str, names: list[str]) -> list[tuple[Kind, list[str]]]:
    """What `KIND[,KIND] [NAME…]` or `KIND/NAME…` names: each kind with its names, none meaning all.

    Raises:
        InputError: an unknown kind, or the two forms mixed.
    """
    if "/" not in text:
        return [(kind, names) for kind in parse_kinds(text)]
    targets = []
    for word in (text, *names):
        kind, slash, name = word.partition("/")
        if not slash or not kind or not name:
            msg = f'"{word}" is not KIND/NAME; give KIND NAME… or KIND/NAME…, not both'
            raise InputError(msg)
        targets.append((parse_kind(kind), [name]))
    return targets
