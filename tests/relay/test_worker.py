"""The worker keeps house now and then, at once when the bell is rung, and whatever happens."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from relay.wakeup import Bell, WakeUpError, listening
from relay.worker import work
from tests.relay.support import until


@contextlib.asynccontextmanager
async def working(path: Path, housekeep: Callable[[], Awaitable[object]], every_s: float) -> AsyncIterator[None]:
    async with listening(path) as rung:
        task = asyncio.create_task(work(housekeep, rung, every_s, 0.01))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait((task,))


async def test_bell_wakes_the_worker(tmp_path: Path) -> None:
    rounds = []

    async def housekeep() -> None:
        rounds.append(1)

    bell = Bell(tmp_path / "w")
    assert not bell.ring()
    async with working(tmp_path / "w", housekeep, 3600):
        await until(lambda: len(rounds) == 1)
        assert bell.ring()
        await until(lambda: len(rounds) == 2)
    await until(lambda: not bell.ring())
    # What a dead process left behind is in nobody's way.
    async with working(tmp_path / "w", housekeep, 0.02):
        await until(lambda: len(rounds) >= 5)


async def test_a_failing_round_is_followed_by_the_next(tmp_path: Path) -> None:
    rounds = []

    async def housekeep() -> None:
        rounds.append(1)
        raise OSError("the database is away")

    async with working(tmp_path / "w", housekeep, 0.02):
        await until(lambda: len(rounds) >= 3)


async def test_more_rings_than_fit_do_not_wait(tmp_path: Path) -> None:
    async with listening(tmp_path / "w"):
        bell = Bell(tmp_path / "w")
        assert all(bell.ring() for _ in range(2_000))


async def test_path_has_to_fit_a_local_socket(tmp_path: Path) -> None:
    with pytest.raises(WakeUpError, match="too long"):
        async with listening(tmp_path / ("x" * 108)):
            pass
    with pytest.raises(WakeUpError, match="can't be made"):
        (tmp_path / "file").write_text("", encoding="ascii")
        async with listening(tmp_path / "file"):
            pass
