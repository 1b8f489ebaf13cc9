"""`.ci/run` runs both targets, fails when either fails, and ends with pytest's closing line."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT

GOOD = "3 passed in 0.01s"
BAD = "1 failed, 2 passed in 83.20s (0:01:23)"


def ci(folder: Path, *, check: int, test: int) -> subprocess.CompletedProcess[str]:
    """Run a copy of `.ci/run` beside a Makefile whose targets end with these statuses."""
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    closing = BAD if test else GOOD
    (folder / "Makefile").write_text(
        f'check:\n\t@echo checking CI=$$CI; exit {check}\ntest:\n\t@echo ...; echo "{closing}"; exit {test}\n',
        encoding="utf-8",
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["bash", str(folder / ".ci" / "run")],
        cwd="/",
        env={**environment, "CI": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(("check", "test"), [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_status_and_closing_line(tmp_path: Path, check: int, test: int) -> None:
    result = ci(tmp_path, check=check, test=test)
    assert (result.returncode == 0) == (check == 0 and test == 0)
    assert result.stdout.splitlines()[-1] == (BAD if test else GOOD)
    assert "checking CI=true" in result.stdout


def test_makefile_has_the_targets() -> None:
    result = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
    listed = {line.split()[1] for line in result.stdout.splitlines() if line.startswith("  make ")}
    assert listed >= {"setup", "demo", "test", "prove", "check", "bench", "fmt", "lock", "clean"}
