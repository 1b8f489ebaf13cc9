"""Switch each security check off once and see the named test go red."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.catalogue import MUTANTS, Mutant

COPIED = ("protocol", "relay", "tickets", "agent", "technician_viewer", "tests", "docs", "pyproject.toml")
# Pytest's exit status when tests ran and some failed; anything else means that the test did not run.
TESTS_FAILED = 1


@pytest.fixture(scope="module")
def copy(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source tree that mutants may be put into."""
    folder = tmp_path_factory.mktemp("mutants")
    for name in COPIED:
        source = repository / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def run(folder: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run pytest over the copy."""
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.mutants
@pytest.mark.timeout(600)
def test_the_named_tests_pass_without_a_mutant(copy: Path) -> None:
    tests = sorted({mutant.test for mutant in MUTANTS})
    result = run(copy, *tests)
    assert result.returncode == 0, result.stdout[-3_000:]
    assert "skipped" not in result.stdout


@pytest.mark.mutants
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_check_switched_off_is_noticed(copy: Path, mutant: Mutant) -> None:
    path = copy / mutant.file
    source = path.read_text(encoding="utf-8")
    assert source.count(mutant.find) == 1, f"the text of the mutant stands {source.count(mutant.find)} times"
    path.write_text(source.replace(mutant.find, mutant.replace), encoding="utf-8")
    try:
        result = run(copy, mutant.test)
    finally:
        path.write_text(source, encoding="utf-8")
    assert result.returncode == TESTS_FAILED, result.stdout[-3_000:]
