"""What an HTML mail says, as text: paragraphs, lists, links, and quotes marked with > so that trimming finds them."""

import re
from html.parser import HTMLParser
from typing import Final

import nh3

from tickets.mail.reading.html_bounds import bounded_html
from tickets.mail.reading.limits import MAX_TEXT_CHARS

_VOID: Final = frozenset({"br", "hr", "img", "wbr", "col"})
_PARAGRAPHS: Final = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "table", "pre", "dl"}
)
_LINES: Final = frozenset(
    {"div", "tr", "li", "dt", "dd", "center", "section", "article", "header", "footer", "address", "figure", "main"}
)
_TAGS: Final = frozenset(
    _VOID | _PARAGRAPHS | _LINES | {"a", "b", "i", "em", "strong", "span", "td", "th", "tbody", "thead", "code"}
)
# Where mail programs keep what is being answered. The whole element is a quote.
_QUOTES: Final = frozenset(
    {
        "gmail_quote",  # Gmail; the attribution is inside
        "gmail_quote_container",  # Gmail since 2024
        "yahoo_quoted",
        "protonmail_quote",
        "tutanota_quote",
        "zmail_extra",  # Zoho
        "moz-forward-container",  # Thunderbird
        "ms-outlook-mobile-reference-message",
        "mail-editor-reference-message-container",  # the new Outlook
        "olk_src_body_section",  # Outlook for Mac
        "isforwardcontent",  # QQ and NetEase
        "isreplycontent",
    }
)
# From here to the end of the mail: these elements hold only the beginning of the quote, and it goes on beside them.
_QUOTE_STARTS: Final = frozenset({"divrplyfwdmsg", "appendonsend", "stopspelling", "replysplit"})
_SIGNATURES: Final = frozenset(
    {
        "gmail_signature",
        "moz-signature",
        "signature",  # Outlook on the web
        "ms-outlook-mobile-signature",
        "applemailsignature",
        "protonmail_signature_block",
    }
)
# Deeper quotes are not told apart by anybody, and each level makes every line longer.
_MAX_QUOTE_DEPTH: Final = 20


def html_to_text(html: str) -> str:
    """Return the text of an HTML mail. nh3 puts it in order first, which leaves the parser nothing to trip over."""
    tidy = nh3.clean(
        bounded_html(html),
        tags=set(_TAGS),
        clean_content_tags={"script", "style", "title", "head", "noscript", "template", "svg", "math"},
        attributes={"*": {"class", "id"}, "a": {"href"}, "img": {"alt"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
        strip_comments=True,
    )
    writer = _Writer()
    writer.feed(tidy)
    writer.close()
    return writer.result()


class _Writer(HTMLParser):
    """Writes lines while it reads tidy HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line: list[str] = []
        self._size = 0
        # Whether a free line is due before the next text, and how deeply the last line was quoted.
        self._free_line = False
        self._depth = 0
        # For each open element: its tag, whether it is a quote, its link.
        self._open: list[tuple[str, bool, str]] = []
        self._quotes = 0
        self._all_quoted = False
        self._pre = 0
        self._link: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        marks = {mark.lower() for mark in [*values.get("class", "").split(), values.get("id", "").strip()] if mark}
        if tag in _VOID:
            self._void(tag, values)
            return
        if tag in _PARAGRAPHS or tag in _LINES:
            self._break(blank=tag in _PARAGRAPHS)
        quote = tag == "blockquote" or bool(marks & _QUOTES)
        if quote:
            self._break()
        self._quotes += quote
        if marks & _QUOTE_STARTS:
            self._break()
            self._all_quoted = True
        if marks & _SIGNATURES and self._lines and not self._quotes and self._lines[-1].strip() != "--":
            self._break()
            self._lines.append("-- ")
        if tag == "li":
            self._line.append("- ")
        self._pre += tag == "pre"
        self._open.append((tag, quote, values.get("href", "") if tag == "a" else ""))
        if tag == "a":
            self._link = []

    def handle_endtag(self, tag: str) -> None:
        if not self._open or tag in _VOID:
            return
        opened, quote, href = self._open.pop()
        if opened == "a" and href.startswith(("http:", "https:")):
            said = "".join(self._link).strip()
            if said and said not in href and href.rstrip("/") not in said:
                self._line.append(f" <{href}>")
        if opened in {"td", "th"}:
            self._line.append(" ")
        if opened in _PARAGRAPHS or opened in _LINES or quote:
            self._break(blank=opened in _PARAGRAPHS)
        self._quotes -= quote
        self._pre -= opened == "pre"

    def handle_data(self, data: str) -> None:
        if self._pre:
            first, *others = data.replace("\r", "").split("\n")
            self._line.append(first)
            for other in others:
                self._end_line()
                self._line.append(other)
            return
        text = re.sub(r"[ \t\r\n\f]+", " ", data).replace("\u00a0", " ")
        if not self._line or (len(self._line) == 1 and self._line[0] == "- "):
            text = text.lstrip(" ")
        if text:
            self._line.append(text)
            self._link.append(text)

    def _void(self, tag: str, values: dict[str, str]) -> None:
        if tag == "br":
            self._end_line()
        elif tag == "hr":
            self._break()
            self._line.append("---")
            self._break()
        elif tag == "img" and (alt := values.get("alt", "").strip()):
            self._line.append(f"[{alt}]")

    def _break(self, *, blank: bool = False) -> None:
        """End the line if there is something on it, and leave a line free if that is asked for."""
        if "".join(self._line).strip():
            self._end_line()
        self._line = []
        self._free_line |= blank

    def _end_line(self) -> None:
        text = "".join(self._line)
        self._line = []
        text = text.rstrip() if self._pre else re.sub(r" {2,}", " ", text).rstrip()
        depth = min(max(self._quotes, 1 if self._all_quoted else 0), _MAX_QUOTE_DEPTH)
        if self._free_line and self._lines and text:
            # Between two depths, a free line belongs to the outer one.
            self._write("", min(depth, self._depth))
        self._free_line = self._free_line and not text
        self._write(text, depth)

    def _write(self, text: str, depth: int) -> None:
        self._depth = depth
        self._size += len(text) + 2 * depth + 1
        if self._size <= MAX_TEXT_CHARS:
            self._lines.append(f"{'>' * depth} {text}".rstrip() if depth else text)

    def result(self) -> str:
        """Return what was written, with no more than two free lines in a row."""
        self._break()
        return re.sub(r"\n{4,}", "\n\n\n", "\n".join(self._lines)).strip("\n")
