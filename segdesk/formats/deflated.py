"""Deflated DICOM files: how much they unpack to is found out before anybody unpacks them.

pydicom inflates such a file whole, whatever it grows to. Here the beginning is inflated first; it
says how many voxels there are, and no more than those, and room for the rest, may come.
"""

from __future__ import annotations

import zlib
from typing import BinaryIO

DEFLATED = "1.2.840.10008.1.2.1.99"
#: Everything of a slice but its pixels: private tags and pictures in them are seldom larger.
_BESIDE = 64 * 1024 * 1024
#: Enough of a data set to hold everything before its pixels.
_BEGINNING = 4 * 1024 * 1024
_CHUNK = 1 << 20


def check_inflation(stream: BinaryIO) -> None:
    """Read a deflated file to its end without keeping it; any other one only to its syntax.

    Parameters
    ----------
    stream : at the beginning of a DICOM file, and there again afterwards

    Raises
    ------
    ValueError
        Where it unpacks to more than its own head promises, or is damaged. pydicom's own errors
        come as they are.
    """
    from pydicom.filereader import _read_file_meta_info, read_preamble

    beginning = stream.tell()
    try:
        read_preamble(stream, True)
        if str(_read_file_meta_info(stream).get("TransferSyntaxUID", "")) == DEFLATED:
            _check_data_set(stream)
    finally:
        stream.seek(beginning)


def _check_data_set(stream: BinaryIO) -> None:
    start = stream.tell()
    try:
        beginning = _first(stream)
        stream.seek(start)
        most = _BESIDE + _promised(beginning)
        unpacker, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while not unpacker.eof and (chunk := unpacker.unconsumed_tail or stream.read(_CHUNK)):
            size += len(unpacker.decompress(chunk, _CHUNK))
            if size > most:
                raise ValueError(f"expected at most {most} bytes, received more")
    except zlib.error as error:
        raise ValueError("the deflated data set is damaged") from error


def _first(stream: BinaryIO) -> bytes:
    unpacker, found = zlib.decompressobj(-zlib.MAX_WBITS), b""
    while len(found) < _BEGINNING and not unpacker.eof:
        chunk = unpacker.unconsumed_tail or stream.read(_CHUNK)
        if not chunk:
            break
        found += unpacker.decompress(chunk, _BEGINNING - len(found))
    return found


def _promised(beginning: bytes) -> int:
    """Bytes of the pixels that the head of a data set promises."""
    import io

    from pydicom.filereader import read_dataset

    head = read_dataset(
        io.BytesIO(beginning),
        is_implicit_VR=False,
        is_little_endian=True,
        stop_when=lambda tag, _vr, _length: tag >= 0x7FE00008,
    )
    product = 1
    for name in ("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "BitsAllocated"):
        product *= max(1, int(head.get(name) or 1))
    return product // 8
