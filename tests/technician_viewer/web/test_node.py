"""Runs the browser code's own tests under Node, one file at a time."""

import shutil
import subprocess
from pathlib import Path

import pytest

FILES = sorted(Path(__file__).parent.glob("*.test.mjs"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_under_node(path: Path) -> None:
    node = shutil.which("node")
    assert node is not None, "Node.js 20 or newer is needed: run the tests with `make test`"
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", str(path)], capture_output=True, text=True, timeout=110, check=False
    )
    # TAP's plan is read too: a file in which no test ran has not passed.
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    assert "\n# pass 0\n" not in done.stdout, f"no test ran in {path.name}"
