"""Setting a finished run aside, so that its market day can be traded anew from an empty log."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from alpha_panda.errors import UnavailableError
from alpha_panda.local.layout import Layout


def archive_run(layout: Layout) -> Path:
    """Move the data directory beside itself under `<name>-archive/<time>`; it can be opened there with --data-dir.

    Nothing of it may be running. Raises UnavailableError where it cannot be moved.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    target = layout.root.with_name(f"{layout.root.name}-archive") / stamp
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        layout.root.rename(target)
    except OSError as error:
        raise UnavailableError(f"{layout.root} cannot be moved to {target}: {error.strerror}") from error
    return target
