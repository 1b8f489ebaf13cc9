"""HTML of strangers made safe to read: an allow-list, nothing loaded from elsewhere, shown in a sandbox of its own.

Three walls, each enough alone: nh3 keeps only what is listed here; the page shows the result in `<iframe sandbox>`
without scripts and without its own origin; and the route that serves it sends `SANDBOX_POLICY`, under which the
browser loads nothing but this server's images.
"""

import html
import re
from collections.abc import Mapping
from typing import Final

import nh3

from tickets.mail.reading.html_bounds import bounded_html

# Without allow-scripts and allow-same-origin; links open outside, in a tab that is no sandbox any more.
SANDBOX_FLAGS: Final = "allow-popups allow-popups-to-escape-sandbox"
# The own header of the route that serves `sandbox_document`. frame-ancestors: only this server's pages may show it.
_POLICY: Final = (
    "default-src 'none'; img-src {images}; style-src 'unsafe-inline'; font-src 'none'; base-uri 'none'; "
    f"form-action 'none'; frame-ancestors 'self'; sandbox {SANDBOX_FLAGS}"
)
SANDBOX_POLICY: Final = _POLICY.replace("{images}", "'self' data:")
# For the same frame after somebody asked for the remote images.
SANDBOX_POLICY_WITH_IMAGES: Final = _POLICY.replace("{images}", "'self' data: https: http:")
# The attribute in which a remote image's address waits for somebody to ask for it.
REMOTE_ATTRIBUTE: Final = "data-remote-src"
# Of the pixel that stands for it: a transparent GIF of one pixel.
PLACEHOLDER: Final = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"

_TAGS: Final = frozenset(
    {
        "a", "abbr", "acronym", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br",
        "caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl",
        "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header",
        "hr", "i", "img", "ins", "kbd", "li", "main", "mark", "ol", "p", "pre", "q", "s", "samp", "section",
        "small", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th",
        "thead", "time", "tr", "tt", "u", "ul", "var", "wbr",
    }
)  # fmt: skip
# Their content is no text.
_DROPPED_WHOLE: Final = frozenset(
    {
        "script",
        "style",
        "title",
        "noscript",
        "template",
        "svg",
        "math",
        "iframe",
        "object",
        "embed",
        "select",
        "textarea",
    }
)
_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "*": {"dir", "lang", "title", "align", "valign", "style"},
    "a": {"href", "name"},
    "img": {"src", "alt", "width", "height"},
    "table": {"border", "cellpadding", "cellspacing", "width", "summary", "bgcolor"},
    "td": {"colspan", "rowspan", "width", "height", "bgcolor", "headers"},
    "th": {"colspan", "rowspan", "width", "height", "bgcolor", "scope", "headers"},
    "tr": {"bgcolor", "height"},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "li": {"value"},
    "blockquote": {"cite"},
    "time": {"datetime"},
}
# Nothing that places (position, z-index, float over others, negative margins), animates or loads.
_STYLES: Final = frozenset(
    {
        "background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left",
        "border-right", "border-spacing", "border-style", "border-top", "border-width", "color", "direction",
        "font", "font-family", "font-size", "font-style", "font-variant", "font-weight", "height",
        "letter-spacing", "line-height", "list-style-type", "max-width", "min-width", "padding",
        "padding-bottom", "padding-left", "padding-right", "padding-top", "text-align", "text-decoration",
        "text-indent", "text-transform", "vertical-align", "white-space", "width", "word-break", "word-spacing",
        "word-wrap", "overflow-wrap",
    }
)  # fmt: skip
# What a value may not hold: a function but for colours, an escape, a comment, an at-rule.
_DANGEROUS_VALUE: Final = re.compile(
    r"(?:\A|[^a-z])(?!rgba?\(|hsla?\()[a-z-]*\(|\\|/\*|@|<|expression|javascript:", re.IGNORECASE
)
_INLINE_IMAGE: Final = re.compile(r"\Adata:image/(?:png|jpe?g|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]*\Z", re.IGNORECASE)
_LINK: Final = re.compile(r"\A(?:https?://|mailto:|tel:|#)", re.IGNORECASE)
_IMAGE_TAG: Final = re.compile(r"<img ([^<>]*)>")
_SRC: Final = re.compile(r'(?:\A| )src="([^"]*)"')
# Between the filter and the last step; no sender can write it, as addresses with this scheme become the placeholder.
_REMOTE: Final = "remote:"
# One inline picture may be this long; more is cheaper as an attachment, which mail programs know.
_MAX_INLINE_IMAGE: Final = 200_000


