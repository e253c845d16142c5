"""The benchmark runs and reports every ratio; nothing is timed here."""

import json
import os
import subprocess
import sys
from pathlib import Path

from deploy.local.home import ROOT
from tests.bench.findings import RATIOS


def test_a_quick_part_runs_and_every_ratio_is_in_the_report(tmp_path: Path) -> None:
    output = tmp_path / "bench.json"
    argv = [sys.executable, "-m", "tests.bench", "--quick", "--only", "locate", "--output", str(output)]
    env = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(output.read_text("utf-8"))
    assert report["ratios"].keys() == set(RATIOS)
    assert report["quick"]
    assert report["parts"]["locate"]["810"]["locate_per_s"] > report["parts"]["locate"]["810"]["geo_intersects_per_s"]
    assert "810" in done.stdout
