"""The list itself: it fits the source, names tests that exist, and the threat model names what is in it."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant

NAMES = {mutant.name for mutant in MUTANTS}


@cache
def functions(file: Path) -> frozenset[str]:
    """Return the names of the test functions in a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, kinds) and node.name.startswith("test_"))


def is_a_test(repository: Path, node: str) -> bool:
    """Whether a node id, with or without parameters, leads to a function."""
    file, _, name = node.partition("::")
    path = repository / file
    return path.is_file() and (not name or name.partition("[")[0] in functions(path))


def test_names_tell_mutants_apart() -> None:
    assert len(NAMES) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_fits_the_source(repository: Path, mutant: Mutant) -> None:
    assert (repository / mutant.file).read_text(encoding="utf-8").count(mutant.find) == 1
    assert mutant.find != mutant.replace
    assert "::" in mutant.test
    assert is_a_test(repository, mutant.test)
    # They run on SQLite alone, where tests don't say so.
    assert "[sqlite" not in mutant.test


def test_a_test_that_is_not_there_is_seen(repository: Path) -> None:
    here = "tests/mutants/test_catalogue.py"
    assert is_a_test(repository, f"{here}::test_names_tell_mutants_apart")
    assert not is_a_test(repository, f"{here}::test_nothing")
    assert not is_a_test(repository, "tests/nothing.py::test_nothing")


def defences(repository: Path) -> list[str]:
    """Return the last cell of each row of the threat model's table of defences."""
    page = (repository / "docs" / "threat-model.md").read_text(encoding="utf-8")
    section = page.partition("## What is defended")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    return [row.strip(" |").rpartition(" | ")[2] for row in rows[1:]]


def test_the_threat_model_names_what_is_tested(repository: Path) -> None:
    rows = defences(repository)
    assert len(rows) > 20
    unknown = [name for row in rows for name in re.findall(r"\*([^*]+)\*", row) if name not in NAMES]
    assert unknown == []
    lost = [node for row in rows for node in re.findall(r"`(tests/[^`]+)`", row) if not is_a_test(repository, node)]
    assert lost == []
    assert [row for row in rows if "*" not in row and "`tests/" not in row] == []
