"""The worker process's loop: housekeeping now and then, and at once when the bell is rung."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger("relay.worker")

# Out-of-date tickets, codes and logins are refused by their dates anyway; this only throws them away.
EVERY_S: Final = 60.0
# However often the bell is rung, the database is not kept busy by it.
PAUSE_S: Final = 0.5


async def work(
    housekeep: Callable[[], Awaitable[object]], rung: asyncio.Event, every_s: float = EVERY_S, pause_s: float = PAUSE_S
) -> None:
    """Keep house until cancelled. A round that fails is logged, and the next one comes as always."""
    while True:
        rung.clear()
        try:
            await housekeep()
        except Exception:
            log.exception("worker.round-failed")
        await asyncio.sleep(pause_s)
        try:
            async with asyncio.timeout(every_s):
                await rung.wait()
        except TimeoutError:
            pass
