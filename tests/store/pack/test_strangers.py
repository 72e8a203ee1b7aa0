"""A packed project from a stranger: every changed byte is told, and nothing leads elsewhere."""

import hashlib
import random
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from segdesk.errors import ProjectError, SegdeskError
from segdesk.store.pack import read
from tests.packs import changed, full_project, pack_of, unpack_here
from tests.projects import SHAPE, make_project

#: Positions that `make test` flips; `make test-long` flips every one.
FLIPS = 150
CASE = "cases/case-001"


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed")
    workbench = full_project(folder, cases=1)
    file = pack_of(workbench, folder / "packed.h5")
    workbench.close()
    return file


def refused(file: Path, words: str) -> None:
    """It is refused with a sentence, and nothing is left where the project should have come."""
    folder = file.parent / "there"
    folder.mkdir(exist_ok=True)
    with pytest.raises(ProjectError, match=words):
        unpack_here(file, folder / "u.segdesk")
    assert list(folder.iterdir()) == []


def flip(file: Path, copy: Path, positions: list[int]) -> None:
    """Each of these bytes changed in turn is told."""
    content = bytearray(file.read_bytes())
    for at in positions:
        content[at] ^= 1 << at % 8
        copy.write_bytes(content)
        refused(copy, "damaged|not a packed project")
        content[at] ^= 1 << at % 8


def test_a_flipped_bit_anywhere_in_the_file_is_told(packed: Path, tmp_path: Path) -> None:
    size = packed.stat().st_size
    # The whole of the seal's own fields, the superblock of HDF5, and places all over the rest.
    some = [*range(0, 48, 4), 100, 511, *range(512, 560, 8)]
    drawn = random.Random(1).sample(range(560, size), FLIPS - len(some))
    flip(packed, tmp_path / "flipped.h5", some + drawn)


@pytest.mark.long
def test_every_byte_of_a_small_file_is_told(tmp_path: Path) -> None:
    workbench = make_project(tmp_path)
    file = pack_of(workbench, tmp_path / "small.h5")
    workbench.close()
    flip(file, tmp_path / "flipped.h5", list(range(file.stat().st_size)))


@pytest.mark.parametrize("kept", [0, 1, 511, 512, 2000, -1])
def test_a_file_that_ends_too_early_is_told(packed: Path, tmp_path: Path, kept: int) -> None:
    content = packed.read_bytes()
    (tmp_path / "short.h5").write_bytes(content[:kept])
    refused(tmp_path / "short.h5", "damaged|not a packed project")


def test_a_file_cut_at_any_page_is_told_at_once_and_leaves_nothing(
    packed: Path, tmp_path: Path
) -> None:
    content = packed.read_bytes()
    for kept in range(0, len(content), 4096):
        (tmp_path / "short.h5").write_bytes(content[:kept])
        began = time.process_time()
        refused(tmp_path / "short.h5", "ends too early|not a packed project")
        assert time.process_time() - began < 1, f"cut at {kept}"


def test_a_file_with_something_behind_its_end_is_told(packed: Path, tmp_path: Path) -> None:
    (tmp_path / "long.h5").write_bytes(packed.read_bytes() + b"\0")
    refused(tmp_path / "long.h5", "damaged")


def replaced(root: Any, name: str, **options: object) -> None:
    """A member of the same name, made otherwise."""
    del root[name]
    root.create_dataset(name, **options)


def link_out(root: Any) -> None:
    del root[f"{CASE}/labels"]
    root[f"{CASE}/labels"] = h5py.ExternalLink("/etc/hostname", "/")


def soft_link(root: Any) -> None:
    root["more"] = h5py.SoftLink("/index")


def external_storage(root: Any) -> None:
    shape = (int(np.prod(SHAPE)),)
    replaced(root, "segments/number", shape=shape, dtype="u1", external=[("/etc/passwd", 0, 9999)])


def virtual(root: Any) -> None:
    layout = h5py.VirtualLayout(SHAPE, np.uint8)
    layout[:] = h5py.VirtualSource("/etc/hostname", "labels", SHAPE)
    del root[f"{CASE}/labels"]
    root.create_virtual_dataset(f"{CASE}/labels", layout)


def references(root: Any) -> None:
    replaced(root, "segments/number", data=np.array([root.ref], dtype=object), dtype=h5py.ref_dtype)


def huge_volume(root: Any) -> None:
    shape = (100_000, 50_000, 50_000)
    replaced(
        root, f"{CASE}/volume", shape=shape, dtype="<i2", chunks=(1, 64, 64), compression="gzip"
    )


