"""What the tests of the resource verbs share: two resources as files, and how a command is run."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from alpha_panda.domain.audit import Deed
from alpha_panda.local.layout import Layout

BROKER = """\
apiVersion: alphapanda.io/v1alpha1
kind: Broker
metadata:
  name: paper
spec:
  type: Paper
"""
STRATEGY = """\
apiVersion: alphapanda.io/v1alpha1
kind: Strategy
metadata:
  name: momentum
spec:
  strategy: momentum
  instruments:
    - {exchange: NSE, symbol: RELIANCE}
"""


class Deeds:
    """What commands did, for the audit log."""

    def __init__(self) -> None:
        self.done: list[Deed] = []

    def keep(self, _: Layout, deeds: Iterable[Deed]) -> None:
        self.done += deeds


class Said(NamedTuple):
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


Panda = Callable[..., Said]


def write(name: str, text: str) -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return name


def applied(panda: Panda) -> None:
    assert panda("apply", "-f", write("desk.yaml", f"{BROKER}---\n{STRATEGY}")).code == 0
