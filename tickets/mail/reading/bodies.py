"""From the tree of parts to what people read and what they can open: text, HTML, attachments, reports."""

import html
import re
from dataclasses import dataclass, field
from typing import Final

from tickets.mail.reading.charsets import decode
from tickets.mail.reading.html_bounds import bounded_html
from tickets.mail.reading.html_text import html_to_text
from tickets.mail.reading.limits import MAX_HTML_CHARS, MAX_RETURNED_BYTES, MAX_TEXT_CHARS, MAX_TEXT_PARTS
from tickets.mail.reading.mail import Attachment, Returned
from tickets.mail.reading.names import safe_name
from tickets.mail.reading.parts import Part

_META_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_:-]{2,40})", re.IGNORECASE)
_SUBJECT: Final = re.compile(rb"^subject:[ \t]*([^\r\n]{1,200})", re.IGNORECASE | re.MULTILINE)
_REPORTS: Final = frozenset(
    {
        "message/delivery-status",
        "message/global-delivery-status",
        "message/feedback-report",
        "message/disposition-notification",
        "message/global",
        "message/global-headers",
        "message/rfc822",
        "message/rfc822-headers",
        "text/rfc822-headers",
        "text/rfc822",
    }
)


@dataclass(frozen=True)
class _View:
    """One reading of a part: as text and as HTML; either may be missing."""

    text: str = ""
    html: str = ""


@dataclass
class Collector:
    """Walks the tree once. `hint` is the charset to try where none is given."""

    hint: str
    text: str = ""
    html: str = ""
    text_from_html: bool = False
    attachments: list[Attachment] = field(default_factory=list)
    returned: list[Returned] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _texts: int = 0

    def collect(self, root: Part) -> "Collector":
        """Read the whole mail."""
        view = self._view(root, is_root=True)
        self.html = view.html
        self.text = view.text
        if not view.text.strip() and view.html:
            self.text, self.text_from_html = html_to_text(view.html), True
        return self

    def _view(self, part: Part, *, is_root: bool = False) -> _View:
        if part.children:
            views = [self._view(child) for child in part.children]
            return _best(views) if part.content_type == "multipart/alternative" else _joined(views)
        if part.content_type in _REPORTS:
            self.returned.append(Returned(part.content_type, part.content[:MAX_RETURNED_BYTES]))
        if self._is_body(part, is_root=is_root):
            self._texts += 1
            return self._read(part)
        self._attach(part)
        return _View()

    def _is_body(self, part: Part, *, is_root: bool) -> bool:
        if part.content_type not in {"text/plain", "text/html", "text/enriched"} or self._texts >= MAX_TEXT_PARTS:
            return False
        if part.disposition == "attachment":
            return False
        # Mail programs put named text files inline; they are still files. A mail of one part is its text.
        return is_root or not part.name

    def _read(self, part: Part) -> _View:
        content = part.content
        label = part.parameters.get("charset") or part.parameters.get("charest") or ""
        if part.content_type == "text/html":
            if not label and (meta := _META_CHARSET.search(content[:2_000])):
                label = meta[1].decode("ascii")
            text = decode(content[: MAX_HTML_CHARS * 4], label, self.hint)
            bounded = bounded_html(text)
            if len(bounded) < len(text):
                self.notes.append("The HTML is longer or deeper than is read and was cut.")
            return _View(html=bounded)
        text = decode(content[: MAX_TEXT_CHARS * 4], label, self.hint)
        if len(text) > MAX_TEXT_CHARS:
            self.notes.append(f"The text is longer than {MAX_TEXT_CHARS:,} characters and was cut there.")
        return _View(text=text[:MAX_TEXT_CHARS].replace("\r\n", "\n").replace("\r", "\n"))

    def _attach(self, part: Part) -> None:
        content = part.content
        if not content.strip() and not part.name:
            return
        name = part.name
        if not name and part.content_type in {"message/rfc822", "message/global"}:
            subject = _SUBJECT.search(content[:MAX_RETURNED_BYTES])
            name = f"{decode(subject[1]).strip()}.eml" if subject and b"=?" not in subject[1] else ""
        content_id = part.fields.get("content-id").strip("<> ")
        inline = part.disposition == "inline" or (bool(content_id) and part.disposition != "attachment")
        self.attachments.append(
            Attachment(
                safe_name(name, part.content_type, len(self.attachments) + 1),
                part.content_type,
                content,
                content_id[:998],
                inline,
            )
        )


def _best(views: list[_View]) -> _View:
    """Of alternatives, the plainest text and the richest HTML."""
    text = next((view.text for view in views if view.text.strip()), "")
    rich = next((view.html for view in reversed(views) if view.html.strip()), "")
    return _View(text, rich)


def _joined(views: list[_View]) -> _View:
    """One after the other, each in either form, so that neither reading misses what stands only in the other."""
    filled = [view for view in views if view.text.strip() or view.html.strip()]
    if len(filled) < 2:
        return filled[0] if filled else _View()
    text = "\n\n".join((view.text if view.text.strip() else html_to_text(view.html)).rstrip() for view in filled)
    if not any(view.html for view in filled):
        return _View(text)
    rich = "\n".join(view.html or f"<pre>{html.escape(view.text)}</pre>" for view in filled)
    return _View(text, rich[: 2 * MAX_HTML_CHARS])
