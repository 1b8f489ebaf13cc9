"""The help desk of the demo: a real server in a folder of its own, with people and articles in it."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from demo.processes import Program, command, free_port, run

ORGANISATION: Final = "Harbour IT"
ADDRESS: Final = "help@harbour.example"
# Long enough to say, random enough for a server that only this machine reaches.
_PASSWORD_BYTES: Final = 6

ARTICLES: Final = (
    (
        "The mail program asks for the password again and again",
        "E-mail and calendar",
        (
            "Usually an old password is stored.\n\n1. Close the mail program.\n2. Open *Passwords and Keys* and delete"
            " the entry of the mail server.\n3. Start the mail program and type the password once more.\n"
        ),
    ),
    (
        "The printer prints blank pages",
        "Printing and scanning",
        (
            "1. Print a test page from the printer's own menu.\n2. If that is blank too, the cartridge is empty or its"
            " protective strip is still on.\n3. If it is not, delete the print queue and add the printer again.\n"
        ),
    ),
    (
        "The VPN connects, but shared folders stay empty",
        "Internet and network",
        (
            "The name of the file server is not found. Disconnect, connect again, and check that the VPN shows the name"
            " server of the office.\n"
        ),
    ),
)


@dataclass(frozen=True)
class Person:
    """Somebody who can log in."""

    name: str
    email: str
    password: str


class HelpDesk:
    """A running server on loopback, and who is in it."""

    def __init__(self, url: str, technician: Person, admin: Person, program: Program) -> None:
        self.url = url
        self.technician = technician
        self.admin = admin
        self._program = program

    @classmethod
    def start(cls, folder: Path, smtp_url: str, listen_port: int) -> "HelpDesk":
        """Initialise a server in `folder`, start it, and put people and articles in.

        Mail goes out to `smtp_url` and comes in at `listen_port`. Raises RuntimeError.
        """
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        relay = command("towline-relay")
        run(
            [relay, "init", "--dir", str(folder), "--public-url", url, "--name", ORGANISATION],
            environment={},
        )
        config = folder / "towline.toml"
        with config.open("a", encoding="utf-8") as settings:
            settings.write(
                f'\n[mail]\nfrom = "{ORGANISATION} <{ADDRESS}>"\nsmtp_url = "{smtp_url}"\n'
                f'addresses = ["{ADDRESS}"]\nsmtp_listen = "127.0.0.1:{listen_port}"\n'
            )
        people = [
            Person(name, email, secrets.token_urlsafe(_PASSWORD_BYTES) + "-demo")
            for name, email in (("Tess Technician", "tess@example.com"), ("Ada Admin", "ada@example.com"))
        ]
        for person, role in zip(people, ("technician", "admin"), strict=True):
            run(
                [relay, "technician", "add", person.email, "--name", person.name, "--role", role,
                 "--password-stdin", "--config", str(config)],
                environment={},
                stdin=person.password + "\n",
            )  # fmt: skip
        program = Program([relay, "serve", "--config", str(config)], folder / "server.log", environment={})
        desk = cls(url, people[0], people[1], program)
        try:
            program.wait_for("ready")
            desk._write_articles()
        except BaseException:
            program.stop()
            raise
        return desk

    def _write_articles(self) -> None:
        with httpx.Client(base_url=f"{self.url}/api/v1", trust_env=False) as client:
            answer = client.post(
                "/login", json={"email": self.technician.email, "password": self.technician.password, "label": "demo"}
            )
            answer.raise_for_status()
            headers = {"Authorization": f"Bearer {answer.json()['token']}"}
            for title, category, body in ARTICLES:
                article = {"title": title, "category": category, "body": body}
                client.post("/articles", json=article, headers=headers).raise_for_status()
            client.post("/logout", headers=headers).raise_for_status()

    def file_request(self, state: Path) -> dict[str, str]:
        """File the demo's request with `towline-agent submit` and return what it printed."""
        printed = run(
            [command("towline-agent"), "submit", "--json", "--server", self.url, "--category", "E-mail and calendar",
             "--title", "Mail program asks for my password again and again",
             "--description", "Since this morning a window asks for the password every minute. It is the right one.",
             "--urgency", "high", "--asset", "software", "--email", "uma@example.com", "--name", "Uma User"],
            environment={"TOWLINE_STATE": str(state)},
        )  # fmt: skip
        answer: dict[str, str] = json.loads(printed)
        return answer

    def stop(self) -> None:
        """Stop the server."""
        self._program.stop()
