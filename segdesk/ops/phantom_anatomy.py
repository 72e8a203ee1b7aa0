"""The phantom's patient: what lies where in a thorax, as soft shapes on one axial plane.

Coordinates are the patient's own: x in mm to their left from the midline, y to the back, z to the
head, over a slab of 192 mm from the upper abdomen to the tops of the lungs. Sizes are those of
textbook anatomy, rounded; `Patient` holds what differs between people. What the tissues look like
is `phantom_tissue`'s part; `phantom` places the patient in the scanner.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from segdesk.ops.phantom_shapes import (
    FAR,
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

SLAB_MM = 192.0
CARINA: Point = (0.0, 14.0, 120.0)
#: Where vessels enter the lungs, right and left.
HILA: tuple[Point, Point] = ((-36.0, 12.0, 100.0), (38.0, 14.0, 104.0))


@dataclass(frozen=True, slots=True)
class Patient:
    """What differs between people. Lengths in mm, intensities in HU.

    Parameters
    ----------
    fat : thickness under the skin
    cage : (width, depth) of the rib cage as factors
    heart : factor of the heart's size
    domes : heights of the right and left dome of the diaphragm
    apex : height of the lungs' tops
    blood, lung : HU of blood with contrast medium, and of the lungs
    aorta : factor of the aorta's width
    rib_phase, disc_phase : where in z ribs and discs begin
    stomach_air : height of the bubble
    breasts : how far they stand out; 0 for none
    """

    fat: float
    cage: tuple[float, float]
    heart: float
    domes: tuple[float, float]
    apex: float
    blood: float
    lung: float
    aorta: float
    rib_phase: float
    disc_phase: float
    stomach_air: float
    breasts: float

    @classmethod
    def drawn(cls, random: np.random.Generator) -> Patient:
        """A patient by chance."""
        return cls(
            fat=random.uniform(7, 19),
            cage=(random.uniform(0.93, 1.02), random.uniform(0.93, 1.05)),
            heart=random.uniform(0.9, 1.12),
            domes=(random.uniform(42, 62), random.uniform(30, 46)),
            apex=random.uniform(180, 189),
            blood=random.uniform(140, 205),
            lung=random.uniform(-918, -896),
            aorta=random.uniform(0.88, 1.12),
            rib_phase=random.uniform(-8, 8),
            disc_phase=random.uniform(0, 22),
            stomach_air=random.uniform(12, 24),
            breasts=random.uniform(16, 28) * random.integers(2),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The depths on one plane that several organs share."""

    body: Depth
    torso: Depth
    cage: Depth
    left_lung: Depth
    right_lung: Depth
    below_diaphragm: Depth
    airway: Depth


def lay_out(plane: Plane, patient: Patient) -> Layout:
    """Where body, rib cage, lungs, diaphragm and large airways lie on a plane."""
    torso, cage = _torso(plane), _cage(plane, patient)
    body = np.maximum(torso, breasts(plane, patient))
    airway = _airway(plane)
    diaphragm = _diaphragm(plane, patient)
    room = meet(cage - 3, diaphragm, 5)
    room = meet(room, -_mediastinum(plane, patient, airway), 3)
    left = meet(room, plane.x + 4, 1)
    right = meet(room, -plane.x - 4, 1)
    return Layout(body, torso, cage, left, right, meet(cage - 3, -diaphragm, 3), airway)


def _torso(plane: Plane) -> Depth:
    rise = min(max((plane.z - 110) / 82, 0.0), 1.0)
    wide, deep = 159 - 20 * rise**2, 106 - 16 * rise**1.5
    torso = rounded(plane, (0, 2 * rise), (wide, deep), 2.35)
    furrow = np.exp(-((plane.x / 13) ** 2)) * (plane.y > 0)
    front = np.exp(-((plane.x / 26) ** 2)) * (plane.y < 0)
    return (torso - 5 * furrow - 4 * front).astype(np.float32)


def breasts(plane: Plane, patient: Patient) -> Depth:
    depth = np.full(plane.x.shape, FAR)
    if patient.breasts:
        for side in (-1, 1):
            axes = (50.0, 18 + patient.breasts, 46.0)
            np.maximum(depth, ellipsoid(plane, (side * 70, -80, 78), axes, side * 0.3), out=depth)
    return depth


def cage_frame(plane: Plane, patient: Patient) -> tuple[float, float, float]:
    """Half-width, half-depth and centre (y) of the inside of the rib cage; 0 above it."""
    rise = min(max((plane.z - 60) / (patient.apex + 2 - 60), 0.0), 1.0)
    wide = 123 * patient.cage[0] * math.sqrt(1 - rise**2.6)
    deep = 81 * patient.cage[1] * math.sqrt(1 - rise**3.2)
    return wide, deep, 1 + 16 * rise**2


def _cage(plane: Plane, patient: Patient) -> Depth:
    wide, deep, centre = cage_frame(plane, patient)
    if min(wide, deep) < 4:
        return np.full(plane.x.shape, FAR)
    return rounded(plane, (0, centre), (wide, deep), 2.25)


def _diaphragm(plane: Plane, patient: Patient) -> Depth:
    """Height above the diaphragm, with a dome on each side."""
    above = np.full(plane.x.shape, -FAR)
    for side, top in ((-1, patient.domes[0]), (1, patient.domes[1])):
        out = plane.x * side - 58
        out = np.where(out < 0, out * np.float32(0.35), out)
        steep = ((out / 68) ** 2 + ((plane.y + 20) / 82) ** 2) ** 1.15
        height = plane.z - (top - (top + 32) * steep)
        above = np.where(plane.x * side > 0, height, above)
    # Height stands for depth: a slope of about one half where the dome meets the wall.
    return (above * np.float32(0.6)).astype(np.float32)


