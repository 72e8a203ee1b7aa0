"""A chain of pages that comes back to itself, or has no end, is refused."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import tifffile

from segdesk.errors import InputError
from segdesk.formats.tiff import open_tiff

STACK = np.random.default_rng(0).integers(0, 4000, (4, 16, 16), dtype=np.uint16)


def written(path: Path, *, big: bool, order: Literal["<", ">"]) -> list[int]:
    """A stack of four pages; gives the place of each page's link to the next, and of page 0."""
    tifffile.imwrite(
        path, STACK, photometric="minisblack", metadata=None, bigtiff=big, byteorder=order
    )
    with tifffile.TiffFile(path) as tiff:
        offsets = [page.offset for page in tiff.pages]
    content = path.read_bytes()
    form, entry, link = ("Q", 20, 8) if big else ("H", 12, 2)
    counts = [struct.unpack_from(order + form, content, at)[0] for at in offsets]
    return [at + link + entry * n for at, n in zip(offsets, counts, strict=True)] + offsets[:1]


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("page", range(4))
def test_a_chain_that_comes_back_to_its_first_page_is_refused(
    tmp_path: Path, big: bool, order: Literal["<", ">"], page: int
) -> None:
    path = tmp_path / "a.tif"
    *links, first = written(path, big=big, order=order)
    assert open_tiff(path).shape == STACK.shape
    content = bytearray(path.read_bytes())
    struct.pack_into(order + ("Q" if big else "I"), content, links[page], first)
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        open_tiff(path)


def test_a_chain_that_leaves_the_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    *links, _ = written(path, big=False, order="<")
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, links[1], len(content) + 10)
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        open_tiff(path)
