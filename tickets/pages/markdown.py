"""Articles as safe HTML: CommonMark through markdown-it-py, then an allow-list through nh3."""

from collections.abc import Sequence
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_TAGS: Final = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES: Final = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES: Final = {"https", "http", "mailto", "tel"}


def _demote(tokens: Sequence[Token]) -> None:
    """Move headings one level down: the page's own heading is the article's title."""
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"


def render_markdown(text: str) -> Markup:
    """Return `text` as HTML that may stand in a page: no raw HTML of the author's, no pictures, no scripts."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    tokens = parser.parse(text)
    _demote(tokens)
    html = parser.renderer.render(tokens, parser.options, {})
    # nh3 has just reduced the text to the tags above, which is what makes this mark true.
    return Markup(  # noqa: S704
        nh3.clean(
            html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener noreferrer nofollow"
        )
    )
