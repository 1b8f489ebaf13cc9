"""Who a token belongs to."""

import pytest

from tests.tickets.world import PASSWORD, World
from tickets.domain.access import ANONYMOUS, Actor, Role
from tickets.domain.errors import LoginFailed
from tickets.domain.views import Credentials
from tickets.services.context import address_block
from tickets.store.people import change_technician


async def resolve(
    world: World, bearer: str | None = None, cookie: str | None = None, tracking: str | None = None
) -> Actor:
    return await world.desk.services.logins.resolve(bearer=bearer, cookie=cookie, tracking=tracking)


async def test_each_proof_makes_its_own_actor(world: World) -> None:
    ada, filed = await world.technician(), await world.ticket()
    key, agent_token = await world.joined(filed)
    cookie = (await world.cookie()).partition("=")[2]
    requester = await resolve(world, bearer=filed.requester.token, tracking=filed.tracking)
    assert (requester.role, requester.tracking, requester.name) == (Role.REQUESTER, filed.tracking, "Maria Weber")
    agent = await resolve(world, bearer=agent_token, tracking=filed.tracking)
    assert (agent.role, agent.agent_key, agent.tracking) == (Role.AGENT, key, filed.tracking)
    technician = await resolve(world, bearer=ada.token, tracking=filed.tracking)
    assert (technician.role, technician.technician, technician.by_cookie) == (Role.TECHNICIAN, ada.id, False)
    by_cookie = await resolve(world, cookie=cookie)
    assert (by_cookie.technician, by_cookie.by_cookie) == (ada.id, True)
    assert by_cookie.login != technician.login


async def test_a_token_goes_before_a_cookie_even_when_it_is_no_good(world: World) -> None:
    await world.technician()
    cookie = (await world.cookie()).partition("=")[2]
    assert await resolve(world, bearer="nonsense", cookie=cookie) == ANONYMOUS
    assert (await resolve(world, cookie=cookie)).role is Role.TECHNICIAN


async def test_a_ticket_token_is_no_cookie_and_good_nowhere_else(world: World) -> None:
    filed, other = await world.ticket(), await world.ticket()
    token = filed.requester.token
    assert await resolve(world, cookie=token, tracking=filed.tracking) == ANONYMOUS
    assert await resolve(world, bearer=token) == ANONYMOUS
    assert await resolve(world, bearer=token, tracking=other.tracking) == ANONYMOUS
    assert (await resolve(world, bearer=token, tracking=filed.tracking.lower())).role is Role.REQUESTER


@pytest.mark.parametrize("token", ["", " ", "x" * 10_000, "\ud800", "ä"])
async def test_odd_tokens_make_a_stranger(world: World, token: str) -> None:
    filed = await world.ticket()
    assert await resolve(world, bearer=token, tracking=filed.tracking) == ANONYMOUS
    assert await resolve(world, cookie=token) == ANONYMOUS


async def test_a_password_changed_while_it_was_verified_is_not_good(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.technician()
    logins = world.desk.services.logins
    credentials = Credentials(email="ada@help.example", password=PASSWORD)
    passwords = world.desk._context.passwords
    verify = passwords.verify

    async def slow(hashed: str | None, secret: str) -> bool:
        good = await verify(hashed, secret)
        await world.desk.services.technicians.reset_password("ada@help.example", "something else")  # type: ignore[attr-defined]
        return good

    monkeypatch.setattr(passwords, "verify", slow)
    with pytest.raises(LoginFailed):
        await logins.login(credentials, address="127.0.0.1", by_cookie=False)
    monkeypatch.undo()
    changed = Credentials(email="ada@help.example", password="something else")
    assert (await logins.login(changed, address="127.0.0.1", by_cookie=False)).token


@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("unknown", "unknown"),
    ],
)
def test_strangers_count_by_network(address: str, block: str) -> None:
    assert address_block(address) == block


async def test_a_technician_disabled_in_the_database_is_a_stranger(world: World) -> None:
    ada = await world.technician()
    assert (await resolve(world, bearer=ada.token)).role is Role.TECHNICIAN
    # Whoever disables somebody ends their logins too; that the row says so is enough.
    async with world.desk._context.database.write() as connection:
        await change_technician(connection, ada.id, disabled_at=world.desk._context.now())
    assert await resolve(world, bearer=ada.token) == ANONYMOUS
