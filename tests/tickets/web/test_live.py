"""`/live`: who gets in, what is told, when it ends."""

import json
from contextlib import AsyncExitStack

import pytest
from starlette.types import Message

from protocol.errors import CloseCode
from tests.tickets.asgi_socket import SocketClient, connected
from tests.tickets.world import PUBLIC_URL, Caller, World
from tickets import setup
from tickets.store import logins
from tickets.web import live


async def ticket_for(caller: Caller) -> str:
    found: str = (await caller.must("/live"))["socket_ticket"]
    return found


def hello(ticket: str) -> str:
    return json.dumps({"type": "live-hello", "ticket": ticket})


def text_of(message: Message) -> object:
    return json.loads(message["text"])


async def enter(socket: SocketClient, ticket: str) -> object:
    assert (await socket.next())["type"] == "websocket.accept"
    await socket.send_text(hello(ticket))
    message = await socket.next()
    return socket.closed if socket.closed is not None else text_of(message)


async def test_a_page_is_told_what_changed_and_nothing_more(world: World) -> None:
    ada = await world.technician()
    async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as socket:
        assert await enter(socket, await ticket_for(ada)) == {"type": "hello"}
        filed = await world.ticket()
        assert text_of(await socket.next()) == {"type": "changed", "what": "queue", "tracking": filed.tracking}
        await filed.requester.must(f"/tickets/{filed.tracking}/messages", {"text": "secret words"}, 201)
        assert text_of(await socket.next()) == {"type": "changed", "what": "ticket", "tracking": filed.tracking}
        await world.desk.gate.agent_came(filed.tracking)
        assert text_of(await socket.next()) == {"type": "changed", "what": "presence", "tracking": filed.tracking}


async def test_a_socket_ticket_is_used_once(world: World) -> None:
    ada = await world.technician()
    ticket = await ticket_for(ada)
    async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as socket:
        assert await enter(socket, ticket) == {"type": "hello"}
    async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as socket:
        assert await enter(socket, ticket) == CloseCode.REFUSED


@pytest.mark.parametrize(("age_s", "good"), [(29, True), (30, False)])
async def test_a_socket_ticket_is_good_for_thirty_seconds(world: World, age_s: int, good: bool) -> None:
    ada = await world.technician()
    ticket = await ticket_for(ada)
    world.clock.forward(age_s)
    async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as socket:
        assert await enter(socket, ticket) == ({"type": "hello"} if good else CloseCode.REFUSED)


async def test_a_viewer_ticket_opens_no_live_page(world: World) -> None:
    ada = await world.technician()
    offer = await world.session(ada, await world.claimed(ada))
    async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as socket:
        assert await enter(socket, offer["socket_ticket"]) == CloseCode.REFUSED


@pytest.mark.parametrize(
    "origin", [None, "https://evil.example", "null", PUBLIC_URL + ".evil.example", PUBLIC_URL + "/"]
)
async def test_a_socket_from_another_site_is_refused_before_it_opens(world: World, origin: str | None) -> None:
    ada = await world.technician()
    cookie = {"cookie": await world.cookie()}
    async with connected(world.desk.asgi, "/live", origin=origin, headers=cookie) as socket:
        assert (await socket.next())["type"] == "websocket.close"
    async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as socket:
        assert await enter(socket, await ticket_for(ada)) == {"type": "hello"}


@pytest.mark.parametrize(
    "frame", ["", "{}", "[]", '{"type": "live-hello"}', '{"type":"live-hello","ticket":7}', "\x00"]
)
async def test_a_first_frame_that_is_none_closes(world: World, frame: str) -> None:
    async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as socket:
        await socket.next()
        await socket.send_text(frame)
        assert await socket.close_code() == CloseCode.MALFORMED


async def test_a_cookie_is_no_proof_and_silence_closes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_FIRST_FRAME_S", 0.2)
    await world.technician()
    cookie = {"cookie": await world.cookie()}
    async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL, headers=cookie) as socket:
        assert await socket.close_code() == CloseCode.FIRST_FRAME_LATE


async def test_a_page_says_nothing_after_its_first_frame(world: World) -> None:
    ada = await world.technician()
    async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as socket:
        await enter(socket, await ticket_for(ada))
        await socket.send_bytes(b"\x00" * 1000)
        assert await socket.close_code() == CloseCode.MALFORMED


async def test_a_live_page_ends_with_its_login(world: World) -> None:
    ada = await world.technician()
    async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as socket:
        await enter(socket, await ticket_for(ada))
        await ada.post("/logout")
        assert await socket.close_code() == CloseCode.REFUSED


async def test_a_live_page_ends_when_another_process_disables_the_technician(world: World) -> None:
    ada = await world.technician()
    async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as socket:
        await enter(socket, await ticket_for(ada))
        await setup.disable_technician(world.settings, "ada@help.example")
        assert await socket.close_code(within_s=2.0) == CloseCode.REFUSED


async def test_one_address_may_not_crowd_the_door(world: World) -> None:
    ada = await world.technician()
    async with AsyncExitStack() as stack:
        for _ in range(32):
            socket = await stack.enter_async_context(connected(world.desk.asgi, "/live", origin=PUBLIC_URL))
            assert (await socket.next())["type"] == "websocket.accept"
        late = await stack.enter_async_context(connected(world.desk.asgi, "/live", origin=PUBLIC_URL))
        assert (await late.next())["type"] == "websocket.close"
        # Whoever has shown a ticket is no newcomer any more.
        await socket.send_text(hello(await ticket_for(ada)))
        assert text_of(await socket.next()) == {"type": "hello"}
        again = await stack.enter_async_context(connected(world.desk.asgi, "/live", origin=PUBLIC_URL))
        assert (await again.next())["type"] == "websocket.accept"


async def test_there_is_room_for_so_many_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await world.technician()
    monkeypatch.setattr(live, "_MOST_SOCKETS", 2)
    async with AsyncExitStack() as stack:
        for _ in range(2):
            socket = await stack.enter_async_context(connected(world.desk.asgi, "/live", origin=PUBLIC_URL))
            assert await enter(socket, await ticket_for(ada)) == {"type": "hello"}
        late = await stack.enter_async_context(connected(world.desk.asgi, "/live", origin=PUBLIC_URL))
        assert (await late.next())["type"] == "websocket.close"
    async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as socket:
        assert await enter(socket, await ticket_for(ada)) == {"type": "hello"}


async def test_a_socket_ticket_ends_with_its_login(world: World) -> None:
    ada = await world.technician()
    first, second = await ticket_for(ada), await ticket_for(ada)
    async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as socket:
        assert await enter(socket, first) == {"type": "hello"}
    # As another process does it: the row of the login goes, and nothing else.
    actor = await world.desk.services.logins.resolve(bearer=ada.token, cookie=None, tracking=None)
    assert actor.login is not None
    async with world.desk._context.database.write() as connection:
        await logins.end(connection, actor.login)
    async with connected(world.desk.asgi, "/live", origin=PUBLIC_URL) as socket:
        assert await enter(socket, second) == CloseCode.REFUSED
