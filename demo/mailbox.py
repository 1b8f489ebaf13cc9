"""Everybody's mailbox in the demo: a real SMTP server on loopback, and a small page that shows what came in."""

import email
import html
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from demo.processes import free_port

PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mailbox</title><style>
body{{margin:0;padding:1.5rem;background:#f5f4ef;color:#16222b;font:16px/1.5 system-ui,sans-serif}}
main{{max-width:46rem;margin:0 auto}}article{{background:#fff;border:1px solid #d5d4ca;border-radius:.75rem;
padding:1rem;margin:0 0 1rem}}h2{{font-size:1.1rem;margin:0}}p{{margin:0 0 .5rem;color:#52626c}}
iframe{{width:100%;height:34rem;border:1px solid #d5d4ca;border-radius:.5rem}}</style></head><body><main>
<h1>Mail that the help desk sent</h1>{mails}</main></body></html>"""

WINDOW: Final = '<base target="_blank">'


@dataclass(frozen=True)
class Mail:
    """One mail as it came in."""

    to: str
    subject: str
    body: str


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
        body = mail.get_body(("html", "plain"))
        text = body.get_content() if body is not None else ""
        self.mails.append(Mail(", ".join(envelope.rcpt_tos), str(mail["Subject"]), text))
        return "250 taken"


def show(mails: list[Mail], whose: str) -> str:
    """Return the page of one person's mail, or of everybody's when `whose` is empty; the newest first."""
    shown = [
        # What came by mail is shown where it can run and reach nothing; links open in a window of their own.
        f"<article><h2>{html.escape(mail.subject)}</h2><p>to {html.escape(mail.to)}</p>"
        f'<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" title="{html.escape(mail.subject)}" '
        f'srcdoc="{html.escape(WINDOW + mail.body)}"></iframe></article>'
        for mail in reversed(mails)
        if whose in ("", mail.to)
    ]
    return PAGE.format(mails="".join(shown) or "<p>Nothing yet. Load this page again.</p>")


class Mailbox:
    """Takes all mail, for whomever; `url` shows it, the newest first, and `url/ADDRESS` one person's."""

    def __init__(self, smtp: Controller, web: ThreadingHTTPServer) -> None:
        self._smtp = smtp
        self._web = web
        self.url = f"http://127.0.0.1:{web.server_port}"
        self.smtp_url = f"smtp://127.0.0.1:{smtp.port}?starttls=never"

    @classmethod
    def start(cls) -> Self:
        """Listen on free ports of loopback. Raises OSError."""
        taker = Taker()

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Show the mails."""
                content = show(taker.mails, self.path.strip("/")).encode()
                self.send_response(200)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing: the demo's terminal belongs to its story."""

        smtp = Controller(taker, hostname="127.0.0.1", port=free_port())
        smtp.start()
        web = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=web.serve_forever, name="mailbox page", daemon=True).start()
        return cls(smtp, web)

    def stop(self) -> None:
        """Stop listening."""
        self._web.shutdown()
        self._web.server_close()
        self._smtp.stop()