def clean_html(source: str, cid_urls: Mapping[str, str], *, remote_images: bool = False) -> str:
    """Return the mail's HTML with nothing in it that acts, loads, or leaves its place.

    `cid_urls` gives the address of the attachment for each Content-ID; images that name none of them, and all remote
    ones, become a placeholder, the remote ones with their address in `REMOTE_ATTRIBUTE`. With `remote_images`, which
    somebody has to ask for and which needs `SANDBOX_POLICY_WITH_IMAGES`, remote ones stay.
    """
    urls = {identifier.strip("<> ").lower(): url for identifier, url in cid_urls.items()}

    def judge(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "style":
            return safe_style(value) or None
        if attribute == "href":
            return value if _LINK.match(value.strip()) else None
        if tag == "img" and attribute == "src":
            source = _image_source(value.strip(), urls)
            return source.removeprefix(_REMOTE) if remote_images else source
        return value

    cleaned = nh3.clean(
        bounded_html(source.replace("\x00", "")),
        tags=set(_TAGS),
        clean_content_tags=set(_DROPPED_WHOLE),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=judge,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        strip_comments=True,
    )
    return _IMAGE_TAG.sub(_marked_image, cleaned)


def safe_style(style: str) -> str:
    """Return the declarations of a style attribute that only change how text looks."""
    kept = []
    for declaration in style.split(";")[:100]:
        name, colon, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        if colon and name in _STYLES and value and len(value) <= 200 and not _DANGEROUS_VALUE.search(value):
            kept.append(f"{name}: {value}")
    return "; ".join(kept)


def _image_source(value: str, urls: Mapping[str, str]) -> str:
    """Return an address of this server, an inline picture, a marked remote address, or the placeholder."""
    if value[:4].lower() == "cid:":
        return urls.get(value[4:].strip("<> ").lower(), PLACEHOLDER)
    if len(value) <= _MAX_INLINE_IMAGE and _INLINE_IMAGE.match(value):
        return value
    return f"{_REMOTE}{value}" if re.match(r"https?://", value, re.IGNORECASE) else PLACEHOLDER


def _marked_image(match: re.Match[str]) -> str:
    """Move a remote image's address out of `src`. What nh3 wrote has one form only: quoted and escaped attributes."""
    attributes = match[1]
    source = _SRC.search(attributes)
    if source is None or not source[1].startswith(_REMOTE):
        return match[0]
    marked = f'src="{PLACEHOLDER}" {REMOTE_ATTRIBUTE}="{source[1].removeprefix(_REMOTE)}"'
    before, after = attributes[: source.start()].strip(), attributes[source.end() :].strip()
    return "<img " + " ".join(piece for piece in (before, marked, after) if piece) + ">"


def has_remote_images(cleaned: str) -> bool:
    """Say whether `clean_html` held remote images back, so that the page can offer to load them."""
    return f" {REMOTE_ATTRIBUTE}=" in cleaned


def sandbox_document(cleaned: str, *, title: str = "Message", language: str = "en") -> bytes:
    """Return the whole document for the frame, around what `clean_html` returned. It has no script."""
    return (
        "<!doctype html>\n"
        f'<html lang="{html.escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{html.escape(title)}</title><style>{_LOOK}</style></head>\n"
        f"<body>{cleaned}</body></html>\n"
    ).encode("utf-8", "replace")


# Mails are written for white paper, so the frame is white in dark mode, too. Nothing is wider than the frame.
_LOOK: Final = (
    ":root{color-scheme:light}body{margin:0;padding:12px;background:#fff;color:#1b1f24;"
    "font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "img{max-width:100%;height:auto}table{max-width:100%}pre{white-space:pre-wrap}"
    "blockquote{margin:0 0 0 8px;padding:0 0 0 8px;border-left:3px solid #c8ced6}"
    f"img[{REMOTE_ATTRIBUTE}]{{min-width:24px;min-height:24px;border:1px dashed #8a94a0}}"
)
