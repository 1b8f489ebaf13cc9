"""What a search for tickets looks into: everything that was written in a ticket and about it, notes too.

Technicians alone search tickets, so nothing has to be kept from anybody here.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.values import EntryKind, Status
from tickets.store.schema import (
    TICKET_INDEX,
    assets,
    people,
    ticket_assets,
    ticket_fields,
    ticket_tags,
    tickets,
    timeline,
)
from tickets.store.search import index
from tickets.store.search.bulk import Document, rebuild

OPEN: Final = "open"
SOLVED: Final = "solved"
CLOSED: Final = "closed"
"""Scopes: worked on or waiting; with a solution; closed without one."""

END_OF_REQUESTER: Final = "0requester0"
"""The word of a document behind name and address of who asked: what stands before it is theirs."""

_SPOKEN: Final = (EntryKind.MESSAGE, EntryKind.NOTE, EntryKind.RESOLVED)
_BATCH: Final = 500
# Nobody looks for what stands behind that in one ticket.
_MAX_CHARS: Final = 200_000


def _scope(status: Status, solution: str | None) -> str:
    if status not in {Status.RESOLVED, Status.CLOSED}:
        return OPEN
    return SOLVED if solution else CLOSED


def _ticket_query() -> Any:
    return select(tickets, people.c.email).join(people, people.c.id == tickets.c.requester_id)


def _pieces(idents: Sequence[str]) -> tuple[Any, ...]:
    """Return the statements for (ticket, text) of everything that hangs on these tickets."""
    said = (
        select(timeline.c.ticket_id, timeline.c.text)
        .where(timeline.c.ticket_id.in_(idents), timeline.c.kind.in_(_SPOKEN))
        .order_by(timeline.c.id)
    )
    tagged = select(ticket_tags.c.ticket_id, ticket_tags.c.tag).where(ticket_tags.c.ticket_id.in_(idents))
    filled = select(ticket_fields.c.ticket_id, ticket_fields.c.value).where(ticket_fields.c.ticket_id.in_(idents))
    things = (
        select(ticket_assets.c.ticket_id, assets.c.search_text)
        .join(assets, assets.c.id == ticket_assets.c.asset_id)
        .where(ticket_assets.c.ticket_id.in_(idents))
    )
    return tagged, filled, things, said


def _document(row: Any, pieces: Sequence[str]) -> Document:
    solution = row.solution or ""
    # The solution stands in the timeline too, unless it was written by hand in the database.
    head = (row.tracking, row.category, row.description, solution)
    body = "\n".join((*head, *pieces))[:_MAX_CHARS]
    # Who asked stands in the title, which is short: `from:` looks through many of them.
    title = f"{row.requester_name} {row.email} {END_OF_REQUESTER} {row.title}"
    return row.id, _scope(Status(row.status), row.solution), title, body


async def write(connection: AsyncConnection, ticket: str) -> None:
    """Index a ticket as it is now, in the transaction that changed it."""
    row = (await connection.execute(_ticket_query().where(tickets.c.id == ticket))).one_or_none()
    if row is None:
        await index.remove(connection, TICKET_INDEX, ticket)
        return
    pieces: list[str] = []
    for statement in _pieces([ticket]):
        pieces += [found[1] for found in await connection.execute(statement)]
    ref, scope, title, body = _document(row, pieces)
    await index.put(connection, TICKET_INDEX, ref, scope=scope, title=title, body=body)


def _batches(idents: Sequence[str]) -> Iterator[Sequence[str]]:
    return (idents[at : at + _BATCH] for at in range(0, len(idents), _BATCH))


def _all(connection: Connection) -> Iterator[Document]:
    order = select(tickets.c.id).order_by(tickets.c.created_at, tickets.c.id)
    for idents in _batches(connection.execute(order).scalars().all()):
        pieces: dict[str, list[str]] = {ident: [] for ident in idents}
        for statement in _pieces(idents):
            for ticket, text in connection.execute(statement):
                pieces[ticket].append(text)
        rows = {row.id: row for row in connection.execute(_ticket_query().where(tickets.c.id.in_(idents)))}
        for ident in idents:
            yield _document(rows[ident], pieces[ident])


async def write_all(connection: AsyncConnection) -> int:
    """Make the whole index anew; return how many tickets there are."""
    return await connection.run_sync(lambda sync: rebuild(sync, TICKET_INDEX, _all(sync)))
