"""Statements about things that are looked after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.schema import agents, assets, people, ticket_assets, tickets
from tickets.text import words


@dataclass(frozen=True)
class AssetRow:
    """A thing as the database has it, with its owner's address."""

    id: str
    name: str
    kind: str
    serial: str
    inventory: str
    location: str
    owner: str
    notes: str
    agent_key: str | None
    retired_at: datetime | None
    updated_at: datetime


def _rows() -> Select[Any]:
    return (
        select(assets, people.c.email.label("owner"))
        .outerjoin(people, people.c.id == assets.c.owner_id)
        .order_by(assets.c.name, assets.c.id)
    )


def _row(found: Any) -> AssetRow:
    return AssetRow(
        found.id,
        found.name,
        found.kind,
        found.serial,
        found.inventory,
        found.location,
        found.owner or "",
        found.notes,
        found.agent_key,
        found.retired_at,
        found.updated_at,
    )


async def by_id(connection: AsyncConnection, ident: str) -> AssetRow | None:
    """Return a thing."""
    found = (await connection.execute(_rows().where(assets.c.id == ident))).one_or_none()
    return None if found is None else _row(found)


async def listed(
    connection: AsyncConnection, *, q: str, owner: str, retired: bool, after: tuple[str, str] | None, limit: int
) -> list[AssetRow]:
    """Return things by name; the retired ones too when asked."""
    query = _rows()
    for word in words(q):
        query = query.where(or_(*(c.contains(word, autoescape=True) for c in (assets.c.search_text, people.c.email))))
    if owner:
        query = query.where(people.c.email == owner)
    if not retired:
        query = query.where(assets.c.retired_at.is_(None))
    if after is not None:
        name, ident = after
        query = query.where(or_(assets.c.name > name, and_(assets.c.name == name, assets.c.id > ident)))
    return [_row(found) for found in await connection.execute(query.limit(limit))]


async def with_number(connection: AsyncConnection, *, inventory: str, serial: str) -> AssetRow | None:
    """Return the thing with this inventory number, or when none is given with this serial number."""
    if not inventory and not serial:
        return None
    here = assets.c.inventory == inventory if inventory else assets.c.serial == serial
    found = (await connection.execute(_rows().where(here).limit(1))).first()
    return None if found is None else _row(found)


async def add(connection: AsyncConnection, **values: Any) -> None:
    """Add a thing."""
    await connection.execute(assets.insert().values(**values))


async def change(connection: AsyncConnection, ident: str, **values: Any) -> None:
    """Change a thing."""
    await connection.execute(assets.update().where(assets.c.id == ident).values(**values))


async def of_ticket(connection: AsyncConnection, ticket: str) -> list[AssetRow]:
    """Return what a ticket is about."""
    linked = select(ticket_assets.c.asset_id).where(ticket_assets.c.ticket_id == ticket)
    return [_row(found) for found in await connection.execute(_rows().where(assets.c.id.in_(linked)))]


async def suggested(connection: AsyncConnection, ticket: str, limit: int) -> list[AssetRow]:
    """Return the requester's things and the computer whose agent joined, as far as the ticket has them not yet."""
    owner = select(tickets.c.requester_id).where(tickets.c.id == ticket).scalar_subquery()
    joined = select(agents.c.agent_key).where(agents.c.ticket_id == ticket).scalar_subquery()
    linked = select(ticket_assets.c.asset_id).where(ticket_assets.c.ticket_id == ticket)
    # Two questions, each with an index of its own; with OR between them all things are read.
    theirs = union_all(
        select(assets.c.id).where(assets.c.owner_id == owner), select(assets.c.id).where(assets.c.agent_key == joined)
    )
    query = _rows().where(assets.c.id.in_(theirs), assets.c.retired_at.is_(None), assets.c.id.not_in(linked))
    return [_row(found) for found in await connection.execute(query.limit(limit))]


async def put_on(connection: AsyncConnection, ticket: str, idents: Sequence[str]) -> None:
    """Say what a ticket is about."""
    await connection.execute(ticket_assets.delete().where(ticket_assets.c.ticket_id == ticket))
    if idents:
        await connection.execute(
            ticket_assets.insert(), [{"ticket_id": ticket, "asset_id": ident} for ident in dict.fromkeys(idents)]
        )


async def existing(connection: AsyncConnection, idents: Sequence[str]) -> dict[str, str]:
    """Return the names of those of these things that there are, by id."""
    rows = await connection.execute(select(assets.c.id, assets.c.name).where(assets.c.id.in_(idents)))
    return {row.id: row.name for row in rows}


async def tickets_of(connection: AsyncConnection, ident: str) -> list[str]:
    """Return the ids of all tickets about a thing."""
    query = select(ticket_assets.c.ticket_id).where(ticket_assets.c.asset_id == ident)
    return list((await connection.execute(query)).scalars())


async def learn_computer(connection: AsyncConnection, ticket: str) -> None:
    """Note the key of the agent that joined a ticket on its computer, when there is no doubt which one that is.

    No doubt: the ticket is about one thing, and neither has that a key nor the key another thing.
    """
    key = (
        await connection.execute(select(agents.c.agent_key).where(agents.c.ticket_id == ticket))
    ).scalar_one_or_none()
    linked = await of_ticket(connection, ticket)
    if key is None or len(linked) != 1 or linked[0].agent_key is not None:
        return
    taken = select(func.count()).select_from(assets).where(assets.c.agent_key == key)
    if (await connection.execute(taken)).scalar_one() == 0:
        await change(connection, linked[0].id, agent_key=key)


async def put_computer_on(connection: AsyncConnection, ticket: str) -> str | None:
    """Let a ticket be about the computer whose agent joined it, when that is known; return its name if it was new."""
    key = select(agents.c.agent_key).where(agents.c.ticket_id == ticket).scalar_subquery()
    found = (await connection.execute(_rows().where(assets.c.agent_key == key, assets.c.retired_at.is_(None)))).first()
    if found is None:
        return None
    here = and_(ticket_assets.c.ticket_id == ticket, ticket_assets.c.asset_id == found.id)
    if (await connection.execute(select(ticket_assets.c.asset_id).where(here))).first() is not None:
        return None
    await connection.execute(ticket_assets.insert().values(ticket_id=ticket, asset_id=found.id))
    return str(found.name)
