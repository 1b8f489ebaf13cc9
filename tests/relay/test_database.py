"""`towline-relay` on PostgreSQL as an admin types it: doctor, and the way there and back."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from relay.cli import app
from tests.relay.support import free_port
from tests.relay.test_cli import COMMAND
from tests.support.postgres import PostgresServer, run_apart


def towline(*arguments: str, stdin: str = "") -> Result:
    """Run a command in this process: what starts and ends a process is tested elsewhere."""
    return CliRunner().invoke(app, arguments, input=stdin)


def failed(done: Result, says: str) -> None:
    """Expect one line on standard error, and no more."""
    assert done.exit_code == 1
    assert says in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new desk on SQLite, with an admin."""
    folder = tmp_path_factory.mktemp("desk")
    done = towline("init", "--dir", str(folder), "--public-url", f"https://127.0.0.1:{free_port()}")
    assert done.exit_code == 0, done.output
    file = folder / "towline.toml"
    add = ("technician", "add", "ada@example.org", "--name", "Ada", "--role", "admin", "--generate-password")
    assert towline(*add, "-c", str(file)).exit_code == 0
    return file


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """An empty database on PostgreSQL."""
    name = run_apart(postgres.create())
    yield postgres.tcp_url(name)
    run_apart(postgres.drop(name))


def on(config: Path, url: str, name: str) -> Path:
    """Return settings like these with another database."""
    file = config.with_name(name)
    file.write_text(f'{config.read_text("utf-8")}\n[database]\nurl = "{url}"\n', "utf-8")
    return file


def database_line(config: Path) -> str:
    """Return what doctor says of the database."""
    done = towline("doctor", "--json", "-c", str(config))
    return next(str(each["says"]) for each in json.loads(done.stdout) if each["what"] == "database")


def test_a_desk_moves_there_and_back(config: Path, url: str, postgres: PostgresServer, tmp_path: Path) -> None:
    done = towline("database", "move", url, "-c", str(config))
    assert done.exit_code == 0, done.output
    assert "1  technicians" in done.stdout
    assert "arrived and are as they were" in done.stdout
    assert postgres.password not in done.output
    moved = on(config, url, "there.toml")
    assert "ada@example.org" in towline("technician", "list", "-c", str(moved)).stdout
    assert database_line(moved).startswith("PostgreSQL 1")
    # Once more would be one time too many.
    failed(towline("database", "move", url, "-c", str(config)), "not empty")
    back = f"sqlite:///{tmp_path / 'back.db'}"
    done = towline("database", "move", "-", "--json", "-c", str(moved), stdin=f"{back}\n")
    assert json.loads(done.stdout)["tables"]["technicians"] == 1
    again = on(config, back, "back.toml")
    assert "ada@example.org" in towline("technician", "list", "-c", str(again)).stdout
    assert database_line(again).startswith("SQLite 3")


def test_what_can_not_be_used_is_one_line_without_the_password(config: Path, postgres: PostgresServer) -> None:
    def move(url: str) -> Result:
        done = towline("database", "move", url, "-c", str(config))
        assert "hunter2" not in done.output
        return done

    failed(move("mysql://root:hunter2@localhost/x"), "has to begin with postgresql://")
    failed(move(f"postgresql://nobody:hunter2@127.0.0.1:{free_port()}/x"), "can't be reached")
    failed(move(postgres.tcp_url(password="hunter2")), "user name and password")
    there = on(config, postgres.tcp_url("nowhere"), "nowhere.toml")
    failed(towline("technician", "list", "-c", str(there)), "createdb")
    assert "createdb" in database_line(there)
    failed(
        towline("technician", "list", "-c", str(on(config, "mysql://root:hunter2@h/x", "my.toml"))), "[database] url"
    )


def test_a_server_starts_on_an_empty_postgresql_and_is_stopped_before_a_move(
    config: Path, url: str, tmp_path: Path
) -> None:
    there, back = on(config, url, "fresh.toml"), f"sqlite:///{tmp_path / 'back.db'}"
    server = subprocess.Popen([*COMMAND, "serve", "-c", str(there)], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert server.stdout.readline().startswith("ready ")
        add = ("technician", "add", "eve@example.org", "--name", "Eve", "--role", "admin", "--generate-password")
        assert towline(*add, "-c", str(there)).exit_code == 0
        assert "1 people may log in" in database_line(there)
        failed(towline("database", "move", back, "-c", str(there)), "The server is running")
    finally:
        server.terminate()
        server.communicate(timeout=15)
    assert towline("database", "move", back, "-c", str(there)).exit_code == 0
