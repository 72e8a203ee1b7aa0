"""The phantom's tissues: draws a patient on one axial plane in HU.

Where things lie that several organs share comes from `phantom_anatomy`; what only one tissue needs
(chambers, marrow, muscle layers) stands here. Lung vessels, nodule, table and noise are added by
`phantom`.
"""

from __future__ import annotations

import math

import numpy as np

from segdesk.ops.phantom_anatomy import (
    Layout,
    Patient,
    arch,
    breasts,
    cage_frame,
    heart,
    lobar_airways,
    oesophagus,
    spine_shift,
    vertebra,
    vessels,
)
from segdesk.ops.phantom_shapes import (
    Depth,
    Plane,
    Point,
    ellipse,
    ellipsoid,
    join,
    meet,
    rounded,
    tube,
)

FAT, MUSCLE, SKIN, CARTILAGE, AIR = -105.0, 52.0, 20.0, 115.0, -1000.0


def draw(plane: Plane, patient: Patient, layout: Layout, texture: Depth) -> None:
    """Draw the patient on a plane of air, without the lungs' vessels.

    Parameters
    ----------
    texture : float32, smooth noise of standard deviation 1 that breaks up flat areas
    """
    _draw_wall(plane, patient, layout, texture)
    plane.paint(layout.cage, FAT)
    _draw_abdomen(plane, patient, layout, texture)
    _draw_mediastinum(plane, patient, layout)
    # Blood and water sink: the back of the lung is denser.
    lung = np.float32(patient.lung) + plane.y * np.float32(0.35) + texture * np.float32(11)
    for depth in (layout.left_lung, layout.right_lung):
        plane.paint(depth, lung)
    _draw_airway(plane, layout)
    _draw_skeleton(plane, patient, layout)


def _draw_wall(plane: Plane, patient: Patient, layout: Layout, texture: Depth) -> None:
    plane.paint(layout.body, SKIN)
    plane.paint(layout.body - 2, FAT + texture * np.float32(4))
    fat = patient.fat * (1 + 0.25 * (plane.x / 150) ** 2 - 0.2 * plane.y / 100)
    gland = np.minimum(breasts(plane, patient) - 7, 2 - layout.torso)
    plane.paint(gland, FAT + 90 * np.clip(texture + np.float32(0.4), 0, 1.4))
    muscle = layout.torso - 2 - fat.astype(np.float32)
    muscle = join(muscle, layout.cage + 11, 6)
    muscle = np.minimum(muscle, layout.torso - 4)
    plane.paint(muscle, MUSCLE + texture * np.float32(5))
    # Planes of fat between the layers of muscle follow the ribs.
    around = np.arctan2(plane.x, plane.y)
    outside = -layout.cage
    for offset, width, waves in ((15.0, 0.9, 5.0), (24.0, 1.1, 7.0), (36.0, 1.0, 4.0)):
        wave = np.float32(2.5) * np.sin(waves * around + np.float32(plane.z / 37 + offset))
        layer = np.float32(width) - np.abs(outside - np.float32(offset) - wave)
        plane.paint(np.minimum(layer, muscle - 2), FAT, opacity=0.75)
    for side in (-1, 1):
        armpit = ellipsoid(plane, (side * 119, -10, 166), (15, 25, 48), side * -0.3)
        plane.paint(np.minimum(armpit, muscle - 3), FAT)
        plane.paint(tube(plane, [(side * 112, -6, 150), (side * 92, -22, 185)], [3, 4]), 110)


def _draw_abdomen(plane: Plane, patient: Patient, layout: Layout, texture: Depth) -> None:
    below = layout.below_diaphragm
    if below.max() < -plane.soft_mm:
        return
    plane.paint(below, FAT)
    plane.paint(np.minimum(below, 2.2 - below), MUSCLE)
    inner = below - 2.5
    liver = meet(inner, 26 - plane.x - np.float32(0.25) * (plane.y + 40), 14)
    liver = meet(liver, 46 - plane.y * np.float32(0.85) + plane.x * np.float32(-0.5), 18)
    plane.paint(liver, 104 + texture * np.float32(6))
    stomach = meet(inner - 2, ellipsoid(plane, (56, -22, 4), (38, 34, 40), 0.3), 5)
    plane.paint(stomach, 60)
    plane.paint(stomach - 3, 22)
    plane.paint(meet(stomach - 3, -28 - plane.y - 24 + np.float32(patient.stomach_air), 1), -960)
    spleen = meet(inner - 1, ellipsoid(plane, (84, 38, 2), (30, 40, 36), -0.4), 5)
    plane.paint(spleen, 118 + texture * np.float32(5))


def _draw_mediastinum(plane: Plane, patient: Patient, layout: Layout) -> None:
    muscle, size = heart(plane, patient), patient.heart
    above = -layout.below_diaphragm
    plane.paint(np.minimum(muscle, above), 84)
    chambers = (
        ellipsoid(plane, (40, -30, 54), (27 * size, 16 * size, 21 * size), -0.6),
        ellipsoid(plane, (12, -50, 58), (31 * size, 11 * size, 24 * size), -0.45),
        ellipsoid(plane, (2, 2, 76), (27 * size, 13 * size, 16 * size), 0.1),
        ellipsoid(plane, (-26, -22, 64), (15 * size, 22 * size, 26 * size), 0.2),
    )
    for chamber in chambers:
        plane.paint(np.minimum(chamber, above), patient.blood)
    plane.paint(vessels(plane, patient), patient.blood + 10)
    gullet = oesophagus(plane)
    plane.paint(gullet, 48)
    if math.sin(plane.z / 11) > 0.2:
        plane.paint(gullet - 3.5, -500)


