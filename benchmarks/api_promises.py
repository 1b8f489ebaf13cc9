"""The API held to its OpenAPI document with many more requests than the tests make.

`python -m benchmarks.api_promises [EXAMPLES]`, part of `make prove`: on SQLite and on PostgreSQL, asked by a stranger,
a requester, an agent, a token with scopes, a technician and an admin. No answer may be a fault of the server,
undocumented, or of another form than the document says. Prints how many of what; ends with 1 when one is.
"""

import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import structlog

from tests.support.postgres import postgres_server
from tests.tickets.api.promises import Outcome, ask, furnish, operations
from tests.tickets.databases import PostgresDatabases, PostgresPool, pristine_template
from tests.tickets.world import World, make_world

EXAMPLES: Final = 40
_SHOWN: Final = 20


@asynccontextmanager
async def desk_on(kind: str, folder: Path) -> AsyncIterator[World]:
    """Open a help desk on a database of this kind."""
    async with AsyncExitStack() as stack:
        databases = None
        if kind == "PostgreSQL":
            server = stack.enter_context(postgres_server())
            databases = PostgresDatabases(PostgresPool(server, await asyncio.to_thread(pristine_template, server)))
            stack.push_async_callback(databases.close)
        yield await stack.enter_async_context(make_world(folder, databases))


async def held_to_it(kind: str, folder: Path, examples: int) -> Outcome:
    """Ask everything, and print what came of it."""
    started, outcome = time.perf_counter(), Outcome()
    async with desk_on(kind, folder) as world:
        desk = await furnish(world)
        everything = operations((await world.stranger.get("/openapi.json")).json())
        for operation in everything:
            await ask(world, desk, operation, examples, outcome)
    answers = ", ".join(f"{int(status)}: {count:,}" for status, count in sorted(outcome.answers.items()))
    print(
        f"{kind}: {len(everything)} operations, {outcome.requests:,} requests in {time.perf_counter() - started:.0f} s"
    )
    print(f"  answers {answers}; not as promised: {len(outcome.broken)}", flush=True)
    for broken in outcome.broken[:_SHOWN]:
        print(f"  {broken}")
    return outcome


def main() -> int:
    """Run, and return the exit code."""
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    broken = 0
    for kind in ("SQLite", "PostgreSQL"):
        with tempfile.TemporaryDirectory() as folder:
            broken += len(asyncio.run(held_to_it(kind, Path(folder) / "data", examples)).broken)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
