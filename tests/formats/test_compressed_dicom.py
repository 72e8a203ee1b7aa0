"""Compressed DICOM pixels: equal to what was packed, and no stream ends the program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gdcm
import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import (
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
)

from segdesk.errors import InputError
from segdesk.formats import decoder as decoder_module
from segdesk.formats.decoder import Decoder
from segdesk.formats.decoder_child import decode, jpeg_precision, tells_of_damage
from segdesk.formats.frames import Frame
from segdesk.formats.intake import survey
from tests.builders import ct_slice, save, write_dicom_series
from tests.formats.reading import opened, voxels
from tests.formats.test_damage import damaged, take

LOSSLESS = {
    "jpeg": JPEGLossless, "jpeg-sv1": JPEGLosslessSV1, "jpeg-ls": JPEGLSLossless,
    "jpeg2000": JPEG2000Lossless,
}  # fmt: skip
SHAPE = (40, 48)


def picture(bits: int, signed: bool, seed: int = 3) -> np.ndarray:
    """Smooth, with noise, over the whole range of the bits."""
    rows, columns = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    wave = (np.sin(rows / 9) * np.cos(columns / 7) + 1) / 2 * (2**bits - 1)
    noise = np.random.default_rng(seed).integers(-3, 4, SHAPE)
    low = -(2 ** (bits - 1)) if signed else 0
    return np.clip(wave.astype(int) + noise + low, low, low + 2**bits - 1)


def packed(folder: Path, pixels: np.ndarray, bits: int, signed: bool, syntax: str) -> Path:
    """A CT slice that GDCM has packed."""
    allocated = 8 if bits <= 8 else 16
    dataset = ct_slice(pixels.astype(np.int16), np.zeros(3), (1, 1, 1))
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = allocated, bits, bits - 1
    dataset.PixelRepresentation = int(signed)
    dataset.SeriesInstanceUID = "1.2.3"
    dataset.PixelData = pixels.astype(f"<{'i' if signed else 'u'}{allocated // 8}").tobytes()
    plain, file = folder / "plain.dcm", folder / "packed" / "slice.dcm"
    file.parent.mkdir(exist_ok=True)
    save(dataset, plain)
    reader, change, writer = (
        gdcm.ImageReader(),
        gdcm.ImageChangeTransferSyntax(),
        gdcm.ImageWriter(),
    )
    reader.SetFileName(str(plain))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(syntax)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(file))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return file


def frame_of(file: Path) -> Frame:
    dataset = pydicom.dcmread(file)
    return Frame(
        get_frame(dataset.PixelData, 0, number_of_frames=1), dataset.file_meta.TransferSyntaxUID,
        dataset.Rows, dataset.Columns, dataset.BitsAllocated, dataset.BitsStored,
        dataset.PixelRepresentation == 1, "MONOCHROME2",
    )  # fmt: skip


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    """One process for many frames."""
    yield Decoder()


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [8, 10, 12, 13, 16])
@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_pixels_come_back_equal(
    tmp_path: Path, decoder: Decoder, name: str, bits: int, signed: bool
):
    pixels = picture(bits, signed)
    frame = frame_of(packed(tmp_path, pixels, bits, signed, LOSSLESS[name]))
    assert frame.syntax == LOSSLESS[name]
    assert np.array_equal(decoder.decode(frame), pixels)


def test_a_whole_series_goes_through_the_door(tmp_path: Path):
    hu = write_dicom_series(tmp_path, (3, 64, 80))
    for file in tmp_path.iterdir():
        pixels = pydicom.dcmread(file)
        pixels.compress(JPEG2000Lossless, generate_instance_uid=False)
        pixels.save_as(file)
    assert np.array_equal(voxels(opened(tmp_path)), hu)


def flipped(stream: bytes, draw: np.random.Generator) -> bytes:
    """With a few bits the other way, half of the time near the beginning; or cut."""
    changed = bytearray(stream)
    if draw.random() < 0.25:
        return bytes(changed[: draw.integers(2, len(changed))])
    for _ in range(draw.integers(1, 5)):
        reach = len(changed) if draw.random() < 0.5 else min(len(changed), 600)
        changed[draw.integers(reach)] ^= 1 << int(draw.integers(8))
    return bytes(changed)


def attack(decoder: Decoder, frame: Frame, rounds: int, seed: int) -> int:
    """How many of so many damaged streams were refused; the others gave a picture."""
    draw, refused = np.random.default_rng(seed), 0
    fields = {name: getattr(frame, name) for name in Frame.__slots__}
    for _ in range(rounds):
        damaged = Frame(**{**fields, "stream": flipped(frame.stream, draw)})
        try:
            pixels = decoder.decode(damaged)
        except ValueError:
            refused += 1
        else:
            assert pixels.dtype.kind in "iu" and pixels.ndim == 2
    return refused


@pytest.mark.parametrize("name", LOSSLESS)
def test_flipped_bits_are_a_refusal_or_a_picture_and_never_a_line_on_the_terminal(
    tmp_path: Path, decoder: Decoder, capfd, name: str
):
    frame = frame_of(packed(tmp_path, picture(12, False), 12, False, LOSSLESS[name]))
    assert attack(decoder, frame, rounds=60, seed=5) > 10
    assert np.array_equal(decoder.decode(frame), picture(12, False))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["jpeg", "jpeg-ls"])
def test_a_packed_file_with_damage_anywhere_is_one_sentence_or_still_a_volume(
    tmp_path: Path, capfd, name: str
):
    file = packed(tmp_path, picture(12, False), 12, False, LOSSLESS[name])
    whole, draw = file.read_bytes(), np.random.default_rng(8)
    assert take(file) == 1
    for _ in range(8):
        file.write_bytes(damaged(whole, draw))
        take(file)
    assert capfd.readouterr() == ("", "")


@pytest.mark.long
@pytest.mark.parametrize("name", LOSSLESS)
def test_many_flipped_bits(tmp_path: Path, decoder: Decoder, name: str):
    frame = frame_of(packed(tmp_path, picture(16, True), 16, True, LOSSLESS[name]))
    attack(decoder, frame, rounds=3000, seed=6)


@pytest.mark.parametrize("name", ["ct_JPEGP2_4_12bit", "ct_JPEGP10_12_retired", "ct_JPEGLSNear"])
def test_lossy_streams_of_the_world_survive_an_attack(
    shared_data: Path, decoder: Decoder, capfd, name: str
):
    frame = frame_of(shared_data / f"dicom_odd/transfer_syntax/{name}.dcm")
    assert frame.syntax in (JPEGExtended12Bit, JPEGLSNearLossless, "1.2.840.10008.1.2.4.55")
    sound = decoder.decode(frame)
    attack(decoder, frame, rounds=60, seed=7)
    assert np.array_equal(decoder.decode(frame), sound)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", LOSSLESS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("end", [b"", b"\xff\xd9"])
def test_a_stream_that_ends_too_early_is_refused_and_never_filled_up(
    tmp_path: Path, name: str, share: float, end: bytes
):
    # With its end marker in place libjpeg makes up the rest, and says so to stderr alone.
    file = packed(tmp_path, picture(12, False), 12, False, LOSSLESS[name])
    dataset = pydicom.dcmread(file)
    stream = get_frame(dataset.PixelData, 0, number_of_frames=1)
    dataset.PixelData = encapsulate([stream[: int(share * len(stream)) // 2 * 2] + end])
    dataset.save_as(file)
    (finding,) = survey([file.parent]).volumes
    assert finding.shape == (1, *SHAPE)
    with pytest.raises(InputError, match=r"slice\.dcm cannot be decoded \(transfer syntax JPEG"):
        opened(file.parent).plane(0)


def test_a_stream_that_keeps_its_decoder_busy_for_too_long_is_a_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    frame = frame_of(packed(tmp_path, picture(8, False), 8, False, JPEG2000Lossless))
    decoder = Decoder()
    monkeypatch.setattr(decoder_module, "PATIENCE_S", 0.0)
    with pytest.raises(ValueError, match="ended its decoder"):
        decoder.decode(frame)
    monkeypatch.undo()
    assert np.array_equal(decoder.decode(frame), picture(8, False))


def test_the_precision_is_that_of_the_stream(tmp_path: Path, shared_data: Path):
    for bits in (8, 16):
        file = packed(tmp_path, picture(bits, False), bits, False, JPEGLosslessSV1)
        assert jpeg_precision(frame_of(file).stream) == bits
    assert jpeg_precision(b"") == jpeg_precision(b"\xff\xd8\xff\xe0\x00") == 0
    frame = frame_of(shared_data / "dicom_odd/transfer_syntax/ct_JPEGP2_4_12bit.dcm")
    assert jpeg_precision(frame.stream) == 12 and decode(frame).shape == (512, 512)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", False),
        ("Unsupported JPEG data precision 12", False),
        ("Corrupt JPEG data: 1 extraneous bytes before marker 0xd9", False),
        ("Corrupt JPEG data: premature end of data segment", True),
        ("x\nCorrupt JPEG data: bad Huffman code\ny", True),
        ("Tile part length size inconsistent with stream length", True),
    ],
)
def test_only_what_tells_of_lost_pixels_refuses_a_picture(said: str, told: bool):
    assert tells_of_damage(said) is told
