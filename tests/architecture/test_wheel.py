"""What people install: the five packages with their pages, scripts and migrations, and nothing else."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tests.architecture.repository import PACKAGES, ROOT, committed_files, name_of


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this work tree."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )
    [path] = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_wheel_holds_every_committed_file_of_the_packages(wheel: zipfile.ZipFile) -> None:
    shipped = set(wheel.namelist())
    ours = {name_of(path) for path in committed_files() if path.relative_to(ROOT).parts[0] in PACKAGES}
    assert ours - shipped == set()


def test_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {PurePosixPath(name).parts[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    assert not [name for name in wheel.namelist() if "node_modules" in name or "__pycache__" in name]


def test_wheel_brings_the_commands(wheel: zipfile.ZipFile) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert set(scripts) == {"towline-relay", "towline-agent", "towline-viewer"}
    [entry_points] = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    text = wheel.read(entry_points).decode()
    assert [line for name, target in scripts.items() if (line := f"{name} = {target}") not in text] == []


def test_every_command_leads_to_a_function() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    missing = [
        target
        for target in scripts.values()
        if not (ROOT / Path(*target.split(":")[0].split("."))).with_suffix(".py").is_file()
    ]
    assert missing == []
