"""Fixtures of the tests of the API."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.tickets.world import World, make_world


@pytest.fixture
async def desk_on_file(tmp_path: Path) -> AsyncIterator[World]:
    """A desk on SQLite: for what is the same on every database and takes a while."""
    async with make_world(tmp_path / "data") as world:
        yield world
