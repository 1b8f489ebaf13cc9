"""Who may import whom: the contracts hold, and each of them notices what it is there for."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.repository import PACKAGES, ROOT

LINTER = Path(sys.executable).parent / "lint-imports"
# Of the tests, only these: the contracts need one of their modules, and the package to forbid.
COPIED = (*PACKAGES, "benchmarks", "demo", "tests/architecture")


def lint(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINTER), "--no-logo", "--no-cache", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the source files, with the contracts, that a test may spoil."""
    only_python = shutil.ignore_patterns("__pycache__", "web", "static", "templates", "vectors")
    for package in COPIED:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=only_python)
    shutil.copy(ROOT / "tests" / "__init__.py", tmp_path / "tests")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_contracts_hold() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


FORBIDDEN = [
    ("protocol-is-pure", "protocol/spoiled.py", "import relay.app"),
    ("protocol-is-pure", "protocol/spoiled.py", "import agent"),
    ("protocol-is-pure", "protocol/spoiled.py", "from tests import architecture"),
    ("blind-relay", "relay/switch/spoiled.py", "from protocol.authority import Grant"),
    ("blind-relay", "relay/switch/spoiled.py", "import relay.app"),
    ("blind-relay", "relay/switch/spoiled.py", "def late() -> None:\n    import protocol.records\n"),
    ("blind-relay", "protocol/envelope.py", "import protocol.errors"),
    ("programs-are-apart", "agent/spoiled.py", "import tickets"),
    ("programs-are-apart", "tickets/spoiled.py", "import technician_viewer"),
    ("programs-are-apart", "technician_viewer/spoiled.py", "import agent"),
    ("programs-without-relay", "agent/spoiled.py", "import relay.switch"),
    ("programs-without-relay", "tickets/spoiled.py", "import relay.app"),
    ("programs-without-relay", "technician_viewer/spoiled.py", "from relay import app"),
    ("one-composition-root", "relay/spoiled.py", "import tickets"),
    ("one-composition-root", "relay/switch/spoiled.py", "import tickets"),
    ("relay-without-programs", "relay/spoiled.py", "import agent"),
    ("relay-without-programs", "relay/app.py", "import technician_viewer"),
    ("tests-stay-out", "agent/spoiled.py", "import tests"),
    ("tests-stay-out", "tickets/spoiled.py", "from tests import architecture"),
    ("tests-stay-out", "relay/spoiled.py", "import benchmarks"),
    ("tests-stay-out", "relay/spoiled.py", "import demo"),
]


@pytest.mark.parametrize(("contract", "file", "code"), FORBIDDEN)
def test_forbidden_import_breaks_its_contract(copy: Path, contract: str, file: str, code: str) -> None:
    before = lint(copy, "--contract", contract)
    assert before.returncode == 0, before.stdout + before.stderr

    spoiled = copy / file
    old = spoiled.read_text(encoding="utf-8") if spoiled.exists() else '"""Spoiled."""\n'
    spoiled.write_text(f"{old}\n{code}\n", encoding="utf-8")

    after = lint(copy, "--contract", contract)
    assert after.returncode == 1, after.stdout + after.stderr
    assert "BROKEN" in after.stdout


def test_every_other_protocol_module_is_forbidden_to_the_switch(copy: Path) -> None:
    """A module that somebody adds tomorrow is forbidden too: here it is one that no list names."""
    (copy / "protocol" / "added_tomorrow.py").write_text('"""New."""\n', encoding="utf-8")
    others = sorted(path.stem for path in (copy / "protocol").glob("*.py") if path.stem not in {"__init__", "envelope"})
    spoiled = copy / "relay" / "switch" / "spoiled.py"

    spoiled.write_text("import protocol.envelope\n", encoding="utf-8")
    assert lint(copy, "--contract", "blind-relay").returncode == 0

    spoiled.write_text("".join(f"import protocol.{name}\n" for name in others), encoding="utf-8")
    result = lint(copy, "--contract", "blind-relay")
    assert result.returncode == 1
    assert [name for name in others if f"relay.switch.spoiled -> protocol.{name}" not in result.stdout] == []
