"""Statements about agents: the one computer that belongs to a ticket."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from tickets.store.schema import agents


@dataclass(frozen=True)
class AgentRow:
    """The key pinned to a ticket and the generation of its token."""

    ticket_id: str
    agent_key: str
    generation: int
    joined_at: datetime
    came_at: datetime | None
    left_at: datetime | None


async def of_ticket(connection: AsyncConnection, ticket: str) -> AgentRow | None:
    """Return the agent of this ticket."""
    found = (await connection.execute(select(agents).where(agents.c.ticket_id == ticket))).mappings().one_or_none()
    return None if found is None else AgentRow(**found)


async def pin(connection: AsyncConnection, ticket: str, agent_key: str, generation: int, now: datetime) -> None:
    """Make `agent_key` the ticket's one agent."""
    values = {"agent_key": agent_key, "generation": generation, "joined_at": now, "came_at": None, "left_at": None}
    done = await connection.execute(agents.update().where(agents.c.ticket_id == ticket).values(**values))
    if done.rowcount == 0:
        await connection.execute(agents.insert().values(ticket_id=ticket, **values))


async def came(connection: AsyncConnection, ticket: str, now: datetime) -> None:
    """Note that the agent registered."""
    await connection.execute(agents.update().where(agents.c.ticket_id == ticket).values(came_at=now))


async def left(connection: AsyncConnection, ticket: str, now: datetime) -> None:
    """Note that the agent went."""
    await connection.execute(agents.update().where(agents.c.ticket_id == ticket).values(left_at=now))
