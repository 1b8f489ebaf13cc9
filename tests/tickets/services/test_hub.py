"""Live events: coalesced, bounded, ended."""

import asyncio

import msgspec

from tickets.services.hub import Changed, LiveHub, Subscription


async def all_of(subscription: Subscription) -> list[msgspec.Struct]:
    subscription.close()
    return [event async for event in subscription.events()]


async def first(subscription: Subscription) -> msgspec.Struct:
    return await anext(subscription.events())


async def test_the_same_event_twice_is_once() -> None:
    hub = LiveHub()
    with hub.subscribed("login") as subscription:
        for _ in range(3):
            hub.publish("ticket", "TL-1")
        hub.publish("queue")
        assert await all_of(subscription) == [Changed("ticket", "TL-1"), Changed("queue")]


async def test_a_page_that_lags_is_told_to_fetch_everything() -> None:
    hub = LiveHub()
    with hub.subscribed("slow") as slow, hub.subscribed("other") as other:
        for number in range(64):
            hub.publish("ticket", f"TL-{number}")
        assert len(await all_of(other)) == 64
        hub.publish("ticket", "TL-64")
        assert await all_of(slow) == [Changed("queue")]


async def test_nobody_is_told_after_leaving() -> None:
    hub = LiveHub()
    with hub.subscribed("login"):
        assert hub.logins() == {"login"}
    assert hub.logins() == set()
    hub.publish("queue")


async def test_dropping_a_login_ends_its_pages_only() -> None:
    hub = LiveHub()
    with hub.subscribed("one") as one, hub.subscribed("two") as two:
        hub.drop({"one"})
        assert [event async for event in one.events()] == []
        hub.publish("queue")
        assert await anext(two.events()) == Changed("queue")


async def test_an_event_wakes_who_waits() -> None:
    hub = LiveHub()
    with hub.subscribed("login") as subscription:
        waiting = asyncio.create_task(first(subscription))
        await asyncio.sleep(0)
        hub.publish("presence", "TL-1")
        assert await waiting == Changed("presence", "TL-1")
