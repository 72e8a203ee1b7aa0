"""project.h5: everything comes back, strangers' files do not get in."""

import io
import shutil
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segdesk.core.annotation import Annotation
from segdesk.core.case import Case, Source
from segdesk.core.grid import Grid
from segdesk.core.project import Project
from segdesk.core.run import Epoch, Intensities, Plan, Run
from segdesk.core.segment import Segment
from segdesk.core.share import Share
from segdesk.errors import ProjectError
from segdesk.store import previous_mask
from segdesk.store.disk.layout import Layout
from segdesk.store.parts import hdf5, project_file
from segdesk.store.parts.project_codec import decode, encode, part
from tests.examples import examples
from tests.store.painter import paint, save
from tests.store.resealing import changing, h5py
from tests.store.strategies import project_with_cases, projects

FEW = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=examples(40),
)


@FEW
@given(projects())
def test_a_project_comes_back_in_full_precision(project: Project) -> None:
    with hdf5.open_image(hdf5.image(lambda root: encode(project, root))) as root:
        assert decode(root) == project


def test_every_field_of_the_stored_values_is_known_here() -> None:
    """A new field in core needs a place in project.h5, a version and a migration."""
    assert [len(fields(kind)) for kind in (Project, Case, Source, Segment)] == [8, 19, 5, 7]
    assert [len(fields(kind)) for kind in (Run, Plan, Epoch, Intensities)] == [33, 12, 10, 3]
    assert len(fields(Share)) == 8


def test_text_that_hdf5_cannot_hold_does_not_keep_anyone_from_saving(tmp_path: Path) -> None:
    project_file.write(tmp_path, Project("id", settings=(("a\0b", "\ud800"),)), 0)
    assert project_file.read(tmp_path)[0].settings == (("a�b", "�"),)


def test_a_curve_that_went_to_nan_does_not_keep_anyone_from_saving(tmp_path: Path) -> None:
    epoch = Epoch(1, 1.0, float("nan"), 0.5, 1e-3)
    plan = Plan("unet", 8, 0, 1, None, 1, 1e-3, 0.0)
    project_file.write(tmp_path, Project("id", runs=(Run("run-001", plan, 0, epochs=(epoch,)),)), 0)
    assert np.isnan(project_file.read(tmp_path)[0].runs[0].epochs[0].loss)


@pytest.mark.parametrize("typed", [".", "..", "../p.segdesk"])
def test_what_repairs_it_can_be_typed_in_the_folder_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    folder = tmp_path / "p.segdesk"
    for name in ("cases/case-001", "inside"):
        (folder / name).mkdir(parents=True)
    (folder / "cases/case-001/volume.h5").write_bytes(b"x")
    monkeypatch.chdir(folder / "inside" if typed == ".." else folder)
    with pytest.raises(ProjectError) as refused:
        project_file.check_is_project(Path(typed))
    assert refused.value.sentence == "The index of the project 'p.segdesk' is missing."
    made = "../p" if "/" in typed else str(tmp_path.resolve() / "p")
    assert f"'segdesk check {typed} --repair {made}-repaired.segdesk'" in refused.value.hint


CASE = Case("case-001", Grid((2, 3, 4)), "HU", "0" * 64, 0, 1, Source("array"))


def _written(folder: Path) -> Path:
    project = Project("0123", settings=(("reader", "A"),))
    project_file.write(folder, project, 3)
    return folder / "project.h5"


def test_a_file_cut_anywhere_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = _written(tmp_path)
    content = path.read_bytes()
    for cut in range(0, len(content), max(1, len(content) // 150)):
        path.write_bytes(content[:cut])
        with pytest.raises(ProjectError):
            project_file.read(tmp_path)


@FEW
@given(st.binary(min_size=1, max_size=300))
def test_random_bytes_are_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "project.h5").write_bytes(content)
    with pytest.raises(ProjectError, match="damaged"):
        project_file.read(tmp_path)


def test_a_mask_is_named_with_its_checksum_or_not_at_all(tmp_path: Path) -> None:
    """Else another file of that number would be taken for the one that was saved."""
    named = replace(CASE, generation=2, mask_sha256="a" * 64)
    project_file.write(tmp_path, Project("id", cases=(named,)), 3)
    before = (tmp_path / "project.h5").read_bytes()
    for case in (replace(named, mask_sha256=""), replace(CASE, mask_sha256="a" * 64)):
        with pytest.raises(ValueError, match="SHA-256 with each mask"):
            project_file.write(tmp_path, Project("id", cases=(case,)), 3)
    assert (tmp_path / "project.h5").read_bytes() == before
    with changing(tmp_path / "project.h5") as file:
        file["cases/mask_sha256"][0] = ""
    with pytest.raises(ProjectError, match="damaged"):
        project_file.read(tmp_path)


def test_no_file_of_a_case_holds_the_checksum_of_its_mask() -> None:
    """Nobody knows a file's own checksum before it is written, and an older one would be wrong."""
    case = replace(CASE, generation=2, mask_sha256="a" * 64)
    assert part(Project("id", cases=(case,)), case).cases[0].mask_sha256 == ""


def test_another_file_of_the_number_that_is_named_is_not_taken_for_an_older_mask(
    tmp_path: Path,
) -> None:
    folder, project = project_with_cases(tmp_path / "p.segdesk", CASE.id)
    masks = {CASE.id: Annotation(project.cases[0].grid)}
    paint(folder, masks[CASE.id], CASE.id, 1)
    (case,) = save(folder, project, masks).cases
    layout = Layout(folder.path)
    assert previous_mask.newest(layout, case, [1]) is not None
    assert previous_mask.newest(layout, replace(case, mask_sha256="a" * 64), [1]) is None
    folder.close()


def _drop_format(file: Any) -> None:
    del file.attrs["format"]


def _link_out(file: Any) -> None:
    del file["segments"]
    file["segments"] = h5py.ExternalLink("other.h5", "/segments")


def _soft_link(file: Any) -> None:
    del file["runs"]
    file["runs"] = h5py.SoftLink("/cases")


def _reference(file: Any) -> None:
    file.attrs["id"] = file["cases"].ref


def _column_in_another_file(file: Any) -> None:
    del file["settings/names"]
    file["settings"].create_dataset(
        "names", (1,), "u1", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)]
    )