def huge_column(root: Any) -> None:
    replaced(root, "segments/number", shape=(1 << 40,), dtype="u1")


def a_plane_is_missing(root: Any) -> None:
    old = root[f"{CASE}/volume"]
    attributes = dict(old.attrs)
    replaced(
        root,
        f"{CASE}/volume",
        shape=SHAPE,
        dtype="<i2",
        chunks=(1, *SHAPE[1:]),
        compression="gzip",
        shuffle=True,
    )
    root[f"{CASE}/volume"].attrs.update(attributes)


def a_plane_is_a_bomb(root: Any) -> None:
    root[f"{CASE}/labels"].id.write_direct_chunk((0, 0, 0), zlib.compress(bytes(1 << 24), 9))


def a_plane_is_no_zlib(root: Any) -> None:
    root[f"{CASE}/labels"].id.write_direct_chunk((0, 0, 0), b"not packed at all")


def other_voxels(root: Any) -> None:
    root[f"{CASE}/volume"][2, 3, 4] += 1


def other_labels(root: Any) -> None:
    root[f"{CASE}/labels"][2, 3, 4] += 1


def other_voxels_with_a_checksum(root: Any) -> None:
    volume = root[f"{CASE}/volume"]
    volume[2, 3, 4] += 1
    volume.attrs["sha256"] = hashlib.sha256(volume[()].tobytes()).hexdigest()


def other_weights(root: Any) -> None:
    files = root["runs/run-001/files"]
    files[next(iter(files))][7] ^= 1


def other_weights_with_a_checksum(root: Any) -> None:
    files = root["runs/run-001/files"]
    weights = files[next(iter(files))]
    weights[7] ^= 1
    weights.attrs["sha256"] = hashlib.sha256(weights[()].tobytes()).hexdigest()


def no_weights(root: Any) -> None:
    del root["runs/run-001/files/weights-2.npz"]


def other_name(root: Any) -> None:
    root["segments/name"][0] = "Liver"


def no_checksum(root: Any) -> None:
    del root[f"{CASE}/provenance"].attrs["sha256"]


def unknown_provenance(root: Any) -> None:
    provenance = root[f"{CASE}/provenance"]
    provenance[0, 0, 0] = 9
    provenance.attrs["sha256"] = hashlib.sha256(provenance[()].tobytes()).hexdigest()


def dismissed_outside(root: Any) -> None:
    rows = root[f"{CASE}/dismissed_slices"]
    rows[0] = 99
    rows.attrs["sha256"] = hashlib.sha256(rows[()].tobytes()).hexdigest()


def groups_without_end(root: Any) -> None:
    root["more"] = root["index"]
    root["index/again"] = root["index"]


def no_case(root: Any) -> None:
    del root[CASE]


def no_index(root: Any) -> None:
    del root["index"]


def negative_generation(root: Any) -> None:
    root.attrs["generation"] = np.int64(-1)


def _with_a_checksum(dataset: Any) -> None:
    dataset.attrs["sha256"] = hashlib.sha256(dataset[()].tobytes()).hexdigest()


def other_statuses(root: Any) -> None:
    statuses = root[f"{CASE}/statuses"]
    statuses[0] = (statuses[0] + 1) % 3
    _with_a_checksum(statuses)


def a_mask_that_the_index_does_not_name(root: Any) -> None:
    generation = root["index/cases/generation"]
    generation[0] = 0
    _with_a_checksum(generation)
    for name in ("dismissed_slices", "dismissed_runs"):
        replaced(root, f"{CASE}/{name}", data=root[f"{CASE}/{name}"][:0])
        _with_a_checksum(root[f"{CASE}/{name}"])


def dismissals_without_a_mask(root: Any) -> None:
    a_mask_that_the_index_does_not_name(root)
    for name, row in (("dismissed_slices", 1), ("dismissed_runs", "run-001")):
        dtype = root[f"{CASE}/{name}"].dtype
        replaced(root, f"{CASE}/{name}", data=np.array([row], dtype), dtype=dtype)
    _with_a_checksum(root[f"{CASE}/dismissed_slices"])
    sum_ = hashlib.sha256(b"run-001\0").hexdigest()
    root[f"{CASE}/dismissed_runs"].attrs["sha256"] = sum_
    for name in ("labels", "provenance"):
        root[f"{CASE}/{name}"][:] = 0
        _with_a_checksum(root[f"{CASE}/{name}"])


def a_prediction_of_no_run(root: Any) -> None:
    for home in ("index/runs", "runs"):
        del root[f"{home}/run-002"]


