"""The child's side of compressed DICOM pixels: `serve` decodes what `decoder` asks for.

A process of its own, because the C libraries end the process on some damaged streams and say to
stderr alone that a stream ended too early. JPEG, JPEG-LS and JPEG 2000 go through pydicom's plug-in
for GDCM, High-Throughput JPEG 2000 through the one for OpenJPEG. JPEG Extended with 12 bits, which
the plug-in refuses, goes through the codec in GDCM that the stream's own precision names.
"""

from __future__ import annotations

import os
import tempfile
from typing import IO

import numpy as np
import numpy.typing as npt

from segdesk.formats.dicom_damage import damage, quiet
from segdesk.formats.frames import Answer, Frame, read_frame, write_answer

#: High-Throughput JPEG 2000: lossless, lossless with RPCL, lossy.
HTJ2K = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (201, 202, 203))
#: JPEG extended and full progression (retired): lossy, 8 or 12 bits.
EXTENDED = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (51, 55))
#: Start-of-frame markers of JPEG (ITU-T T.81, table B.1); C4, C8 and CC are others.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def serve() -> None:
    """Answer frames from stdin on stdout until stdin ends."""
    frames, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with frames, answers, tempfile.TemporaryFile() as said:
        # Whatever a library prints is kept apart from the answers, and read after each frame.
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
        while (frame := read_frame(frames)) is not None:
            write_answer(answers, _answer(frame, said))


def _answer(frame: Frame, said: IO[bytes]) -> Answer:
    said.seek(0)
    said.truncate()
    try:
        with quiet():
            pixels = decode(frame)
    except damage():
        return None
    said.seek(0)
    return None if tells_of_damage(said.read().decode("latin-1")) else pixels


def tells_of_damage(said: str) -> bool:
    """Whether a library said that it went on without all of the stream.

    libjpeg and OpenJPEG then fill the rest of the picture with what comes.
    """
    return any(
        ("Corrupt JPEG data" in line and "extraneous bytes" not in line)
        or "inconsistent with stream length" in line
        or "tream too short" in line
        for line in said.splitlines()
    )


def decode(frame: Frame) -> npt.NDArray[np.integer]:
    """Stored pixels of one frame, (rows, columns); raises what the libraries raise."""
    if frame.syntax in EXTENDED and jpeg_precision(frame.stream) > 8:
        return _by_codec(frame)
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.pixels.utils import pixel_array
    from pydicom.uid import UID

    # No tag of the patient, and no rescale, comes here.
    bare = Dataset()
    bare.file_meta = FileMetaDataset()
    bare.file_meta.TransferSyntaxUID = UID(frame.syntax)
    bare.SamplesPerPixel, bare.PhotometricInterpretation = 1, frame.photometric
    bare.Rows, bare.Columns = frame.rows, frame.columns
    bare.BitsAllocated, bare.BitsStored = frame.allocated, frame.bits
    bare.HighBit, bare.PixelRepresentation = frame.bits - 1, int(frame.is_signed)
    bare.PixelData = encapsulate([frame.stream])
    bare["PixelData"].is_undefined_length = True
    plugin = "pylibjpeg" if frame.syntax in HTJ2K else "gdcm"
    pixels = pixel_array(bare, index=0, raw=True, decoding_plugin=plugin)
    return pixels.reshape(pixels.shape[-2:])


def _by_codec(frame: Frame) -> npt.NDArray[np.integer]:
    import gdcm

    if frame.is_signed or frame.allocated != 16:
        raise NotImplementedError("lossy JPEG of signed pixels")
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(frame.stream)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    packed, unpacked = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010)), gdcm.DataElement()
    packed.SetValue(fragments.__ref__())
    codec = gdcm.JPEGCodec()
    codec.SetDimensions((frame.columns, frame.rows, 1))
    grey = gdcm.PhotometricInterpretation.GetPIType("MONOCHROME2")
    codec.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(grey))
    # By the bits that are allocated GDCM chooses the codec; 12 bits come out as 16 all the same.
    bits = jpeg_precision(frame.stream)
    codec.SetPixelFormat(gdcm.PixelFormat(1, bits, bits, bits - 1, 0))
    if not codec.Decode(packed, unpacked):
        raise ValueError("the codec refused the stream")
    # SWIG gives bytes as text.
    data = unpacked.GetByteValue().GetBuffer().encode("utf-8", "surrogateescape")
    if len(data) != 2 * frame.rows * frame.columns:
        raise ValueError("the codec gave less than the picture")
    return np.frombuffer(data, np.uint16).reshape(frame.rows, frame.columns)


def jpeg_precision(stream: bytes) -> int:
    """Bits of a sample by the JPEG stream's own frame header, or 0 where it has none."""
    at = 2
    while at + 5 <= len(stream) and stream[at] == 0xFF:
        marker = stream[at + 1]
        if marker in _FRAMES:
            return stream[at + 4]
        # A marker may be filled up with FF; all before the frame have a length.
        at += 1 if marker == 0xFF else 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    return 0
