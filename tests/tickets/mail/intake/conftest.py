"""Fixtures of the tests about mail that comes in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.tickets.databases import Databases
from tests.tickets.mail.intake.inbox import Inbox, make_inbox


@pytest.fixture
async def inbox(tmp_path: Path, databases: Databases) -> AsyncIterator[Inbox]:
    """A help desk that takes mail in."""
    async with make_inbox(tmp_path / "data", databases) as made:
        yield made
