"""`towline-relay`: what an admin types.

Exit statuses: 0 done; 1 it did not work (one line on standard error says what to do); 2 the command line is wrong.
"""

import dataclasses
import gc
import os
import secrets
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from relay.cli_parts import DEFAULT_CONFIG, Config, Failed, Json, explained, run, settings_of, show
from relay.cli_spreading import category_app, rule_app, team_app
from relay.config import FILE_NAME, Settings, check_database_url

app = typer.Typer(name="towline-relay", help="The server of a Towline help desk.", no_args_is_help=True)
technician_app = typer.Typer(help="Who may log in at the console.", no_args_is_help=True)
database_app = typer.Typer(help="Where the records are.", no_args_is_help=True)
mail_app = typer.Typer(help="Mail that waits to be sent or to be let in.", no_args_is_help=True)
org_app = typer.Typer(help="The organisation's keys.", no_args_is_help=True)
app.add_typer(technician_app, name="technician")
app.add_typer(database_app, name="database")
app.add_typer(mail_app, name="mail")
app.add_typer(category_app, name="category")
app.add_typer(team_app, name="team")
app.add_typer(rule_app, name="rule")
app.add_typer(org_app, name="org")
app.add_typer(org_app, name="organisation", hidden=True)

PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Generate = Annotated[bool, typer.Option("--generate-password", help="Make a password up and print it once.")]
Email = Annotated[str, typer.Argument(help="Email address, which is the login name.")]


@app.command()
def init(
    directory: Annotated[Path, typer.Option("--dir", help="Where to put settings and data.")] = Path(),
    public_url: Annotated[
        str, typer.Option("--public-url", help="The address that people and agents will use.")
    ] = "https://localhost:8443",
    name: Annotated[str, typer.Option("--name", help="What the help desk is called.")] = "Help desk",
    as_json: Json = False,
) -> None:
    """Make settings, keys, a private CA and the database of a new help desk."""
    from relay import app as server
    from relay.initial import initial_file

    with explained():
        file = directory / FILE_NAME
        if file.exists():
            raise Failed(f"{file} is there already and stays as it is. Start it with: towline-relay serve -c {file}")
        content = initial_file(public_url, name)
        directory.mkdir(parents=True, exist_ok=True)
        settings = initial_settings(content, directory)
        server.prepare_certificate(settings)
        run(server.prepare_data(settings))
        # Last, so that what went wrong half-way can simply be done again.
        write_new(file, content)

        def text(console: Console) -> None:
            console.print(f"Made {file}, keys, certificates and the database in {settings.data_dir}.", markup=False)
            console.print(f"Agents, viewers and browsers need {settings.ca_file} to trust this server.", markup=False)
            console.print("Next:")
            console.print(f"  towline-relay technician add EMAIL --name NAME --role admin -c {file}", markup=False)
            console.print(f"  towline-relay serve -c {file}", markup=False)

        made = {"config": str(file), "public_url": settings.server.public_url, "ca": str(settings.ca_file)}
        show(made, as_json, text)


def initial_settings(content: str, directory: Path) -> Settings:
    """Return the settings that a new file will give. Raises SettingsError."""
    import tomllib

    from relay.config import make_settings

    return make_settings(tomllib.loads(content), {}, directory.absolute())


def write_new(file: Path, content: str) -> None:
    """Write a file that is not there yet, for its owner only: it may come to hold a database password."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        opened.write(content)


@app.command()
def serve(config: Config = DEFAULT_CONFIG) -> None:
    """Run the server until it is told to stop; prints `ready URL` when it accepts connections."""
    from relay.logs import configure_logs
    from relay.serve import serve as supervise

    with explained():
        settings_of(config)
        configure_logs("serve")
        status = supervise(config.absolute(), typer.echo)
    raise typer.Exit(status)


@app.command()
def doctor(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Check settings, certificate, database, port, origin, mail and clock; say what to do (status 1: something is)."""
    from relay.doctor import examine

    with explained():
        findings = run(examine(settings_of(config)))

        def text(console: Console) -> None:
            for finding in findings:
                mark = "ok   " if finding.good else "WRONG"
                console.print(f"{mark}  {finding.what}: {finding.says}", markup=False)

        show([{"what": each.what, "good": each.good, "says": each.says} for each in findings], as_json, text)
    if not all(finding.good for finding in findings):
        raise typer.Exit(1)


