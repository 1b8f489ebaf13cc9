"""Finds every text that pages show, and keeps the catalogues up to date: `make messages`.

Texts are found where they are used: `_("…")` and `{% trans %}` in templates, `t("…")` in browser modules. In Python
they are what `gettext` and its like are called with, the words of `Words` and `Choices`, the texts of the lists that
admins keep, and every finished sentence of errors and of timelines; what an f-string puts in becomes a `{placeholder}`.
"""

import ast
import io
import re
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from tickets.pages.language import LANGUAGES, SOURCE, po_file

TICKETS: Final = Path(__file__).parent.parent
PLURAL: Final = "ngettext"

# Without dates and names, which would only change.
_HEADER: Final = """\
# The texts of Towline's pages. `make messages` adds what is new and takes out what is gone.
msgid ""
msgstr ""
"Language: {code}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural}\\n"

"""

_SENTENCES_IN: Final = (
    "domain",
    "services",
    "mail/intake",
    "pages",
    "web",
    "text.py",
    "mail/wording.py",
    "mail/sending.py",
    "mail/reading/parsing.py",
)
_CALLS: Final = frozenset({"gettext", "N_", "say"})
_TABLES: Final = frozenset({"Words", "Choices", "Entry", "Field", "Kept"})
_ERRORS: Final = frozenset({"Invalid", "NotFound", "AlreadyThere", "Unavailable", "InvalidAccessKey", "check_text"})
_SEEN_BY_PROGRAMS: Final = frozenset(
    {"pages/language.py", "pages/messages.py", "web/once.py", "services/devices.py", "services/delivering.py"}
)
_SENTENCE: Final = re.compile(r"[A-Z{„“].* .*[.!?:”]", re.DOTALL)
_WORDS: Final = re.compile(r"[A-Z].*|.* .*", re.DOTALL)
_LONGEST_NAME: Final = 30

Found = tuple[int, str | tuple[str, ...], str | None]
"""Line, the message or its singular and plural, and its context."""


def _name_of(node: ast.expr) -> str:
    """Return the name for what an f-string puts in: the last word of the expression."""
    words = [each.attr if isinstance(each, ast.Attribute) else each.id for each in ast.walk(node)
             if isinstance(each, ast.Attribute | ast.Name)]  # fmt: skip
    if isinstance(node, ast.Attribute | ast.Name):
        words = words[:1]
    name = next((word.strip("_").lower() for word in words if word not in {"len", "join"}), "value")
    return name[:_LONGEST_NAME]


def _own_name(node: ast.expr, names: dict[str, str]) -> str:
    """Return a name that no other expression of this text has."""
    code, name = ast.dump(node), _name_of(node)
    if code not in names:
        taken = sum(each.rstrip("0123456789") == name for each in names.values())
        names[code] = f"{name}{taken + 1}" if taken else name
    return names[code]


