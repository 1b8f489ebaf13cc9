"""Fixtures of the tests about mail."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.mail_peer import MailPeer, mail_peer
from tests.tickets.databases import Databases
from tests.tickets.mail.desk import MailDesk, mail_desk


@pytest.fixture
async def peer() -> AsyncIterator[MailPeer]:
    """A real SMTP server."""
    async with mail_peer() as running:
        yield running


@pytest.fixture
async def office(tmp_path: Path, peer: MailPeer, databases: Databases) -> AsyncIterator[MailDesk]:
    """A help desk that sends mail to it."""
    async with mail_desk(tmp_path / "data", peer, databases) as made:
        yield made
