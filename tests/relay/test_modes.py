"""What commands and processes leave behind is for its owner only, and nobody is shown more than one line."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from relay import child, cli
from relay.app import Trouble, desk_trouble
from relay.wakeup import listening


@pytest.fixture(autouse=True)
def careless_umask() -> Iterator[None]:
    """A person whose files everybody may read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def umask_now() -> int:
    found = os.umask(0)
    os.umask(found)
    return found


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_settings_are_for_their_owner_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "towline.toml"
    cli.write_new(file, "one")
    assert mode(file) == 0o600
    with pytest.raises(FileExistsError):
        cli.write_new(file, "two")
    assert file.read_text(encoding="utf-8") == "one"


def test_commands_make_files_for_their_owner_only(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(cli, "app", lambda: seen.append(umask_now()))
    cli.main()
    assert seen == [0o077]


def test_the_servers_processes_make_files_for_their_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(child, "configure_logs", lambda _role: None)
    assert child.main("front", tmp_path / "missing.toml") == 1
    assert umask_now() == 0o077
    assert capsys.readouterr().err.count("\n") == 1


async def test_the_workers_bell_is_for_its_owner_only(tmp_path: Path) -> None:
    async with listening(tmp_path / "data" / "bell"):
        assert mode(tmp_path / "data" / "bell") == 0o600
        assert mode(tmp_path / "data") == 0o700


def test_no_statement_is_shown_to_anybody() -> None:
    with pytest.raises(Trouble) as caught, desk_trouble():
        raise OperationalError("SELECT secret", {"name": "secret"}, Exception("secret"))
    assert "secret" not in str(caught.value)
    assert "OperationalError" in str(caught.value)


def test_what_nobody_foresaw_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(cli, "app", broken)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert said.count("\n") == 1
    assert "RuntimeError" in said
    assert "secret" not in said
