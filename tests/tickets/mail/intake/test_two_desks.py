"""Two help desks that write to each other fall silent, also when what says "automatic" is lost on the way."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.tickets.mail.intake.inbox import Inbox, mail, make_inbox
from tickets.mail.intake.receiving import Arrival
from tickets.mail.sending import MailSender
from tickets.mail.smtp import NotSent
from tickets.settings import IntakeSettings, MailSettings, SmtpServer

ONE, TWO = "help@one.example", "help@two.example"
# What a server on the way may take out or change.
_MARKS = re.compile(rb"^(Auto-Submitted|X-Auto-Response-Suppress|Precedence|List-[A-Za-z-]+):.*\r\n", re.MULTILINE)


class Wire:
    """A mailer that hands what one desk sends to the other one, or nowhere."""

    def __init__(self, own: str, *, stripped: bool) -> None:
        self.other: Inbox | None = None
        self.own = own
        self.stripped = stripped
        self.carried = 0

    @asynccontextmanager
    async def round(self) -> AsyncIterator["Wire"]:
        """Give itself."""
        yield self

    async def send(self, _sender: str, recipient: str, mail: bytes) -> None:
        """Carry a mail over."""
        if self.other is None:
            raise NotSent("not connected", whole_server=True)
        if recipient in {ONE, TWO} and recipient != self.own:
            self.carried += 1
            raw = _MARKS.sub(b"", mail) if self.stripped else mail
            await self.other.receiver.receive(raw, Arrival("test", trusted=False, recipients=(recipient,)))


def settings(address: str) -> dict[str, object]:
    return {
        "mail": MailSettings("Desk", address, SmtpServer("127.0.0.1", 9, "none")),
        "intake": IntakeSettings(addresses=(address,)),
    }


@pytest.mark.parametrize(("stripped", "most"), [(False, 2), (True, 60)])
async def test_two_desks_fall_silent(tmp_path: Path, stripped: bool, most: int) -> None:
    async with (
        make_inbox(tmp_path / "one", None, **settings(ONE)) as one,
        make_inbox(tmp_path / "two", None, **settings(TWO)) as two,
    ):
        wires = Wire(ONE, stripped=stripped), Wire(TWO, stripped=stripped)
        senders = []
        for desk, wire, other in ((one, wires[0], two), (two, wires[1], one)):
            wire.other = other
            chosen = desk.world.settings.mail
            assert chosen is not None
            senders.append((desk, MailSender(desk.context, chosen, wire)))
        # Somebody writes to both, so that each believes that the other is a person.
        await one.receiver.receive(mail(sender=f"Desk two <{TWO}>", to=ONE), Arrival("test", trusted=False))
        carried, quiet = 0, 0
        for _ in range(400):
            for desk, sender in senders:
                await desk.processor.process_due()
                await sender.send_due()
            now = sum(wire.carried for wire in wires)
            quiet = quiet + 1 if now == carried else 0
            carried = now
            if quiet >= 3:
                break
        assert quiet >= 3, "they never fell silent"
        assert 1 <= carried <= most


def test_the_wire_takes_the_marks_out() -> None:
    assert b"Auto-Submitted" not in _MARKS.sub(b"", mail(Auto_Submitted="auto-generated"))
    assert b"Auto-Submitted" in mail(Auto_Submitted="auto-generated")
