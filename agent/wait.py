"""Waiting on a file descriptor in the event loop."""

import asyncio


async def readable(fd: int) -> None:
    """Return once `fd` is readable (also at its end); costs nothing meanwhile."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not future.done():
            future.set_result(None)

    loop.add_reader(fd, wake)
    try:
        await future
    finally:
        loop.remove_reader(fd)
