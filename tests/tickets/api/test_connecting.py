"""Join codes, joining, devices, sessions: every refusal with the twin that succeeds."""

import asyncio
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from protocol.authority import Credentials, Trust, check_credentials
from protocol.encoding import parse_b64
from protocol.rights import Right
from tests.tickets.databases import Databases
from tests.tickets.world import PASSWORD, QUICK, Caller, Filed, Json, World, make_world, new_key
from tickets.domain.access import Role
from tickets.settings import Limit, Limits
from tickets.store import devices


def code_of(made: Json) -> str:
    code = made["code"]
    assert isinstance(code, str)
    return code


def wrong(code: str) -> str:
    return ("0" if code[0] != "0" else "1") + code[1:]


async def join(caller: Caller, filed: Filed, key: str, code: str | None = None) -> int:
    body = {"agent_key": key} if code is None else {"agent_key": key, "code": code}
    return (await caller.post(f"/tickets/{filed.tracking}/join", body)).status_code


async def test_an_agent_joins_with_the_requester_token(world: World) -> None:
    filed, key = await world.ticket(), new_key()
    done = await filed.requester.must(f"/tickets/{filed.tracking}/join", {"agent_key": key})
    organisation = (await world.stranger.get("/organisation")).json()
    assert done["tracking"] == filed.tracking
    assert done["organisation"] == organisation["id"]
    assert done["server_time"] == int(world.clock.now_s)
    assert await world.desk.gate.admit_agent(filed.tracking, done["agent_token"], key, None)
    again = await filed.requester.must(f"/tickets/{filed.tracking}/join", {"agent_key": key})
    assert again["agent_token"] == done["agent_token"]
    own = Caller(world.client, done["agent_token"])
    assert (await own.get(f"/tickets/{filed.tracking}")).status_code == 200


async def test_another_computer_needs_a_join_code_and_takes_the_place(world: World) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    key, token = await world.joined(filed)
    session = (await world.session(ada, filed))["session"]
    refused = await filed.requester.post(f"/tickets/{filed.tracking}/join", {"agent_key": new_key()})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "other-computer")
    code = code_of(await ada.must(f"/tickets/{filed.tracking}/join-code"))
    other = new_key()
    done = await world.stranger.must(f"/tickets/{filed.tracking}/join", {"agent_key": other, "code": code})
    assert await world.desk.gate.admit_agent(filed.tracking, done["agent_token"], other, None)
    assert not await world.desk.gate.admit_agent(filed.tracking, token, key, None)
    assert "agent-replaced" in await world.timeline(ada, filed)
    assert (session, "other-computer") in world.switchboard.ended
    assert (filed.tracking, "other-computer") in world.switchboard.ended


async def test_a_join_code_works_once_however_it_is_typed(world: World) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    code = code_of(await ada.must(f"/tickets/{filed.tracking}/join-code"))
    typed = f" {code.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} "
    key = new_key()
    assert await join(world.stranger, filed, key, typed) == 200
    assert await join(world.stranger, filed, key, code) == 404


async def test_a_join_code_used_twice_at_once_works_once(world: World) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    code = code_of(await ada.must(f"/tickets/{filed.tracking}/join-code"))
    codes = await asyncio.gather(*(join(world.stranger, filed, new_key(), code) for _ in range(4)))
    assert sorted(codes) == [200, 404, 404, 404]


@pytest.mark.parametrize(("age_s", "status"), [(599, 200), (600, 404)])
async def test_a_join_code_is_good_for_ten_minutes(world: World, age_s: int, status: int) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    code = code_of(await ada.must(f"/tickets/{filed.tracking}/join-code"))
    world.clock.forward(age_s)
    assert await join(world.stranger, filed, new_key(), code) == status


@pytest.mark.parametrize(("misses", "status"), [(4, 200), (5, 404)])
async def test_five_misses_burn_the_code(world: World, misses: int, status: int) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    code = code_of(await ada.must(f"/tickets/{filed.tracking}/join-code"))
    for _ in range(misses):
        assert await join(world.stranger, filed, new_key(), wrong(code)) == 404
    assert await join(world.stranger, filed, new_key(), code) == status
    fresh = code_of(await ada.must(f"/tickets/{filed.tracking}/join-code"))
    assert await join(world.stranger, filed, new_key(), fresh) == 200


