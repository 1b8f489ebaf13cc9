"""`towline-relay serve`: starts the front and the worker process and looks after them.

A worker that dies is started again, later and later; when the front dies, all of it ends, so that whoever supervises
the server (systemd, a container) sees it. Children hold the other end of a pipe to this process: if it is killed, they
read its end and stop too.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger("relay.serve")

FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 30.0
# A worker that ran this long was well; the next failure starts with a short wait again.
WELL_AFTER_S: Final = 60.0
# The front's own bounds add up to less.
STOP_S: Final = 8.0


def child_command(role: str, config: Path) -> list[str]:
    """Return the command of a child process."""
    return [sys.executable, "-m", "relay.child", role, str(config)]


class Child:
    """One child process. `stop` is bounded in time."""

    def __init__(self, role: str, command: Sequence[str]) -> None:
        self.role = role
        self._command = command
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it. Raises OSError."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        log.info("serve.started", role=self.role, pid=self._process.pid)

    async def first_line(self) -> str:
        """Return what it says when it is ready; empty when it ends before."""
        if self._process is None or self._process.stdout is None:
            return ""
        return (await self._process.stdout.readline()).decode().strip()

    async def wait(self) -> int:
        """Return its exit status."""
        return 0 if self._process is None else await self._process.wait()

    async def stop(self) -> None:
        """Ask it to stop, and kill it when it does not."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            log.warning("serve.killed", role=self.role, pid=process.pid)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def keep_running(
    child: Child, first_wait_s: float = FIRST_WAIT_S, longest_wait_s: float = LONGEST_WAIT_S
) -> None:
    """Start a child again whenever it ends; the caller started it the first time."""
    loop = asyncio.get_running_loop()
    wait_s = first_wait_s
    while True:
        started = loop.time()
        status = await child.wait()
        if loop.time() - started > WELL_AFTER_S:
            wait_s = first_wait_s
        log.warning("serve.child-ended", role=child.role, status=status, again_in_s=wait_s)
        await asyncio.sleep(wait_s)
        wait_s = min(longest_wait_s, wait_s * 2)
        await child.start()


async def run_both(front: Child, worker: Child, say: Callable[[str], None]) -> int:
    """Run the front and, once it is ready (the database is up to date then), the worker; return the front's status."""
    await front.start()
    if line := await front.first_line():
        await worker.start()
        say(line)
        kept = asyncio.create_task(keep_running(worker))
        try:
            return await front.wait()
        finally:
            kept.cancel()
    return await front.wait()


async def supervise(front: Child, worker: Child, say: Callable[[str], None]) -> int:
    """Run both until a signal (0) or until the front ends by itself (its status, never 0)."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    running = asyncio.create_task(run_both(front, worker, say))
    stop = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait((running, stop), return_when=asyncio.FIRST_COMPLETED)
        if stopping.is_set():
            return 0
        status = running.result()
    finally:
        running.cancel()
        stop.cancel()
        await asyncio.gather(front.stop(), worker.stop())
    log.error("serve.front-ended", status=status)
    return status if status > 0 else 1


def serve(config: Path, say: Callable[[str], None]) -> int:
    """Run the server and return the exit status; `say` gets one line when connections are accepted."""
    front, worker = (Child(role, child_command(role, config)) for role in ("front", "worker"))
    return asyncio.run(supervise(front, worker, say))
