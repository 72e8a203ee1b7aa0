"""Whether the weights that lie in a run's folder are sound, without knowing the network.

A Run keeps the SHA-256 of its weights, and that decides. Of a run that was cut off the newest ones
may have come to disk and their message not; there the sums that the archive itself keeps of its
arrays decide. Nothing is built here and no array is made: what the arrays have to be is known to
`learning`, which compares them with the network.
"""

from __future__ import annotations

import hashlib
import io
import struct
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from segdesk.core.regular_file import open_regular
from segdesk.jobs.run_paths import RunPaths
from segdesk.sentence import Sentence

#: No network of the catalogue has so many bytes of weights, or so many arrays.
LARGEST, MOST_ARRAYS = 1 << 32, 4096
#: The end of an archive without a comment: its mark, and at bytes 10 and 12 how many members there
#: are and how long their directory is (APPNOTE.TXT of PKWARE, 4.3.16). An archive of more than 4 GB
#: or 65,535 members has the other mark before it (4.3.15).
_END = struct.Struct("<4s4xHHLL2s")
_MARK, _MARK_64 = b"PK\5\6", b"PK\6\7"
_MARK_64_BEFORE = 20
#: Bytes of a member in the directory, beside what its name may add.
_DIRECTORY_EACH = 256
_PIECE = 1 << 20
#: What zipfile raises on bytes that are not an archive's.
ARCHIVE_FAULTS = (
    zipfile.BadZipFile,
    ValueError,
    EOFError,
    KeyError,
    IndexError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    MemoryError,
    OverflowError,
    TypeError,
)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits.

    Raises
    ------
    OSError
        Where it is not there, cannot be read, or is no regular file.
    """
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fault_of(path: Path, sha256: str) -> str:
    """What is wrong with the weights of a run, after "it"; empty where they are those it kept.

    Parameters
    ----------
    sha256 : as the Run has it
    """
    try:
        return "" if digest_of(path) == sha256 else Sentence("is not the file that was kept")
    except FileNotFoundError:
        return Sentence("is missing")
    except OSError as error:
        return Sentence(
            "cannot be read ({reason})", reason=error.strerror or Sentence("the system refused")
        )


def is_whole(path: Path) -> bool:
    """Whether a file is an archive of arrays as `learning` writes it, each with its own sum.

    No more is read than the file has, whatever it declares.
    """
    try:
        with open_regular(path) as file:
            size = file.seek(0, io.SEEK_END)
            if size > LARGEST or not has_plain_end(file, size):
                return False
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
                names = [f"arr_{number}.npy" for number in range(len(members))]
                stored = all(one.compress_type == zipfile.ZIP_STORED for one in members)
                if [one.filename for one in members] != names or not members or not stored:
                    return False
                # Members that lie upon one another would be read again and again.
                if sum(one.file_size for one in members) > size:
                    return False
                for one in members:
                    _read_through(archive, one)
    except (OSError, *ARCHIVE_FAULTS):
        return False
    return True


def newest_sound(
    paths: RunPaths, said: Mapping[int, str], *, most: int = sys.maxsize
) -> tuple[int, str] | None:
    """The newest weights of a run that are there and sound: their epoch and SHA-256, or None.

    Parameters
    ----------
    said : for each epoch the SHA-256 that the trainer said, where its message was kept
    most : the last epoch that counts though nothing was said of it
    """
    for epoch in sorted(paths.kept_epochs(), reverse=True):
        if epoch > most and epoch not in said:
            continue
        path = paths.weights(epoch)
        try:
            if path.lstat().st_size > LARGEST or (epoch not in said and not is_whole(path)):
                continue
            digest = digest_of(path)
        except OSError:
            continue
        if said.get(epoch, digest) == digest:
            return epoch, digest
    return None


def has_plain_end(file: io.BufferedReader, size: int) -> bool:
    """Whether the directory of an archive has a size that is worth reading."""
    if size < _END.size:
        return False
    before = min(_MARK_64_BEFORE, size - _END.size)
    file.seek(size - _END.size - before)
    other, end = file.read(before), file.read(_END.size)
    mark, _, count, length, _, comment = _END.unpack(end)
    is_plain = mark == _MARK and comment == b"\0\0" and not other.startswith(_MARK_64)
    return is_plain and count <= MOST_ARRAYS and length <= count * _DIRECTORY_EACH


def _read_through(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Read a member to its end, where its sum is compared."""
    with archive.open(member) as file:
        while file.read(_PIECE):
            pass