async def test_many_guesses_at_once_are_no_more_than_five(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    code = code_of(await ada.must(f"/tickets/{filed.tracking}/join-code"))
    compared: list[str | None] = []
    verify = QUICK.verify

    async def recorded(hashed: str | None, secret: str) -> bool:
        compared.append(hashed)
        return await verify(hashed, secret)

    monkeypatch.setattr(QUICK, "verify", recorded)
    guesses = [join(world.stranger, filed, new_key(), wrong(code)) for _ in range(12)]
    assert set(await asyncio.gather(*guesses)) == {404}
    assert len(compared) == 12
    assert len([hashed for hashed in compared if hashed is not None]) == 5
    assert await join(world.stranger, filed, new_key(), code) == 404


async def test_misses_count_by_address_block_over_all_tickets(world: World) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    code = code_of(await ada.must(f"/tickets/{filed.tracking}/join-code"))
    body = {"agent_key": new_key(), "code": "0000-0000"}
    async with world.somebody_at("2001:db8:1:2::3") as near, world.somebody_at("2001:db8:1:ffff::9") as neighbour:
        for number in range(world.settings.limits.join_address.count):
            assert (await near.post(f"/api/v1/tickets/TL-{number:04}-0000/join", json=body)).status_code == 404
        path = f"/api/v1/tickets/{filed.tracking}/join"
        late = await neighbour.post(path, json=body | {"code": code})
        assert (late.status_code, late.json()["type"].rpartition("/")[2]) == (429, "too-many-tries")
    async with world.somebody_at("2001:db8:2::1") as far:
        assert (await far.post(path, json=body | {"code": code})).status_code == 200


async def test_a_code_of_another_ticket_opens_nothing(world: World) -> None:
    ada = await world.technician()
    first, second = await world.claimed(ada), await world.claimed(ada)
    code = code_of(await ada.must(f"/tickets/{first.tracking}/join-code"))
    assert await join(world.stranger, second, new_key(), code) == 404
    assert await join(world.stranger, first, new_key(), code) == 200


async def test_only_the_assigned_technician_or_an_admin_makes_join_codes(world: World) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    root = await world.technician("Root", Role.ADMIN)
    filed = await world.claimed(ada)
    path = f"/tickets/{filed.tracking}/join-code"
    assert (await bob.post(path)).status_code == 403
    assert (await filed.requester.post(path)).status_code == 403
    assert (await world.stranger.post(path)).status_code == 404
    assert (await ada.post(path)).status_code == 200
    assert (await root.post(path)).status_code == 200


@pytest.mark.parametrize("moved", ["resolved", "closed"])
async def test_nobody_joins_or_opens_what_is_no_longer_worked_on(world: World, moved: str) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    key, token = await world.joined(filed)
    device = await world.device(ada)
    code = code_of(await ada.must(f"/tickets/{filed.tracking}/join-code"))
    path = f"/tickets/{filed.tracking}"
    if moved == "closed":
        await ada.must(f"{path}/status", {"status": "closed"})
    else:
        await ada.must(f"{path}/resolve", {"solution": "done"})
    assert await join(filed.requester, filed, key) == 404
    assert await join(world.stranger, filed, key, code) == 404
    assert not await world.desk.gate.admit_agent(filed.tracking, token, key, None)
    refused = await ada.post(f"{path}/session", {"device_key": device})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "ticket-closed")
    assert (await ada.post(f"{path}/join-code")).status_code == 409
    assert (filed.tracking, moved) in world.switchboard.ended
    await ada.must(f"{path}/status", {"status": "open"})
    assert await join(filed.requester, filed, key) == 200
    assert await world.desk.gate.admit_agent(filed.tracking, token, key, None)
    assert (await ada.post(f"{path}/session", {"device_key": device})).status_code == 200


