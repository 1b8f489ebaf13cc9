"""Data that lies beside the repository, not in it: real mails, vectors. Tests that need it skip where it is missing."""

from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[2].parent / "shared"


def shared(folder: str) -> Path:
    """Return a folder of the shared data, or skip the test (at import: the module) that asks."""
    path = _SHARED / folder
    if not path.is_dir():
        pytest.skip(f"the shared data has no {folder} here", allow_module_level=True)
    return path
