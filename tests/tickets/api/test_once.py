"""Idempotency-Key: carried out once, answered alike, and never for somebody else."""

import asyncio

import pytest

from tests.tickets.world import A_TICKET, Caller, World
from tickets.store.schema import idempotency_keys, tickets


async def count(world: World) -> int:
    async with world.desk._context.database.read() as connection:
        return len((await connection.execute(tickets.select())).all())


async def file(caller: Caller, key: str, **changes: str) -> tuple[int, str]:
    answer = await caller.post("/tickets", A_TICKET | changes, idempotency_key=key)
    return answer.status_code, answer.text


async def test_the_same_request_twice_is_one_ticket_and_one_answer(world: World) -> None:
    first, second = await file(world.stranger, "k1"), await file(world.stranger, "k1")
    assert first == second
    assert first[0] == 201
    assert await count(world) == 1
    assert (await file(world.stranger, "k2"))[1] != first[1]
    assert await count(world) == 2


async def test_many_at_once_are_one_ticket(world: World) -> None:
    answers = await asyncio.gather(*(file(world.stranger, "k1") for _ in range(12)))
    assert await count(world) == 1
    assert {status for status, _ in answers} <= {201, 409}
    assert 201 in {status for status, _ in answers}


async def test_a_key_with_another_body_is_refused(world: World) -> None:
    await file(world.stranger, "k1")
    status, text = await file(world.stranger, "k1", title="Something else")
    assert (status, "sent-twice" in text) == (409, True)
    assert await count(world) == 1


async def test_a_key_belongs_to_who_sent_it(world: World) -> None:
    ada = await world.technician()
    first = await file(world.stranger, "k1")
    assert (await file(ada, "k1"))[1] != first[1]
    assert await count(world) == 2


async def test_a_request_that_failed_leaves_its_key_free(world: World) -> None:
    assert (await file(world.stranger, "k1", email="nobody"))[0] == 422
    assert (await file(world.stranger, "k1"))[0] == 201


async def test_a_key_is_free_again_after_a_day(world: World) -> None:
    first = await file(world.stranger, "k1")
    world.clock.forward(86_400 - 60)
    assert await file(world.stranger, "k1") == first
    world.clock.forward(120)
    assert await file(world.stranger, "k1") != first


async def test_the_database_keeps_no_answer_that_it_could_read(world: World) -> None:
    """The answer holds the requester's token."""
    _, text = await file(world.stranger, "k1")
    async with world.desk._context.database.read() as connection:
        row = (await connection.execute(idempotency_keys.select())).mappings().one()
    assert row["answer"] is not None
    assert text.encode() not in row["answer"]
    assert b"requester_token" not in row["answer"]
    assert b"k1" not in row["key_hash"]


async def test_a_lost_answer_is_told(world: World) -> None:
    """As after a crash between the transaction and the answer."""
    await file(world.stranger, "k1")
    async with world.desk._context.database.write() as connection:
        await connection.execute(idempotency_keys.update().values(status=None, answer=None))
    status, text = await file(world.stranger, "k1")
    assert (status, "answer was lost" in text) == (409, True)
    assert await count(world) == 1


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_has_a_length(world: World, key: str) -> None:
    assert (await file(world.stranger, key))[0] == 422
    assert (await file(world.stranger, "x" * 255))[0] == 201
