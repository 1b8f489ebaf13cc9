"""The whole product in a temporary folder: a server with TLS from its own CA, a technician, tickets, agents.

Everything runs as the programs that people run. What is started is stopped by its own process id, in reverse.
"""

import hashlib
import json
import secrets
import socket
import sqlite3
import ssl
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psutil
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from demo.processes import Program, command, run
from demo.pseudo_terminal import PseudoTerminal
from technician_viewer.api import Api
from technician_viewer.client import SessionClient, open_session
from technician_viewer.transport import Server, parse_server, tls_context

EMAIL: Final = "tess@example.org"


@dataclass(frozen=True)
class Filed:
    """A ticket that a user filed, and where the user's agent keeps its files."""

    tracking: str
    link: str
    state: Path


class Stack:
    """A running server and what belongs to it; a context manager. `mail` is the port of an SMTP server on loopback."""

    def __init__(self, folder: Path, *, name: str = "Harbour IT", mail: int | None = None) -> None:
        self.folder = folder
        self._name = name
        self._closing = ExitStack()
        self.server: Server = parse_server(f"https://localhost:{free_port()}")
        self.config = folder / "server" / "towline.toml"
        self.ca = folder / "server" / "ca.pem"
        # Long enough for every rule about passwords.
        self.password = secrets.token_urlsafe(18)
        self.device = X25519PrivateKey.generate()
        self.relay: Program | None = None
        self._agents = 0
        self._mail = mail
        self._starts = 0

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._closing.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def _start(self) -> None:
        relay = command("towline-relay")
        run(
            [relay, "init", "--dir", str(self.config.parent), "--public-url", self.server.origin, "--name", self._name],
            environment={},
        )
        if self._mail is not None:
            with self.config.open("a", encoding="utf-8") as settings:
                url = f"smtp://127.0.0.1:{self._mail}?starttls=never"
                settings.write(f'\n[mail]\nfrom = "{self._name} <help@example.org>"\nsmtp_url = "{url}"\n')
        self.add_technician(EMAIL, "Tess Technician", self.password)
        self._serve()

    def _serve(self) -> None:
        self._starts += 1
        log = self.folder / ("server.log" if self._starts == 1 else f"server-{self._starts}.log")
        self.relay = Program([command("towline-relay"), "serve", "--config", str(self.config)], log, environment={})
        self._closing.callback(self.relay.stop)
        self.relay.wait_for("ready")

    def restart(self) -> None:
        """Stop the server and start it again."""
        if self.relay is not None:
            self.relay.stop()
        self._serve()

    def add_technician(self, email: str, name: str, password: str, *, role: str = "technician") -> None:
        """Add somebody who can log in."""
        run(
            [command("towline-relay"), "technician", "add", email, "--name", name, "--role", role, "--password-stdin",
             "--config", str(self.config)],
            environment={},
            stdin=password + "\n",
        )  # fmt: skip

    # --- the user

    def file_ticket(self, title: str = "The printer says no") -> Filed:
        """File a ticket with `towline-agent submit`."""
        self._agents += 1
        state = self.folder / f"agent-{self._agents}"
        printed = run(
            [command("towline-agent"), "submit", "--json", "--category", "Printing", "--title", title,
             "--description", "It does not print.", "--urgency", "high", "--asset", "hardware",
             "--email", "uma@example.com", "--name", "Uma User"],
            environment=self._agent_environment(state),
        )  # fmt: skip
        answer = json.loads(printed)
        return Filed(answer["tracking"], answer["link"], state)

    def start_agent(self, ticket: Filed, display: str, *, allow: str = "control", once: bool = False) -> Program:
        """Start `towline-agent join` with consent given beforehand, for a ticket that it filed.

        Its log holds what it tells its user, one JSON object a line (`told`).
        """
        arguments = [
            command("towline-agent"), "join", ticket.tracking, "--allow", allow, "--display", display, "--json",
        ]  # fmt: skip
        program = Program(
            [*arguments, *(["--once"] if once else [])],
            ticket.state.with_suffix(".log"),
            environment=self._agent_environment(ticket.state),
        )
        self._closing.callback(program.stop)
        return program

    def start_asking_agent(self, ticket: Filed, display: str) -> PseudoTerminal:
        """Start `towline-agent join` on a terminal of its own, where its user is asked."""
        arguments = [command("towline-agent"), "join", ticket.tracking, "--display", display]
        agent = PseudoTerminal(arguments, environment=self._agent_environment(ticket.state))
        self._closing.callback(agent.stop)
        agent.wait_for("Waiting for a technician")
        return agent

    def _agent_environment(self, state: Path) -> dict[str, str]:
        return {"TOWLINE_STATE": str(state), "TOWLINE_SERVER": self.server.origin, "TOWLINE_CA": str(self.ca)}

    # --- the technician

    def tls(self) -> ssl.SSLContext:
        """Return what trusts this server."""
        return tls_context(self.ca)

    def api(self) -> Api:
        """Return the API without a login; an async context manager."""
        return Api(self.server, verify=self.tls())

    @asynccontextmanager
    async def technician(self, email: str = EMAIL, password: str | None = None) -> AsyncIterator[Api]:
        """The API, logged in."""
        async with self.api() as api:
            await api.login(email, password or self.password)
            yield api

    async def claim(self, ticket: Filed) -> None:
        """Log in and take the ticket."""
        async with self.technician() as api:
            await api.claim(ticket.tracking)

    async def open_session(self, ticket: Filed, device: X25519PrivateKey | None = None) -> SessionClient:
        """Log in and ask for a session on a ticket that was claimed; enter what this returns."""
        async with self.technician() as api:
            return await open_session(api, ticket.tracking, device or self.device, ca=self.ca)

    def age_socket_ticket(self, ticket: str, seconds: int) -> None:
        """Make a socket ticket older than it is, in the server's own database (it keeps a hash, and milliseconds)."""
        (database,) = (self.config.parent / "data").glob("*.db")
        with closing(sqlite3.connect(database, timeout=10.0)) as connection, connection:
            found = connection.execute(
                "UPDATE socket_tickets SET expires_at = expires_at - ? WHERE ticket_hash = ?",
                (seconds * 1_000, hashlib.sha256(ticket.encode()).digest()),
            )
            assert found.rowcount == 1, "there is no such socket ticket"

    # --- looking

    def relay_processes(self) -> list[psutil.Process]:
        """Return the processes of the server: supervisor, front and worker."""
        assert self.relay is not None
        root = psutil.Process(self.relay.process.pid)
        return [root, *root.children(recursive=True)]


def told(agent: Program) -> list[str]:
    """Return the states that an agent told its user of, in order."""
    lines = agent.log.read_text("utf-8").splitlines()
    return [json.loads(line)["state"] for line in lines if line.startswith("{")]


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
