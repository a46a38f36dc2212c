"""Nothing stays in that earns nothing: each rule of the correlator has a situation that comes out wrong without it."""

import pytest

from benchmarks.rules import RULES, Off
from tests.correlate.witnesses import WITNESSES


@pytest.mark.parametrize("off", RULES, ids=lambda off: off.rule)
def test_each_rule_has_a_witness_that_falls_without_it(off: Off) -> None:
    told = WITNESSES.get(off.rule, [])
    assert told, f"no witness for {off.rule!r}: a situation of the world that comes out wrong without the rule"
    for tell in told:
        tell()
        with off.switched(), pytest.raises(AssertionError):
            tell()


def test_no_witness_outlives_its_rule() -> None:
    assert sorted(set(WITNESSES) - {off.rule for off in RULES}) == []
