"""What every test may use."""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from tests.mutants.mutant import Mutant
from tests.mutants.runs import Runs
from tests.support.dovecot import DovecotServer, dovecot_server
from tests.support.postgres import PostgresServer, postgres_server

ROOT = Path(__file__).resolve().parent.parent
# Memory that looks like a disk: databases wait for the real one at each commit, and there are thousands.
MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 * 2**30
# So many mutants run at a time.
MUTANTS_BESIDE_OTHERS = 2
MUTANTS_ALONE = 4

# A mutant has to turn a test red, not to be explained: looking for its smallest example takes most of the time.
settings.register_profile("mutants", phases=[Phase.explicit, Phase.generate])
if os.environ.get("TOWLINE_TEST_SHRINK") == "no":
    settings.load_profile("mutants")


def pytest_configure(config: pytest.Config) -> None:
    """Put temporary folders into memory where there is enough of it."""
    if config.option.basetemp is None and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ask the mutants last: they run beside all the others."""
    items.sort(key=_is_about_mutants)


def _is_about_mutants(item: pytest.Item) -> bool:
    return item.get_closest_marker("mutants") is not None


def pytest_collection_finish() -> None:
    """Tell the garbage collector that what is there now stays: it would look through all of it again and again."""
    if gc.get_freeze_count() == 0:
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def mutant_runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs | None]:
    """The runs of the mutants that were asked for, begun before the first test; None when there are none."""
    items = request.session.items
    asked = [item for item in items if _is_about_mutants(item)]
    if not asked:
        yield None
        return
    parameters = [getattr(getattr(item, "callspec", None), "params", {}).values() for item in asked]
    mutants = [value for values in parameters for value in values if isinstance(value, Mutant)]
    at_once = MUTANTS_BESIDE_OTHERS if len(items) > len(asked) else MUTANTS_ALONE
    folders = [tmp_path_factory.mktemp("mutants") for _ in range(at_once)]
    runs = Runs(ROOT, folders, mutants, named=len(asked) > len(mutants))
    yield runs
    runs.close()


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of our own test vectors."""
    return ROOT / "tests" / "vectors"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """A folder of material that is not ours to ship (published vectors, mail corpora), beside the repository.

    `TOWLINE_SHARED` names another place. Tests that need it are skipped where it is missing.
    """
    folder = Path(os.environ.get("TOWLINE_SHARED") or ROOT.parent / "shared")
    if not folder.is_dir():
        pytest.skip("the folder of shared test material is missing: put it beside the repository or set TOWLINE_SHARED")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the tests of one run."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def dovecot() -> Iterator[DovecotServer]:
    """A mail server with IMAP and LMTP for the tests of one run; each takes a user name of its own."""
    with dovecot_server() as server:
        yield server
