"""With one damaged case among others, the commands go on without it and say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from segdesk.jobs import trainer_client
from tests.app.project.test_one_damaged_file import damage
from tests.app.project.test_others_go_on import ONE, THREE, TWO, damage_scan, mask, three_cases
from tests.app.runs.test_running import child
from tests.cli.conftest import Run


def test_the_others_are_compared_and_packed_where_a_mask_is_damaged(
    segdesk: Run, tmp_path: Path
) -> None:
    project = three_cases(tmp_path)
    damage(mask(project, TWO))
    said = segdesk("evaluate", project, "--run", "run-001", "--pool", "all", "--json")
    assert [row["case"] for row in said.json["cases"]] == [ONE, THREE]
    (note,) = said.json["notes"]
    assert note.startswith(f"The mask of '{TWO}' is damaged") and note in said.err
    said = segdesk("pack", project, tmp_path / "packed.h5", "--json")
    assert said.code == 3
    packed = json.loads(said.out)
    assert packed["cases"] == [ONE, THREE] and packed["damaged"] == [TWO]
    (note,) = packed["notes"]
    assert note.endswith(f"'{TWO}' stays out.") and note in said.err


def test_the_others_are_learnt_from_and_predicted_where_a_scan_is_damaged(
    segdesk: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = three_cases(tmp_path)
    damage_scan(project, TWO)
    command = (*child(tmp_path),)
    monkeypatch.setattr(trainer_client, "trainer_command", lambda: command)
    said = segdesk("train", project, "--epochs", "1", "--json")
    assert [share["case"] for share in said.json["shares"]] == [ONE, THREE]
    assert f"'{TWO}' is left out of this training." in said.err
    assert f"of {TWO} teach" not in said.err
    # It predicts first, for nobody has been predicted by this run.
    said = segdesk("evaluate", project, "--run", "run-002", "--pool", "all", "--json")
    assert [row["case"] for row in said.json["cases"]] == [ONE, THREE]
    assert f"'{TWO}' is not predicted." in said.err
    # Now the one that is damaged is all that is left to predict.
    said = segdesk("evaluate", project, "--run", "run-002", "--pool", "all", "--json")
    assert [row["case"] for row in said.json["cases"]] == [ONE, THREE]
    assert f"The scan of '{TWO}' is damaged" in said.err
