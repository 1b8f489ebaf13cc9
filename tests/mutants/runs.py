"""Runs of pytest over copies of the source tree, each with one check switched off, beside all other tests.

Tests of this product wait more than they compute: for processes, for deadlines, for each other. The mutants use that
time. They begin with the session, step back behind everything else (`nice`), and are asked for their outcomes last.
"""

import json
import os
import queue
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.mutants.mutant import Mutant

NURSERY: Final = Path(__file__).with_name("nursery.py")
COPIED: Final = ("protocol", "relay", "tickets", "agent", "technician_viewer", "tests", "docs", "pyproject.toml")
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
                # Pictures of pages are large, and no mutant is in one.
                ignored = shutil.ignore_patterns("__pycache__", "images")
                shutil.copytree(source, folder / name, ignore=ignored)
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


class Runs:
    """All runs that were asked for, begun in their order, as many at a time as there are copies."""

    def __init__(self, repository: Path, folders: Sequence[Path], mutants: Sequence[Mutant], *, named: bool) -> None:
        """One copy goes into each of `folders`. `named`: the tests that mutants name are run without any, too."""
        self._repository: Final = repository
        self._folders: Final = tuple(folders)
        self._free: Final[queue.Queue[Copy]] = queue.Queue()
        self._copies: Final[list[Copy]] = []
        self._pool: Final = ThreadPoolExecutor(len(folders), "mutants")
        self._made: Final = [self._pool.submit(self._make, folder) for folder in folders]
        tests = sorted({mutant.test for mutant in mutants})
        self.named: Final = self._begin(lambda copy: copy.run(*tests)) if named else None
        self.without: Final = {
            mutant.name: self._begin(lambda copy, mutant=mutant: copy.run_without(mutant))  # type: ignore[misc]
            for mutant in mutants
        }

    def _make(self, folder: Path) -> None:
        copy = Copy(self._repository, folder)
        self._copies.append(copy)
        self._free.put(copy)

    def _begin(self, work: Callable[[Copy], Outcome]) -> Future[Outcome]:
        return self._pool.submit(self._with_copy, work)

    def _with_copy(self, work: Callable[[Copy], Outcome]) -> Outcome:
        copy = self._free.get()
        try:
            return work(copy)
        finally:
            self._free.put(copy)

    def close(self) -> None:
        """Begin no more, wait for those that run, and end the copies."""
        self._pool.shutdown(cancel_futures=True)
        for copy in self._copies:
            copy.close()
