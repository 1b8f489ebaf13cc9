"""The numbers are those of what happened."""

from typing import Any

from tests.tickets.world import Json, World
from tickets.pages.routes.reports import as_csv, duration

HOUR_S = 3_600


async def report(world: World, caller: Any, days: int = 30) -> Json:
    answer = await caller.get(f"/reports?days={days}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def test_a_desk_without_tickets_has_numbers_too(world: World) -> None:
    ada = await world.technician()
    empty = await report(world, ada)
    assert (empty["open"], empty["first_answer"]["median_minutes"]) == ([], None)
    assert len(empty["per_day"]) == 30


async def test_what_happened_is_counted(world: World) -> None:
    ada = await world.technician()
    first, second = await world.claimed(ada), await world.ticket(title="Another")
    world.clock.forward(2 * HOUR_S)
    await ada.must(f"/tickets/{first.tracking}/messages", {"text": "Is it on?"}, 201)
    await ada.must(f"/tickets/{first.tracking}/messages", {"text": "Still there?"}, 201)
    # An internal note answers nobody, and a requester's own words are no answer.
    await ada.must(f"/tickets/{second.tracking}/messages", {"text": "Hm.", "internal": True}, 201)
    await second.requester.must(f"/tickets/{second.tracking}/messages", {"text": "Hello?"}, 201)
    world.clock.forward(3 * HOUR_S)
    await ada.must(f"/tickets/{first.tracking}/resolve", {"solution": "Switched it on."})
    found = await report(world, ada)
    assert found["first_answer"] == {
        "count": 1, "median_minutes": 120, "p90_minutes": 120, "classes": [0, 1, 0, 0, 0, 0, 0],
    }  # fmt: skip
    assert (found["solution"]["count"], found["solution"]["median_minutes"]) == (1, 300)
    assert [(row["status"], row["below_days"], row["count"]) for row in found["open"]] == [("new", 1, 1)]
    assert sum(day["came"] for day in found["per_day"]) == 2
    assert sum(day["settled"] for day in found["per_day"]) == 1
    (line,) = found["technicians"]
    assert (line["name"], line["open"], line["settled"]) == ("Ada", 0, 1)
    assert sum(row["count"] for row in found["categories"]) == 2


async def test_what_is_too_old_is_left_out(world: World) -> None:
    ada = await world.technician()
    await world.ticket()
    world.clock.forward(10 * 24 * HOUR_S)
    assert sum(day["came"] for day in (await report(world, ada, 7))["per_day"]) == 0
    assert sum(day["came"] for day in (await report(world, ada, 30))["per_day"]) == 1
    assert [row["below_days"] for row in (await report(world, ada, 7))["open"]] == [30]


async def test_numbers_are_for_those_who_work_here(world: World) -> None:
    filed = await world.ticket()
    assert (await world.stranger.get("/reports")).status_code == 401
    assert (await filed.requester.get("/reports")).status_code == 401
    assert (await (await world.technician()).get("/reports")).status_code == 200


async def test_the_page_and_its_tables(world: World) -> None:
    ada = await world.technician()
    await world.claimed(ada)
    headers = {"cookie": await world.cookie()}
    shown = await world.client.get("/console/reports?days=7", headers=headers)
    assert shown.status_code == 200
    assert "<rect" in shown.text
    assert "style=" not in shown.text
    for name in ("open", "waits", "days", "technicians", "categories", "channels", "satisfaction", "targets"):
        table = await world.client.get(f"/console/reports/{name}.csv?days=7", headers=headers)
        assert table.status_code == 200
        assert table.headers["content-type"].startswith("text/csv")
    assert (await world.client.get("/console/reports/none.csv", headers=headers)).status_code == 404


def test_no_cell_becomes_a_formula() -> None:
    assert as_csv([("=1+1", "a,b", None, 3)]).decode("utf-8-sig") == '\'=1+1,"a,b",,3\r\n'


def test_durations_read_as_people_say_them() -> None:
    assert [duration(m) for m in (None, 5, 61, 1_500)] == ["–", "5 min", "1 h 01 min", "1 d 1 h"]
