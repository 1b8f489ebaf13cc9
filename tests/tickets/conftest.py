"""Fixtures of the help desk's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.tickets.world import World, make_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A help desk of its own for each test."""
    async with make_world(tmp_path / "data") as made:
        yield made
