"""What an admin does from the command line."""

from pathlib import Path

import pytest

from tests.tickets.world import PASSWORD, QUICK, World
from tickets import setup
from tickets.domain.access import Role
from tickets.domain.errors import AlreadyThere, Invalid, NotFound
from tickets.keys import KeysUnusable
from tickets.settings import HelpDeskSettings


def settings_in(folder: Path) -> HelpDeskSettings:
    return HelpDeskSettings(data_dir=folder / "data", public_url="https://help.towline.example")


async def add(settings: HelpDeskSettings, email: str = "ada@help.example", password: str = PASSWORD) -> str:
    added = await setup.add_technician(settings, email=email, name="Ada", password=password, passwords=QUICK)
    return added.id


async def test_setting_up_twice_keeps_everything(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    await setup.initialise(settings)
    ident = await add(settings)
    key = (settings.keys_dir / "organisation.pem").read_bytes()
    await setup.initialise(settings)
    assert [row.id for row in await setup.list_technicians(settings)] == [ident]
    assert (settings.keys_dir / "organisation.pem").read_bytes() == key


async def test_without_setting_up_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeysUnusable, match="towline-relay init"):
        await setup.list_technicians(settings_in(tmp_path))
    await setup.initialise(settings_in(tmp_path))
    assert await setup.list_technicians(settings_in(tmp_path)) == []


async def test_an_address_is_one_technicians(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    await setup.initialise(settings)
    await add(settings)
    with pytest.raises(AlreadyThere):
        await add(settings, "ADA@help.example")
    await add(settings, "bob@help.example")


@pytest.mark.parametrize("password", ["", "1234567", "x" * 1_025])
async def test_a_password_has_a_length(tmp_path: Path, password: str) -> None:
    settings = settings_in(tmp_path)
    await setup.initialise(settings)
    with pytest.raises(Invalid, match="8 characters"):
        await add(settings, password=password)
    await add(settings, password="12345678")


async def test_only_staff_can_be_added(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    await setup.initialise(settings)
    with pytest.raises(Invalid, match="role"):
        await setup.add_technician(
            settings, email="a@b.example", name="A", password=PASSWORD, role=Role.REQUESTER, passwords=QUICK
        )


async def test_whom_nobody_knows_can_not_be_disabled_or_reset(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    await setup.initialise(settings)
    with pytest.raises(NotFound):
        await setup.disable_technician(settings, "ada@help.example")
    with pytest.raises(NotFound):
        await setup.reset_password(settings, "ada@help.example", PASSWORD, passwords=QUICK)
    await add(settings)
    await setup.reset_password(settings, "ada@help.example", "another one", passwords=QUICK)
    await setup.disable_technician(settings, "ada@help.example")
    (row,) = await setup.list_technicians(settings)
    assert row.disabled_at is not None


async def test_housekeeping_removes_what_has_run_out_and_nothing_else(world: World) -> None:
    ada = await world.technician()
    filed = await world.claimed(ada)
    await ada.must(f"/tickets/{filed.tracking}/join-code")
    await ada.must("/live")
    await world.desk.housekeep()
    assert (await ada.get(f"/tickets/{filed.tracking}")).status_code == 200
    world.clock.forward(31 * 86_400)
    await world.desk.housekeep()
    async with world.desk._context.database.read() as connection:
        for table in ("logins", "join_codes", "socket_tickets", "counters"):
            found = await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")  # noqa: S608 - a fixed name
            assert found.scalar_one() == 0
        kept = await connection.exec_driver_sql("SELECT count(*) FROM tickets")
        assert kept.scalar_one() == 1