def _virtual(file: Any) -> None:
    layout = h5py.VirtualLayout((1,), "u1")
    layout[:] = h5py.VirtualSource("other.h5", "x", shape=(1,))
    del file["settings/names"]
    file["settings"].create_virtual_dataset("names", layout)


def _declares_a_giant(file: Any) -> None:
    del file["settings/names"]
    file["settings"].create_dataset("names", (2**40,), h5py.string_dtype(), chunks=(1024,))


def _declares_a_giant_in_one_piece(file: Any) -> None:
    del file["settings/names"]
    file["settings"].create_dataset("names", (2**40,), h5py.string_dtype())


def _unsafe_case(file: Any) -> None:
    project = Project("id", cases=(CASE,))
    del file["cases"]
    encoded = hdf5.image(lambda root: encode(project, root))
    with h5py.File(io.BytesIO(encoded)) as other:
        other.copy("cases", file)
    file["cases/ids"][0] = "../case"


def _one_id_twice(file: Any) -> None:
    project = Project("id", cases=(CASE, replace(CASE, id="case-002")))
    del file["cases"]
    encoded = hdf5.image(lambda root: encode(project, root))
    with h5py.File(io.BytesIO(encoded)) as other:
        other.copy("cases", file)
    file["cases/ids"][1] = "case-001"


def _one_object_under_two_names(file: Any) -> None:
    del file["settings/values"]
    file["settings/values"] = file["settings/names"]


def _rows_are_missing(file: Any) -> None:
    del file["cases/slope"]
    file["cases/slope"] = np.zeros(1)


def _lengths_do_not_add_up(file: Any) -> None:
    del file["cases/statuses_count"]
    file["cases/statuses_count"] = np.array([-1, 1], np.int64)


def _without_generation(file: Any) -> None:
    del file.attrs["generation"]


def _text_for_a_number(file: Any) -> None:
    file.attrs["generation"] = "3"


@pytest.mark.parametrize(
    "harm",
    [
        _drop_format,
        _link_out,
        _soft_link,
        _reference,
        _column_in_another_file,
        _virtual,
        _declares_a_giant,
        _declares_a_giant_in_one_piece,
        _unsafe_case,
        _one_id_twice,
        _one_object_under_two_names,
        _rows_are_missing,
        _lengths_do_not_add_up,
        _without_generation,
        _text_for_a_number,
    ],
)
def test_a_strangers_file_is_refused_with_a_sentence(
    tmp_path: Path, harm: Callable[[Any], None]
) -> None:
    path = _written(tmp_path)
    shutil.copy(path, tmp_path / "other.h5")
    project_file.read(tmp_path)
    with changing(path) as file:
        harm(file)
    with pytest.raises(ProjectError):
        project_file.read(tmp_path)


def test_a_newer_format_is_refused_with_the_version_that_it_needs(tmp_path: Path) -> None:
    path = _written(tmp_path)
    with changing(path) as file:
        file.attrs["version"] = np.int64(7)
        file.attrs["needs"] = "2.5"
        del file["cases"]
    with pytest.raises(ProjectError, match="newer segdesk") as refused:
        project_file.read(tmp_path)
    assert "segdesk 2.5" in refused.value.hint


@FEW
@given(projects().filter(lambda project: project.cases))
def test_people_with_h5py_find_cases_and_curves_under_plain_names(
    tmp_path: Path, project: Project
) -> None:
    project_file.write(tmp_path, project, 9)
    with h5py.File(tmp_path / "project.h5", "r") as file:
        assert list(file["cases/ids"].asstr()) == [case.id for case in project.cases]
        for row, case in enumerate(project.cases):
            assert tuple(file["cases/spacing_mm"][row]) == case.grid.spacing_mm
            link = file["volumes"].get(case.id, getlink=True)
            assert link.filename == f"cases/{case.id}/volume.h5"
        for run in project.runs:
            curve = file["runs"][run.id]["curves"]["loss"][:]
            assert curve.tolist() == [epoch.loss for epoch in run.epochs]
