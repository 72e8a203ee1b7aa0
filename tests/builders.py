"""Small inputs for tests: DICOM series with any fault that a test needs."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def small_hu(shape: tuple[int, int, int], *, seed: int = 7) -> npt.NDArray[np.int16]:
    """HU in which every slice, row and column is told from every other."""
    rng = np.random.default_rng(seed)
    return rng.integers(-1024, 2000, shape, dtype=np.int16)


def write_dicom_series(
    folder: Path,
    shape: tuple[int, int, int] = (5, 12, 16),
    spacing_mm: tuple[float, float, float] = (2.5, 0.7, 0.8),
    *,
    hu: npt.NDArray[np.int16] | None = None,
    origin_mm: tuple[float, float, float] = (-20.0, -30.0, 40.0),
    orientation: tuple[float, ...] = AXIAL,
    tilt_degrees: float = 0.0,
    missing: Collection[int] = (),
    duplicate: int | None = None,
    localizer: bool = False,
    rescale: tuple[float, float] | None = (1.0, -1024.0),
    series_uid: str | None = None,
    kernel: str = "B30f",
    description: str = "Thorax",
    patient: str = "PATIENT-1",
    tags: dict[str, Any] | None = None,
) -> npt.NDArray[np.int16]:
    """Write a CT series, one file for each slice, named and numbered against its order in space.

    Parameters
    ----------
    folder : is made where it is not there
    shape : (slices, rows, columns); spacing_mm : (slice, row, column)
    hu : int16 of that shape; None: `small_hu`
    origin_mm : of voxel (0, 0, 0); orientation : six cosines
    tilt_degrees : shifts each slice along the row index, as a tilted gantry does
    missing : slices that are not written; duplicate : a slice that is written twice
    localizer : adds a scout to the same study, in a series of its own
    rescale : (slope, intercept); stored = (hu - intercept) / slope; None: no rescale tags
    tags : further elements by keyword; None as a value removes one

    Returns
    -------
    The HU, int16, in the order of the normal.
    """
    folder.mkdir(parents=True, exist_ok=True)
    hu = small_hu(shape) if hu is None else hu
    uid = series_uid or generate_uid()
    along_row, along_column = np.array(orientation[:3]), np.array(orientation[3:])
    normal = np.cross(along_row, along_column)
    sideways = spacing_mm[0] * np.tan(np.radians(tilt_degrees)) * along_column
    slope, intercept = rescale or (1.0, 0.0)
    for k in range(shape[0]):
        if k in missing:
            continue
        position = np.array(origin_mm) + k * (spacing_mm[0] * normal + sideways)
        stored = np.rint((hu[k] - intercept) / slope).astype(np.int16)
        dataset = ct_slice(stored, position, spacing_mm, orientation=orientation)
        dataset.SeriesInstanceUID = uid
        dataset.InstanceNumber = shape[0] - k
        dataset.ConvolutionKernel = kernel
        dataset.SeriesDescription = description
        dataset.PatientID = dataset.PatientName = patient
        if rescale is not None:
            dataset.RescaleSlope, dataset.RescaleIntercept = (repr(float(x)) for x in rescale)
        for keyword, value in (tags or {}).items():
            if value is None:
                del dataset[keyword]
            else:
                setattr(dataset, keyword, value)
        save(dataset, folder / f"slice-{shape[0] - k:03d}.dcm")
        if k == duplicate:
            dataset.SOPInstanceUID = generate_uid()
            save(dataset, folder / f"slice-{shape[0] - k:03d}-again.dcm")
    if localizer:
        write_localizer(folder / "scout.dcm")
    return hu


def ct_slice(
    stored: npt.NDArray[np.int16],
    position_mm: npt.NDArray[np.float64],
    spacing_mm: tuple[float, float, float],
    *,
    orientation: tuple[float, ...] = AXIAL,
) -> Dataset:
    """One CT image with 16 signed bits, without rescale and without a series."""
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = generate_uid()
    dataset.Modality = "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.StudyDate = "20200102"
    dataset.Manufacturer = "Maker"
    dataset.Rows, dataset.Columns = stored.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 1
    dataset.PixelSpacing = [repr(spacing_mm[1]), repr(spacing_mm[2])]
    dataset.SliceThickness = repr(spacing_mm[0])
    dataset.ImageOrientationPatient = [f"{cosine:.10f}" for cosine in orientation]
    dataset.ImagePositionPatient = [f"{value:.6f}" for value in position_mm]
    dataset.PixelData = np.ascontiguousarray(stored, "<i2").tobytes()
    return dataset


def write_localizer(file: Path) -> None:
    """A scout: an image of a CT that is no slice of a volume."""
    stored = np.zeros((8, 10), np.int16)
    dataset = ct_slice(stored, np.zeros(3), (1, 1, 1), orientation=(0, 1, 0, 0, 0, -1))
    dataset.SeriesInstanceUID = generate_uid()
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    dataset.RescaleSlope, dataset.RescaleIntercept = "1", "-1024"
    save(dataset, file)


def save(dataset: Dataset, file: Path, *, transfer_syntax: str = ExplicitVRLittleEndian) -> None:
    """Write a data set as a DICOM file."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    dataset.save_as(file, enforce_file_format=True)
