"""A request that looks reads in one transaction, which the line to the browser does not hold open."""

import pytest
from sqlalchemy import QueuePool
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from tests.tickets.world import World, recorded_statements
from tickets.store.database import Database
from tickets.store.numbers import raise_by_one, value
from tickets.web.reading import ReadsTogether

# A new part of a page may ask its own question; what asks the same again, or once for each line, goes past these.
MOST_STATEMENTS = {"/console/tickets/{tracking}": 36, "/console": 16, "/t/{tracking}": 16}


@pytest.mark.parametrize("path", MOST_STATEMENTS)
async def test_a_page_asks_little_and_in_one_transaction(world: World, path: str) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    cookie = await world.cookie()
    await world.client.get(path.format(tracking=filed.tracking), headers={"cookie": cookie})
    with recorded_statements(world) as statements:
        page = await world.client.get(path.format(tracking=filed.tracking), headers={"cookie": cookie})
    assert page.status_code == 200
    assert len(statements) <= MOST_STATEMENTS[path], "\n".join(statements)
    if not world.desk._context.database.is_postgres:
        # SQLAlchemy tells of the others' beginnings only.
        assert statements.count("BEGIN") <= 1
    # A search asks twice: for all its words, then for some.
    asked = [statement for statement in statements if "fts_" not in statement and "set_config" not in statement]
    assert sorted(asked) == sorted(set(asked)), "\n".join(sorted(asked))


async def ask(database: Database, method: str) -> tuple[list[int], list[int]]:
    """Ask an app that reads twice, with a write of somebody else in between.

    Return what it read, and how many connections readers held whenever something was sent.
    """
    read: list[int] = []
    held: list[int] = []
    pool = database._reader.sync_engine.pool
    assert isinstance(pool, QueuePool)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(2):
            async with database.read() as connection:
                read.append(await value(connection, "x"))
            await write_elsewhere()
        await PlainTextResponse("done")(scope, receive, send)

    async def write_elsewhere() -> None:
        # Not through `write`, by which the request itself would begin anew.
        async with database._writer.begin() as connection:
            await raise_by_one(connection, "x")

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: Message) -> None:
        held.append(pool.checkedout())

    await ReadsTogether(app, database)({"type": "http", "method": method}, receive, send)
    return read, held


async def test_it_sees_one_state_until_the_answer_begins(database: Database) -> None:
    read, held = await ask(database, "GET")
    assert read == [0, 0]
    assert held == [0, 0]


async def test_a_request_that_may_write_reads_what_is_there(database: Database) -> None:
    read, held = await ask(database, "POST")
    assert read == [0, 1]
    assert held == [0, 0]
