"""Statements about tickets that belong together."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.domain.linking import OTHER_WAY, Link, as_kept
from tickets.domain.values import Status
from tickets.store.schema import ticket_links, tickets
from tickets.store.upsert import upsert


@dataclass(frozen=True)
class LinkRow:
    """Another ticket, and what this one is to it."""

    link: Link
    ticket_id: str
    tracking: str
    title: str
    status: Status


async def add(connection: AsyncConnection, one: str, link: Link, other: str, now: datetime) -> bool:
    """Link two tickets; False when they are linked so already."""
    first, kind, second = as_kept(one, link, other)
    values = {"one_id": first, "other_id": second, "kind": kind, "made_at": now}
    return await upsert(connection, ticket_links, values)


async def remove(connection: AsyncConnection, one: str, link: Link, other: str) -> bool:
    """Take a link away; False when there was none."""
    first, kind, second = as_kept(one, link, other)
    here = (ticket_links.c.one_id == first, ticket_links.c.other_id == second, ticket_links.c.kind == kind)
    return (await connection.execute(delete(ticket_links).where(*here))).rowcount == 1


async def of_ticket(connection: AsyncConnection, ticket: str) -> tuple[LinkRow, ...]:
    """Return the tickets that are linked with this one."""
    other = case((ticket_links.c.one_id == ticket, ticket_links.c.other_id), else_=ticket_links.c.one_id)
    query = (
        select(
            ticket_links.c.kind,
            ticket_links.c.one_id,
            tickets.c.id,
            tickets.c.tracking,
            tickets.c.title,
            tickets.c.status,
        )
        .join(tickets, tickets.c.id == other)
        .where(or_(ticket_links.c.one_id == ticket, ticket_links.c.other_id == ticket))
        .order_by(ticket_links.c.made_at, tickets.c.tracking)
    )
    rows = (await connection.execute(query)).all()
    return tuple(
        LinkRow(Link(row[0]) if row[1] == ticket else OTHER_WAY[Link(row[0])], row[2], row[3], row[4], Status(row[5]))
        for row in rows
    )
