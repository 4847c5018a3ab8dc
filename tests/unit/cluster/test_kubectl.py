"""How kubectl is called and what its failures become; a program of a few lines stands in for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from alpha_panda.cluster.kubectl import Kubectl
from alpha_panda.errors import InputError, PandaError, UnavailableError

LOGGED = "E1121 21:38:36.226649   10877 memcache.go:265] Unhandled Error"


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = folder / "kubectl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


async def test_it_is_told_where_to_go_before_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stand_in(tmp_path, monkeypatch, 'echo "$@"; cat')
    said = await Kubectl("trading", "kind").run("get", "pods", text="sent")
    assert said == "--namespace trading --context kind get pods\nsent"


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        ("The connection to the server localhost:8080 was refused", UnavailableError, "The connection to the server"),
        ("error: You must be logged in to the server", PandaError, "You must be logged in to the server"),
    ],
)
async def test_a_failure_is_told_in_its_words_without_the_log_before_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, kind: type[PandaError], told: str
):
    stand_in(tmp_path, monkeypatch, f"echo '{LOGGED}' >&2; echo '{said}' >&2; exit 1")
    with pytest.raises(kind) as raised:
        await Kubectl().run("get", "pods")
    assert type(raised.value) is kind
    assert str(raised.value).startswith(told)


def test_a_machine_without_kubectl_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="there is no kubectl on PATH"):
        Kubectl().command("get")
