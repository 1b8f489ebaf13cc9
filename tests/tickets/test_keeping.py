"""Categories, teams and rules from the command line: by their names, without a running server."""

from pathlib import Path

import pytest

from tests.tickets.world import PASSWORD, PUBLIC_URL, QUICK
from tickets import keeping, setup
from tickets.domain.errors import AlreadyThere, Invalid
from tickets.settings import HelpDeskSettings


@pytest.fixture
async def settings(tmp_path: Path) -> HelpDeskSettings:
    made = HelpDeskSettings(data_dir=tmp_path / "data", public_url=PUBLIC_URL)
    await setup.initialise(made)
    await setup.add_technician(made, email="ada@help.example", name="Ada", password=PASSWORD, passwords=QUICK)
    return made


async def test_names_stand_for_what_is_referred_to(settings: HelpDeskSettings) -> None:
    team = await keeping.keep(settings, "team", {"name": "Devices", "members": ["ADA@help.example"]})
    assert (team["name"], team["members"], team["lead"]) == ("Devices", ["ada@help.example"], None)
    await keeping.change_kept(settings, "team", "devices", {"lead": "ada@help.example"})
    changed = await keeping.change_kept(settings, "category", "computer", {"team": "Devices", "skills": ["Toner"]})
    assert (changed["team"], list(changed["skills"]), changed["position"]) == ("Devices", ["Toner"], 10)
    await keeping.keep(settings, "rule", {"name": "In turn", "team": "Devices", "strategy": "round-robin", "cap": 3})
    [rule] = await keeping.kept(settings, "rule")
    assert (rule["team"], rule["strategy"], rule["cap"], rule["active"]) == ("Devices", "round-robin", 3, True)
    assert (await keeping.change_kept(settings, "rule", "in turn", {"active": False, "team": ""}))["team"] is None


async def test_what_is_not_there_is_said(settings: HelpDeskSettings) -> None:
    await keeping.keep(settings, "team", {"name": "Devices"})
    with pytest.raises(AlreadyThere):
        await keeping.keep(settings, "team", {"name": "DEVICES"})
    for values, field in (({"members": ["bob@help.example"]}, "members"), ({"lead": "nobody"}, "lead")):
        with pytest.raises(Invalid) as refused:
            await keeping.change_kept(settings, "team", "Devices", values)
        assert refused.value.field == field
    with pytest.raises(Invalid, match="towline-relay rule list"):
        await keeping.change_kept(settings, "rule", "Nothing", {"cap": 3})
    with pytest.raises(Invalid):
        await keeping.keep(settings, "rule", {"name": "x", "cap": 0})
    assert (await keeping.keep(settings, "rule", {"name": "x", "cap": 1}))["cap"] == 1
