"""The line between `decoder` and `decoder_child`: a compressed frame one way, its pixels the other.

Each message is one line of JSON and the bytes that it promises. Nothing here decodes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Frame:
    """One compressed frame and what its header says of its pixels.

    Parameters
    ----------
    stream : the code stream
    syntax : UID of the transfer syntax
    rows, columns : of the picture
    allocated, bits : bits that a pixel takes, and that are used of them
    is_signed : whether pixels may be negative
    photometric : such as "MONOCHROME2"
    """

    stream: bytes
    syntax: str
    rows: int
    columns: int
    allocated: int
    bits: int
    is_signed: bool
    photometric: str


#: int or uint of 8, 16 or 32 bits, (rows, columns); None where the frame is damaged.
Answer = npt.NDArray[Any] | None


def write_frame(stream: IO[bytes], frame: Frame) -> None:
    """Send one frame."""
    fields = {name: getattr(frame, name) for name in Frame.__slots__ if name != "stream"}
    _write(stream, {**fields, "length": len(frame.stream)}, frame.stream)


def read_frame(stream: IO[bytes]) -> Frame | None:
    """The next frame, or None at the end."""
    message = _read(stream)
    if message is None:
        return None
    fields, data = message
    return Frame(stream=data, **fields)


def write_answer(stream: IO[bytes], pixels: Answer) -> None:
    """Send the pixels of a frame."""
    if pixels is None:
        return _write(stream, {"length": 0}, b"")
    data = np.ascontiguousarray(pixels)
    fields = {"dtype": data.dtype.str, "shape": data.shape, "length": data.nbytes}
    return _write(stream, fields, data.tobytes())


def read_answer(stream: IO[bytes]) -> Answer:
    """The next answer.

    Raises
    ------
    EOFError
        Where the other end is gone.
    """
    message = _read(stream)
    if message is None:
        raise EOFError("the decoder is gone")
    fields, data = message
    if not fields:
        return None
    return np.frombuffer(data, np.dtype(fields["dtype"])).reshape(fields["shape"])


def _write(stream: IO[bytes], fields: dict[str, Any], data: bytes) -> None:
    stream.write(json.dumps(fields).encode() + b"\n")
    stream.write(data)
    stream.flush()


def _read(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    fields: dict[str, Any] = json.loads(line)
    length = fields.pop("length")
    data = stream.read(length)
    return (fields, data) if len(data) == length else None
