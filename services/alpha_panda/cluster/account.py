"""An account at an exchange on a cluster, entered through the pod that trades it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from alpha_panda.cluster.kubectl import Kubectl
from alpha_panda.cluster.release import PLATFORM
from alpha_panda.errors import InputError, PandaError
from alpha_panda.topology.graph import ZERODHA_TRADING

_NAME: Final = "app.kubernetes.io/name"
_BROKER: Final = "alphapanda.io/broker"
_ENTRANCE: Final = "alpha_panda.zerodha.entrance"


@dataclass(frozen=True)
class Account:
    """A Broker of type Zerodha and the Deployment that trades for it."""

    kubectl: Kubectl
    broker: str
    deployment: str

    async def ask(self, word: str, text: str = "") -> dict[str, Any]:
        """What the entrance in its pod answers; `text` goes to its standard input.

        Raises:
            PandaError: it says why not, or the pod does not run.
        """
        said: dict[str, Any] = await self.kubectl.json(
            *("exec", "--stdin", f"deployment/{self.deployment}", "--", "python", "-m", _ENTRANCE, word), text=text
        )
        if "error" in said:
            raise PandaError(f"{self.broker}: {said['error']}", remedy=said.get("remedy"))
        return said


async def find_account(kubectl: Kubectl, broker: str | None) -> Account:
    """The Broker that is meant, among those that trade in kubectl's namespace.

    Raises:
        InputError: there is none, or several and none is named.
    """
    trading = f"{PLATFORM},{_NAME}={ZERODHA_TRADING.name}"
    found = await kubectl.json("get", "deployments", "-l", trading, "-o", "json")
    labelled = [(each["metadata"].get("labels") or {}, each["metadata"]["name"]) for each in found["items"]]
    there = {labels[_BROKER]: name for labels, name in labelled if labels.get(_NAME) == ZERODHA_TRADING.name}
    names = ", ".join(sorted(there)) or "none"
    if broker is None and len(there) > 1:
        raise InputError(f"there are several Brokers at Zerodha: {names}", remedy="name one with --broker")
    chosen = broker if broker is not None else next(iter(there), "")
    if chosen not in there:
        said = f"no Broker {broker} of type Zerodha trades here" if broker else "no Broker of type Zerodha trades here"
        raise InputError(
            f"{said}; there are: {names}", remedy="kubectl get brk -A shows every Broker and its namespace"
        )
    return Account(kubectl, chosen, there[chosen])
