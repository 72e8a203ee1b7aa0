"""The table of docs/formats.md is true of the libraries that are installed."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from tests.formats import odd_files


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Of each library: what it made of each file."""
    words = [odd.words for odd in odd_files.odd_files(tmp_path_factory.mktemp("odd"))]
    assert len(set(words)) == len(words) >= 40
    return {
        library: dict(zip(words, odd_files.verdicts(library, len(words)), strict=True))
        for library in odd_files.LIBRARIES
    }


def test_segdesk_reads_each_file_rightly_or_refuses_it(columns, tmp_path: Path):
    right = {
        odd.words: "refuses" if odd.affine is None else "right"
        for odd in odd_files.odd_files(tmp_path)
    }
    assert columns["segdesk"] == right


def test_the_table_holds_for_these_versions(columns):
    page = odd_files.PAGE.read_text("utf-8")
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    heads, *body = rows
    for at, library in enumerate(odd_files.LIBRARIES, 1):
        if library != "segdesk" and heads[at] != f"{library} {version(library)}":
            continue  # written for another version: what it says of this one is not known
        assert {row[0]: row[at] for row in body} == columns[library]


def test_the_reasons_for_readers_of_our_own_stand(columns):
    """Each of the libraries gives other voxels, or takes what is damaged, without an error."""
    for library in ("nibabel", "SimpleITK"):
        assert "**other voxels**" in columns[library].values()
    assert "**takes it**" in columns["pynrrd"].values()
    assert "**ends the process**" in columns["SimpleITK"].values()
    cut = [word for word in columns["SimpleITK"] if "cut off" in word or "last bytes" in word]
    assert "**takes it**" in {columns["SimpleITK"][word] for word in cut}
