"""`towline-viewer`: log in, list the queue, take one exact picture, run a script in a session."""

import asyncio
import io
import logging
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from PIL import Image
from rich.console import Console
from rich.table import Table
from rich.text import Text

from protocol.encoding import parse_b64
from protocol.tracking import DEFAULT_PREFIX, InvalidTrackingNumber, TrackingNumber, parse_tracking
from technician_viewer.api import Api, Ticket, one_line
from technician_viewer.client import SessionClient, open_session
from technician_viewer.errors import NotLoggedIn, ViewerError
from technician_viewer.exits import MEANINGS, Exit, exit_of
from technician_viewer.keystore import Keystore, Login, last_server, state_folder
from technician_viewer.script import ScriptFailed, load_script, run_main
from technician_viewer.state import SessionState
from technician_viewer.transport import parse_server, tls_context

EXITS: Final = "Exit status: " + "; ".join(f"{status.value} {text}" for status, text in MEANINGS.items()) + "."
# The user may think for a minute; a little more for the way and the first picture.
WAIT_S: Final = 90.0
QUIET_S: Final = 0.5
# Pages of the queue that are fetched at most.
MAX_PAGES: Final = 20

app = typer.Typer(
    name="towline-viewer",
    help="Work on tickets from a terminal: take an exact picture of a user's screen, or drive it from Python.",
    epilog=EXITS,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

ServerOption = Annotated[
    str,
    typer.Option(
        "--server", envvar="TOWLINE_SERVER", help="Address of the server; by default the one you logged in to last."
    ),
]
CaOption = Annotated[
    Path | None,
    typer.Option("--ca", envvar="TOWLINE_CA", help="The server's own root certificate (PEM); kept at login."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, errors on standard error too.")]
WaitOption = Annotated[float, typer.Option("--wait", min=0.1, help="Seconds to wait for the user and the picture.")]
TrackingArgument = Annotated[str, typer.Argument(metavar="TRACKING", help="Tracking number, such as TL-7K3M-9QX2.")]

_STATES: Final = {
    SessionState.WAITING_FOR_AGENT: "Waiting for the user's agent. A join code from the console lets it in.",
    SessionState.ASKING: "The user is being asked.",
    SessionState.LIVE: "The session is live.",
}


# --- commands


@app.command(epilog=EXITS)
def login(
    server: ServerOption = "",
    email: Annotated[str, typer.Option("--email", help="Your address; asked for when left out.")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking.")
    ] = False,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Log in and have this computer's key certified."""

    # Asked before the event loop runs, so that Ctrl+C ends the question.
    with _shown(as_json=as_json):
        keystore = _keystore(server)
    address = email or typer.prompt("E-mail address", err=True)
    password = _password(stdin=password_stdin)

    async def work() -> None:
        async with Api(parse_server(_server(server)), verify=tls_context(ca or keystore.ca)) as api:
            organisation = await api.organisation()
            _check_organisation(keystore.login(), organisation.id)
            logged_in = await api.login(address, password)
            certified = await api.register_device(keystore.device().public_key().public_bytes_raw())
            kept = Login(
                server=api.server.origin,
                email=address,
                token=logged_in.token,
                name=logged_in.technician.name,
                organisation=organisation.id,
                organisation_name=organisation.name,
                certificate=certified.certificate,
                certificate_not_after=certified.not_after,
            )
            keystore.keep(kept, ca)
        if as_json:
            _print_json(
                {
                    "server": kept.server,
                    "name": kept.name,
                    "organisation": kept.organisation_name,
                    "certificate_not_after": kept.certificate_not_after,
                }
            )
        else:
            _say(f"Logged in to {kept.server} ({kept.organisation_name}) as {kept.name}.")

    _run(work, as_json=as_json)


@app.command(epilog=EXITS)
def logout(server: ServerOption = "", ca: CaOption = None) -> None:
    """Have the login revoked and remove it and this computer's key for the server."""

    async def work() -> None:
        keystore = _keystore(server)
        kept = keystore.login()
        context = tls_context(ca or keystore.ca)
        keystore.forget()
        if kept is not None:
            async with Api(parse_server(_server(server or kept.server)), token=kept.token, verify=context) as api:
                with suppress(NotLoggedIn):
                    await api.logout()
        _say("Logged out. Nothing is kept here.")

    _run(work)


@app.command(epilog=EXITS)
def queue(
    server: ServerOption = "",
    view: Annotated[str, typer.Option("--view", help="mine, unassigned or all.")] = "all",
    search: Annotated[str, typer.Option("--search", help="Only tickets with these words.")] = "",
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """List tickets, the most urgent first."""
    if view not in {"mine", "unassigned", "all"}:
        raise typer.BadParameter("There are mine, unassigned and all.", param_hint="--view")

    async def work() -> None:
        keystore = _keystore(server)
        tickets: list[Ticket] = []
        async with _api(keystore, ca) as api:
            cursor = ""
            for _ in range(MAX_PAGES):
                page = await api.queue(view=view, q=search, cursor=cursor)
                tickets += page.items
                cursor = page.next_cursor or ""
                if not cursor:
                    break
        if as_json:
            _print_json(tickets)
        else:
            _print_queue(tickets)

    _run(work, as_json=as_json)


@app.command(epilog=EXITS)
def shot(
    tracking: TrackingArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT.png", help="Where the picture goes.")],
    *,
    server: ServerOption = "",
    wait: WaitOption = WAIT_S,
    ca: CaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Save one exact picture of the user's screen, once it is complete and still; the user is asked as always."""
    number = _tracking(tracking)

    async def work() -> None:
        give_up = time.monotonic() + wait
        async with _live(server, ca, number, wait_s=wait, quiet=as_json) as session:
            await session.wait_still(quiet_s=QUIET_S, timeout_s=max(2 * QUIET_S, give_up - time.monotonic()))
            rgb = session.picture[..., 2::-1].copy()
            width, height = session.size
        await asyncio.to_thread(_write_png, out, Image.fromarray(rgb))
        if as_json:
            _print_json({"tracking": number, "file": str(out), "width": width, "height": height})
        else:
            _say(f"{out}: {width} by {height} pixels.")

    _run(work, as_json=as_json)


@app.command(epilog=EXITS, context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True})
def run(
    tracking: TrackingArgument,
    script: Annotated[Path, typer.Argument(metavar="SCRIPT.py", help="Has an `async def main(session, args)`.")],
    args: Annotated[list[str] | None, typer.Argument(help="Handed to the script.")] = None,
    *,
    server: ServerOption = "",
    wait: WaitOption = WAIT_S,
    ca: CaOption = None,
) -> None:
    """Run a Python script in a session with the user's computer. Options come before TRACKING."""
    number = _tracking(tracking)

    async def work() -> None:
        main = load_script(script)
        async with _live(server, ca, number, wait_s=wait) as session:
            await run_main(main, session, list(args or ()), script)

    _run(work)


def main() -> None:
    """Run the command line; no traceback reaches a person."""
    # A log of the pump is for programs that embed the client; here each end has its line.
    logging.getLogger("technician_viewer").addHandler(logging.NullHandler())
    logging.getLogger("technician_viewer").propagate = False
    try:
        app()
    except BrokenPipeError:
        # Whoever read our output has had enough; Python would complain about it again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.FAILED)
    except Exception as error:  # noqa: BLE001 the edge of the program
        _complain(f"This program broke ({type(error).__name__}). Try again; if it stays, report what you did.")
        sys.exit(Exit.FAILED)


# --- parts of commands


def _run(work: Callable[[], Coroutine[None, None, None]], *, as_json: bool = False) -> None:
    """Run a command's work; a ViewerError becomes one line and an exit status."""
    with _shown(as_json=as_json):
        try:
            asyncio.run(_until_interrupted(work))
        except (KeyboardInterrupt, asyncio.CancelledError):
            _complain("Stopped.", bare=True)
            raise typer.Exit(Exit.STOPPED) from None


async def _until_interrupted(work: Callable[[], Coroutine[None, None, None]]) -> None:
    """Do the work; Ctrl+C cancels it, and a second one ends the program whatever it does.

    asyncio's own handler does not wake a loop that is just going to sleep, and is not there at all when the program was
    started with SIGINT ignored, as scripts start what they put into the background.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def stop() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        if task is not None:
            task.cancel()

    with suppress(NotImplementedError):
        loop.add_signal_handler(signal.SIGINT, stop)
    await work()


@contextmanager
def _shown(*, as_json: bool) -> Iterator[None]:
    """Show a ViewerError as one line, after the lines of a script that led to it, and exit with its status."""
    try:
        yield
    except ViewerError as error:
        if isinstance(error, ScriptFailed):
            for line in error.where:
                _complain(line, bare=True)
        if as_json:
            detail = {"error": error.code, "detail": one_line(str(error))}
            typer.echo(msgspec.json.encode(detail).decode(), err=True)
        else:
            _complain(str(error))
        raise typer.Exit(exit_of(error)) from None


def _server(given: str) -> str:
    found = given or last_server(state_folder())
    if not found:
        raise NotLoggedIn("Which server? Give it with --server or TOWLINE_SERVER.", "no-server")
    return found


def _keystore(given: str) -> Keystore:
    return Keystore(state_folder(), parse_server(_server(given)))


def _logged_in(keystore: Keystore) -> Login:
    kept = keystore.login()
    if kept is None:
        raise NotLoggedIn("You are not logged in here. Run `towline-viewer login`.", "not-logged-in")
    return kept


def _api(keystore: Keystore, ca: Path | None) -> Api:
    kept = _logged_in(keystore)
    return Api(parse_server(kept.server), token=kept.token, verify=tls_context(ca or keystore.ca))


@asynccontextmanager
async def _live(
    given: str, ca: Path | None, tracking: TrackingNumber, *, wait_s: float, quiet: bool = False
) -> AsyncIterator[SessionClient]:
    """Open a session, tell what is waited for, and give it once it is live."""
    keystore = _keystore(given)
    kept = _logged_in(keystore)
    trusted = ca or keystore.ca
    async with _api(keystore, ca) as api:
        client = await open_session(
            api, tracking, keystore.device(), ca=trusted, organisation=parse_b64(kept.organisation)
        )
    async with client as session:
        follower = asyncio.create_task(_follow(session, quiet=quiet))
        try:
            await session.wait_live(timeout_s=wait_s)
            yield session
        finally:
            follower.cancel()


def _check_organisation(kept: Login | None, organisation: str) -> None:
    """The organisation is pinned at the first login."""
    if kept is not None and kept.organisation != organisation:
        raise NotLoggedIn(
            f"{kept.server} speaks for another organisation than at your last login. Ask your administrator; if that "
            "is right, run `towline-viewer logout` first.",
            "other-organisation",
        )


def _password(*, stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    answer: str = typer.prompt("Password", hide_input=True, err=True)
    return answer


def _tracking(text: str) -> TrackingNumber:
    """Read a tracking number as people write it, whatever the server's prefix."""
    prefix = re.match(r"\s*([A-Za-z]{1,5})\s*-", text)
    try:
        return parse_tracking(text, prefix[1].upper() if prefix else DEFAULT_PREFIX)
    except InvalidTrackingNumber as error:
        raise typer.BadParameter(str(error), param_hint="TRACKING") from error


async def _follow(session: SessionClient, *, quiet: bool = False) -> None:
    """Tell on standard error what a person may be waiting for."""
    async for state in session.states():
        if state in _STATES and not quiet:
            _complain(_STATES[state], bare=True)


def _write_png(path: Path, image: Image.Image) -> None:
    data = io.BytesIO()
    image.save(data, "png")
    try:
        path.write_bytes(data.getvalue())
    except OSError as error:
        raise ViewerError(f"{path} can't be written ({error.strerror}). Give another place.", "output") from error


def _print_json(value: Any) -> None:
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def _say(text: str) -> None:
    Console().print(Text(one_line(text)), soft_wrap=True)


def _complain(text: str, *, bare: bool = False) -> None:
    console = Console(stderr=True)
    console.print(
        Text(one_line(text)) if bare else Text.assemble(("Error: ", "bold red"), one_line(text)), soft_wrap=True
    )


def _print_queue(tickets: list[Ticket]) -> None:
    if not tickets:
        _say("No tickets here.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("Number", "Title", "Urgency", "Status", "From", "With", "Agent"):
        table.add_column(heading, no_wrap=heading in {"Number", "Agent"})
    for ticket in tickets:
        table.add_row(
            *(
                Text(one_line(cell))
                for cell in (
                    ticket.tracking,
                    ticket.title,
                    ticket.urgency,
                    ticket.status,
                    ticket.requester.name or ticket.requester.email,
                    ticket.assignee.name if ticket.assignee else "",
                    "online" if ticket.agent_online else "",
                )
            )
        )
    Console().print(table)
