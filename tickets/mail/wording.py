"""The small language in which an admin words mails: text, `{{ words }}` of the mail, `{% if %}`, a few filters.

A template can neither loop nor call nor assign, so it never works longer than it is long, and its size and that of what
it makes are bounded. It is checked when it is saved: with names that it does not get, it is refused.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

MAX_SOURCE: Final = 20_000
MAX_SUBJECT: Final = 300
_MAX_MADE: Final = 512 * 1024
_HTML_MARK: Final = "\n--- HTML ---\n"
_SUBJECT: Final = "Subject: "
_PARTS: Final = ("subject", "text", "html")
KEYED: Final = frozenset({"link", "good", "ok", "bad"})
"""Words that hold a key in the mail that leaves."""

_NODES: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Compare,
    nodes.Operand,
    nodes.CondExpr,
    nodes.Concat,
    nodes.Filter,
)
_PLAIN_FILTERS: Final = frozenset({"upper", "lower", "capitalize", "trim", "truncate", "default"})
# What runs, loads or sends something in a mail program, or takes the page over.
_FORBIDDEN_TAGS: Final = frozenset(
    {"script", "style", "iframe", "frame", "object", "embed", "form", "input", "button", "link", "base", "meta", "svg"}
)
_LOADING: Final = frozenset({"src", "srcset", "background", "poster", "action", "formaction"})
_SCHEME: Final = re.compile(r"(?:https?|mailto|tel):|#|\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Wording:
    """The three templates of one kind of mail."""

    subject: str
    text: str
    html: str


class WordingFault(ValueError):
    """A template can't be used: which part, which line of it (0: as a whole), and what to do in `str()`."""

    def __init__(self, part: str, line: int, text: str) -> None:
        super().__init__(f"line {line}: {text}" if line else text)
        self.part: Final = part
        self.line: Final = line


def parse_wording(source: str) -> Wording:
    """Return the parts of a `.mail` file. Raises ValueError."""
    head, _, rest = source.partition("\n")
    text, mark, html = rest.partition(_HTML_MARK)
    if not head.startswith(_SUBJECT) or not mark:
        raise ValueError("a wording begins with its subject and has an HTML part")
    return Wording(head.removeprefix(_SUBJECT), text.strip(), html.strip())


def check_wording(wording: Wording, known: Iterable[str]) -> None:
    """Pass when all three parts are of the small language and use no other names. Raises WordingFault."""
    names = frozenset(known)
    for part in _PARTS:
        _check_part(part, getattr(wording, part), names)


def render_wording(wording: Wording, words: Mapping[str, str]) -> Wording:
    """Return what the three parts make of `words`, which are plain texts. Raises WordingFault."""
    subject = _render(_TEXT, "subject", wording.subject, words)
    text = _render(_TEXT, "text", wording.text, words)
    return Wording(" ".join(subject.split()), text.strip() + "\n", _render(_HTML, "html", wording.html, words))


def check_made_html(html: str) -> None:
    """Pass when a mail's HTML runs and loads nothing. Raises WordingFault."""
    _Reader().feed(html)


class _Reader(HTMLParser):
    """Refuses tags and attributes with which a mail could do something."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at a tag. Raises WordingFault."""
        if tag in _FORBIDDEN_TAGS:
            raise WordingFault("html", self.getpos()[0], f"a mail has no <{tag}>: take it out.")
        for name, value in attrs:
            if name.startswith("on") or name in _LOADING or "url(" in (value or "").lower():
                raise WordingFault("html", self.getpos()[0], f"{name} in <{tag}> runs or loads something: take it out.")
            if name == "href" and not _SCHEME.match((value or "").strip()):
                raise WordingFault("html", self.getpos()[0], "a link begins with https:, http:, mailto:, tel: or #.")

    handle_startendtag = handle_starttag


def _check_part(part: str, source: str, known: frozenset[str]) -> None:
    limit = MAX_SUBJECT if part == "subject" else MAX_SOURCE
    if not source.strip():
        raise WordingFault(part, 0, "write something here.")
    if len(source) > limit:
        raise WordingFault(part, 0, f"shorten it to {limit:,} characters; it has {len(source):,}.")
    environment = _HTML if part == "html" else _TEXT
    for node in _walk(_parse(environment, part, source)):
        if not isinstance(node, _NODES):
            raise WordingFault(
                part, node.lineno, f"{type(node).__name__.lower()} is not for mails: use words, if and filters only."
            )
        if isinstance(node, nodes.Name) and node.name not in known:
            raise WordingFault(
                part,
                node.lineno,
                f"there is no {{{{ {node.name} }}}} in this mail. There are: {', '.join(sorted(known))}.",
            )
        if isinstance(node, nodes.Filter):
            _check_filter(environment, part, node)
        elif isinstance(node, nodes.Name) and node.name in KEYED and part == "subject":
            raise WordingFault(part, node.lineno, "a link is a key and has no place in a subject.")


