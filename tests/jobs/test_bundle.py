"""A bundle comes back as it was written, and nothing else is taken for one."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segdesk.core.run import Intensities, plan_for
from segdesk.core.split import Fold
from segdesk.errors import TrainingError
from segdesk.jobs.bundle import (
    LARGEST,
    MANIFEST,
    Bundle,
    Lesson,
    Rival,
    TrainedNetwork,
    VolumeRef,
    read,
    targets_writer,
    write,
)
from segdesk.jobs.targets_file import Packed

QUIET = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SIZES = st.integers(1, 999)
ROOT = Path(Path.cwd().anchor)
NAMES = st.text("abcäß 1-_.", min_size=1, max_size=8).filter(lambda name: set(name) != {"."})
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: str(ROOT.joinpath(*names)))
FLOATS = st.floats(-1e6, 1e6)
PAIRS = st.lists(st.tuples(st.integers(1, 255), WORDS), max_size=3).map(tuple)
PIXELS = st.none() | st.tuples(st.floats(0.01, 9), st.floats(0.01, 9))
VOLUMES = st.builds(
    VolumeRef,
    case=WORDS,
    file=PATHS,
    offset=st.integers(0, 2**40),
    shape=st.tuples(SIZES, SIZES, SIZES),
    slope=FLOATS,
    intercept=FLOATS,
    unit=st.sampled_from(["HU", "raw"]),
    pixel_mm=PIXELS,
)
CLASSES = st.lists(st.integers(1, 255), max_size=3).map(tuple)
PACKED = st.builds(
    Packed,
    offset=st.integers(0, 2**40),
    length=SIZES,
    crc=st.integers(0, 2**32 - 1),
    counts=st.lists(st.tuples(st.integers(0, 255), SIZES), max_size=3).map(tuple),
)
ROWS = st.lists(st.tuples(st.integers(0, 500), PACKED, CLASSES), max_size=5)
LESSONS = st.builds(
    lambda rows, **fields: Lesson(
        slices=tuple(index for index, _, _ in rows),
        targets=tuple(packed for _, packed, _ in rows),
        incomplete=tuple(classes for _, _, classes in rows),
        **fields,
    ),
    ROWS,
    case=WORDS,
    pool=st.sampled_from(["train", "validation"]),
)
TRAINED = st.builds(
    TrainedNetwork,
    network=WORDS,
    filters=SIZES,
    built_for=st.tuples(SIZES, SIZES),
    segments=PAIRS,
    weights=PATHS,
    epoch=SIZES,
    sha256=WORDS,
)
RIVALS = st.builds(
    Rival,
    run=WORDS,
    trained=TRAINED,
    intensities=st.builds(Intensities, FLOATS, FLOATS, st.sampled_from(["HU", "raw"])),
    pixel_mm=PIXELS,
    input_shape=st.tuples(SIZES, SIZES),
)
BUNDLES = st.builds(
    Bundle,
    run=WORDS,
    run_folder=PATHS,
    plan=st.builds(plan_for, seed=st.integers(0, 99), max_minutes=st.none() | st.floats(1, 9)),
    segments=PAIRS,
    intensities=st.builds(Intensities, FLOATS, FLOATS, st.sampled_from(["HU", "raw"])),
    volumes=st.lists(VOLUMES, max_size=3).map(tuple),
    lessons=st.lists(LESSONS, max_size=3).map(tuple),
    predict=st.lists(WORDS, max_size=3).map(tuple),
    partners=st.lists(st.tuples(SIZES, SIZES), max_size=2).map(tuple),
    train=st.booleans(),
    pixel_mm=PIXELS,
    input_shape=st.tuples(SIZES, SIZES),
    own=st.none() | TRAINED,
    start=st.none() | TRAINED,
    preview=st.none() | st.tuples(WORDS, SIZES),
    rival=st.none() | RIVALS,
    split_seed=st.integers(0, 99),
    fold=st.none() | st.builds(Fold, st.integers(1, 2), st.integers(2, 9)),
)


@QUIET
@given(BUNDLES)
def test_read_undoes_write(tmp_path: Path, bundle: Bundle) -> None:
    write(bundle, tmp_path / "bundle", ROOT)
    assert read(tmp_path / "bundle") == bundle


def test_a_hundred_thousand_slices_are_written_and_read_in_seconds(tmp_path: Path) -> None:
    slices = tuple(range(600))
    targets = (Packed(1 << 40, 2000, 1 << 31, ((0, 200_000), (1, 60_000), (2, 2144))),) * 600
    lesson = Lesson("case-001", "train", slices, targets, ((),) * 600)
    intensities = Intensities(-1024, 600, "HU")
    bundle = Bundle("run-001", str(ROOT / "r"), plan_for(), (), intensities, (), (lesson,) * 200)
    began = time.process_time()
    write(bundle, tmp_path, ROOT)
    assert read(tmp_path) == bundle
    assert time.process_time() - began < 8
    assert (tmp_path / MANIFEST).stat().st_size < LARGEST / 4


def test_a_volume_is_mapped_where_it_lies(tmp_path: Path) -> None:
    voxels = np.arange(24, dtype="<i2").reshape(2, 3, 4) - 9
    (tmp_path / "volume").write_bytes(b"head" + voxels.tobytes())
    volume = VolumeRef("a", str(tmp_path / "volume"), 4, (2, 3, 4), 1.0, 0.0, "HU", None)
    opened = volume.open()
    np.testing.assert_array_equal(opened, voxels)
    assert not opened.flags.writeable


@pytest.mark.parametrize("text", ["", "[]", "5", "{", '"a"'])
def test_a_damaged_manifest_is_said_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(TrainingError, match="cannot be read"):
        read(tmp_path)


def test_a_missing_bundle_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="cannot be read"):
        read(tmp_path / "nowhere")


@pytest.fixture
def manifest(tmp_path: Path) -> dict[str, Any]:
    volume = VolumeRef("a", str(tmp_path / "f"), 0, (1, 1, 1), 1.0, 0.0, "HU", None)
    intensities = Intensities(-1024, 600, "HU")
    run = str(tmp_path / "r")
    bundle = Bundle("run-001", run, plan_for(), ((1, "lung"),), intensities, (volume,))
    write(bundle, tmp_path, tmp_path)
    return json.loads((tmp_path / MANIFEST).read_text())


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_bundle_is_neither_written_nor_read_through_a_link(
    tmp_path: Path, manifest: dict[str, Any]
) -> None:
    outside, link = tmp_path / "outside", tmp_path / "bundle"
    outside.mkdir()
    link.symlink_to(outside)
    with pytest.raises(OSError, match="is a link"):
        targets_writer(link)
    with pytest.raises(TrainingError):
        write(read(tmp_path), link, tmp_path)
    assert list(outside.iterdir()) == []
    (outside / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(TrainingError, match="cannot be read"):
        read(link)


PLACES = ("/etc/passwd", "../f", "a/../../f", "C:/f", "..\\\\f")


@pytest.mark.parametrize("place", PLACES)
def test_a_manifest_that_names_a_file_outside_of_its_root_is_refused(
    tmp_path: Path, manifest: dict[str, Any], place: str
) -> None:
    (volume,) = manifest["volumes"]
    harmed = ({"run_folder": place}, {"volumes": [{**volume, "file": place}]})
    for fields in harmed:
        (tmp_path / MANIFEST).write_text(json.dumps({**manifest, **fields}))
        with pytest.raises(TrainingError, match="cannot be read"):
            read(tmp_path)


@pytest.mark.parametrize("place", ["/", "sub", "../sub"])
def test_a_root_that_is_not_above_the_bundle_is_refused(
    tmp_path: Path, manifest: dict[str, Any], place: str
) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps({**manifest, "root": place}))
    with pytest.raises(TrainingError, match="cannot be read"):
        read(tmp_path)


def test_a_bundle_names_what_lies_below_its_root_alone(tmp_path: Path) -> None:
    intensities = Intensities(-1024, 600, "HU")
    bundle = Bundle("run-001", str(tmp_path / "r"), plan_for(), (), intensities, ())
    with pytest.raises(ValueError, match="subpath"):
        write(bundle, tmp_path / "project" / "bundle", tmp_path / "project")


def test_a_copy_is_read_where_it_lies_and_a_bundle_elsewhere_below_the_root_that_is_given(
    tmp_path: Path,
) -> None:
    project, copy = tmp_path / "project", tmp_path / "elsewhere" / "copy"
    volume = VolumeRef("a", str(project / "cases/a"), 0, (1, 1, 1), 1.0, 0.0, "HU", None)
    run = project / "runs" / "run-001"
    bundle = Bundle(
        run="run-001",
        run_folder=str(run),
        plan=plan_for(),
        segments=((1, "lung"),),
        intensities=Intensities(-1024, 600, "HU"),
        volumes=(volume,),
        identity=(1, 2),
    )
    write(bundle, run / "bundle", project)
    shutil.copytree(project, copy)
    shutil.copytree(run / "bundle", tmp_path / "job")
    shutil.rmtree(project)
    assert str(tmp_path) not in (tmp_path / "job" / MANIFEST).read_text()
    found = read(copy / "runs" / "run-001" / "bundle"), read(tmp_path / "job", copy)
    for one in found:
        assert one.run_folder == str(copy / "runs" / "run-001")
        assert one.volume("a").file == str(copy / "cases" / "a")
    # It is another folder, and somebody says that it is meant.
    assert [one.identity for one in found] == [(1, 2), None]


def test_another_version_is_refused(tmp_path: Path, manifest: dict[str, Any]) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps({**manifest, "version": 99}))
    with pytest.raises(TrainingError, match="another version"):
        read(tmp_path)


def test_a_manifest_that_lacks_anything_is_refused(
    tmp_path: Path, manifest: dict[str, Any]
) -> None:
    for name in manifest.keys() - {"version"}:
        rest = {key: value for key, value in manifest.items() if key != name}
        (tmp_path / MANIFEST).write_text(json.dumps(rest))
        with pytest.raises(TrainingError, match="cannot be read"):
            read(tmp_path)


def test_a_case_without_a_volume_is_a_bug_of_the_caller(
    tmp_path: Path, manifest: dict[str, Any]
) -> None:
    bundle = read(tmp_path)
    assert bundle.volume("a").case == "a"
    with pytest.raises(ValueError, match="case=b"):
        bundle.volume("b")
