"""`towline-agent`: file a request, see how it goes, let a technician help."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import stat
import sys
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from agent.consent import GivenBeforehand, RememberedConsent, rights_named
from agent.errors import AgentError, Refused
from agent.exits import MEANINGS, Exit, exit_of
from agent.http import Api, NewTicket, TicketInfo
from agent.join import CodeNeeded, become_member, build, pin_organisation
from agent.lines import JsonLines, PlainLines
from agent.platforms import open_desktop
from agent.ports import Consent
from agent.prompt import NobodyThere, StandardTerminal, TerminalAsker
from agent.server import BadServer, Server, parse_server, tls_context
from agent.state import AgentState, state_folder
from agent.target import Target, parse_target
from agent.terminal import clean

log = logging.getLogger("towline.agent")

EXITS: Final = "Exit status: " + "; ".join(f"{status.value} {text}" for status, text in MEANINGS.items()) + "."
URGENCIES: Final = ("low", "normal", "high", "critical")
ASSETS: Final = ("hardware", "software", "network", "server", "other")

app = typer.Typer(
    name="towline-agent",
    help="Ask for help with this computer, and let a technician help.",
    epilog=EXITS,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
)

ServerOption = Annotated[
    str, typer.Option("--server", envvar="TOWLINE_SERVER", help="Address of the help desk, https://help.example.org.")
]
CaOption = Annotated[
    Path | None, typer.Option("--ca", envvar="TOWLINE_CA", help="The server's own root certificate (PEM).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", help="Say on standard error what happens inside.")]
TargetArgument = Annotated[
    str,
    typer.Argument(metavar="TRACKING|LINK", help="Tracking number, such as TL-7K3M-9QX2, or the link of your mail."),
]


@app.callback()
def start(context: typer.Context) -> None:
    """Ask for help with this computer, and let a technician help."""
    if context.invoked_subcommand is None:
        _say("Ask for help:            towline-agent submit")
        _say("See how it goes:         towline-agent status TL-7K3M-9QX2")
        _say("Let a technician help:   towline-agent join TL-7K3M-9QX2")
        _say("")
        _say("Everything a command can do: towline-agent COMMAND --help")


@app.command(epilog=EXITS)
def submit(
    *,
    category: Annotated[str, typer.Option("--category", help="What it is about, such as E-mail or Printing.")] = "",
    title: Annotated[str, typer.Option("--title", help="The problem in one line.")] = "",
    description: Annotated[str, typer.Option("--description", help="What is wrong; the text of an error.")] = "",
    urgency: Annotated[str, typer.Option("--urgency", help=f"{', '.join(URGENCIES)}.")] = "",
    asset: Annotated[str, typer.Option("--asset", help=f"{', '.join(ASSETS)}.")] = "",
    email: Annotated[str, typer.Option("--email", help="Where answers go.")] = "",
    name: Annotated[str, typer.Option("--name", help="Your name.")] = "",
    server: ServerOption = "",
    ca: CaOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """File a request and print its tracking number. What is left out is asked for."""
    _logging(verbose=verbose)
    ticket = _complete(NewTicket(category, title, description, urgency, asset, email, name))

    async def work() -> None:
        where = _server(server)
        tls = tls_context(ca) if where.secure else None
        state = AgentState(state_folder())
        async with Api(where, tls) as api:
            await pin_organisation(api, where, state)
            filed = await api.submit(ticket)
        target = parse_target(filed.tracking)
        state.keep_ticket(where, target.tracking, requester_token=filed.requester_token, title=ticket.title)
        if as_json:
            _say_json({"tracking": filed.tracking, "status": filed.status, "link": filed.link})
            return
        _say(f"Your request is filed. Tracking number: {clean(filed.tracking)}")
        _say(f"See how it goes:        towline-agent status {clean(filed.tracking)}")
        _say(f"Let a technician help:  towline-agent join {clean(filed.tracking)}")

    _run(work())


@app.command(epilog=EXITS)
def status(
    target: TargetArgument,
    *,
    server: ServerOption = "",
    ca: CaOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show how a request goes."""
    _logging(verbose=verbose)

    async def work() -> None:
        asked = parse_target(target)
        state = AgentState(state_folder())
        where = _server(server, asked, state)
        token = asked.token or state.ticket(where, asked.tracking).requester_token
        if not token:
            raise AgentError(
                f"This computer did not file the request {asked.tracking}. Use the link of your mail instead."
            )
        async with Api(where, tls_context(ca) if where.secure else None) as api:
            found = await api.ticket(asked.tracking, token)
        if asked.token:
            state.keep_ticket(where, asked.tracking, requester_token=asked.token, title=found.title)
        if as_json:
            _say_json(msgspec.to_builtins(found))
        else:
            _show(found)

    _run(work())


