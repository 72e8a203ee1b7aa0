"""What a reader calls the networks; the command line and its reports use their ids."""

from __future__ import annotations

from segdesk.ui.look.translations import tr


def network_name(id: str) -> str:
    """A few words; of a network that this program does not know, its id."""
    names = {
        "unet_fast": tr("lung U-Net"),
        "unet_norm": tr("full-size lung U-Net"),
        "unet": tr("classic U-Net"),
        "unet_2015": tr("U-Net of 2015"),
        "encoder_decoder": tr("small lung network"),
    }
    return names.get(id, id)


def network_choice(id: str) -> str:
    """Its name and what it is good for."""
    uses = {
        "unet_fast": tr("good with few slices"),
        "unet_norm": tr("slower"),
        "unet": tr("for many slices"),
        "unet_2015": tr("large and slow"),
        "encoder_decoder": tr("one segment only"),
    }
    use = uses.get(id)
    return network_name(id) if use is None else f"{network_name(id)}, {use}"
