"""What committed files may hold."""

import ast
import re

from tests.architecture.repository import PACKAGES, ROOT, committed_files, name_of, text_of

MAX_LINES = 600

# Put together from parts, so that this file does not hold what it looks for.
UNWANTED = {
    "the address of a package registry": re.compile(
        "|".join(
            re.escape(host)
            for host in (
                "pypi" + ".org",
                "python" + "hosted.org",
                "registry." + "npmjs",
                "registry." + "yarnpkg",
                "deb." + "debian.org",
                "archive." + "ubuntu.com",
            )
        )
    ),
    "a folder of one machine": re.compile(
        r"(?<![\w.~}-])/(?:" + "work" + "/(?:main|shared)|" + "root" + r"/[\w.]|home/\w)"
    ),
    "work left undone": re.compile(r"\b(?:" + "TO" + "DO|" + "FIX" + r"ME)\b"),
}


def find_unwanted(text: str) -> list[tuple[int, str]]:
    """Return line numbers and what is wrong with them."""
    return [
        (number, what)
        for number, line in enumerate(text.splitlines(), start=1)
        for what, pattern in UNWANTED.items()
        if pattern.search(line)
    ]


def test_find_unwanted_finds() -> None:
    host = "https://" + "pypi" + ".org/simple"
    assert find_unwanted(f"fine\n--index-url {host}\n") == [(2, "the address of a package registry")]
    assert find_unwanted("path = '/" + "root/notes'") == [(1, "a folder of one machine")]
    assert find_unwanted("# TO" + "DO: later") == [(1, "work left undone")]
    assert find_unwanted("~/notes and $HOME/notes and docs/root/page") == []


def test_committed_files_hold_nothing_unwanted() -> None:
    found = [
        f"{name_of(path)}:{number}: {what}"
        for path in committed_files()
        if (text := text_of(path)) is not None
        for number, what in find_unwanted(text)
    ]
    assert found == []


def test_modules_stay_small() -> None:
    long = {
        name_of(path): lines
        for path in committed_files()
        if path.suffix in {".py", ".js", ".mjs"}
        and (lines := path.read_text(encoding="utf-8").count("\n")) >= MAX_LINES
    }
    assert long == {}, "look for the second noun"


def is_docstring_and_version(source: str) -> bool:
    """Whether a module consists of a docstring and, if it likes, `__version__ = "…"`."""
    match ast.parse(source).body:
        case [ast.Expr(ast.Constant(value=str()))]:
            return True
        case [
            ast.Expr(ast.Constant(value=str())),
            ast.Assign(targets=[ast.Name("__version__")], value=ast.Constant(value=str())),
        ]:
            return True
    return False


def test_is_docstring_and_version() -> None:
    assert is_docstring_and_version('"""What it is."""\n')
    assert is_docstring_and_version('"""What it is."""\n\n__version__ = "1"\n')
    assert not is_docstring_and_version("")
    assert not is_docstring_and_version('"""What it is."""\nimport os\n')
    assert not is_docstring_and_version('"""What it is."""\n__version__ = find_version()\n')


def test_nothing_happens_in_package_files() -> None:
    inits = [path for path in committed_files() if path.name == "__init__.py"]
    assert {path.parent.name for path in inits} >= set(PACKAGES)
    busy = [
        name_of(path)
        for path in inits
        if not is_docstring_and_version(path.read_text(encoding="utf-8"))
        # Test packages need no docstring to say that they are tests.
        and not (path.is_relative_to(ROOT / "tests") and not path.read_text(encoding="utf-8").strip())
    ]
    assert busy == []


def test_packages_are_typed() -> None:
    untyped = [package for package in PACKAGES if not (ROOT / package / "py.typed").is_file()]
    assert untyped == []


def test_constraints_name_no_place() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert len(pins) > 40
    assert [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+", line)] == []
