"""The docs name what the code has, and their links lead somewhere."""

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from protocol.errors import CloseCode, ErrorCode
from protocol.messages import ByeCode
from tests.architecture.repository import PACKAGES, ROOT, committed_files, name_of

PROTOCOL = ROOT / "docs" / "protocol" / "README.md"
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)[^)]*\)")


def markdown() -> list[Path]:
    return [path for path in committed_files() if path.suffix == ".md"]


def anchors(text: str) -> set[str]:
    """Return the anchors that a page's headings get: lower case, hyphens for spaces, no punctuation."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    }


def broken_links(page: Path) -> list[str]:
    """Return the relative links of a page that lead nowhere."""
    broken = []
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (
            anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8"))
        ):
            broken.append(target)
    return broken


def test_broken_links_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    (tmp_path / "other.md").write_text("# A heading, with `code`\n", encoding="utf-8")
    page.write_text(
        "[a](other.md) [b](other.md#a-heading-with-code) [c](https://example.com/x) [d](missing.md) [e](other.md#no)"
        " ![f](missing.png) [g](#nothing)\n```\n[h](in-a-fence.md)\n```\n",
        encoding="utf-8",
    )
    assert broken_links(page) == ["missing.md", "other.md#no", "missing.png", "#nothing"]


def test_links_lead_somewhere() -> None:
    assert {name_of(page): links for page in markdown() if (links := broken_links(page))} == {}


FOLDERS = (*PACKAGES, "benchmarks", "demo", "tests", "tools", "docs")
PATH_IN_CODE = re.compile(r"`((?:" + "|".join(FOLDERS) + r")/[\w./-]*)`")


def test_paths_that_pages_name_exist() -> None:
    named = {
        f"{name_of(page)}: {path}": ROOT / path
        for page in markdown()
        for path in PATH_IN_CODE.findall(page.read_text(encoding="utf-8"))
    }
    assert len(named) > 40
    assert [where for where, path in named.items() if not path.exists()] == []


def test_every_dependency_has_its_licence_and_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[\[<>=~ ]", dependency)[0] for dependency in project["dependencies"]}
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    described = {row[0].split(" ")[0] for row in rows(page) if len(row) == 3 and all(row)}
    assert names - described == set()


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table row in a page."""
    return [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in text.splitlines()
        if line.lstrip().startswith("|")
    ]


@pytest.mark.parametrize("code", CloseCode, ids=lambda code: code.name)
def test_close_code_has_a_row(code: CloseCode) -> None:
    name = code.name.lower().replace("_", "-")
    assert [str(code.value), name] in [row[:2] for row in rows(PROTOCOL.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("code", [*ErrorCode, *get_args(ByeCode)])
def test_error_and_bye_code_has_a_row(code: str) -> None:
    assert f"`{code}`" in [row[0] for row in rows(PROTOCOL.read_text(encoding="utf-8"))]


def names_of_variables() -> dict[str, str]:
    """Return the environment variables that the code names, and one file that does."""
    found = {}
    for path in committed_files():
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES:
            for name in re.findall(r"""["'](TOWLINE_[A-Z][A-Z_]*[A-Z])["']""", path.read_text(encoding="utf-8")):
                found[name] = name_of(path)
    return found


def test_every_environment_variable_is_described() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in markdown() if page.is_relative_to(ROOT / "docs"))
    variables = names_of_variables()
    assert variables
    assert {name: where for name, where in variables.items() if f"`{name}`" not in text} == {}
