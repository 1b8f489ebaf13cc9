"""Fetching over a real IMAP server: at once by IDLE, nothing twice, nothing lost when numbers change."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.dovecot import DovecotServer
from tests.tickets.databases import Databases
from tests.tickets.mail.intake.inbox import INTAKE, Inbox, mail, make_inbox
from tickets.domain.intake import IntakeState
from tickets.mail.imap import MailboxFetcher, MailboxTrouble, access_token
from tickets.mail.intake.office import MailIntake
from tickets.mail.intake.understanding import InlineReader
from tickets.settings import ImapServer, TokenSource


def server(dovecot: DovecotServer, user: str, **changes: Any) -> ImapServer:
    values = {
        "host": "localhost",
        "port": dovecot.imaps,
        "security": "tls",
        "user": user,
        "password": dovecot.password,
        "ca": str(dovecot.ca),
    }
    return ImapServer(**{**values, **changes})


@pytest.fixture
def user(databases: Databases, request: pytest.FixtureRequest) -> str:
    """A mailbox that no other test has, nor this one on another database."""
    return f"{request.function.__name__[5:30]}-{databases.kind}@office.example"


@asynccontextmanager
async def running(inbox: Inbox, imap: ImapServer) -> AsyncIterator[MailIntake]:
    """Run what the worker runs."""
    from dataclasses import replace

    intake = MailIntake(inbox.context, replace(INTAKE, imap=imap), InlineReader())
    task = asyncio.create_task(intake.run())
    try:
        yield intake
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(inbox: Inbox, state: IntakeState, count: int, seconds: float = 15) -> float:
    began = time.monotonic()
    while await inbox.count(state) != count:
        assert time.monotonic() - began < seconds, f"{await inbox.count(state)} are {state}"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def eventually(condition: Callable[[], bool], seconds: float = 15) -> None:
    began = time.monotonic()
    while not await asyncio.to_thread(condition):
        assert time.monotonic() - began < seconds
        await asyncio.sleep(0.02)


async def test_mail_becomes_a_ticket_within_two_seconds_and_is_marked(
    inbox: Inbox, dovecot: DovecotServer, user: str
) -> None:
    await asyncio.to_thread(dovecot.append, mail(ident="<old@x>"), user=user, flags="(\\Seen)")
    await asyncio.to_thread(dovecot.append, mail(ident="<waiting@x>"), user=user)
    async with running(inbox, server(dovecot, user)):
        # What somebody read before we came is none of ours.
        await until(inbox, IntakeState.DONE, 1)
        await eventually(lambda: all("\\Seen" in flags for flags in dovecot.flags(user=user).values()))
        for number in range(3):
            await asyncio.to_thread(dovecot.deliver, mail(ident=f"<{number}@x>"), user)
            assert await until(inbox, IntakeState.DONE, 2 + number) < 2
    assert len(dovecot.mails(user=user)) == 5


async def test_taken_mail_moves_to_its_folder(inbox: Inbox, dovecot: DovecotServer, user: str) -> None:
    await asyncio.to_thread(dovecot.append, mail(ident="<1@x>"), user=user)
    async with running(inbox, server(dovecot, user, processed="Taken", security="starttls", port=dovecot.imap)):
        await until(inbox, IntakeState.DONE, 1)
        await eventually(lambda: dovecot.mails(user=user) == {})
    assert len(dovecot.mails(user=user, folder="Taken")) == 1


async def test_a_renumbered_mailbox_gives_nothing_twice_and_loses_nothing(
    inbox: Inbox, dovecot: DovecotServer, user: str
) -> None:
    inbox.world.clock.now_s = time.time()
    for number in range(3):
        await asyncio.to_thread(dovecot.append, mail(ident=f"<{number}@x>"), user=user)
    async with running(inbox, server(dovecot, user)):
        await until(inbox, IntakeState.DONE, 3)
    before = dovecot.uid_validity(user=user)
    dovecot.forget_uids(user=user)
    # Came while nobody looked, and somebody read it elsewhere.
    await asyncio.to_thread(dovecot.append, mail(ident="<new@x>"), user=user, flags="(\\Seen)")
    assert dovecot.uid_validity(user=user) != before
    async with running(inbox, server(dovecot, user)):
        await until(inbox, IntakeState.DONE, 4)
        await asyncio.to_thread(dovecot.deliver, mail(ident="<last@x>"), user)
        await until(inbox, IntakeState.DONE, 5)
    assert await inbox.count(IntakeState.SUSPENDED) == 0


async def test_a_mail_kept_before_the_connection_broke_is_put_away_later(
    inbox: Inbox, dovecot: DovecotServer, user: str
) -> None:
    async with running(inbox, server(dovecot, user)):
        await asyncio.to_thread(dovecot.append, mail(ident="<1@x>"), user=user)
        await until(inbox, IntakeState.DONE, 1)
        await eventually(lambda: all("\\Seen" in flags for flags in dovecot.flags(user=user).values()))
    with dovecot.mailbox(user) as connection:
        connection.select("INBOX")
        connection.uid("STORE", "1", "-FLAGS", "(\\Seen)")
    async with running(inbox, server(dovecot, user)):
        await eventually(lambda: all("\\Seen" in flags for flags in dovecot.flags(user=user).values()))
    assert await inbox.count(IntakeState.DONE) == 1


async def test_login_by_token(inbox: Inbox, dovecot: DovecotServer, user: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(dovecot.token(user) + "\n")
    imap = server(dovecot, user, password="", token=TokenSource(file=str(file)))
    await MailboxFetcher(inbox.context, imap, inbox.receiver).check()
    file.write_text(dovecot.token(user, lasts_s=-100))
    with pytest.raises(MailboxTrouble):
        await MailboxFetcher(inbox.context, imap, inbox.receiver).check()


async def test_a_program_can_print_the_token() -> None:
    assert await access_token(TokenSource(command=("echo", "abc"))) == "abc"
    for command in (("false",), ("echo", ""), ("no-such-program",)):
        with pytest.raises(MailboxTrouble):
            await access_token(TokenSource(command=command))


async def test_what_is_wrong_is_said_without_the_password(inbox: Inbox, dovecot: DovecotServer, user: str) -> None:
    good = server(dovecot, user)
    await MailboxFetcher(inbox.context, good, inbox.receiver).check()
    for changes, says in (
        ({"password": "s3cret"}, "refused the login"),
        ({"ca": ""}, "is not trusted"),
        ({"port": 9}, "Nothing serves mail"),
        ({"folder": "Nowhere"}, "imap_folder"),
    ):
        with pytest.raises(MailboxTrouble, match=says) as raised:
            await MailboxFetcher(inbox.context, server(dovecot, user, **changes), inbox.receiver).check()
        assert "s3cret" not in str(raised.value)


async def test_it_comes_back_when_the_server_was_away(
    tmp_path: Path, databases: Databases, dovecot: DovecotServer
) -> None:
    async with make_inbox(tmp_path / "back", databases) as inbox:
        user = "back@office.example"
        tries: list[float] = []

        async def sleep(seconds: float) -> None:
            tries.append(seconds)
            if len(tries) == 3:
                raise asyncio.CancelledError

        fetcher = MailboxFetcher(inbox.context, server(dovecot, user, port=9), inbox.receiver, sleep=sleep)
        with pytest.raises(asyncio.CancelledError):
            await fetcher.run()
        assert tries == [1, 2, 4]
