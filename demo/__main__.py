"""`python -m demo`, which `make demo` calls. CHECK=1 plays the story; DESKTOP=own shares the real display."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from demo.desktop import Desktop
from demo.help_desk import ADDRESS, HelpDesk
from demo.mailbox import Mailbox
from demo.processes import command
from demo.stages import Stages

OUT = Path("demo-out")


def say(text: str = "") -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def check() -> int:
    """Play the whole story and keep its pictures in demo-out/."""
    from demo.story import play

    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    stages = Stages(OUT)
    with ExitStack() as closing:
        folder = _folder(closing)
        mailbox = Mailbox.start(ADDRESS)
        closing.callback(mailbox.stop)
        with stages.stage("A server is initialised, with people and articles"):
            desk = HelpDesk.start(folder, mailbox.smtp_url, mailbox.desk_port)
            closing.callback(desk.stop)
        with stages.stage("Uma's desktop: window manager, terminal, editor"):
            desktop = Desktop.start(folder / "home")
            closing.callback(desktop.stop)
        play(desk, desktop, mailbox, folder, stages)
    say(f"\n{stages.number} stages in {stages.took_s:.1f} s. Pictures: {OUT}/")
    return 0


def by_hand(*, own: bool) -> int:
    """Start everything, say where to click, and be the end user's terminal until Ctrl+C."""
    with ExitStack() as closing:
        folder = _folder(closing)
        say("Starting the help desk and a desktop …")
        desktop = Desktop.own() if own else Desktop.start(folder / "home")
        closing.callback(desktop.stop)
        mailbox = Mailbox.start(ADDRESS)
        closing.callback(mailbox.stop)
        desk = HelpDesk.start(folder, mailbox.smtp_url, mailbox.desk_port)
        closing.callback(desk.stop)
        request = desk.file_request(folder / "agent")
        _explain(desk, desktop, mailbox, request)
        arguments = [command("towline-agent"), "join", request["link"], "--display", desktop.display]
        if not sys.stdin.isatty():
            say("There is no terminal here to ask for consent, so the agent is started with --allow control.")
            arguments += ["--allow", "control"]
        environment = os.environ | {"TOWLINE_STATE": str(folder / "agent")}
        try:
            return subprocess.run(arguments, env=environment, check=False).returncode
        except KeyboardInterrupt:
            say("\nThe demo is over; nothing of it is left.")
            return 0


def _folder(closing: ExitStack) -> Path:
    folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="towline-demo-")))
    (folder / "home").mkdir()
    return folder


def _explain(desk: HelpDesk, desktop: Desktop, mailbox: Mailbox, request: dict[str, str]) -> None:
    where = "a virtual desktop with a terminal and an editor" if desktop.virtual else "YOUR OWN SCREEN"
    for line in (
        "",
        f"  Ask for help          {desk.url}/",
        f"  Technician's console  {desk.url}/console",
        f"    log in as           {desk.technician.email}   {desk.technician.password}",
        f"    or as the admin     {desk.admin.email}   {desk.admin.password}",
        f"  Everybody's mail      {mailbox.url}/",
        f"  A filed request       {request['tracking']}: {request['link']}",
        "",
        f"  The user's computer is {where}.",
        "  1. Open the console, log in, open the request and take it.",
        "  2. Click Connect. The user is asked below, in this terminal: answer here.",
        "  3. You see the desktop. Type, click; end the session; write down the solution.",
        "  4. Open the request's link, or the one in the user's mail, to see it as the user does.",
        "  5. In everybody's mail: answer a mail, or write a new one; both arrive in the console.",
        "",
        "  Ctrl+C here ends everything. What follows is the user's agent:",
        "",
    ):
        say(line)


def main() -> int:
    """Run the demo; every failure is one line that says what to do."""
    try:
        if os.environ.get("CHECK"):
            return check()
        return by_hand(own=os.environ.get("DESKTOP") == "own")
    except KeyboardInterrupt:
        say("\nThe demo is over; nothing of it is left.")
        return 0
    except Exception as problem:  # noqa: BLE001 the edge of the program: people get a line, not a traceback
        say(f"\nThe demo stopped: {problem}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
