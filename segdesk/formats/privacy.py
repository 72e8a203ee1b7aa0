"""What of a patient's file is kept, and how a patient is recognised without being known.

`docs/privacy.md` is the same list for people, with the reasons; a test holds the two together.
"""

from __future__ import annotations

import hashlib

#: DICOM keywords that go into `core.case.Source.tags`. They describe the device and the way it
#: was set; none describes the person, the place or the day.
KEPT_TAGS: tuple[str, ...] = (
    "Modality",
    "ImageType",
    "Manufacturer",
    "ManufacturerModelName",
    "KVP",
    "XRayTubeCurrent",
    "SliceThickness",
    "ReconstructionDiameter",
    "ConvolutionKernel",
    "PatientPosition",
    "RescaleType",
    "LossyImageCompression",
    "TransferSyntaxUID",
)
#: A kept value is cut here: device names are short, and a text field should not smuggle a story.
LONGEST_VALUE = 64


def salted_hash(salt: str, identity: str) -> str:
    """Sixteen hexadecimal digits of SHA-256 over salt and identity, or empty without identity.

    Parameters
    ----------
    salt : of the project, so that two projects do not share a pseudonym
    identity : patient's ID or name, or a series instance UID
    """
    if not identity.strip():
        return ""
    return hashlib.sha256(f"{salt}\n{identity.strip()}".encode()).hexdigest()[:16]


def clean(value: str) -> str:
    """A kept value, at most `LONGEST_VALUE` characters; empty where it is more than one line.

    A control character means that a damaged length let the value run into the next elements, of
    which the patient's name is one.
    """
    line = " ".join(value.strip(" \0").split(" "))
    return line[:LONGEST_VALUE].strip() if line.isprintable() else ""
