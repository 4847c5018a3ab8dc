"""The user's own kubectl: it knows the cluster, logs in to it and is refused what the user may not do."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any, Final

from alpha_panda.errors import InputError, PandaError, UnavailableError

_SILENT: Final = ("Unable to connect to the server", "connection refused", "was refused", "i/o timeout", "no such host")
"""What kubectl says where nobody answers."""

_LOGGED: Final = re.compile(r"[EWI]\d{4} \d\d:\d\d:\d\d")


class Kubectl:
    """kubectl for one context and namespace; empty is what the kubeconfig says."""

    def __init__(self, namespace: str = "", context: str = "") -> None:
        """Nothing is asked yet."""
        self.namespace, self.context = namespace, context

    def command(self, *arguments: str) -> list[str]:
        """The words to run.

        Raises:
            InputError: there is no kubectl.
        """
        program = shutil.which("kubectl")
        if program is None:
            raise InputError("there is no kubectl on PATH", remedy="install it; this command works through it")
        chosen = ["--namespace", self.namespace] if self.namespace else []
        chosen += ["--context", self.context] if self.context else []
        return [program, *chosen, *arguments]

    async def run(self, *arguments: str, text: str = "") -> str:
        """What it prints.

        Raises:
            UnavailableError: the cluster does not answer.
            PandaError: it refuses; with what it says.
        """
        process = await asyncio.create_subprocess_exec(
            *self.command(*arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await process.communicate(text.encode())
        finally:
            # Whoever waits no longer, such as at a door that does not answer, leaves no process behind.
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == 0:
            return out.decode()
        raise _failure(err.decode().strip(), arguments)

    async def json(self, *arguments: str, text: str = "") -> Any:  # noqa: ANN401 - JSON
        """What it prints, read; raises as `run` does."""
        return json.loads(await self.run(*arguments, text=text))

    def show(self, arguments: Sequence[str]) -> int:
        """Let it print for itself until it ends; its exit code."""
        return subprocess.run(self.command(*arguments), check=False).returncode  # noqa: S603 - kubectl, in the user's words


def _failure(said: str, arguments: Sequence[str]) -> PandaError:
    """The last word of kubectl, without the log of its client library before it."""
    lines = [line for line in said.splitlines() if not _LOGGED.match(line)]
    text = "\n".join(lines).removeprefix("error: ") or f"kubectl {arguments[0]} failed and said nothing"
    if any(part in text for part in _SILENT):
        return UnavailableError(text, remedy="kubectl cluster-info tells whether the cluster answers")
    return PandaError(text)
