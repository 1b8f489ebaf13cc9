"""Runs the tests of the viewer's modules that need no page, under Node."""

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
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    assert "\n# pass 0\n" not in done.stdout
