"""The release in a namespace: found by its labels, entered through its pods."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from alpha_panda.cluster.kubectl import Kubectl
from alpha_panda.errors import InputError, PandaError, UnavailableError

PLATFORM: Final = "app.kubernetes.io/part-of=alpha-panda"
_OPERATOR: Final = f"{PLATFORM},app.kubernetes.io/name=operator"
_ASK: Final = """
import os, sys, urllib.error, urllib.request
token = open(os.environ["PANDA_SECRETS"] + "/api__token").read().strip()
address = "http://127.0.0.1:" + os.environ["PANDA_API__PORT"] + "/api/v1" + sys.argv[1]
request = urllib.request.Request(address, headers={"Authorization": "Bearer " + token})
try:
    with urllib.request.urlopen(request, timeout=10) as answer:
        sys.stdout.write(answer.read().decode())
except urllib.error.HTTPError as error:
    sys.exit(error.read().decode() or str(error))
except OSError as error:
    sys.exit(str(error))
"""
"""Asks the API within its own pod, with its own token: neither has to leave the cluster."""


@dataclass(frozen=True)
class Release:
    """One installation; `name` begins the names of its objects."""

    kubectl: Kubectl
    name: str

    async def ask(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """What the API answers.

        Raises:
            UnavailableError: it does not serve, or a store of it does not answer; with what it says.
        """
        try:
            return await self.kubectl.json(
                *("exec", f"deployment/{self.name}-api", "--", "python", "-c", _ASK, quote(path, safe="/?&=:"))
            )
        except PandaError as error:
            raise UnavailableError(
                f"the API did not answer: {_detail(str(error))}", remedy="kubectl panda status shows what runs"
            ) from error


async def find_release(kubectl: Kubectl) -> Release:
    """The release in kubectl's namespace.

    Raises:
        InputError: there is none, or there are several.
    """
    found = await kubectl.json("get", "deployments", "-l", _OPERATOR, "-o", "json")
    names = [str(each["metadata"]["name"]).removesuffix("-operator") for each in found["items"]]
    if len(names) == 1:
        return Release(kubectl, names[0])
    where = f"namespace {kubectl.namespace}" if kubectl.namespace else "the namespace of the kubeconfig"
    if names:
        raise InputError(f"several releases are in {where}: {', '.join(names)}", remedy="give each its own namespace")
    raise InputError(
        f"no Alpha Panda is installed in {where}", remedy="name its namespace: kubectl panda -n NAMESPACE …"
    )


def _detail(said: str) -> str:
    """The sentence in a problem of the API; all of it where it is none."""
    for line in said.splitlines():
        if line.startswith("{"):
            try:
                return str(json.loads(line).get("detail", line))
            except json.JSONDecodeError:
                continue
    return said
