"""Statements about tags."""

from collections.abc import Collection

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.schema import ticket_tags
from tickets.store.upsert import upsert


async def of_ticket(connection: AsyncConnection, ticket: str) -> tuple[str, ...]:
    """Return the tags of a ticket, in order."""
    query = select(ticket_tags.c.tag).where(ticket_tags.c.ticket_id == ticket).order_by(ticket_tags.c.tag)
    return tuple((await connection.execute(query)).scalars())


async def put(connection: AsyncConnection, ticket: str, tags: Collection[str]) -> None:
    """Give a ticket these tags and no others."""
    gone = delete(ticket_tags).where(ticket_tags.c.ticket_id == ticket, ticket_tags.c.tag.not_in(tags))
    await connection.execute(gone)
    for tag in tags:
        await upsert(connection, ticket_tags, {"ticket_id": ticket, "tag": tag})


async def beginning_with(connection: AsyncConnection, prefix: str, limit: int) -> tuple[str, ...]:
    """Return tags that begin with `prefix`, those of most tickets first."""
    query = (
        select(ticket_tags.c.tag)
        .where(ticket_tags.c.tag.startswith(prefix, autoescape=True))
        .group_by(ticket_tags.c.tag)
        .order_by(func.count().desc(), ticket_tags.c.tag)
        .limit(limit)
    )
    return tuple((await connection.execute(query)).scalars())