def _check_filter(environment: ImmutableSandboxedEnvironment, part: str, node: nodes.Filter) -> None:
    if node.name not in environment.filters:
        raise WordingFault(
            part,
            node.lineno,
            f"there is no filter {node.name} here. There are: {', '.join(sorted(environment.filters))}.",
        )
    if node.kwargs or node.dyn_args or node.dyn_kwargs or not all(isinstance(each, nodes.Const) for each in node.args):
        raise WordingFault(part, node.lineno, f"give the filter {node.name} plain values only.")
    inside = () if node.node is None else _walk(node.node)
    if node.name != "button" and any(isinstance(each, nodes.Name) and each.name in KEYED for each in inside):
        raise WordingFault(part, node.lineno, "a filter breaks a link: put links in as they are, or with button.")


def _walk(root: nodes.Node) -> Iterable[nodes.Node]:
    """Give every node, without recursion: a template may be nested as deep as it is long."""
    left = [root]
    while left:
        node = left.pop()
        yield node
        left.extend(node.iter_child_nodes())


def _parse(environment: ImmutableSandboxedEnvironment, part: str, source: str) -> nodes.Template:
    try:
        return environment.parse(source)
    except TemplateSyntaxError as error:
        raise WordingFault(part, error.lineno, f"{(error.message or 'this can not be read').rstrip('.')}.") from None
    except RecursionError:
        raise WordingFault(part, 0, "this is nested too deep.") from None


def _render(environment: ImmutableSandboxedEnvironment, part: str, source: str, words: Mapping[str, str]) -> str:
    made, size = [], 0
    try:
        for piece in environment.from_string(source).generate(dict(words)):
            size += len(piece)
            if size > _MAX_MADE:
                break
            made.append(piece)
    except TemplateSyntaxError as error:
        raise WordingFault(part, error.lineno, f"{error.message or 'this can not be read'}.") from None
    except (RecursionError, SyntaxError, MemoryError):
        raise WordingFault(part, 0, "this is nested too deep.") from None
    except (TemplateError, TypeError, ValueError, AttributeError) as error:
        # A filter that was given what it can't take, such as truncate("x").
        raise WordingFault(
            part, 0, f"this can't be worked out ({type(error).__name__}): look at its filters."
        ) from None
    if size > _MAX_MADE:
        raise WordingFault(part, 0, "this makes too large a mail.")
    return "".join(made)


def _button(href: str, text: str) -> Markup:
    """Show a link as a button."""
    return Markup(
        '<p style="margin:0 0 16px"><a href="{}" style="display:inline-block;padding:11px 18px;border-radius:8px;'
        'background:#0d5f6e;color:#ffffff;font-weight:600;text-decoration:none">{}</a></p>'
    ).format(href, text)


def _quoted(text: str) -> Markup:
    """Show somebody's words in a box."""
    return Markup(
        '<p style="margin:0 0 16px;padding:12px 16px;background:#ecebe4;border-radius:8px;white-space:pre-wrap;'
        'overflow-wrap:anywhere">{}</p>'
    ).format(text)


def _number(tracking: str) -> Markup:
    """Show a tracking number large."""
    return Markup(
        "<p style=\"margin:0 0 16px;font:600 26px/1.2 ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
        'letter-spacing:1px">{}</p>'
    ).format(tracking)


def _note(text: str) -> Markup:
    """Show something small below the rest."""
    return Markup('<p style="margin:20px 0 0;font-size:13px;color:#52626c">{}</p>').format(text)


def _environment(*, html: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        autoescape=html, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, cache_size=64
    )
    environment.filters = {name: environment.filters[name] for name in _PLAIN_FILTERS}
    environment.globals.clear()
    environment.tests.clear()
    if html:
        environment.filters |= {"button": _button, "quoted": _quoted, "number": _number, "note": _note}
    return environment


_TEXT: Final = _environment(html=False)
_HTML: Final = _environment(html=True)
HTML_FILTERS: Final = tuple(sorted(_HTML.filters))
"""The filters that there are in HTML; in subject and text only those that make no HTML."""
