"""The ablation's table: every rule can still be found in the correlator, switched off, and put back."""

import pytest

from benchmarks.rules import PICTURE, RULES, Off
from tests.correlate.build import Story, leak


@pytest.mark.parametrize("off", [*RULES, PICTURE], ids=lambda off: off.rule)
def test_each_rule_can_be_switched_off_and_is_back_afterwards(off: Off) -> None:
    before = [getattr(where, name) for where, name, _ in off.patches]
    with off.switched():
        assert all(getattr(where, name) is not old for (where, name, _), old in zip(off.patches, before, strict=True))
    assert [getattr(where, name) for where, name, _ in off.patches] == before


def test_without_direct_evidence_the_lines_that_name_the_culprit_count_for_nothing() -> None:
    (direct,) = (off for off in RULES if off.rule == "direct evidence")
    story = leak(Story(), episodes=4)
    assert story.tell().causes[0].workloads[0].basis == "direct"
    with direct.switched():
        assert all(suspect.basis == "co-location" for suspect in story.tell().causes[0].workloads)
