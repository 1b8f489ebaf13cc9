"""Articles as safe HTML: CommonMark through markdown-it-py, then an allow-list through nh3.

`![what it shows](file:NAME)` and `[words](file:NAME)` lead to the article's own files, by name; there are no other
pictures, so no page makes a reader's browser ask a stranger's server.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from tickets.domain.article_files import ArticleFile

_TAGS: Final = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p", "pre",
    "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES: Final = {"a": {"href", "title"}, "img": {"src", "alt", "title", "loading"}, "ol": {"start"}}
_SCHEMES: Final = {"https", "http", "mailto", "tel"}
_FILE: Final = "file:"
# A space or parenthesis would end an address; a safe name has no angle brackets.
_SIMPLE: Final = re.compile(r"[^\s()]+\Z")


class _Parser(MarkdownIt):
    """Takes addresses that begin with `file:` for addresses, which only ever name files of the article."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        """Whether a link or picture may have this address."""
        return url.startswith(_FILE) or super().validateLink(url)


def article_file_address(article: str, file: str) -> str:
    """Return where a file of an article is."""
    return f"/api/v1/articles/{article}/files/{file}"


def file_address(name: str) -> str:
    """Return how the text of an article names a file: in angle brackets where the name would end early."""
    address = f"{_FILE}{name.replace('%', '%25').replace('&', '%26')}"
    return address if _SIMPLE.match(address) else f"<{address}>"


def _demote(tokens: Sequence[Token]) -> None:
    """Move headings one level down: the page's own heading is the article's title."""
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"


def _every(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _every(token.children or ())


def _resolve(tokens: Sequence[Token], links: Mapping[str, str], pictures: Mapping[str, str]) -> None:
    """Let names of files lead to the files; a picture that is none of the article's becomes its words."""
    for token in _every(tokens):
        if token.type == "link_open":
            address = str(token.attrGet("href") or "")
            if address.startswith(_FILE):
                # Without an address the words of a file that is not there are words.
                del token.attrs["href"]
                if found := links.get(unquote(address.removeprefix(_FILE))):
                    token.attrSet("href", found)
        elif token.type == "image":
            address = str(token.attrGet("src") or "")
            ours = pictures.get(unquote(address.removeprefix(_FILE))) if address.startswith(_FILE) else None
            if ours is None:
                token.type, token.tag, token.children = "text", "", None
            else:
                token.attrSet("src", ours)
                token.attrSet("loading", "lazy")


def render_markdown(text: str, article: str = "", files: Sequence[ArticleFile] = ()) -> Markup:
    """Return `text` as HTML that may stand in a page: no raw HTML of the author's, no scripts.

    Its pictures are those of `files`, which are the files of `article`, that a page may show.
    """
    parser = _Parser("commonmark", {"html": False}).enable(["table", "strikethrough"])
    tokens = parser.parse(text)
    _demote(tokens)
    links = {one.name: article_file_address(article, one.id) for one in files}
    pictures = {one.name: links[one.name] for one in files if one.shown}
    _resolve(tokens, links, pictures)
    html = parser.renderer.render(tokens, parser.options, {})
    known = frozenset(pictures.values())

    def only_ours(tag: str, attribute: str, value: str) -> str | None:
        return None if (tag, attribute) == ("img", "src") and value not in known else value

    # nh3 has just reduced the text to the tags above, which is what makes this mark true.
    return Markup(  # noqa: S704
        nh3.clean(
            html,
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            attribute_filter=only_ours,
            url_schemes=_SCHEMES,
            link_rel="noopener noreferrer nofollow",
        )
    )
