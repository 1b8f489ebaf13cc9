"""Statements about all that is kept about one person, wherever it stands.

`tests/tickets/services/test_people.py` fills every table and then looks for a trace in every column of the database.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.people import ERASED, ERASED_DOMAIN, ERASED_NAME
from tickets.domain.values import EntryKind
from tickets.store import ticket_documents
from tickets.store.outbox import MailState
from tickets.store.schema import (
    TICKET_INDEX,
    assets,
    attachments,
    drafts,
    link_requests,
    mail_addresses,
    message_parts,
    outbox,
    people,
    pushes,
    ratings,
    raw_mails,
    ticket_fields,
    ticket_tags,
    tickets,
    time_spent,
    timeline,
    watchers,
    webhook_deliveries,
)
from tickets.store.search.index import forget, words_of
from tickets.text import fold

MOST_LISTED: Final = 50
_LIKE_ESCAPE: Final = "\\"

# Sentences of the desk about its own work; they name technicians, and the requester only by what was typed in.
_OWN_SENTENCES: Final = (
    EntryKind.CLAIMED,
    EntryKind.ASSIGNED,
    EntryKind.HANDED_OVER,
    EntryKind.TAKEN_OVER,
    EntryKind.UNASSIGNED,
    EntryKind.STATUS,
    EntryKind.REOPENED,
)


@dataclass(frozen=True)
class PersonRow:
    """A requester and how many tickets are theirs."""

    id: str
    email: str
    name: str | None
    language: str | None
    created_at: datetime
    tickets: int


def _people() -> Any:
    count = select(func.count()).where(tickets.c.requester_id == people.c.id).scalar_subquery().label("tickets")
    return select(people.c.id, people.c.email, people.c.name, people.c.language, people.c.created_at, count)


async def listed(connection: AsyncConnection, q: str) -> list[PersonRow]:
    """Return requesters whose address or name holds `q`, by address."""
    query = _people().where(people.c.email.not_like(f"%@{ERASED_DOMAIN}"))
    if wanted := fold(q):
        holds = people.c.email.contains(wanted, autoescape=True, escape=_LIKE_ESCAPE)
        named = func.lower(people.c.name).contains(wanted, autoescape=True, escape=_LIKE_ESCAPE)
        query = query.where(or_(holds, named))
    found = await connection.execute(query.order_by(people.c.email).limit(MOST_LISTED))
    return [PersonRow(**row) for row in found.mappings()]


async def by_id(connection: AsyncConnection, ident: str) -> PersonRow | None:
    """Return one requester."""
    found = (await connection.execute(_people().where(people.c.id == ident))).mappings().one_or_none()
    return None if found is None else PersonRow(**found)


async def ticket_ids(connection: AsyncConnection, person: str) -> list[str]:
    """Return the tickets of a person, the oldest first."""
    query = select(tickets.c.id).where(tickets.c.requester_id == person).order_by(tickets.c.created_at, tickets.c.id)
    return list((await connection.execute(query)).scalars())


async def watched(connection: AsyncConnection, email: str) -> list[str]:
    """Return the numbers of tickets of which this address is told too."""
    query = select(tickets.c.tracking).join(watchers, watchers.c.ticket_id == tickets.c.id)
    return list(
        (await connection.execute(query.where(watchers.c.email == email).order_by(tickets.c.tracking))).scalars()
    )


async def comments(connection: AsyncConnection, idents: Sequence[str]) -> list[str]:
    """Return what was said about how the help was."""
    query = select(ratings.c.rating, ratings.c.comment).where(ratings.c.ticket_id.in_(idents))
    return [f"{row[0]}: {row[1]}".rstrip(": ") for row in await connection.execute(query)]


async def owned(connection: AsyncConnection, person: str) -> list[str]:
    """Return the names of a person's assets."""
    return list((await connection.execute(select(assets.c.name).where(assets.c.owner_id == person))).scalars())


@dataclass(frozen=True)
class Traces:
    """How much was erased."""

    messages: int
    files: int
    mails: int


