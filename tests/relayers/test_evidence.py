"""A halt is logged and its evidence written, also when there is no room for it at first."""

import io
import json
from pathlib import Path

import pytest

from bridge.adapters.telemetry import open_log
from bridge.core.records import HaltRecord
from bridge.core.types import Timestamp
from relayers.evidence import Evidence
from tests.adapters.records import OUT

HALTS = {OUT: HaltRecord(OUT, "block 7 was final and has changed", {"height": 7}, Timestamp(9))}


def test_a_halt_is_said_once_and_its_evidence_kept(tmp_path: Path) -> None:
    log = io.StringIO()
    evidence = Evidence(tmp_path / "evidence", open_log("info", log))
    evidence.keep(HALTS)
    evidence.keep(HALTS)
    (said,) = map(json.loads, log.getvalue().splitlines())
    assert (said["event"], said["route"]) == ("route halted", OUT.name)
    assert json.loads(Path(said["evidence"]).read_text())["evidence"] == {"height": 7}


def test_evidence_that_cannot_be_written_now_is_written_later(tmp_path: Path) -> None:
    folder, log = tmp_path / "evidence", io.StringIO()
    folder.write_text("stands for a disk without room")
    evidence = Evidence(folder, open_log("info", log))
    with pytest.raises(OSError, match="exists"):
        evidence.keep(HALTS)
    assert "route halted" in log.getvalue(), "said all the same"
    folder.unlink()
    evidence.keep(HALTS)
    assert len(list(folder.iterdir())) == 1
