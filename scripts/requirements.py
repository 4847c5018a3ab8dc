"""Compiles requirements/*.txt from the dependency tables of pyproject.toml, and tells when they no longer fit.

Each file pins every package with the hashes of all its files, for Python 3.11 and up on every platform,
and starts with a digest of the tables that it came from; `check` compares digests only, so that it needs
no network. Usage: `requirements.py compile [--upgrade]` or `requirements.py check`.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "requirements"
DIGEST = "# dependencies: "
OLDEST_PYTHON = "3.11"

EXTRAS = ("api", "notifier", "replay", "local", "zerodha", "simulator")
"""What `make up` has; the others are for whoever asks for them."""
ALL = (*EXTRAS, "models", "optimizer", "yahoo", "operator")
FILES: dict[str, list[str]] = {
    "dev.txt": ["pyproject.toml", *(f"--extra={extra}" for extra in ALL), "--group=dev"],
    "local.txt": ["pyproject.toml", *(f"--extra={extra}" for extra in EXTRAS), "--group=build"],
    "api.txt": ["pyproject.toml", "--extra=api", "--extra=notifier"],
    "models.txt": ["pyproject.toml", "--extra=models"],
    "optimizer.txt": ["pyproject.toml", "--extra=optimizer"],
    "yahoo.txt": ["pyproject.toml", "--extra=yahoo"],
    "zerodha.txt": ["pyproject.toml", "--extra=zerodha"],
    "operator.txt": ["pyproject.toml", "--extra=operator"],
    "base.txt": ["pyproject.toml"],
    "bootstrap.txt": ["--group=installer"],
    "peers.txt": ["--group=peers"],
}
"""What each file is compiled from; dev.txt comes first, because the others take their versions from it."""
APART = frozenset({"peers.txt"})
"""What is installed in an environment of its own, and may want other versions."""


def digest(pyproject: Path) -> str:
    """A short digest of all that decides what is installed."""
    tables = tomllib.loads(pyproject.read_text())
    project = tables["project"]
    deciding = {
        "python": project["requires-python"],
        "dependencies": project["dependencies"],
        "extras": project["optional-dependencies"],
        "groups": tables["dependency-groups"],
        "files": FILES,
    }
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()[:16]


def stale(folder: Path, expected: str) -> list[str]:
    """The names of the files in `folder` that are missing or were compiled from other tables."""
    header = DIGEST + expected
    return [
        name
        for name in FILES
        if not (folder / name).is_file() or header not in (folder / name).read_text().splitlines()[:3]
    ]


def compile_one(name: str, *, upgrade: bool) -> None:
    """Write one file; the pins that it has are kept, unless `upgrade` asks for the newest."""
    target = FOLDER / name
    options = ["--universal", f"--python-version={OLDEST_PYTHON}", "--generate-hashes", "--no-emit-index-url"]
    options += ["--no-annotate", "--no-header", "--quiet", f"--output-file={target}"]
    if upgrade:
        options.append("--upgrade")
    if name != "dev.txt" and name not in APART:
        options.append(f"--constraints={FOLDER / 'dev.txt'}")
    uv = Path(sysconfig.get_path("scripts")) / "uv"
    subprocess.run([uv, "pip", "compile", *FILES[name], *options], cwd=ROOT, check=True)  # noqa: S603
    header = f"# Written by `make requirements`; do not edit.\n{DIGEST}{digest(ROOT / 'pyproject.toml')}\n"
    target.write_text(header + target.read_text())


def main(arguments: list[str]) -> int:
    """Compile or check; 1 where a file is stale."""
    match arguments:
        case ["compile", *rest] if rest in ([], ["--upgrade"]):
            for name in FILES:
                print(f"requirements/{name} …", flush=True)
                compile_one(name, upgrade=bool(rest))
            return 0
        case ["check"]:
            names = stale(FOLDER, digest(ROOT / "pyproject.toml"))
            for name in names:
                print(f"requirements/{name} does not fit pyproject.toml: run `make requirements`", file=sys.stderr)
            return 1 if names else 0
        case _:
            print(__doc__, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
