"""Step 5: what a script can mend."""

from __future__ import annotations

from checks.workstation.test_fix import _judged_before


def test_only_what_this_machine_alone_decides_and_the_guide_has_before_is_asked_for_a_mend() -> None:
    asked = _judged_before()
    assert {(each.read, each.scope) for each in asked} == {("local", "workstation")}
    assert {each.id for each in asked} >= {"PRF-01", "CRD-01", "ENV-09"}
    assert "RUN-02" not in {each.id for each in asked}
