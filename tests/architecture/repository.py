"""The repository as files: where it is and what is committed in it."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("protocol", "relay", "tickets", "agent", "technician_viewer")
"""What the wheel holds."""


@cache
def committed_files() -> tuple[Path, ...]:
    """Return every file that git follows and that is there, as absolute paths."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    paths = (ROOT / name for name in listed.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def text_of(path: Path) -> str | None:
    """Return the text of a file, or None when it is not UTF-8 (a picture, a captured record)."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def name_of(path: Path) -> str:
    """Return the path as the repository spells it, for messages."""
    return path.relative_to(ROOT).as_posix()
