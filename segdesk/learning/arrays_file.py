"""Arrays in a file, as NumPy writes them (.npz), read with distrust.

Weights and the optimiser's state are kept like this. A run may come from a stranger: nothing is
deserialised, and how many arrays there are, of which shape and type, is known before the file is
opened. So every size that the file declares is compared with one that is wanted, and no more is
read than fits. It is not HDF5, which cannot close a file whose disk is full, and whose own code
would be the first to read a stranger's bytes.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from segdesk.core.durable_files import Check, no_check, replacing
from segdesk.core.regular_file import NotRegular, new_regular, open_regular
from segdesk.jobs.weights_file import ARCHIVE_FAULTS, digest_of
from segdesk.sentence import Sentence

Array = npt.NDArray[Any]
#: Shape and type of an array.
Wanted = tuple[tuple[int, ...], np.dtype[Any]]
#: What a file takes beside its arrays: the heads of each one, and of the whole.
_BESIDE_EACH, _BESIDE_ALL = 1024, 1024
#: Bytes before a head: its magic, version and length.
_MAGIC = 10


class BadArrays(Exception):
    """The file is not the one that is wanted; the text says in which way, after "it"."""


class NoArrays(BadArrays):
    """There is no such file."""


def write(path: Path, arrays: Sequence[Array], check: Check = no_check) -> str:
    """Write a file anew, in the place of what has its name, once all of it is on the disk.

    Parameters
    ----------
    check : asked right before it gets its name; raises where it must not

    Returns
    -------
    SHA-256 of what the disk gives back, in hexadecimal digits.

    Raises
    ------
    OSError
        Where the disk refuses; the file of before stays.
    """
    with replacing(path, check) as part:
        with io.BufferedRandom(new_regular(part)) as file:
            np.savez(file, *(np.asarray(array, order="C") for array in arrays))
            file.flush()
            os.fsync(file.fileno())
        digest = digest_of(part)
    return digest


def read_like(path: Path, like: Sequence[Any], *, sha256: str) -> list[Array]:
    """Read the arrays of a file, where they are of the shapes and types of others.

    Parameters
    ----------
    like : arrays, or variables of a network
    sha256 : of the whole file, as it was kept

    Raises
    ------
    BadArrays
        Where they are not, the file is another or none, or cannot be read.
    """
    arrays = map(np.asarray, like)
    try:
        return read(path, [(one.shape, one.dtype) for one in arrays], sha256=sha256)
    except FileNotFoundError as error:
        raise NoArrays(Sentence("is missing")) from error
    except NotRegular as error:
        raise BadArrays(error.strerror or "") from error
    except OSError as error:
        raise BadArrays(
            Sentence(
                "cannot be read ({reason})", reason=error.strerror or Sentence("the system refused")
            )
        ) from error


def read(path: Path, wanted: Sequence[Wanted], *, sha256: str | None = None) -> list[Array]:
    """Read the arrays of a file, where they are exactly the wanted ones.

    Parameters
    ----------
    wanted : shape and type of each, in their order
    sha256 : of the whole file; None where nobody knows it

    Raises
    ------
    BadArrays
        Where they are not, or the file is another.
    OSError
        Where it is not there, cannot be read, or is no regular file.
    """
    most = _BESIDE_ALL + sum(_nbytes(one) + _BESIDE_EACH for one in wanted)
    with open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise BadArrays(Sentence("is larger than its arrays"))
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise BadArrays(Sentence("is not the file that was kept"))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if [one.filename for one in members] != [f"arr_{n}.npy" for n in range(len(wanted))]:
                raise BadArrays(Sentence("holds other arrays"))
            return [_array(archive, *pair) for pair in zip(members, wanted, strict=True)]
    except ARCHIVE_FAULTS as error:
        raise BadArrays(Sentence("is damaged")) from error


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, wanted: Wanted) -> Array:
    size = _nbytes(wanted)
    if member.compress_type != zipfile.ZIP_STORED or member.file_size > size + _BESIDE_EACH:
        raise BadArrays(Sentence("declares another size"))
    with archive.open(member) as file:
        if _head(file) != _head(_written_head(wanted)):
            raise BadArrays(Sentence("holds arrays of another shape"))
        data = file.read(size + 1)
    if len(data) != size:
        raise BadArrays(Sentence("declares another size"))
    shape, dtype = wanted
    return np.frombuffer(data, dtype).reshape(shape)


def _head(file: IO[bytes]) -> bytes:
    """What stands before the numbers; how far it is filled up differs between versions of NumPy.

    It is compared and not understood: NumPy's reader evaluates it as Python's text.
    """
    magic = file.read(_MAGIC)
    length = int.from_bytes(magic[-2:], "little")
    return magic[:-2] + file.read(min(length, _BESIDE_EACH)).rstrip()


def _written_head(wanted: Wanted) -> IO[bytes]:
    """The head that `write` puts before an array."""
    shape, dtype = wanted
    head = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": shape,
    }
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, head)
    file.seek(0)
    return file


def _nbytes(wanted: Wanted) -> int:
    shape, dtype = wanted
    return int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
