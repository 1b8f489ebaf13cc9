"""Switch each security check off once and see the named test go red.

Each mutant is seen by itself. Four at a time run, each in a copy of its own, since a test whose check is gone often
waits for what never comes.
"""

import json
import os
import queue
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant

NURSERY: Final = Path(__file__).with_name("nursery.py")
COPIED: Final = ("protocol", "relay", "tickets", "agent", "technician_viewer", "tests", "docs", "pyproject.toml")
# Pytest's exit status when tests ran and some failed; anything else means that the test did not run.
TESTS_FAILED: Final = 1
AT_ONCE: Final = 4
# A check that is switched off shows as a close that never comes: this is how long tests of the relay wait for one.
SOON_S: Final = "4"
# What our tests don't use costs time at each start.
PLUGINS_OFF: Final = (
    *("anyio", "cacheprovider", "doctest", "junitxml", "pastebin", "platformdirs", "schemathesis", "setuponly"),
    *("stepwise", "unittest"),
)


@dataclass(frozen=True)
class Outcome:
    """How a run of pytest ended, and what it wrote."""

    status: int
    output: str


class Copy:
    """A copy of the source tree that mutants are put into, one after the other."""

    def __init__(self, repository: Path, folder: Path) -> None:
        self.folder: Final = folder
        for name in COPIED:
            source = repository / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder / name)
        self._changes = 0
        self._nursery: Final = subprocess.Popen(
            [sys.executable, str(NURSERY)],
            cwd=folder,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *tests: str) -> Outcome:
        """Run pytest over the copy."""
        off = [part for plugin in PLUGINS_OFF for part in ("-p", f"no:{plugin}")]
        request = {
            "folder": str(self.folder),
            "environment": {
                "PYTHONPATH": str(self.folder),
                "TOWLINE_TEST_SOON_S": SOON_S,
                "TOWLINE_TEST_SHRINK": "no",
                "TOWLINE_TEST_DATABASES": "sqlite",
                "TOWLINE_TEST_TEMPLATE": str(self.folder / "template.db"),
            },
            "arguments": ["-x", "-q", "--tb=no", "--assert=plain", *off, *tests],
        }
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(json.dumps(request) + "\n")
        self._nursery.stdin.flush()
        answer = json.loads(self._nursery.stdout.readline())
        return Outcome(answer["status"], answer["output"])

    def close(self) -> None:
        """Let the nursery end."""
        self._nursery.communicate(timeout=30)

    def run_without(self, mutant: Mutant) -> Outcome:
        """Run the mutant's test with its check switched off."""
        path = self.folder / mutant.file
        source, stamp = path.read_text(encoding="utf-8"), path.stat()
        assert source.count(mutant.find) == 1, f"the text of the mutant stands {source.count(mutant.find)} times"
        path.write_text(source.replace(mutant.find, mutant.replace), encoding="utf-8")
        # Compiled files are told apart by size and whole seconds, so that each change needs a second of its own.
        self._changes += 1
        os.utime(path, (stamp.st_atime, stamp.st_mtime + self._changes))
        try:
            return self.run(mutant.test)
        finally:
            path.write_text(source, encoding="utf-8")
            os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


@pytest.fixture(scope="module")
def copies(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Copy]]:
    made = [Copy(repository, tmp_path_factory.mktemp("mutants")) for _ in range(AT_ONCE)]
    yield made
    for copy in made:
        copy.close()


@pytest.fixture(scope="module")
def outcomes(copies: list[Copy], request: pytest.FixtureRequest) -> Iterator[dict[str, Future[Outcome]]]:
    """The runs of all mutants that were asked for, begun in their order."""
    free: queue.Queue[Copy] = queue.Queue()
    for copy in copies:
        free.put(copy)

    def run(mutant: Mutant) -> Outcome:
        copy = free.get()
        try:
            return copy.run_without(mutant)
        finally:
            free.put(copy)

    wanted = [mutant for item in request.session.items for mutant in _mutants_of(item)]
    pool = ThreadPoolExecutor(AT_ONCE, "mutants")
    yield {mutant.name: pool.submit(run, mutant) for mutant in wanted}
    pool.shutdown(cancel_futures=True)


def _mutants_of(item: pytest.Item) -> list[Mutant]:
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return [value for value in parameters.values() if isinstance(value, Mutant)]


@pytest.mark.mutants
@pytest.mark.timeout(600)
def test_the_named_tests_pass_without_a_mutant(copies: list[Copy]) -> None:
    tests = sorted({mutant.test for mutant in MUTANTS})
    result = copies[0].run(*tests)
    assert result.status == 0, result.output[-3_000:]
    assert "skipped" not in result.output


@pytest.mark.mutants
@pytest.mark.timeout(900)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_check_switched_off_is_noticed(outcomes: dict[str, Future[Outcome]], mutant: Mutant) -> None:
    result = outcomes[mutant.name].result()
    assert result.status == TESTS_FAILED, result.output[-3_000:]