@app.command(epilog=EXITS)
def join(
    target: TargetArgument,
    *,
    code: Annotated[str, typer.Option("--code", help="Join code that the technician read out.")] = "",
    allow: Annotated[
        str, typer.Option("--allow", metavar="view|control", help="Consent given beforehand: nobody is asked.")
    ] = "",
    display: Annotated[str, typer.Option("--display", help="X display to share, such as :0.")] = "",
    once: Annotated[bool, typer.Option("--once", help="Stop after one session.")] = False,
    server: ServerOption = "",
    ca: CaOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Wait for the technician of a request, and share this screen once you agree."""
    _logging(verbose=verbose)

    async def work(code: str) -> None:
        asked = parse_target(target)
        state = AgentState(state_folder())
        where = _server(server, asked, state)
        tls = tls_context(ca) if where.secure else None
        opener = partial(open_desktop, display or None)
        # A screen that cannot be shared is better known now than when the technician is there.
        await asyncio.to_thread((await asyncio.to_thread(opener)).close)
        member = await become_member(asked, server=where, tls=tls, state=state, code=code)
        control = build(
            member,
            server=where,
            tls=tls,
            state=state,
            consent=_consent(allow),
            open_desktop=opener,
            listen=JsonLines(_say) if as_json else PlainLines(_say),
            once=once,
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, control.stop)
        try:
            await control.run()
        except Refused:
            state.forget_agent_token(where, asked.tracking)
            raise

    if allow:
        _checked_allow(allow)
    try:
        asyncio.run(work(code))
    except CodeNeeded as error:
        if not sys.stdin.isatty():
            _fail(str(error), exit_of(error))
        _run(work(typer.prompt("Join code that your technician reads out")))
    except AgentError as error:
        _report(error)


# --- parts


def _say(line: str) -> None:
    """Print one line as it is: no markup, no colours in what others wrote."""
    sys.stdout.write(line + "\n")
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()


def _say_json(value: object) -> None:
    _say(json.dumps(value, ensure_ascii=False, indent=2))


def _fail(text: str, code: Exit) -> NoReturn:
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(clean(text, 600), style="red")
    raise typer.Exit(code)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run a command's work; errors become one line and an exit status."""
    try:
        asyncio.run(work)
    except AgentError as error:
        _report(error)


def _report(error: AgentError) -> NoReturn:
    log.debug("failed", exc_info=error)
    _fail(str(error), exit_of(error))


def _logging(*, verbose: bool) -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.DEBUG if verbose else logging.WARNING, format="%(levelname)s %(message)s"
    )
    # These write first frames and headers, and with them tokens, when they are asked for details.
    for talkative in ("websockets", "httpx", "httpcore", "asyncio"):
        logging.getLogger(talkative).setLevel(logging.WARNING if verbose else logging.CRITICAL)


def _server(given: str, target: Target | None = None, state: AgentState | None = None) -> Server:
    """Return the server: the one in the link, the one given, or the one at which the request is known."""
    text = given
    if target is not None:
        text = target.server or given or ("" if state is None else state.server_of(target.tracking))
    if not text:
        raise BadServer("Which help desk? Give its address with --server https://… or in TOWLINE_SERVER.")
    return parse_server(text)


def _checked_allow(word: str) -> None:
    try:
        rights_named(word)
    except ValueError as error:
        _fail(str(error), Exit.USAGE)


def _consent(allow: str) -> Consent:
    if allow:
        return GivenBeforehand(rights_named(allow))
    if _can_be_read(sys.stdin.fileno()):
        return RememberedConsent(TerminalAsker(StandardTerminal(show=_say)))
    _say("Nobody can be asked here: start this in a terminal, or give consent beforehand with --allow.")
    return RememberedConsent(NobodyThere())


def _can_be_read(fd: int) -> bool:
    """Whether somebody may answer on `fd`: a terminal or a pipe, but no file and nothing closed."""
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        return False
    return os.isatty(fd) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _complete(ticket: NewTicket) -> NewTicket:
    """Ask for what is missing on a terminal; without one, say what is missing."""
    ticket = msgspec.structs.replace(ticket, urgency=ticket.urgency.lower(), asset=ticket.asset.lower())
    words = {
        "category": "What is it about (E-mail, Printing, …)",
        "title": "The problem in one line",
        "description": "What is wrong",
        "urgency": f"How urgent is it ({', '.join(URGENCIES)})",
        "asset": f"What is broken ({', '.join(ASSETS)})",
        "email": "Your e-mail address",
    }
    missing = [field for field in words if not getattr(ticket, field).strip()]
    if missing and not sys.stdin.isatty():
        _fail("Give also " + ", ".join(f"--{field}" for field in missing) + ".", Exit.USAGE)
    for field in missing:
        answer = typer.prompt(words[field], default="normal" if field == "urgency" else None)
        ticket = msgspec.structs.replace(ticket, **{field: str(answer).strip()})
    for field, allowed in (("urgency", URGENCIES), ("asset", ASSETS)):
        if getattr(ticket, field) not in allowed:
            _fail(f"--{field} is one of {', '.join(allowed)}.", Exit.USAGE)
    return ticket


def _show(ticket: TicketInfo) -> None:
    """Print a request for people; texts of others are cleaned."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(Text(clean(ticket.tracking), style="bold"), Text(clean(ticket.title)))
    helper = clean(ticket.assignee.name) if ticket.assignee is not None else "nobody yet"
    rows = {
        "Status": clean(ticket.status),
        "Technician": helper,
        "About": ", ".join(clean(part) for part in (ticket.category, ticket.asset, ticket.urgency) if part),
        "Last change": clean(ticket.updated_at),
        "This computer": "waits for the technician" if ticket.agent_online else "is not connected",
        "Solution": clean(ticket.solution or "", 2000),
    }
    for label, value in rows.items():
        if value:
            console.print(Text(f"{label}:".ljust(15), style="dim"), Text(value), end="\n")


def main() -> None:
    """Run the program; no traceback reaches a person."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(Exit.STOPPED)
    except BrokenPipeError:
        # Whoever read the output has enough; Python must not try to flush what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.FAILED)
    except Exception as error:
        log.debug("unexpected", exc_info=error)
        sys.stderr.write(
            f"Something went wrong inside this program ({type(error).__name__}). Run it again with --verbose.\n"
        )
        sys.exit(Exit.FAILED)


if __name__ == "__main__":
    main()
