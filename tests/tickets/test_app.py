"""The running help desk: its watch over permissions, and its end."""

import asyncio
import threading
import time
from pathlib import Path

import pytest

from tests.tickets.world import World, make_world
from tickets import setup


async def until_ended(world: World, session: str, within_s: float = 5.0) -> None:
    deadline = time.monotonic() + within_s
    while session not in {whom for whom, _ in world.switchboard.ended}:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_the_watch_ends_sessions_by_itself(world: World) -> None:
    ada = await world.technician()
    offer = await world.session(ada, await world.claimed(ada))
    await setup.disable_technician(world.settings, "ada@help.example")
    await until_ended(world, offer["session"])


async def test_the_watch_goes_on_after_a_failure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await world.technician()
    offer = await world.session(ada, await world.claimed(ada))
    sessions = world.desk.services.sessions
    reconcile = sessions.reconcile  # type: ignore[attr-defined]
    failures = 0

    async def failing() -> None:
        nonlocal failures
        failures += 1
        if failures <= 2:
            raise RuntimeError("out of order")
        await reconcile()

    monkeypatch.setattr(sessions, "reconcile", failing)
    await setup.disable_technician(world.settings, "ada@help.example")
    await until_ended(world, offer["session"])
    assert failures >= 3


def database_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if "_connection_worker_thread" in thread.name}


async def test_closing_leaves_no_thread_behind(tmp_path: Path) -> None:
    before = database_threads()
    async with make_world(tmp_path / "data") as world:
        await asyncio.gather(*(world.ticket() for _ in range(5)))
        assert database_threads() - before
    deadline = time.monotonic() + 5
    while database_threads() - before:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