@technician_app.command("add")
def technician_add(
    email: Email,
    *,
    name: Annotated[str, typer.Option("--name", help="The name that people see.")],
    role: Annotated[
        Literal["technician", "admin"], typer.Option("--role", help="An admin may also take over tickets.")
    ] = "technician",
    password_stdin: PasswordStdin = False,
    generate_password: Generate = False,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Let somebody log in at the console."""
    from relay import app as server

    with explained():
        settings = settings_of(config)
        password, made_up = choose_password(from_stdin=password_stdin, generate=generate_password)
        run(server.add_technician(settings, email, name, password, role))
        tell_password(f"Added {name} <{email}> as {role}.", {"email": email, "role": role}, password, made_up, as_json)


@technician_app.command("list")
def technician_list(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Show everybody who may log in, or could once."""
    from relay import app as server

    with explained():
        lines = run(server.list_technicians(settings_of(config)))

        def text(console: Console) -> None:
            table = Table("Email", "Name", "Role", "State", box=None)
            for line in lines:
                table.add_row(line.email, line.name, line.role, "disabled" if line.disabled else "")
            console.print(table if lines else "Nobody yet. Add one with: towline-relay technician add")

        values = [{"email": x.email, "name": x.name, "role": x.role, "disabled": x.disabled} for x in lines]
        show({"items": values}, as_json, text)


@technician_app.command("disable")
def technician_disable(email: Email, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """End somebody's logins, devices and running sessions, at once."""
    from relay import app as server

    with explained():
        run(server.disable_technician(settings_of(config), email))
        show(
            {"email": email, "disabled": True},
            as_json,
            lambda console: console.print(f"Disabled {email}.", markup=False),
        )


@technician_app.command("reset")
def technician_reset(
    email: Email,
    password_stdin: PasswordStdin = False,
    generate_password: Generate = False,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Set a new password; logins that are open end."""
    from relay import app as server

    with explained():
        settings = settings_of(config)
        password, made_up = choose_password(from_stdin=password_stdin, generate=generate_password)
        run(server.reset_password(settings, email, password))
        tell_password(f"{email} has a new password.", {"email": email}, password, made_up, as_json)


def choose_password(*, from_stdin: bool, generate: bool) -> tuple[str, bool]:
    """Return the password and whether it was made up here. Raises Failed."""
    if from_stdin and generate:
        raise Failed("Use --password-stdin or --generate-password, not both.")
    if generate:
        return secrets.token_urlsafe(15), True
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    if not sys.stdin.isatty():
        raise Failed("There is no terminal to ask for a password: use --password-stdin or --generate-password.")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password, False


def tell_password(done: str, values: dict[str, str], password: str, made_up: bool, as_json: bool) -> None:
    """Say what was done, and the password if nobody knows it yet."""

    def text(console: Console) -> None:
        console.print(done, markup=False)
        if made_up:
            console.print(f"Password: {password}", markup=False)

    show({**values, **({"password": password} if made_up else {})}, as_json, text)


@database_app.command("move")
def database_move(
    to_url: Annotated[str, typer.Argument(metavar="TO_URL", help="An empty database; - reads it from standard input.")],
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Carry all records to another database: from SQLite to PostgreSQL, or back."""
    from relay import app as server

    with explained():
        settings = settings_of(config)
        url = sys.stdin.readline().strip() if to_url == "-" else to_url
        check_database_url(url)

        def arrived(table: str, rows: int) -> None:
            if not as_json:
                typer.echo(f"{rows:>9}  {table}")

        tables = run(server.move_database(settings, url, arrived))

        def text(console: Console) -> None:
            console.print(f"All {sum(tables.values())} rows arrived and are as they were.")
            console.print(f"Now change {config} to the new database, then start the server:", markup=False)
            console.print("  [database]", markup=False)
            console.print('  url = "(the one you named)"', markup=False)
            console.print("The old database stays as it was. Keys and files stay in the data folder.")

        show({"tables": tables}, as_json, text)


@mail_app.command("list")
def mail_list(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Show mail that waits to be sent, and mail that was given up, with the reason."""
    from relay import app as server

    with explained():
        lines = run(server.list_mail(settings_of(config)))

        def text(console: Console) -> None:
            if not lines:
                console.print("No mail waits, and none was given up.")
            for line in lines:
                tried = f"{line.attempts} tries" if line.attempts != 1 else "1 try"
                console.print(f"{line.id}  {line.state}  to {line.to}  {line.subject}  ({tried})", markup=False)
                if line.last_error:
                    console.print(f"    {line.last_error}", markup=False)
            if any(line.state == "dead" for line in lines):
                console.print("Once that is put right: towline-relay mail retry ID, or --all")

        show({"items": [dataclasses.asdict(line) for line in lines]}, as_json, text)


@mail_app.command("retry")
def mail_retry(
    mail: Annotated[int | None, typer.Argument(metavar="ID", help="As `mail list` shows it.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Everything that is unsent.")] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Try mail again at once: one that was given up, or everything that is unsent."""
    from relay import app as server

    with explained():
        if (mail is None) != every:
            raise Failed("Name one mail, or use --all. towline-relay mail list shows what there is.")
        settings = settings_of(config)
        if settings.smtp is None:
            raise Failed("No mail is set up: give [mail] from and smtp_url first.")
        count = run(server.retry_mail(settings, mail))
        if mail is not None and count == 0:
            raise Failed(f"There is no unsent mail {mail}, or it is being sent now. Look with: towline-relay mail list")
        show({"retried": count}, as_json, lambda console: console.print(f"Due now: {count}."))


@mail_app.command("suspended")
def mail_suspended(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Show mail that came in and waits for a decision, with the reason."""
    from relay import app as server

    with explained():
        lines = run(server.list_suspended_mail(settings_of(config)))

        def text(console: Console) -> None:
            if not lines:
                console.print("No mail waits for a decision.")
            for line in lines:
                console.print(f"{line.id}  from {line.sender or 'nobody'}  {line.subject}", markup=False)
                console.print(f"    {line.reason}", markup=False)
            if lines:
                console.print("Decide in the console under Mail, or: towline-relay mail replay ID, or --all")

        show({"items": [dataclasses.asdict(line) for line in lines]}, as_json, text)


@mail_app.command("replay")
def mail_replay(
    mail: Annotated[int | None, typer.Argument(metavar="ID", help="As `mail suspended` shows it.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Everything that waits.")] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Have mail that waits for a decision looked at once more, after what was wrong is put right."""
    from relay import app as server

    with explained():
        if (mail is None) != every:
            raise Failed("Name one mail, or use --all. towline-relay mail suspended shows what there is.")
        count = run(server.replay_mail(settings_of(config), mail))
        if mail is not None and count == 0:
            raise Failed(f"No mail {mail} waits for a decision. Look with: towline-relay mail suspended")
        show({"replayed": count}, as_json, lambda console: console.print(f"Looked at once more: {count}."))


@org_app.command("show")
def org_show(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Show the organisation's name, id and public key."""
    from relay import app as server

    with explained():
        shown = run(server.show_organisation(settings_of(config)))

        def text(console: Console) -> None:
            for label, value in shown.items():
                console.print(f"{label.replace('_', ' ')}: {value}", markup=False)

        show(shown, as_json, text)


def main() -> None:
    """Run the program; what nobody foresaw ends in one line as well."""
    # Whatever is made here holds secrets, or sits in a folder with them.
    os.umask(0o077)
    # Looking for garbage among the modules that are loaded now, of which nothing is any, takes a fifth of the start.
    gc.set_threshold(50_000)
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - the edge of the program: no traceback reaches a person
        typer.echo(
            f"towline-relay: something unforeseen went wrong ({type(error).__name__}). "
            "Run towline-relay doctor, and report it if that finds nothing.",
            err=True,
        )
        sys.exit(1)
