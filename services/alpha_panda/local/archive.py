"""Setting a finished run aside, so that its market day can be traded anew from an empty log.

What the next run is to keep of it goes with it into the archive, and stays there until the next run has it: a
`panda up --again` that is interrupted in between loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from alpha_panda.errors import InputError, UnavailableError
from alpha_panda.local.layout import Layout, write_private
from alpha_panda.resources.broker import Broker
from alpha_panda.resources.documents import Document, read_object, write_object
from alpha_panda.resources.strategy import Strategy

_KEPT: Final = "kept-resources.json"


def archive_run(layout: Layout) -> Path:
    """Move the data directory beside itself under `<name>-archive/<time>`; it can be opened there with --data-dir.

    Nothing of it may be running. Raises UnavailableError where it cannot be moved.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    target = _archive(layout) / stamp
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        layout.root.rename(target)
    except OSError as error:
        raise UnavailableError(f"{layout.root} cannot be moved to {target}: {error.strerror}") from error
    return target


def keep_resources(layout: Layout, resources: Sequence[Broker | Strategy]) -> None:
    """Lay down in the run, before it is archived, what the next one is to begin with."""
    text = msgspec.json.encode([write_object(each) for each in resources]).decode()
    write_private(layout.root / _KEPT, text)


def kept_resources(layout: Layout) -> list[Document]:
    """What the newest archived run left for a next one that did not come so far."""
    path = _newest(layout)
    if path is None:
        return []
    try:
        found = msgspec.json.decode(path.read_bytes(), type=list[dict[str, Any]])
    except msgspec.DecodeError as error:
        raise InputError(f"{path} is damaged: {error}", remedy="delete it, and give the resources with -f") from error
    return [Document(resource=read_object(each, str(path)), source=str(path), line=1) for each in found]


def forget_kept(layout: Layout) -> None:
    """The next run has them."""
    if (path := _newest(layout)) is not None:
        path.unlink()


def _newest(layout: Layout) -> Path | None:
    archived = sorted(_archive(layout).glob("*"))
    path = archived[-1] / _KEPT if archived else None
    return path if path is not None and path.exists() else None


def _archive(layout: Layout) -> Path:
    return layout.root.with_name(f"{layout.root.name}-archive")
