"""The power goes at random instants: what was acknowledged is there, nothing is half done. campaign.py runs longer."""

from pathlib import Path

import pytest
from campaign import Campaign
from disk import Disk
from mixes import MIXES

CUTS = 4


@pytest.mark.parametrize("mix", MIXES)
def test_power_cuts(disk: Disk, program: str, tmp_path: Path, mix: str) -> None:
    run = Campaign(program, tmp_path, disk, seed=1).run(mix, CUTS)
    assert [problem for finding in [*run.cuts, run.end] for problem in finding.problems] == []
    assert sum(cut.lost + cut.halves for cut in run.cuts) == 0
    assert sum(cut.acknowledged for cut in run.cuts) > 0, "nothing was at stake"