def _airway(plane: Plane) -> Depth:
    x, y, z = CARINA
    trachea = tube(plane, [(1, -2, z + 90), (0, y - 6, z + 30), CARINA], [9, 9, 9.5])
    right = tube(plane, [CARINA, (-22, 19, 107), (-36, 21, 97)], [7.5, 6.8, 6])
    left = tube(plane, [CARINA, (x + 24, 21, 107), (40, 23, 98)], [7, 6, 5.5])
    return np.maximum(trachea, np.maximum(right, left))


def lobar_airways(plane: Plane) -> Depth:
    right = tube(plane, [(-36, 21, 97), (-42, 26, 76), (-52, 34, 52)], [5, 4.2, 2.6])
    middle = tube(plane, [(-42, 26, 76), (-62, -6, 66)], [3, 1.8])
    left = tube(plane, [(40, 23, 98), (50, 36, 78), (60, 44, 52)], [4.8, 4, 2.4])
    upper = np.maximum(
        tube(plane, [(-36, 20, 100), (-58, 12, 124)], [4, 2]),
        tube(plane, [(40, 22, 100), (60, 8, 122)], [4, 2]),
    )
    return np.maximum(np.maximum(right, left), np.maximum(middle, upper))


def spine_shift(z: float) -> float:
    """The thoracic spine bends forward at the top."""
    return -9 * (max(z - 80, 0) / 112) ** 2


def vertebra(plane: Plane) -> Depth:
    return rounded(plane, (0, 58 + spine_shift(plane.z)), (20, 15.5), 2.4)


def arch(plane: Plane) -> Depth:
    """The bony ring around the spinal canal."""
    return rounded(plane, (0, 82 + spine_shift(plane.z)), (14.5, 13.5), 2.2)


def heart(plane: Plane, patient: Patient) -> Depth:
    size = patient.heart
    muscle = ellipsoid(plane, (22, -28, 58), (53 * size, 39 * size, 39 * size), -0.6)
    right = ellipsoid(plane, (-16, -20, 66), (30 * size, 30 * size, 34), 0.2)
    return join(muscle, right, 8)


def vessels(plane: Plane, patient: Patient) -> Depth:
    """Aorta, pulmonary trunk, venae cavae and the branches of the arch: all that carries blood."""
    wide = patient.aorta
    aorta = [(-5, -26, 80), (-7, -27, 108), (-4, -20, 132), (8, 4, 141), (22, 28, 136)]
    aorta += [(29, 38, 118), (28, 41, 60), (17, 37, 5), (12, 36, -30)]
    widths = [wide * r for r in (16, 16, 15, 14, 13, 12.5, 12, 11.5, 11)]
    tubes = (
        (aorta, widths),
        ([(20, -42, 84), (21, -36, 102), (15, -12, 110)], [12.5, 13, 12]),
        ([(15, -10, 109), (-14, 1, 106), (-36, 10, 102)], [11, 10, 7]),
        ([(15, -12, 110), (34, 8, 114), (42, 18, 104)], [11.5, 10, 7]),
        ([(-33, -16, 74), (-30, -20, 125), (-25, -28, 150)], [9.5, 9, 8.5]),
        ([(-25, -28, 150), (-38, -26, 196)], [7.5, 7]),
        ([(-23, -30, 150), (18, -40, 158), (40, -24, 190)], [6.5, 6.5, 6]),
        ([(-2, -12, 138), (-18, -6, 163), (-24, 0, 200)], [6, 6, 5]),
        ([(8, 2, 140), (15, -3, 200)], [4.5, 4]),
        ([(18, 20, 138), (27, 14, 175), (40, 6, 200)], [5.5, 5, 4.5]),
        ([(-26, -8, 48), (-27, 6, 20), (-24, 12, -30)], [12, 11.5, 11]),
        ([(-11, 42, 130), (-10, 40, -30)], [3.8, 3.2]),
    )
    depth = np.full(plane.x.shape, FAR)
    for points, radii in tubes:
        np.maximum(depth, tube(plane, points, radii), out=depth)
    return depth


def oesophagus(plane: Plane) -> Depth:
    # Near the diaphragm it passes in front of the aorta.
    forward = 11 * min(max((60 - plane.z) / 45, 0.0), 1.0)
    middle = 9 + 6 * math.cos(plane.z / 70), 30 - forward + spine_shift(plane.z)
    return ellipse(plane, middle, (8, 5.5))


def _upper_mediastinum(plane: Plane) -> Depth:
    """The fat around the great vessels above the heart, up to the neck."""
    rise = min(max((plane.z - 78) / 30, 0.0), 1.0)
    if rise == 0:
        return np.full(plane.x.shape, FAR)
    neck = max(plane.z - 160, 0) / 32
    return ellipse(plane, (-1, -10 + 8 * neck), (29 * rise + 3 * neck, 42 * rise - 6 * neck))


def _mediastinum(plane: Plane, patient: Patient, airway: Depth) -> Depth:
    """All between the lungs, with the fat around it."""
    within = join(vertebra(plane) + 5, arch(plane) + 7, 6)
    within = join(within, oesophagus(plane) + 4, 8)
    within = join(within, vessels(plane, patient) + 3, 7)
    within = join(within, np.where(np.abs(plane.x) < 34, airway + 3.5, FAR), 7)
    within = join(within, heart(plane, patient) + 3.5, 9)
    within = join(within, _upper_mediastinum(plane), 9)
    # Behind the breastbone the lungs nearly touch; a wedge of fat parts them.
    return join(
        within, 4 + np.maximum(-46 - plane.y, 0) * np.float32(0.28) - np.abs(plane.x - 3), 8
    )
