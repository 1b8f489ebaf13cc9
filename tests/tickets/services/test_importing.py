"""Files are read in line by line, once, and what is wrong is said with its line."""

import pytest

from tests.tickets.world import Caller, Json, World
from tickets.domain.access import Role
from tickets.domain.errors import Invalid
from tickets.domain.importing import MAX_FILE_BYTES, ImportKind, read_table
from tickets.services.importing import STEP_LINES, Importing


async def read_in(world: World, admin: Caller, kind: str, text: str) -> Json:
    sent = await admin.client.post(
        f"/api/v1/imports?kind={kind}&file_name=list.csv",
        content=text.encode(),
        headers={"authorization": f"Bearer {admin.token}", "content-type": "text/csv"},
    )
    assert sent.status_code == 202, sent.text
    await Importing(world.desk._context).read_due()
    found: Json = (await admin.get(f"/imports/{sent.json()['id']}")).json()
    return found


async def test_requesters_are_read_in_and_known_by_name(world: World) -> None:
    admin = await world.technician("Root", Role.ADMIN)
    found = await read_in(world, admin, "requesters", "email;name\nmaria@office.example;Maria Weber\nkai;Kai\n")
    assert (found["state"], found["added"], found["read"]) == ("done", 1, 2)
    assert [fault["line"] for fault in found["faults"]] == [3]
    filed = await world.ticket(name="")
    shown = (await admin.get(f"/tickets/{filed.tracking}")).json()
    assert shown["requester"]["name"] == "Maria Weber"


async def test_the_same_file_again_adds_nothing(world: World) -> None:
    admin = await world.technician("Root", Role.ADMIN)
    text = "email,name\nada@help.example,Ada\nbob@help.example,Bob\n"
    assert (await read_in(world, admin, "technicians", text))["added"] == 2
    again = await read_in(world, admin, "technicians", text)
    assert (again["added"], again["changed"]) == (0, 2)


async def test_a_technician_from_a_file_logs_in_only_after_a_password_was_set(world: World) -> None:
    admin = await world.technician("Root", Role.ADMIN)
    await read_in(world, admin, "technicians", "email,name\nada@help.example,Ada\n")
    for password in ("", "-", "anything at all"):
        answer = await world.stranger.post("/login", {"email": "ada@help.example", "password": password})
        assert answer.status_code in {401, 422}


async def test_a_file_makes_no_admin_of_a_technician(world: World) -> None:
    admin = await world.technician("Root", Role.ADMIN)
    await world.technician("Ada")
    found = await read_in(world, admin, "technicians", "email,name,role\nada@help.example,Ada,admin\n")
    assert found["changed"] == 0
    assert "role is not changed" in found["faults"][0]["text"]
    fresh = await read_in(world, admin, "technicians", "email,name,role\neve@help.example,Eve,admin\n")
    assert fresh["added"] == 1


async def test_articles_come_as_internal_drafts_unless_the_file_says_otherwise(world: World) -> None:
    admin = await world.technician("Root", Role.ADMIN)
    text = 'title,body,state,visibility\nA,"First, look.",,\nB,Then switch it on.,published,public\nA,Again,,\n'
    found = await read_in(world, admin, "articles", text)
    assert (found["added"], [fault["line"] for fault in found["faults"]]) == (2, [4])
    public = (await world.stranger.get("/articles")).json()["items"]
    assert [item["title"] for item in public] == ["B"]


async def test_a_worker_that_dies_between_steps_reads_no_line_twice(world: World) -> None:
    admin = await world.technician("Root", Role.ADMIN)
    count = STEP_LINES + 20
    text = "email\n" + "".join(f"p{number}@office.example\n" for number in range(count))
    sent = await admin.client.post(
        "/api/v1/imports?kind=requesters", content=text, headers={"authorization": f"Bearer {admin.token}"}
    )
    await Importing(world.desk._context).step()
    half = (await admin.get(f"/imports/{sent.json()['id']}")).json()
    assert (half["state"], half["read"]) == ("reading", STEP_LINES)
    await Importing(world.desk._context).read_due()
    done = (await admin.get(f"/imports/{sent.json()['id']}")).json()
    assert (done["state"], done["read"], done["added"], done["changed"]) == ("done", count, count, 0)


async def test_importing_is_an_admins_business(world: World) -> None:
    ada = await world.technician()
    assert (await ada.get("/imports")).status_code == 403
    assert (await (await world.technician("Root", Role.ADMIN)).get("/imports")).status_code == 200


async def test_the_page_takes_a_file(world: World) -> None:
    await world.technician("Root", Role.ADMIN)
    headers = {"cookie": await world.cookie("Root"), "origin": world.settings.public_url}
    files = {"file": ("people.csv", b"email\nkai@office.example\n", "text/csv")}
    sent = await world.client.post("/admin/imports", data={"kind": "requesters"}, files=files, headers=headers)
    assert sent.status_code == 303
    assert "0 of 1" in (await world.client.get(sent.headers["location"], headers=headers)).text
    bad = {"file": ("people.csv", b"name\nKai\n", "text/csv")}
    refused = await world.client.post("/admin/imports", data={"kind": "requesters"}, files=bad, headers=headers)
    assert (refused.status_code, "these are missing: email" in refused.text) == (422, True)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"name\nKai\n", "missing: email"),
        (b"email,colour\n", "no column colour"),
        (b"email,email\n", "twice"),
        (b"email\n\xff\xfe\n", "UTF-8"),
        (b'email\n"kai@office.example\n', "quotation marks"),
        (b"email\n" + b"x" * MAX_FILE_BYTES, "larger than"),
    ],
)
def test_a_file_that_can_not_be_read_is_refused_with_what_to_change(content: bytes, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        read_table(ImportKind.REQUESTERS, content)


@pytest.mark.parametrize(
    "text", ["\ufeffemail;name\r\na@b.example;A\r\n", "Email\tName\na@b.example\tA", 'email,name\na@b.example,"A"\n\n']
)
def test_what_spreadsheets_write_is_read(text: str) -> None:
    (line,) = read_table(ImportKind.REQUESTERS, text.encode())
    assert line.cells == {"email": "a@b.example", "name": "A"}