async def erase(connection: AsyncConnection, person: PersonRow) -> Traces:
    """Take every trace of a person out of the database; files that nobody has any more are cleared away later."""
    own = await ticket_ids(connection, person.id)
    theirs: ColumnElement[bool] = timeline.c.ticket_id.in_(own)
    elsewhere = timeline.c.actor_id == person.id
    touched = list((await connection.execute(select(timeline.c.ticket_id).where(elsewhere).distinct())).scalars())
    indexed = await words_of(connection, TICKET_INDEX, {*own, *touched})
    names = set((await connection.execute(select(tickets.c.requester_name).where(tickets.c.id.in_(own)))).scalars())
    words = [fold(word) for word in (*names, person.name or "", person.email) if word]
    lines = await connection.execute(
        select(timeline.c.id, timeline.c.kind, timeline.c.who, timeline.c.text).where(or_(theirs, elsewhere))
    )
    spoken = [
        row[0]
        for row in lines
        if row[1] not in _OWN_SENTENCES or any(word in fold(f"{row[2]} {row[3]}") for word in words)
    ]
    messages = await _in_parts(connection, timeline, timeline.c.id, spoken, text=ERASED)
    await connection.execute(update(timeline).where(elsewhere).values(who=ERASED_NAME))
    own_words = [fold(name) for name in names]
    for row in await connection.execute(select(timeline.c.id, timeline.c.who).where(theirs)):
        if fold(row[1]) in own_words:
            await connection.execute(update(timeline).where(timeline.c.id == row[0]).values(who=ERASED_NAME))
    for start in range(0, len(spoken), 500):
        part = spoken[start : start + 500]
        await connection.execute(delete(message_parts).where(message_parts.c.entry_id.in_(part)))
    files = await connection.execute(
        delete(attachments).where(or_(attachments.c.ticket_id.in_(own), attachments.c.sender == person.id))
    )
    await connection.execute(
        update(tickets)
        .where(tickets.c.requester_id == person.id)
        .values(
            title=ERASED,
            description=ERASED,
            requester_name=ERASED_NAME,
            requester_generation=tickets.c.requester_generation + 1,
        )
    )
    await connection.execute(
        update(tickets).where(tickets.c.id.in_(own), tickets.c.solution.is_not(None)).values(solution=ERASED)
    )
    mails = await _mails(connection, own, person.email)
    for table in (ticket_fields, ticket_tags, drafts):
        await connection.execute(delete(table).where(table.c.ticket_id.in_(own)))
    await connection.execute(update(time_spent).where(time_spent.c.ticket_id.in_(own)).values(note=""))
    await connection.execute(update(ratings).where(ratings.c.ticket_id.in_(own)).values(comment=""))
    await connection.execute(
        delete(watchers).where(or_(watchers.c.email == person.email, watchers.c.ticket_id.in_(own)))
    )
    await connection.execute(update(assets).where(assets.c.owner_id == person.id).values(owner_id=None))
    await _messages_to_programs(connection, dict.fromkeys((*own, *touched)))
    address = f"{person.id}@{ERASED_DOMAIN}"
    await connection.execute(
        update(people).where(people.c.id == person.id).values(email=address, name=None, language=None)
    )
    for ticket in dict.fromkeys((*own, *touched)):
        await ticket_documents.write(connection, ticket)
    await forget(connection, TICKET_INDEX, indexed)
    return Traces(messages, files.rowcount, mails)


def _names(text: str, words: Sequence[str]) -> bool:
    folded = fold(text)
    return any(word in folded for word in words)


async def _messages_to_programs(connection: AsyncConnection, idents: Iterable[str]) -> None:
    """Drop what webhooks and phones are owed, or were sent, about these tickets."""
    query = select(tickets.c.tracking).where(tickets.c.id.in_(list(idents)))
    for tracking in (await connection.execute(query)).scalars().all():
        await connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.body.contains(tracking)))
        await connection.execute(delete(pushes).where(pushes.c.path.contains(tracking)))


async def _mails(connection: AsyncConnection, own: Sequence[str], email: str) -> int:
    """Empty mails in both directions; that they came and went stays known, so that none comes in twice."""
    came = await connection.execute(
        update(raw_mails)
        .where(or_(raw_mails.c.ticket_id.in_(own), raw_mails.c.sender == email))
        .values(packed=b"", recipients="", sender="", subject="", message_id="", reason="")
    )
    theirs = or_(outbox.c.ticket_id.in_(own), outbox.c.recipient == email)
    await connection.execute(delete(outbox).where(theirs, outbox.c.state != MailState.SENT))
    went = await connection.execute(
        update(outbox)
        .where(theirs)
        .values(recipient=f"nobody@{ERASED_DOMAIN}", subject=ERASED, text="", html="", last_error=None)
    )
    await connection.execute(delete(mail_addresses).where(mail_addresses.c.address == email))
    await connection.execute(delete(link_requests).where(link_requests.c.email == email))
    return came.rowcount + went.rowcount


async def _in_parts(
    connection: AsyncConnection, table: Table, column: ColumnElement[Any], idents: Sequence[int], **values: Any
) -> int:
    count = 0
    for start in range(0, len(idents), 500):
        done = await connection.execute(update(table).where(column.in_(idents[start : start + 500])).values(**values))
        count += done.rowcount
    return count