async def test_the_papers_of_a_session_convince_an_agent(world: World) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    key, _ = await world.joined(filed)
    device = await world.device(ada)
    offer = await ada.must(f"/tickets/{filed.tracking}/session", {"device_key": device})
    organisation = (await world.stranger.get("/organisation")).json()
    papers = Credentials(
        **{name: parse_b64(offer[name]) for name in ("certificate", "grant", "grant_key_certificate", "revocations")}
    )
    trust = Trust(
        organisation_key=Ed25519PublicKey.from_public_bytes(parse_b64(organisation["public_key"])),
        server_time=int(world.clock.now_s),
    )
    authority = check_credentials(
        papers, trust, session=offer["session"], tracking=filed.tracking, peer_static=parse_b64(device)
    )
    assert authority.technician == ada.id
    assert authority.name == "Ada"
    assert authority.kind == "browser"
    assert authority.rights == {Right.VIEW, Right.CONTROL}
    assert offer["agent_key"] == key
    assert offer["agent_online"] is False
    assert offer["organisation"] == organisation["id"]
    assert offer["rights"] == ["control", "view"]


async def test_a_session_is_for_the_assigned_technician_only(world: World) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    root = await world.technician("Root", Role.ADMIN)
    filed = await world.claimed(ada)
    path = f"/tickets/{filed.tracking}/session"
    keys = {caller.id: await world.device(caller) for caller in (ada, bob, root)}
    for caller in (bob, root):
        assert (await caller.post(path, {"device_key": keys[caller.id]})).status_code == 403
    assert (await filed.requester.post(path, {"device_key": keys[ada.id]})).status_code == 403
    assert (await world.stranger.post(path, {"device_key": keys[ada.id]})).status_code == 404
    assert (await ada.post(path, {"device_key": keys[ada.id]})).status_code == 200
    await root.must(f"/tickets/{filed.tracking}/assign", {"technician": root.id})
    assert (await ada.post(path, {"device_key": keys[ada.id]})).status_code == 403
    assert (await root.post(path, {"device_key": keys[root.id]})).status_code == 200


async def test_a_session_needs_a_certified_device_of_ones_own(world: World) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    filed = await world.claimed(ada)
    path = f"/tickets/{filed.tracking}/session"
    bobs = await world.device(bob)
    for key in (new_key(), bobs):
        refused = await ada.post(path, {"device_key": key})
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "device-unknown")
    mine = await world.device(ada)
    assert (await ada.post(path, {"device_key": mine})).status_code == 200


async def test_a_device_certificate_runs_out_and_is_renewed_after_half_its_life(world: World) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    key = new_key()
    first = await ada.must("/devices", {"public_key": key, "kind": "native"})
    world.clock.forward(10 * 86_400)
    assert await ada.must("/devices", {"public_key": key, "kind": "native"}) == first
    world.clock.forward(6 * 86_400)
    second = await ada.must("/devices", {"public_key": key, "kind": "native"})
    assert second["not_after"] > first["not_after"]
    world.clock.forward(13 * 86_400)
    path = f"/tickets/{filed.tracking}/session"
    assert (await ada.post(path, {"device_key": key})).status_code == 200


@pytest.mark.parametrize("key", ["A" * 42, "A" * 42 + "B", "!" * 43, "A" * 44, ""])
async def test_a_key_that_is_none_is_refused(world: World, key: str) -> None:
    ada = await world.technician()
    filed = await world.ticket()
    assert (await ada.post("/devices", {"public_key": key, "kind": "native"})).status_code == 422
    assert await join(filed.requester, filed, key) == 422
    assert await join(filed.requester, filed, new_key()) == 200


async def test_reassigning_ends_the_session_of_the_one_who_had_it(world: World) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    filed = await world.claimed(ada)
    offer = await world.session(ada, filed)
    await ada.must(f"/tickets/{filed.tracking}/messages", {"text": "nothing ends"}, 201)
    assert world.switchboard.ended == []
    await ada.must(f"/tickets/{filed.tracking}/assign", {"technician": bob.id})
    assert world.switchboard.ended == [(offer["session"], "reassigned")]
    assert await world.desk.gate.admit_viewer(filed.tracking, offer["socket_ticket"]) is None
    assert "session-ended" in await world.timeline(bob, filed)


