"""People who use the pages."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from tests.tickets.pages.html import Person
from tests.tickets.world import PASSWORD, World
from tickets.domain.access import Role

Staff = Callable[..., Awaitable[Person]]


@pytest.fixture
async def person(world: World) -> AsyncIterator[Person]:
    """Somebody without a login."""
    async with world.somebody_at("203.0.113.7") as client:
        yield Person(client)


@pytest.fixture
async def staff(world: World) -> AsyncIterator[Staff]:
    """Makes technicians, logged in by the login page: `await staff("Ada")`."""
    async with AsyncExitStack() as stack:

        async def make(name: str = "Ada", role: Role = Role.TECHNICIAN) -> Person:
            await world.technician(name, role)
            client = await stack.enter_async_context(world.somebody_at("203.0.113.8"))
            somebody = Person(client)
            await somebody.go("/console/login")
            await somebody.send("/console/login", email=f"{name.lower()}@help.example", password=PASSWORD)
            assert somebody.at == "/console"
            return somebody

        yield make
