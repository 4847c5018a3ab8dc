"""A small file system of memory, which can be filled to the last byte without harm to the machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

MEGABYTES = 600


def why_not() -> str | None:
    """Why this machine cannot do it; None where it can."""
    return None if os.geteuid() == 0 else "only root may mount a small file system"


def mount(folder: Path) -> None:
    """Put a small file system of memory on an empty folder."""
    folder.mkdir()
    subprocess.run(  # noqa: S603 - a fixed program
        ["/bin/mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0700", "panda-chaos", str(folder)], check=True
    )


def unmount(folder: Path) -> None:
    """Take it away, at once or as soon as nobody uses it."""
    subprocess.run(["/bin/umount", "--lazy", str(folder)], check=True)  # noqa: S603 - a fixed program