def texts_of(node: ast.expr) -> list[str]:
    """Return the messages of a literal: one, or one for each way in which its conditions can turn out."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return [*texts_of(node.body), *texts_of(node.orelse)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return ["".join(parts) for parts in product(texts_of(node.left), texts_of(node.right))]
    if not isinstance(node, ast.JoinedStr):
        return []
    parts: list[list[str]] = []
    names: dict[str, str] = {}
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append([str(part.value).replace("{", "{{").replace("}", "}}")])
        elif isinstance(part, ast.FormattedValue):
            chosen = texts_of(part.value) if isinstance(part.value, ast.IfExp) else []
            parts.append(chosen or [f"{{{_own_name(part.value, names)}}}"])
    return ["".join(chosen) for chosen in product(*parts)]


def _callee(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _silent(tree: ast.Module) -> set[int]:
    """Return the nodes whose text nobody reads on a page: docstrings, what goes to a log, keys of dictionaries."""
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(id(node.value))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if getattr(node.func.value, "id", "") in {"_log", "re", "log"}:
                silent |= {id(each) for each in ast.walk(node)}
        elif isinstance(node, ast.JoinedStr | ast.BinOp):
            silent |= {id(each) for each in ast.walk(node) if each is not node}
    return silent


def python_texts(source: str, *, in_pages: bool) -> Iterator[Found]:
    """Find the texts of a Python module."""
    tree = ast.parse(source)
    silent = _silent(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from ((node.lineno, message, context) for message, context in _called(node, in_pages=in_pages))
        elif isinstance(node, ast.ClassDef):
            yield from _titles(node)
        elif isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) and id(node) not in silent:
            yield from ((node.lineno, text, None) for text in texts_of(node) if is_sentence(text))


def is_sentence(text: str) -> bool:
    """Whether a text is one that a person reads as a whole: a capital, several words, an end."""
    words = re.findall(r"[a-z]{2,}", re.sub(r"\{\w*\}", "", text))
    return _SENTENCE.fullmatch(text) is not None and len(words) > 1


def _called(call: ast.Call, *, in_pages: bool) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    """Find what a call makes of its arguments."""
    name, arguments = _callee(call), call.args
    if name == PLURAL:
        yield from ((each, None) for each in product(*map(texts_of, arguments[:2])))
    elif name == "pgettext":
        yield from ((text, context) for context, text in product(*map(texts_of, arguments[:2])))
    elif name in _CALLS:
        yield from ((text, None) for text in texts_of(arguments[0]))
    elif name in _ERRORS and arguments:
        yield from ((text, None) for text in texts_of(arguments[-1]) if " " in text)
    elif in_pages and name in _TABLES:
        yield from ((text, None) for text in _table(call))


def _table(call: ast.Call) -> Iterator[str]:
    keys = {id(key) for each in ast.walk(call) if isinstance(each, ast.Dict) for key in each.keys}
    for node in ast.walk(call):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in keys else None
        if isinstance(text, str) and _WORDS.fullmatch(text) and not text.startswith(("/", "<", ">")):
            yield text


def _titles(error: ast.ClassDef) -> Iterator[Found]:
    """Find the title of an error: `slug, title, status = …`."""
    for node in error.body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Tuple)
            and isinstance(node.value, ast.Tuple)
        ):
            names = [getattr(each, "id", "") for each in node.targets[0].elts]
            if "title" in names:
                yield from ((node.lineno, text, None) for text in texts_of(node.value.elts[names.index("title")]))


def _python() -> Iterator[tuple[str, Found]]:
    for place in _SENTENCES_IN:
        at = TICKETS / place
        for path in [at] if at.is_file() else sorted(at.rglob("*.py")):
            name = str(path.relative_to(TICKETS))
            if name not in _SEEN_BY_PROGRAMS:
                for found in python_texts(path.read_text("utf-8"), in_pages=name.startswith("pages/")):
                    yield name, found


def _templates() -> Iterator[tuple[str, Found]]:
    options = {"newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
    yield from _extracted(TICKETS / "pages" / "templates", "*.html", "jinja2.ext:babel_extract", options)


def _scripts() -> Iterator[tuple[str, Found]]:
    yield from _extracted(TICKETS / "pages" / "static", "*.js", "javascript", {})


def _extracted(folder: Path, pattern: str, method: str, options: dict[str, str]) -> Iterator[tuple[str, Found]]:
    keywords: dict[str, Any] = {"_": None, "gettext": None, "t": None, PLURAL: (1, 2), "pgettext": ((1, "c"), 2)}
    if method.startswith("jinja2"):
        del keywords["t"]
        keywords |= {"npgettext": ((1, "c"), 2, 3)}
    for path in sorted(folder.rglob(pattern)):
        for line, message, _, context in extract(method, io.BytesIO(path.read_bytes()), keywords, options=options):
            yield str(path.relative_to(TICKETS)), (line, message, context)


def found_texts() -> Catalog:
    """Return every text that pages show."""
    catalog = Catalog(project="Towline", charset="utf-8")
    for places in (_templates(), _scripts(), _python()):
        for path, (_, message, context) in places:
            flags = [] if path.endswith(".html") else ["no-python-format"]
            # The file says whether a browser module or a line of a timeline needs it; line numbers would only change.
            catalog.add(message, None, [(f"tickets/{path}", 0)], flags=flags, context=context)
    return catalog


def update(code: str, found: Catalog) -> tuple[bytes, list[str]]:
    """Return the catalogue of a language with what was found in it, and the messages that lack a translation."""
    path = po_file(code)
    if path.exists():
        with path.open("rb") as file:
            catalog = read_po(file, locale=code)
    else:
        catalog = Catalog(locale=code, project="Towline", charset="utf-8")
    catalog.update(found, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    missing = [str(message.id) for message in catalog if message.id and not _whole(message.string)]
    out = io.BytesIO(_HEADER.format(code=code, plural=catalog.plural_forms).encode())
    out.seek(0, io.SEEK_END)
    write_po(out, catalog, width=118, include_lineno=False, omit_header=True)
    return out.getvalue(), missing


def _whole(string: object) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


def main() -> int:
    """Bring the catalogues up to date; says what is not translated yet."""
    found = found_texts()
    lacking = 0
    for code in LANGUAGES:
        if code == SOURCE:
            continue
        text, missing = update(code, found)
        path = po_file(code)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
        lacking += len(missing)
        sys.stdout.write(f"{path.relative_to(TICKETS.parent)}: {len(found)} messages, {len(missing)} not translated\n")
        sys.stdout.writelines(f"  {message}\n" for message in missing)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
