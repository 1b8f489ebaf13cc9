"""Who else looks at a ticket or types into it: told to those who are there, over the one socket of their page."""

import json

from protocol.errors import CloseCode
from tests.tickets.asgi_socket import SocketClient, connected
from tests.tickets.web.test_live import enter, text_of, ticket_for
from tests.tickets.world import PUBLIC_URL, World


async def here(socket: SocketClient, tracking: str, doing: str = "looking") -> None:
    await socket.send_text(json.dumps({"type": "here", "tracking": tracking, "doing": doing}))


def company(tracking: str, *people: tuple[str, str]) -> object:
    found = [{"name": name, "doing": doing} for name, doing in people]
    return {"type": "company", "tracking": tracking, "people": found}


async def test_two_on_one_ticket_are_told_of_each_other(world: World) -> None:
    ada, bob = await world.technician(), await world.technician("Bob")
    one, two = "TL-0000-0001", "TL-0000-0002"
    async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as first:
        await enter(first, await ticket_for(ada))
        await here(first, one)
        async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as second:
            await enter(second, await ticket_for(bob))
            await here(second, one)
            assert text_of(await first.next()) == company(one, ("Bob", "looking"))
            assert text_of(await second.next()) == company(one, ("Ada", "looking"))
            await here(second, one, "typing")
            assert text_of(await first.next()) == company(one, ("Bob", "typing"))
            # Said again, it is no news.
            await here(second, one, "typing")
            await here(second, two)
            assert text_of(await first.next()) == company(one)
            await here(second, one)
            assert text_of(await first.next()) == company(one, ("Bob", "looking"))
        assert text_of(await first.next()) == company(one)


async def test_ones_own_second_page_is_no_company(world: World) -> None:
    ada, bob = await world.technician(), await world.technician("Bob")
    tracking = "TL-0000-0001"
    async with (
        connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as first,
        connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as again,
        connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as other,
    ):
        for socket, caller in ((first, ada), (again, ada), (other, bob)):
            await enter(socket, await ticket_for(caller))
            await here(socket, tracking)
        # The first news is of Bob.
        assert text_of(await first.next()) == company(tracking, ("Bob", "looking"))
        assert text_of(await again.next()) == company(tracking, ("Bob", "looking"))
        assert text_of(await other.next()) == company(tracking, ("Ada", "looking"))


async def test_a_page_that_says_something_else_or_too_much_goes(world: World) -> None:
    ada = await world.technician()
    for frame in ('{"type": "here"}', '{"type":"here","tracking":"x","doing":"looking"}', "x" * 2_000):
        async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as socket:
            await enter(socket, await ticket_for(ada))
            await socket.send_text(frame)
            assert await socket.close_code() == CloseCode.MALFORMED
    for count in (30, 31):
        async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as socket:
            await enter(socket, await ticket_for(ada))
            for _ in range(count):
                await here(socket, "TL-0000-0001")
            if count > 30:
                assert await socket.close_code() == CloseCode.TOO_MANY
            else:
                await world.ticket()
                assert text_of(await socket.next()) != {}
