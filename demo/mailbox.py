"""Everybody's mailbox in the demo: a real SMTP server on loopback, and a small page that shows what came in.

The page also sends: an answer to a mail, or a new one, goes over SMTP to the help desk's own listener, as any mail
program would do it.
"""

import email
import html
import smtplib
import threading
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import default
from email.utils import formatdate, make_msgid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Self
from urllib.parse import parse_qs, quote

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from demo.processes import free_port

PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mailbox</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><style>
:root{{color-scheme:light dark}}
body{{margin:0;padding:1.5rem;background:#f5f4ef;color:#16222b;font:16px/1.5 system-ui,sans-serif}}
main{{max-width:46rem;margin:0 auto}}
article,form.new{{background:#fff;border:1px solid #d5d4ca;border-radius:.75rem;padding:1rem;margin:0 0 1rem}}
h2{{font-size:1.1rem;margin:0}}p{{margin:0 0 .5rem;color:#52626c}}
iframe{{width:100%;height:26rem;border:1px solid #d5d4ca;border-radius:.5rem;background:#fff}}
textarea,input{{width:100%;box-sizing:border-box;font:inherit;padding:.5rem;margin:0 0 .5rem}}
button{{font:inherit;padding:.5rem 1rem}}
@media (prefers-color-scheme:dark){{body{{background:#10181d;color:#e7eef1}}
article,form.new{{background:#18232a;border-color:#2d3c45}}p{{color:#a3b3bb}}}}
</style></head><body><main><h1>{heading}</h1>{said}{new}{mails}</main></body></html>"""

NEW: Final = """<details><summary>Write to the help desk</summary><form class="new" method="post" action="/send">
<label>From <input name="from" value="{whose}" required></label><label>Subject <input name="subject" required></label>
<label>Text <textarea name="text" rows="5" required></textarea></label><button>Send mail</button></form></details>"""

ANSWER: Final = """<details><summary>Answer</summary><form method="post" action="/send">
<input type="hidden" name="mail" value="{number}">
<label>Your answer <textarea name="text" rows="4" required></textarea></label>
<button>Send answer</button></form></details>"""

WINDOW: Final = '<base target="_blank">'
_MOST_BYTES: Final = 100_000


@dataclass(frozen=True)
class Mail:
    """One mail as it came in."""

    number: int
    to: str
    subject: str
    body: str
    text: str
    reply_to: str
    message_id: str
    references: str


class Taker:
    """Keeps every mail that comes in."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep one."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        mail: EmailMessage = email.message_from_bytes(content, policy=default)
        body, plain = mail.get_body(("html", "plain")), mail.get_body(("plain",))
        self.mails.append(
            Mail(
                number=len(self.mails) + 1,
                to=", ".join(envelope.rcpt_tos),
                subject=str(mail["Subject"]),
                body="" if body is None else body.get_content(),
                text="" if plain is None else plain.get_content(),
                reply_to=str(mail["Reply-To"] or mail["From"]),
                message_id=str(mail["Message-ID"] or ""),
                references=str(mail["References"] or ""),
            )
        )
        return "250 taken"


def show(mails: list[Mail], whose: str, *, sent: bool = False) -> str:
    """Return the page of one person's mail, or of everybody's when `whose` is empty; the newest first."""
    shown = [
        # What came by mail is shown where it can run and reach nothing; links open in a window of their own.
        f"<article><h2>{html.escape(mail.subject)}</h2><p>to {html.escape(mail.to)}</p>"
        f'<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" title="{html.escape(mail.subject)}" '
        f'srcdoc="{html.escape(WINDOW + mail.body)}"></iframe>{ANSWER.format(number=mail.number)}</article>'
        for mail in reversed(mails)
        if whose in ("", mail.to)
    ]
    return PAGE.format(
        heading=f"Mail for {html.escape(whose)}" if whose else "Everybody’s mail",
        said='<p role="status">Sent to the help desk.</p>' if sent else "",
        new=NEW.format(whose=html.escape(whose)),
        mails="".join(shown) or "<p>Nothing yet. Load this page again.</p>",
    )


def answer_to(mail: Mail, text: str) -> EmailMessage:
    """Return an answer as mail programs write it: above, with the mail quoted below."""
    made = EmailMessage(SMTP_POLICY)
    made["From"], made["To"] = mail.to, mail.reply_to
    made["Subject"] = mail.subject if mail.subject.lower().startswith("re:") else f"Re: {mail.subject}"
    made["In-Reply-To"] = mail.message_id
    made["References"] = f"{mail.references} {mail.message_id}".strip()
    quoted = "".join(f"> {line}\n" for line in mail.text.splitlines())
    made.set_content(f"{text}\n\nOn Tuesday the help desk wrote:\n{quoted}")
    return made


def new_mail(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    """Return a mail of its own."""
    made = EmailMessage(SMTP_POLICY)
    made["From"], made["To"], made["Subject"] = sender, to, subject
    made.set_content(text)
    return made


class Mailbox:
    """Takes all mail, for whomever; `url` shows it, the newest first, and `url/ADDRESS` one person's.

    `desk_address` is where people write to, `desk_port` the port at which the help desk listens for mail.
    """

    def __init__(self, smtp: Controller, web: ThreadingHTTPServer, desk_port: int) -> None:
        self._smtp = smtp
        self._web = web
        self.desk_port = desk_port
        self.url = f"http://127.0.0.1:{web.server_port}"
        self.smtp_url = f"smtp://127.0.0.1:{smtp.port}?starttls=never"

    @classmethod
    def start(cls, desk_address: str) -> Self:
        """Listen on free ports of loopback. Raises OSError."""
        taker, desk_port = Taker(), free_port()

        def send(mail: EmailMessage) -> None:
            mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain="mailbox.example")
            with smtplib.SMTP("127.0.0.1", desk_port, timeout=10) as server:
                server.send_message(mail)

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Show the mails."""
                path, _, query = self.path.partition("?")
                self._answer(200, show(taker.mails, path.strip("/"), sent=query == "sent"))

            def do_POST(self) -> None:
                """Send an answer or a new mail."""
                size = min(int(self.headers.get("content-length", "0")), _MOST_BYTES)
                form = {name: values[0] for name, values in parse_qs(self.rfile.read(size).decode()).items()}
                number = form.get("mail", "")
                answered = next((mail for mail in taker.mails if str(mail.number) == number), None)
                if answered is not None:
                    whose, mail = answered.to, answer_to(answered, form.get("text", ""))
                else:
                    whose = form.get("from", "")
                    mail = new_mail(whose, desk_address, form.get("subject", ""), form.get("text", ""))
                try:
                    send(mail)
                except (OSError, smtplib.SMTPException, ValueError) as error:
                    self._answer(502, f"<p>The help desk did not take it: {html.escape(str(error))}</p>")
                    return
                self.send_response(303)
                self.send_header("location", f"/{quote(whose, safe='@+')}?sent")
                self.end_headers()

            def _answer(self, status: int, page: str) -> None:
                content = page.encode()
                self.send_response(status)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def handle(self) -> None:
                """Answer; a browser that went away meanwhile needs none."""
                with suppress(ConnectionError):
                    super().handle()

            def finish(self) -> None:
                """Send what is left, if somebody still wants it."""
                with suppress(ConnectionError):
                    super().finish()

            def log_message(self, *_: object) -> None:
                """Say nothing: the demo's terminal belongs to its story."""

        smtp = Controller(taker, hostname="127.0.0.1", port=free_port())
        smtp.start()
        web = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=web.serve_forever, name="mailbox page", daemon=True).start()
        return cls(smtp, web, desk_port)

    def stop(self) -> None:
        """Stop listening."""
        self._web.shutdown()
        self._web.server_close()
        self._smtp.stop()
