"""Hostile HTML cut down before any parser sees it: what parsers do grows with the square of the depth."""

import re
from typing import Final

from tickets.mail.reading.limits import MAX_HTML_CHARS, MAX_HTML_DEPTH, MAX_HTML_REFERENCES, MAX_HTML_TAGS

_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
# Without an end tag, or closed by the next one of their kind: they do not nest, and many mails leave them open.
_FLAT: Final = frozenset(
    {
        *(
            "area",
            "base",
            "br",
            "col",
            "embed",
            "hr",
            "img",
            "input",
            "link",
            "meta",
            "param",
            "source",
            "track",
            "wbr",
        ),
        *(
            "p",
            "li",
            "td",
            "th",
            "tr",
            "dt",
            "dd",
            "option",
            "tbody",
            "thead",
            "tfoot",
            "colgroup",
            "html",
            "head",
            "body",
        ),
    }
)


def bounded_html(html: str) -> str:
    """Return the HTML up to where it gets too long, too full of tags, or too deep. Linear in its length."""
    text = _until(_until(html[:MAX_HTML_CHARS], "&", MAX_HTML_REFERENCES), "<", MAX_HTML_TAGS)
    depth = 0
    open_elements: dict[str, int] = {}
    for match in _TAG.finditer(text):
        name = match[2].lower()
        if depth > MAX_HTML_DEPTH:
            return text[: match.start()]
        if name in _FLAT:
            continue
        count = open_elements.get(name, 0)
        if not match[1]:
            open_elements[name] = count + 1
            depth += 1
        elif count:
            # An end tag of something that is not open closes nothing, and must not make room for more.
            open_elements[name] = count - 1
            depth -= 1
    return text


def _until(text: str, character: str, count: int) -> str:
    """Return the text before the first such character that is too many."""
    if text.count(character) <= count:
        return text
    position = -1
    for _ in range(count + 1):
        position = text.find(character, position + 1)
    return text[:position]