def too_deep(root: Any) -> None:
    root.create_group("/".join("more" for _ in range(20)))


CHANGES: tuple[Callable[[Any], None], ...] = (
    link_out,
    soft_link,
    external_storage,
    virtual,
    references,
    huge_volume,
    huge_column,
    a_plane_is_missing,
    a_plane_is_a_bomb,
    a_plane_is_no_zlib,
    other_voxels,
    other_labels,
    other_voxels_with_a_checksum,
    other_weights,
    other_weights_with_a_checksum,
    no_weights,
    other_name,
    no_checksum,
    unknown_provenance,
    dismissed_outside,
    groups_without_end,
    no_case,
    no_index,
    negative_generation,
    other_statuses,
    a_mask_that_the_index_does_not_name,
    dismissals_without_a_mask,
    a_prediction_of_no_run,
    too_deep,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_segdesk_does_not_write_is_refused_though_it_is_sealed(
    packed: Path, tmp_path: Path, change: Callable[[Any], None]
) -> None:
    refused(changed(packed, tmp_path / "sealed.h5", change), "is damaged")


def test_a_changed_file_that_is_as_it_was_unpacks(packed: Path, tmp_path: Path) -> None:
    """Else the tests above would pass whatever they change."""
    file = changed(packed, tmp_path / "sealed.h5", lambda root: None)
    assert len(unpack_here(file, tmp_path / "u.segdesk").cases) == 1


def test_a_dataset_that_is_larger_than_any_of_ours_is_not_read(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "_LARGEST", 8)
    file = changed(packed, tmp_path / "sealed.h5", lambda root: None)
    refused(file, "is damaged")


def renamed(root: Any, new: str) -> None:
    """Call case-001 otherwise wherever the file does: names of groups, and columns of texts."""
    found: list[str] = []
    root.visit(found.append)
    for place in found:
        member = root.get(place)
        if isinstance(member, h5py.Dataset) and h5py.check_string_dtype(member.dtype):
            texts = [new if text == "case-001" else text for text in member.asstr()[()]]
            member[()] = np.array(texts, dtype=object)
            content = b"".join(text.encode() + b"\0" for text in texts)
            member.attrs["sha256"] = hashlib.sha256(content).hexdigest()
        elif place.endswith("/case-001"):
            # HDF5 takes a path for groups in groups.
            root.move(place, place.removesuffix("case-001") + new.replace("/", "|"))


@pytest.mark.parametrize("name", ["..", "../out", "/tmp/out", "con", "a\\b", "lung.", "x" * 300])
def test_a_case_whose_name_is_no_safe_folder_is_refused(
    packed: Path, tmp_path: Path, name: str
) -> None:
    refused(changed(packed, tmp_path / "named.h5", lambda root: renamed(root, name)), "is damaged")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["named.h5", "there"]


def test_a_case_with_another_safe_name_unpacks(packed: Path, tmp_path: Path) -> None:
    file = changed(packed, tmp_path / "named.h5", lambda root: renamed(root, "lung-7"))
    assert unpack_here(file, tmp_path / "u.segdesk").cases[0] == "lung-7"


def test_a_newer_file_says_what_reads_it(packed: Path, tmp_path: Path) -> None:
    def newer(root: Any) -> None:
        root.attrs["version"] = np.int64(7)
        root.attrs["needs"] = "2.5"

    refused(changed(packed, tmp_path / "new.h5", newer), r"newer segdesk \(format 7\)")


def test_what_is_no_packed_project_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "array.h5", "w") as root:
        root["x"] = np.zeros(3)
    (tmp_path / "text.h5").write_text("not at all")
    (tmp_path / "folder.h5").mkdir()
    for name in ("array", "text", "folder", "none"):
        refused(tmp_path / f"{name}.h5", "is not a packed project")


def test_a_place_that_is_taken_keeps_what_it_has(packed: Path, tmp_path: Path) -> None:
    (tmp_path / "u.segdesk").mkdir()
    with pytest.raises(SegdeskError, match="already something"):
        unpack_here(packed, tmp_path / "u.segdesk")
    assert list((tmp_path / "u.segdesk").iterdir()) == []


def test_a_seal_that_lies_about_the_length_is_refused(packed: Path, tmp_path: Path) -> None:
    content = bytearray(packed.read_bytes())
    struct.pack_into("<Q", content, 24, 1 << 60)
    struct.pack_into("<I", content, 508, zlib.crc32(content[:508]))
    (tmp_path / "lies.h5").write_bytes(content)
    refused(tmp_path / "lies.h5", "damaged")
