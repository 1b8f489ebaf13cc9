"""Switch each security check off once and see the named test go red.

Each mutant is seen by itself, in a copy of the source tree (`tests.mutants.runs`).
"""

from typing import Final

import pytest

from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.runs import Runs

# Pytest's exit status when tests ran and some failed; anything else means that the test did not run.
TESTS_FAILED: Final = 1


@pytest.mark.mutants
@pytest.mark.timeout(900)
def test_the_named_tests_pass_without_a_mutant(mutant_runs: Runs) -> None:
    assert mutant_runs.named is not None
    result = mutant_runs.named.result()
    assert result.status == 0, result.output[-3_000:]
    assert "skipped" not in result.output


@pytest.mark.mutants
@pytest.mark.timeout(900)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_check_switched_off_is_noticed(mutant_runs: Runs, mutant: Mutant) -> None:
    result = mutant_runs.without[mutant.name].result()
    assert result.status == TESTS_FAILED, result.output[-3_000:]
