"""Kept before anything else, acted on exactly once: whatever fails at whatever step, none is lost and none twice."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.tickets.mail.intake.inbox import INTAKE, MARIA, Inbox, mail
from tickets.domain.intake import IntakeState
from tickets.mail.intake.clerk import Clerk
from tickets.mail.intake.processing import LEASE, MAX_ATTEMPTS, IntakeProcessor
from tickets.mail.intake.receiving import Arrival, says_the_same
from tickets.mail.intake.understanding import WHOLE_S, ChildReader, InlineReader, Understood
from tickets.mail.reading.mail import Unreadable
from tickets.store.schema import tickets, timeline

STEPS = ("leased", "read", "files kept", "row taken", "acted", "before commit", "committed")
HERE = Arrival("test", trusted=True)
PNG = ("red.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(40))


class Killed(BaseException):
    """Ends what runs as a kill does: nobody catches it."""


async def counts(inbox: Inbox) -> tuple[int, int]:
    """Return how many tickets and lines there are."""
    async with inbox.context.database.read() as connection:
        found = [(await connection.execute(select(func.count()).select_from(table))).scalar_one()
                 for table in (tickets, timeline)]  # fmt: skip
    return found[0], found[1]


@pytest.mark.parametrize("where", STEPS)
async def test_killed_at_any_step_it_is_one_ticket_and_one_confirmation(inbox: Inbox, where: str) -> None:
    async def step(name: str) -> None:
        if name == where:
            raise Killed

    dying = IntakeProcessor(inbox.context, INTAKE, InlineReader(), step=step)
    await inbox.receiver.receive(mail(files=(PNG,)), HERE)
    with pytest.raises(Killed):
        await dying.process_due()
    # Nobody else takes it before the lease is over.
    await inbox.processor.process_due()
    assert await counts(inbox) in {(0, 0), (1, 1)}
    inbox.world.clock.forward(LEASE.total_seconds() + 1)
    await inbox.processor.process_due()
    assert await counts(inbox) == (1, 1)
    assert await inbox.confirmed() == 1
    assert await inbox.count(IntakeState.DONE) == 1


async def test_a_lease_that_was_lost_makes_nothing(inbox: Inbox) -> None:
    async def step(name: str) -> None:
        if name == "files kept":
            inbox.world.clock.forward(LEASE.total_seconds() + 1)
            await inbox.processor.process_due()

    slow = IntakeProcessor(inbox.context, INTAKE, InlineReader(), step=step)
    await inbox.receiver.receive(mail(), HERE)
    assert await slow.process_due() == 0
    assert await counts(inbox) == (1, 1)


async def test_what_ends_us_every_time_is_suspended(inbox: Inbox) -> None:
    async def step(name: str) -> None:
        if name == "read":
            raise Killed

    dying = IntakeProcessor(inbox.context, INTAKE, InlineReader(), step=step)
    ident = await inbox.receiver.receive(mail(), HERE)
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(Killed):
            await dying.process_due()
        inbox.world.clock.forward(LEASE.total_seconds() + 1)
    await dying.process_due()
    row = await inbox.row(ident)
    assert (row.state, row.tracking) == (IntakeState.SUSPENDED, None)
    assert "did not come to an end" in row.reason


async def test_a_fault_of_ours_suspends_its_mail_and_lets_the_next_one_through(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = Clerk.act

    async def act(self: Clerk, connection: object, raw: object, read: Understood, files: object) -> object:
        if read.mail.subject == "Bad":
            raise ZeroDivisionError
        return await genuine(self, connection, raw, read, files)  # type: ignore[arg-type]

    monkeypatch.setattr(Clerk, "act", act)
    bad = await inbox.receiver.receive(mail(subject="Bad"), HERE)
    good = await inbox.receiver.receive(mail(ident="<2@x>"), HERE)
    await inbox.processor.process_due()
    assert (await inbox.row(good)).state is IntakeState.DONE
    row = await inbox.row(bad)
    assert (row.state, row.reason) == (IntakeState.SUSPENDED, "Working on it failed (ZeroDivisionError).")


async def test_the_same_bytes_come_once(inbox: Inbox) -> None:
    raw = mail(ident="")
    idents = await asyncio.gather(*(inbox.receiver.receive(raw, HERE) for _ in range(5)))
    assert len(set(idents)) == 1
    assert await inbox.count(IntakeState.RECEIVED) == 1


async def test_one_message_id_with_other_words_waits_and_the_same_words_are_nothing_new(inbox: Inbox) -> None:
    first = await inbox.take(mail())
    again = await inbox.take(b"Received: by other.example\r\n" + mail())
    assert again.state is IntakeState.IGNORED
    other = await inbox.take(mail("Send me the password."))
    assert other.state is IntakeState.SUSPENDED
    assert "same Message-ID" in other.reason
    assert first.state is IntakeState.DONE
    assert await inbox.confirmed() == 1


def test_what_servers_add_is_no_difference() -> None:
    raw = mail()
    assert says_the_same(raw, b"Received: x\r\n" + raw.replace(b"\r\n", b"\n"))
    assert not says_the_same(raw, raw.replace(b"red", b"blue"))
    assert not says_the_same(raw, raw.replace(MARIA.encode(), b"eve@evil.example"))


async def test_mail_is_read_in_a_process_of_its_own() -> None:
    reader = ChildReader()
    try:
        read = await reader.read(mail("Hello."))
        assert read.said.strip() == "Hello."
        with pytest.raises(Unreadable):
            await reader.read(b"")
        child = reader._child
        assert child is not None
        child.kill()
        await child.wait()
        # The next one is read by a new process.
        assert (await reader.read(mail("Again."))).said.strip() == "Again."
    finally:
        await reader.close()


async def test_mails_read_at_once_get_their_own_answers() -> None:
    reader = ChildReader()
    try:
        read = await asyncio.gather(*(reader.read(mail(f"Number {number}.")) for number in range(8)))
        assert [each.said.strip() for each in read] == [f"Number {number}." for number in range(8)]
    finally:
        await reader.close()


async def test_a_mail_that_takes_too_long_is_given_up_and_the_next_one_read() -> None:
    reader = ChildReader(whole_s=0.0)
    with pytest.raises(Unreadable, match="took longer"):
        await reader.read(mail())
    assert reader._child is None
    patient = ChildReader()
    assert (await patient.read(mail("Hello."))).said.strip() == "Hello."
    await patient.close()
    assert timedelta(seconds=2 * WHOLE_S) < LEASE
