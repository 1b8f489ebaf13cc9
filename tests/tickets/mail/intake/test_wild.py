"""Real mails, broken ones among them: each becomes exactly one ticket, follow-up, or mail that waits with a reason."""

from collections import Counter

import pytest

from tests.support.shared import shared
from tests.tickets.mail.intake.inbox import Inbox
from tickets.domain.intake import IntakeState
from tickets.mail.intake.receiving import Arrival
from tickets.mail.intake.understanding import ChildReader


@pytest.mark.parametrize("folder", ["mail/wild", "mail/bounces"])
async def test_every_mail_becomes_exactly_one_thing(inbox: Inbox, folder: str) -> None:
    files = [path for path in sorted(shared(folder).iterdir()) if path.name not in {"LICENSE", ".gitattributes"}]
    assert len(files) > 90
    reader = ChildReader()
    inbox.processor._reader = reader  # type: ignore[misc]
    idents = set()
    try:
        for path in files:
            idents.add(await inbox.receiver.receive(path.read_bytes(), Arrival("test", trusted=False)))
        await inbox.processor.process_due()
    finally:
        await reader.close()
    rows = [await inbox.row(ident) for ident in idents]
    states = Counter(row.state for row in rows)
    assert states[IntakeState.RECEIVED] == 0
    for row in rows:
        assert (row.tracking is not None) == (row.state is IntakeState.DONE), row
        assert row.state is IntakeState.DONE or row.reason, row
        # No crash among the reasons: what can't be read has one that says why.
        assert "Working on it" not in row.reason, row
        assert "failed on it" not in row.reason, row
    # Two files with the same bytes are one mail.
    assert len(idents) == len({path.read_bytes() for path in files})
