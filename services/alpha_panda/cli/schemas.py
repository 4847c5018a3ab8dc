"""`panda schemas`: the files that are generated from events, topics, resources and indicators: written and checked.

`schemas/events/` and `docs/topics.md` say what this source tree publishes, `crds/` what Kubernetes is told of
resources, `docs/indicators.md` what can be calculated. `schemas/released/` says what the last release published, and
so what is on people's logs; nothing but `--accept` writes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from alpha_panda.cli.output import print_text
from alpha_panda.crds.files import crd_files
from alpha_panda.domain.indicators.catalogue import indicators_page
from alpha_panda.errors import InputError, PandaError
from alpha_panda.events.compatibility import breaks
from alpha_panda.events.schemas import event_schemas, schema_text
from alpha_panda.events.topic_table import topics_page

EVENTS: Final = Path("schemas/events")
RELEASED: Final = Path("schemas/released")
CRDS: Final = Path("crds")
TOPICS_PAGE: Final = Path("docs/topics.md")
INDICATORS_PAGE: Final = Path("docs/indicators.md")

Check = Annotated[bool, typer.Option("--check", help="Write nothing; fail where a file is stale or a shape broken.")]
Accept = Annotated[bool, typer.Option("--accept", help="Take the present schemas as released; do this in a release.")]
Root = Annotated[Path, typer.Option(help="The source tree.")]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def schemas(*, check: Check = False, accept: Accept = False, root: Root = Path()) -> None:
        """Write the schemas of events, the CRDs, and the pages of topics and indicators (for developers)."""
        if check and accept:
            raise InputError("--check writes nothing and --accept does", remedy="choose one")
        if not (root / EVENTS.parent).is_dir():
            raise InputError(f"there is no folder {root / EVENTS.parent}", remedy="call it in the source tree")
        if check:
            check_files(root)
            return
        for path in write_files(root, released=accept):
            print_text(f"{path} written")


def generated(*, released: bool = False) -> dict[Path, str]:
    """The text of each generated file by its path in the source tree; with `released` those of a release too."""
    texts = {f"{name}.json": schema_text(schema) for name, schema in event_schemas().items()}
    folders = (EVENTS, RELEASED) if released else (EVENTS,)
    files = {folder / name: text for folder in folders for name, text in texts.items()}
    files |= {CRDS / name: text for name, text in crd_files().items()}
    return files | {TOPICS_PAGE: topics_page(), INDICATORS_PAGE: indicators_page()}


def write_files(root: Path, *, released: bool = False) -> list[Path]:
    """Write what is not as it should be and delete what no event stands behind; the paths that changed."""
    wanted = generated(released=released)
    changed = _stale(root, wanted)
    for path in changed:
        if path not in wanted:
            (root / path).unlink()
            continue
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(wanted[path], encoding="utf-8")
    return changed


def check_files(root: Path) -> None:
    """Raises PandaError that names every stale file, and every way in which released records became unreadable."""
    if stale := _stale(root, generated()):
        names = ", ".join(map(str, stale))
        raise PandaError(f"generated files do not fit the source: {names}", remedy="`make schemas` writes them")
    released = _released(root)
    if found := breaks(released, event_schemas()):
        raise PandaError(
            "this tree cannot read what the last release wrote:\n" + "\n".join(f"  {each}" for each in found),
            remedy="undo that, or give the new shape another event; only a release that says so may break: "
            "`panda schemas --accept`",
        )


def _stale(root: Path, wanted: dict[Path, str]) -> list[Path]:
    """Paths whose file is missing, different, or there without an event or a resource."""
    folders = {(path.parent, path.suffix) for path in wanted if path.suffix != ".md"}
    present = {path.relative_to(root) for folder, suffix in folders for path in (root / folder).glob(f"*{suffix}")}
    different = {path for path, text in wanted.items() if _read(root / path) != text}
    return sorted(different | (present - wanted.keys()))


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _released(root: Path) -> dict[str, dict[str, Any]]:
    files = sorted((root / RELEASED).glob("*.json"))
    if not files:
        raise PandaError(f"no released schemas in {root / RELEASED}", remedy="restore that folder from the repository")
    try:
        return {path.stem: msgspec.json.decode(path.read_bytes(), type=dict[str, Any]) for path in files}
    except msgspec.DecodeError as error:
        raise PandaError(f"a file in {root / RELEASED} is damaged: {error}", remedy="restore it") from error
