"""`python -m relay.child front|worker FILE`: what `relay.serve` runs as processes of their own."""

import asyncio
import gc
import os
import signal
import stat
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import uvloop

from relay import app
from relay.certificates import CertificateError
from relay.config import Settings, SettingsError, load_settings
from relay.logs import configure_logs
from relay.wakeup import WakeUpError

READY = "ready"


def stop_requested() -> asyncio.Event:
    """Return an event that SIGTERM, SIGINT or the end of the parent sets; needs a running loop."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, event.set)
    descriptor = sys.stdin.fileno()
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):

        def read_end() -> None:
            if not os.read(descriptor, 64):
                loop.remove_reader(descriptor)
                event.set()

        loop.add_reader(descriptor, read_end)
    return event


async def run_front(settings: Settings) -> None:
    """Serve until told to stop; says on standard output when connections are accepted."""
    stop = stop_requested()
    await app.upgrade_data(settings)
    server = app.build(settings)
    async with server.running():
        # What is loaded by now stays for good: full collections needn't walk it, and so hold the loop less.
        gc.collect()
        gc.freeze()
        print(f"{READY} {settings.server.public_url}", flush=True)
        await stop.wait()


async def run_worker(settings: Settings) -> None:
    """Work until told to stop."""
    stop = asyncio.create_task(stop_requested().wait())
    working = asyncio.create_task(app.run_worker(settings))
    await asyncio.wait((stop, working), return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if working.done():
        working.result()
    working.cancel()
    await asyncio.wait((working,))


ROLES: dict[str, Callable[[Settings], Coroutine[Any, Any, None]]] = {"front": run_front, "worker": run_worker}


def main(role: str, config: Path) -> int:
    """Run one role and return its exit status: 0 stopped when told to, 1 it could not start."""
    configure_logs(role)
    # The database and its journal hold what people wrote.
    os.umask(0o077)
    try:
        settings = load_settings(config, os.environ)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(ROLES[role](settings))
    except (SettingsError, CertificateError, WakeUpError, app.Trouble, OSError) as error:
        print(f"towline-relay: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
