"""The catalogue of networks: what the window and `segdesk networks` can say without Keras.

A test in `tests/learning` proves that the parameter counts match what `learning.networks` builds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segdesk.errors import UsageError
from segdesk.sentence import Sentence

Schedule = Literal["cosine", "kept", "root"]
LossName = Literal["dice_and_crossentropy", "crossentropy", "binary_crossentropy"]


@dataclass(frozen=True, slots=True)
class NetworkInfo:
    """One row.

    Parameters
    ----------
    id, description, reference : for people
    parameters : at 256x256x1, two classes, own options
    filters, batch, rate, augmentation, epochs : defaults; epochs None: open-ended
    multiple, rest : rows and columns of its answer are a multiple of the first plus the second;
        slices are padded to that
    border : pixels that it sees on each side beyond its answer, because its convolutions are not
        padded; the slice is mirrored there
    loss : what is minimised; of "binary_crossentropy" the output is one probability, of one
        foreground class
    refined : small pieces, edge and holes of its answers are seen to, where labelled slices show
        that it is better
    schedule : how the rate goes on: "cosine" to the plan's end, or smaller on a plateau where it
        has none; "kept" as it is, as in the tutorial; "root", falling with the root of the step,
        which needs no end, with averaged weights, and half-sized slices first
    """

    id: str
    description: str
    reference: str
    parameters: int
    filters: int
    batch: int
    rate: float
    augmentation: float
    epochs: int | None
    multiple: int
    loss: LossName
    rest: int = 0
    border: int = 0
    schedule: Schedule = "cosine"
    refined: bool = False

    @property
    def binary(self) -> bool:
        """Whether it knows one foreground class only."""
        return self.loss == "binary_crossentropy"


CATALOGUE: tuple[NetworkInfo, ...] = (
    NetworkInfo(
        id="unet_fast",
        description=Sentence(
            "The default: lean U-Net at half size, good with few slices, right within seconds."
        ),
        reference="Shi et al. 2016 (pixels as channels); Isensee et al. 2021 (nnU-Net)",
        parameters=611_090,
        filters=16,
        batch=3,
        rate=4e-3,
        augmentation=0.25,
        epochs=None,
        multiple=32,
        loss="dice_and_crossentropy",
        schedule="root",
        refined=True,
    ),
    NetworkInfo(
        id="unet_norm",
        description=Sentence("Lean U-Net at full size with group normalisation; slower."),
        reference="Isensee et al. 2021 (nnU-Net); Wu and He 2018 (group normalisation)",
        parameters=1_070_210,
        filters=16,
        batch=8,
        rate=2e-3,
        augmentation=0.5,
        epochs=None,
        multiple=32,
        loss="dice_and_crossentropy",
    ),
    NetworkInfo(
        id="unet",
        description=Sentence("The classic U-Net with dropout, as the U-Net tutorial builds it."),
        reference="Ronneberger et al. 2015",
        parameters=8_639_202,
        filters=32,
        batch=8,
        rate=1e-3,
        augmentation=0.5,
        epochs=None,
        multiple=16,
        loss="crossentropy",
    ),
    NetworkInfo(
        id="unet_2015",
        description=Sentence(
            "The U-Net of 2015: 64 filters, unpadded, mirrored borders; large and slow."
        ),
        reference="Ronneberger et al. 2015",
        parameters=31_030_658,
        filters=64,
        batch=1,
        rate=1e-4,
        augmentation=0.5,
        epochs=None,
        multiple=16,
        rest=4,
        border=92,
        loss="crossentropy",
    ),
    NetworkInfo(
        id="encoder_decoder",
        description=Sentence("The lung-CT tutorial's small encoder-decoder, one segment only."),
        reference="Keras encoder-decoder tutorial for lung CT",
        parameters=331_137,
        filters=32,
        batch=32,
        rate=1e-3,
        augmentation=0.0,
        epochs=10,
        multiple=8,
        loss="binary_crossentropy",
        schedule="kept",
    ),
)
DEFAULT = "unet_fast"


def network(id: str) -> NetworkInfo:
    """The row of a network.

    Raises
    ------
    UsageError
        Where there is none of that name.
    """
    for row in CATALOGUE:
        if row.id == id:
            return row
    known = ", ".join(row.id for row in CATALOGUE)
    raise UsageError(
        Sentence("There is no network '{id}'.", id=id),
        Sentence("Choose one of: {known}.", known=known),
    )
