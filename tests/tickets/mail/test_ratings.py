"""How the help was: one click with the key of the closing mail, on the record, and changeable for a while."""

import re
from datetime import timedelta

from tests.support.mail_peer import MailPeer, part
from tests.tickets.mail.desk import MailDesk
from tests.tickets.world import PUBLIC_URL, Caller, Filed
from tickets.domain.outgoing import Rating
from tickets.store import ratings as rating_store

MARIA = "maria@office.example"


async def solved(office: MailDesk, peer: MailPeer) -> tuple[Caller, Filed, str]:
    """File, take and solve a request; return the technician, the ticket, and the key out of the closing mail."""
    ada = await office.world.technician("Ada")
    filed = await office.world.claimed(ada)
    await ada.must(f"/tickets/{filed.tracking}/resolve", {"solution": "New toner."})
    await office.send()
    text = part(peer.to(MARIA)[-1], "plain")
    keys = set(re.findall(re.escape(f"{PUBLIC_URL}/t/{filed.tracking}/rate#") + r"([\w-]{43})\.(?:good|ok|bad)", text))
    assert len(keys) == 1
    return ada, filed, keys.pop()


async def test_one_post_records_it(office: MailDesk, peer: MailPeer) -> None:
    ada, filed, key = await solved(office, peer)
    path = f"/tickets/{filed.tracking}/rating"
    # Opening the page records nothing: scanners follow links.
    assert (await office.world.client.get(f"/t/{filed.tracking}/rate")).status_code == 200
    assert "rated" not in await office.world.timeline(ada, filed)
    told = await office.world.stranger.must(path, {"key": key, "rating": "good", "comment": "Quick!\n"})
    assert (told["rating"], told["comment"]) == ("good", "Quick!")
    ticket = (await ada.get(f"/tickets/{filed.tracking}")).json()
    [line] = [line for line in ticket["timeline"] if line["kind"] == "rated"]
    assert line["text"] == "Maria Weber says the help was good.\nQuick!"
    assert (line["who"], line["role"], line["internal"]) == ("Maria Weber", "requester", False)
    context = office.world.desk._context
    async with context.database.read() as connection:
        counted = await rating_store.counted(
            connection, context.now() - timedelta(days=1), context.now() + timedelta(1)
        )
    assert counted == {(ada.id, Rating.GOOD): 1}


async def test_it_may_be_changed_for_a_while(office: MailDesk, peer: MailPeer) -> None:
    ada, filed, key = await solved(office, peer)
    path, world = f"/tickets/{filed.tracking}/rating", office.world
    await world.stranger.must(path, {"key": key, "rating": "good"})
    # The same again adds nothing.
    await world.stranger.must(path, {"key": key, "rating": "good"})
    world.clock.forward(13 * 86_400)
    assert (await world.stranger.must(path, {"key": key, "rating": "bad"}))["rating"] == "bad"
    assert (await world.timeline(ada, filed)).count("rated") == 2
    world.clock.forward(2 * 86_400)
    refused = await world.stranger.post(path, {"key": key, "rating": "good"})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "rating-final")


async def test_only_the_key_of_this_requester_rates(office: MailDesk, peer: MailPeer) -> None:
    ada, filed, key = await solved(office, peer)
    other = await office.world.claimed(ada)
    await ada.must(f"/tickets/{other.tracking}/resolve", {"solution": "x"})
    path = f"/tickets/{filed.tracking}/rating"
    keys = office.world.desk._context.keys
    missing = await office.world.stranger.post("/tickets/TL-0000-0000/rating", {"key": key, "rating": "good"})
    for wrong in (filed.requester.token, keys.rating_key("x", "y", 1), "x", "é"):
        refused = await office.world.stranger.post(path, {"key": wrong, "rating": "good"})
        assert (refused.status_code, refused.content) == (404, missing.content)
    # Not even with a login.
    assert (await ada.post(path, {"key": "x" * 43, "rating": "good"})).status_code == 404
    elsewhere = await office.world.stranger.post(f"/tickets/{other.tracking}/rating", {"key": key, "rating": "good"})
    assert elsewhere.status_code == 404
    # And the key opens nothing else.
    assert (await Caller(office.world.client, key).get(f"/tickets/{filed.tracking}")).status_code == 404
    assert (await office.world.stranger.post(path, {"key": key, "rating": "good"})).status_code == 200


async def test_a_request_that_is_open_again_is_not_judged(office: MailDesk, peer: MailPeer) -> None:
    ada, filed, key = await solved(office, peer)
    path = f"/tickets/{filed.tracking}/rating"
    await filed.requester.must(f"/tickets/{filed.tracking}/messages", {"text": "Still."}, 201)
    assert (await office.world.stranger.post(path, {"key": key, "rating": "bad"})).status_code == 409
    await ada.must(f"/tickets/{filed.tracking}/resolve", {"solution": "Now."})
    assert (await office.world.stranger.post(path, {"key": key, "rating": "bad"})).status_code == 200


async def test_a_ticket_is_not_filled_with_ratings(office: MailDesk, peer: MailPeer) -> None:
    _, filed, key = await solved(office, peer)
    path, codes = f"/tickets/{filed.tracking}/rating", []
    for number in range(office.world.settings.limits.rating_ticket.count + 1):
        answer = await office.world.stranger.post(path, {"key": key, "rating": "ok", "comment": str(number)})
        codes.append(answer.status_code)
    assert codes[-1] == 429
    assert set(codes[:-1]) == {200}
