"""What Keras runs on: devices, memory, threads. The only file that names a backend's package.

Everything else in this room is written in `keras` and `keras.ops`.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from segdesk import __version__
from segdesk.sentence import Sentence

_library: Any = importlib.import_module(keras.backend.backend())

#: What a backend raises where a step needs more memory than the device has. JAX has one class for
#: every failure on a device, which would hide other faults.
OUT_OF_MEMORY: tuple[type[BaseException], ...] = (
    MemoryError,
    *{
        "tensorflow": lambda: (_library.errors.ResourceExhaustedError,),
        "torch": lambda: (_library.OutOfMemoryError,),
    }.get(keras.backend.backend(), tuple)(),
)
#: What it raises where a device cannot do what was asked of it.
REFUSED: tuple[type[BaseException], ...] = (
    *OUT_OF_MEMORY,
    *{"tensorflow": lambda: (_library.errors.OpError,)}.get(keras.backend.backend(), tuple)(),
)


@dataclass(frozen=True, slots=True)
class Device:
    """What a training runs on, and why, both in words; a GPU has its own name.

    Parameters
    ----------
    is_gpu : whether how it reckons is worth trying (`arithmetic`)
    """

    name: str
    reason: str
    is_gpu: bool = False


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


def unpromised() -> str:
    """Of a backend that nobody tests, that it is one; else empty."""
    name = keras.backend.backend()
    if name == "tensorflow":
        return ""
    return Sentence("Keras runs on {name} here; segdesk is tried with TensorFlow alone.", name=name)


def training_step(
    model: keras.Model, shape: Sequence[int | None], classes: int, *, xla: bool = False
) -> Callable[..., dict[str, Any]]:
    """A compiled model's step, a function of images, targets and incompleteness to its figures.

    Parameters
    ----------
    model : its `y` is a pair of target and incompleteness
    shape : (rows, columns, channels) of a slice; what is None may differ from step to step, and
        is traced once all the same, which `train_on_batch` does twice
    classes : columns of the incompleteness
    xla : compile it, anew for each size
    """
    size = (None, *shape[:2])
    return _traced(
        lambda images, targets, incomplete: model.train_step((images, (targets, incomplete))),
        ((*size, shape[2]), "float32"),
        ((*size, 1), "uint8"),
        ((None, classes), "float32"),
        untraced=lambda images, targets, incomplete: model.train_on_batch(
            images, (targets, incomplete), return_dict=True
        ),
        xla=xla,
    )


def answer(network: keras.Model) -> Callable[[Any], Any]:
    """A network's answer to a batch of any size; what its input leaves open may differ too."""
    return _traced(
        lambda images: network(images, training=False),
        ((None, *network.input_shape[1:]), "float32"),
        untraced=network.predict_on_batch,
    )


def _traced(
    call: Callable[..., Any],
    *arguments: tuple[Sequence[int | None], str],
    untraced: Callable[..., Any],
    xla: bool = False,
) -> Callable[..., Any]:
    """`call` as one graph for every size, where the backend has graphs with open sizes.

    Parameters
    ----------
    arguments : shape and type of each
    untraced : what stands in for it on the other backends
    """
    if keras.backend.backend() != "tensorflow":
        return untraced
    signature = [_library.TensorSpec(shape, dtype) for shape, dtype in arguments]
    return _library.function(call, input_signature=signature, autograph=False, jit_compile=xla)


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
    # Grappler rewrites each graph before it runs: 0.7 s of processor time until the first step, and
    # no step of these networks is sooner for it (measured on a CPU).
    _library.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    gpus = _library.config.list_physical_devices("GPU")
    if gpus:
        try:
            for gpu in gpus:
                _library.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # TensorFlow has touched the GPU already; growth stays as it was
            pass
        details = _library.config.experimental.get_device_details(gpus[0])
        return Device(
            str(details.get("device_name", "GPU")),
            Sentence("TensorFlow uses the first GPU."),
            is_gpu=True,
        )
    return Device(_cpu(), _why_no_gpu())


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
    return Device(_cpu(), Sentence("PyTorch finds no GPU that it can use."))


def _cpu() -> Sentence:
    return Sentence.counted("CPU ({n} core)", "CPU ({n} cores)", cores())


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
