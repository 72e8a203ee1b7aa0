"""What Keras runs on: devices, memory, threads. The only file that names a backend's package.

Everything else in this room is written in `keras` and `keras.ops`.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from segdesk import __version__
from segdesk.sentence import Sentence

_library: Any = importlib.import_module(keras.backend.backend())

#: Measured on a CPU: compiled by XLA a step of `unet_norm` takes as long as without, and the first
#: one five times as much processor time. Numbers stay float32 for a like reason: in bfloat16 a step
#: took a sixth longer.
USE_XLA = False
#: What a backend raises where a step needs more memory than the device has. JAX has one class for
#: every failure on a device, which would hide other faults.
OUT_OF_MEMORY: tuple[type[BaseException], ...] = (
    MemoryError,
    *{
        "tensorflow": lambda: (_library.errors.ResourceExhaustedError,),
        "torch": lambda: (_library.OutOfMemoryError,),
    }.get(keras.backend.backend(), tuple)(),
)


@dataclass(frozen=True, slots=True)
class Device:
    """What a training runs on, and in words why."""

    name: str
    reason: str


def prepare(seed: int) -> Device:
    """Seed every generator, let a GPU's memory grow as needed, and name the device.

    Parameters
    ----------
    seed : 0 to 2**31 - 1
    """
    keras.utils.set_random_seed(seed)
    match keras.backend.backend():
        case "tensorflow":
            return _prepare_tensorflow()
        case "torch":
            return _prepare_torch()
        case other:
            kinds = ", ".join(str(device) for device in _library.devices())
            return Device(
                kinds, Sentence("Keras runs on {other}, which chose this device.", other=other)
            )


def versions() -> tuple[tuple[str, str], ...]:
    """(name, version) of what the figures depend on."""
    name = keras.backend.backend()
    return (
        ("segdesk", __version__),
        ("python", platform.python_version()),
        ("keras", keras.__version__),
        (name, str(_library.__version__)),
        ("numpy", np.__version__),
    )


def _prepare_tensorflow() -> Device:
    gpus = _library.config.list_physical_devices("GPU")
    if gpus:
        try:
            for gpu in gpus:
                _library.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # TensorFlow has touched the GPU already; growth stays as it was
            pass
        details = _library.config.experimental.get_device_details(gpus[0])
        return Device(
            str(details.get("device_name", "GPU")), Sentence("TensorFlow uses the first GPU.")
        )
    return Device(f"CPU ({_cores()} cores)", _why_no_gpu())


def _why_no_gpu() -> str:
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return Sentence("CUDA_VISIBLE_DEVICES hides every GPU from this program.")
    if sys.platform == "win32":
        return Sentence("TensorFlow uses no GPU on native Windows; under WSL2 it does.")
    if sys.platform == "darwin":
        return Sentence("TensorFlow uses a Mac's GPU only with the tensorflow-metal plug-in.")
    if not _library.test.is_built_with_cuda():
        return Sentence("This build of TensorFlow knows the CPU only.")
    if not Path("/proc/driver/nvidia/version").exists():
        return Sentence("TensorFlow finds no GPU: no NVIDIA driver is loaded.")
    return Sentence(
        "An NVIDIA driver is loaded, but TensorFlow finds no CUDA libraries; install "
        "segdesk with the extra 'gpu'."
    )


def _prepare_torch() -> Device:
    if _library.cuda.is_available():
        return Device(
            str(_library.cuda.get_device_name(0)), Sentence("PyTorch uses the first GPU.")
        )
    return Device(f"CPU ({_cores()} cores)", Sentence("PyTorch finds no GPU that it can use."))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