async def test_a_new_session_ends_earlier_attempts_in_which_nobody_met(world: World) -> None:
    ada, gate = await world.technician(), world.desk.gate
    filed, other = await world.claimed(ada), await world.claimed(ada)
    elsewhere = await world.session(ada, other)
    first = await world.session(ada, filed)
    assert world.switchboard.ended == []
    second = await world.session(ada, filed)
    assert world.switchboard.ended == [(first["session"], "opened-again")]
    assert await gate.admit_viewer(filed.tracking, first["socket_ticket"]) is None
    assert await gate.admit_viewer(filed.tracking, second["socket_ticket"]) is not None
    # One that runs goes on beside a new one, and one on another ticket does.
    await gate.session_event(filed.tracking, second["session"], "joined", None)
    third = await world.session(ada, filed)
    assert world.switchboard.ended == [(first["session"], "opened-again")]
    assert await gate.admit_viewer(filed.tracking, third["socket_ticket"]) is not None
    assert await gate.admit_viewer(other.tracking, elsewhere["socket_ticket"]) is not None
    assert (await world.timeline(ada, filed)).count("session-ended") == 1


async def test_a_new_session_leaves_attempts_of_other_technicians_to_their_own_end(world: World) -> None:
    ada, bob = await world.technician("Ada"), await world.technician("Bob")
    filed = await world.claimed(ada)
    first = await world.session(ada, filed)
    await ada.must(f"/tickets/{filed.tracking}/assign", {"technician": bob.id})
    await world.session(bob, filed)
    assert world.switchboard.ended == [(first["session"], "reassigned")]


async def test_guesses_count_over_all_addresses(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> None:
    limits = Limits(join_all=Limit(3, timedelta(minutes=10)))
    async with make_world(tmp_path_factory.mktemp("desk"), databases, limits=limits) as world:
        filed = await world.claimed(await world.technician())
        path = f"/api/v1/tickets/{filed.tracking}/join"
        statuses = []
        for number in range(4):
            async with world.somebody_at(f"198.51.{number}.7") as stranger:
                body = {"agent_key": new_key(), "code": "0000-0000"}
                statuses.append((await stranger.post(path, json=body)).status_code)
        assert statuses == [404, 404, 404, 429]


async def test_a_computer_that_comes_back_needs_its_new_token(world: World) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    key, token = await world.joined(filed)
    for other in (new_key(), key):
        code = code_of(await ada.must(f"/tickets/{filed.tracking}/join-code"))
        done = await world.stranger.must(f"/tickets/{filed.tracking}/join", {"agent_key": other, "code": code})
    assert not await world.desk.gate.admit_agent(filed.tracking, token, key, None)
    assert await world.desk.gate.admit_agent(filed.tracking, done["agent_token"], key, None)


@pytest.mark.parametrize(("days", "status"), [(29, 200), (31, 409)])
async def test_a_device_out_of_date_opens_no_session(world: World, days: int, status: int) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    key = await world.device(ada)
    world.clock.forward(days * 86_400)
    # A login runs out with it.
    body = {"email": "ada@help.example", "password": PASSWORD}
    again = Caller(world.client, (await world.stranger.must("/login", body))["token"])
    assert (await again.post(f"/tickets/{filed.tracking}/session", {"device_key": key})).status_code == status


async def test_a_revoked_device_opens_no_session(world: World) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    old = await world.device(ada)
    path = f"/tickets/{filed.tracking}/session"
    assert (await ada.post(path, {"device_key": old})).status_code == 200
    async with world.desk._context.database.write() as connection:
        before = await devices.revoked(connection, world.desk._context.now())
        await devices.revoke_all(connection, ada.id, world.desk._context.now())
        after = await devices.revoked(connection, world.desk._context.now())
    assert (before, after[0], len(after[1])) == ((0, []), 1, 1)
    assert (await ada.post(path, {"device_key": old})).status_code == 409
    assert (await ada.post(path, {"device_key": await world.device(ada)})).status_code == 200