def _draw_airway(plane: Plane, layout: Layout) -> None:
    lobar = lobar_airways(plane)
    plane.paint(lobar + 1.2, 10, opacity=0.8)
    plane.paint(lobar, -970)
    plane.paint(layout.airway + 1.8, 60)
    plane.paint(layout.airway, AIR + 8)


def _draw_skeleton(plane: Plane, patient: Patient, layout: Layout) -> None:
    _draw_ribs(plane, patient, layout)
    _draw_shoulder_girdle(plane, patient, layout)
    _draw_sternum(plane, patient)
    _draw_spine(plane, patient)


def _draw_ribs(plane: Plane, patient: Patient, layout: Layout) -> None:
    """Ribs leave the spine and go round and down; each plane meets several as oblique arcs."""
    _, deep, centre = cage_frame(plane, patient)
    if deep < 4:
        return
    angle = np.arctan2(np.abs(plane.x), plane.y - np.float32(centre)) / np.float32(math.pi)
    drop = 104 * angle**0.85 + np.where(plane.x > 0, 3, 0)
    pitch = 26.0
    level = (196 + patient.rib_phase - plane.z - drop) / pitch
    nearest = np.maximum(np.rint(level), 0)
    off_centre = (level - nearest) * np.float32(pitch / 5.6)
    outside = (-layout.cage - 4.6) / np.float32(4.2)
    rib = (1 - np.hypot(off_centre, outside)) * np.float32(4.2)
    ends = np.minimum((angle - 0.1) * 200, (0.8 - angle) * 200)
    bone = np.minimum(rib, ends).astype(np.float32)
    gristle = np.minimum(rib, np.minimum((angle - 0.8) * 200, (0.95 - angle) * 200))
    plane.paint(gristle.astype(np.float32), CARTILAGE)
    plane.paint(bone, 950)
    plane.paint(bone - 2, 230)


def _draw_shoulder_girdle(plane: Plane, patient: Patient, layout: Layout) -> None:
    rise = plane.z - 92
    if rise <= 0:
        return
    angle = np.arctan2(np.abs(plane.x), plane.y) / np.float32(math.pi)
    near, far = 0.16 + 0.0006 * rise, min(0.2 + 0.0035 * rise, 0.46)
    # Above, the blade keeps its place while the cage narrows under it.
    outside = -np.maximum(layout.cage, rounded(plane, (0, 6), (104, 72), 2.25)) - 14
    # Turned outwards towards the shoulder by arms that are raised.
    plate = np.float32(3) - np.abs(outside - np.float32(85) * (angle - np.float32(near)))
    ends = np.minimum(angle - np.float32(near), np.float32(far) - angle) * 250
    blade = np.minimum(np.minimum(plate, ends), layout.torso - patient.fat - 1).astype(np.float32)
    plane.paint(blade, 520)
    plane.paint(blade - 1.6, 190)
    for side in (-1, 1):
        points: list[Point] = [(side * 17, -52, 166), (side * 55, -48, 173), (side * 98, -20, 184)]
        collar = tube(plane, points, [7.5, 6, 6.5])
        plane.paint(collar, 600)
        plane.paint(collar - 2, 190)


def _draw_sternum(plane: Plane, patient: Patient) -> None:
    if not 40 < plane.z < 168:
        return
    _, deep, centre = cage_frame(plane, patient)
    wide = 13 + (11 if plane.z > 130 else 5 * math.sin(plane.z / 8) ** 2)
    bone = rounded(plane, (0, centre - deep - 5), (wide, 6), 2.8)
    plane.paint(bone, 430)
    plane.paint(bone - 1.6, 130)


def _draw_spine(plane: Plane, patient: Patient) -> None:
    phase = ((plane.z + patient.disc_phase) % 22) / 22
    shift = spine_shift(plane.z)
    body, ring = vertebra(plane), arch(plane)
    if phase < 0.24:
        plane.paint(body, 92)
    else:
        plane.paint(body, 700)
        # The ends of a vertebra are dense, its middle is marrow.
        plane.paint(body - 1.8, 420 if phase < 0.34 or phase > 0.93 else 215)
    if phase > 0.3:
        plane.paint(ring, 520)
        plane.paint(ring - 3, 330)
    if phase > 0.55:
        for side in (-1, 1):
            process = tube(
                plane,
                [(side * 10, 80 + shift, plane.z), (side * 34, 88 + shift, plane.z)],
                [5.5, 5],
            )
            plane.paint(process, 470)
            plane.paint(process - 2, 240)
    spinous = tube(plane, [(0, 92 + shift, plane.z), (0, 101 + shift, plane.z)], [4.2, 3])
    plane.paint(spinous, 480)
    canal = ellipse(plane, (0, 81 + shift), (9.5, 8))
    plane.paint(canal, 8)
    plane.paint(ellipse(plane, (0, 81 + shift), (5.2, 4.2)), 38)
