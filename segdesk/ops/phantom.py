"""A thorax phantom: a CT of nobody, with plausible anatomy in HU and a truth that is known.

For the demo, tests and benchmarks. This file places a patient in the scanner, grows vessels and a
nodule, and adds table, noise and the round field of view; `phantom_anatomy` knows where
things lie, `phantom_tissue` what they look like, `phantom_vessels` grows the trees and
`phantom_shapes` draws. Cases are made from it by `app`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segdesk.core.grid import Grid
from segdesk.ops import phantom_vessels
from segdesk.ops.phantom_anatomy import (
    HILA,
    SLAB_MM,
    Layout,
    Patient,
    heart,
    lay_out,
    oesophagus,
)
from segdesk.ops.phantom_shapes import Depth, Plane, Point
from segdesk.ops.phantom_tissue import draw
from segdesk.ops.phantom_vessels import Vessels

LEFT_LUNG, RIGHT_LUNG, TRACHEA, NODULE, HEART, OESOPHAGUS = 1, 2, 3, 4, 5, 6
#: Names of the truth's numbers, in order.
SEGMENTS = (
    (LEFT_LUNG, "Left lung"),
    (RIGHT_LUNG, "Right lung"),
    (TRACHEA, "Trachea"),
    (NODULE, "Nodule"),
)
#: The same where organs of the mediastinum are asked for.
ORGANS = (*SEGMENTS, (HEART, "Heart"), (OESOPHAGUS, "Oesophagus"))
#: Diameter of the field of view that an adult fills, in mm.
FIELD_MM = 352.0
#: Layers that are averaged to one slice, for partial volume along z.
LAYERS = 3
OUTSIDE_FIELD = -1024.0


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """A scan and its truth.

    Parameters
    ----------
    grid : stacked, LPS, slices from the feet to the head
    voxels : int16, HU, read-only
    truth : uint8, read-only: 1 left lung, 2 right lung, 3 trachea and main bronchi, 4 nodule; with
        organs 5 heart, 6 oesophagus, which is about 0.1 % of all voxels
    """

    grid: Grid
    voxels: npt.NDArray[np.int16]
    truth: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Pose:
    """How the patient lies in the scanner: shift in mm, size as factors, turn in radians."""

    shift: tuple[float, float]
    size: tuple[float, float]
    turn: float
    bend: float


@dataclass(frozen=True, slots=True)
class _Nodule:
    centre: Point
    radius: float
    hu: float
    phase: float


def thorax(
    seed: int,
    shape: tuple[int, int, int] = (24, 160, 160),
    spacing_mm: tuple[float, float, float] = (8.0, 2.2, 2.2),
    *,
    organs: bool = False,
    nodule_mm: float | None = None,
) -> Phantom:
    """Make a phantom; the same arguments give the same voxels.

    Parameters
    ----------
    seed : int >= 0; another seed is another patient
    shape : (slices, rows, columns)
    spacing_mm : (slice, row, column). The patient is scaled to fill the slab and the field of
        view, so a coarse or small grid shows a whole thorax too
    organs : whether the truth names heart and oesophagus too (`ORGANS`); the scan is the same
    nodule_mm : diameter of the nodule in mm of an adult; None for 12 to 24 by chance

    Raises
    ------
    ValueError
        Where the grid is too coarse for lungs: fewer than 4 slices or 32 rows or columns.
    """
    if shape[0] < 4 or min(shape[1:]) < 32:
        raise ValueError(f"expected at least 4 slices of 32 x 32, received shape={shape}")
    random = np.random.default_rng(seed)
    patient = Patient.drawn(random)
    pose = _Pose(
        shift=(random.uniform(-6, 6), random.uniform(-5, 3)),
        size=(random.uniform(0.89, 1.03), random.uniform(0.88, 1.05)),
        turn=random.normal(0, 0.025),
        bend=random.uniform(-6, 6),
    )
    frame = _Frame(shape, spacing_mm, pose)
    planes = [frame.plane(index) for index in range(shape[0])]
    layouts = [lay_out(plane, patient) for plane in planes]
    vessels = _grow_vessels(planes, layouts, random)
    nodule = _place_nodule(planes, layouts, random, nodule_mm)
    truth = np.stack(
        [_truth(plane, layout, nodule) for plane, layout in zip(planes, layouts, strict=True)]
    )
    if organs:
        for marks, plane, layout in zip(truth, planes, layouts, strict=True):
            _mark_organs(marks, plane, patient, layout)
    texture = _smooth_noise(shape, 2.2, random)
    hu = np.empty(shape, np.float32)
    for index in range(shape[0]):
        layers = [
            _layer(frame.plane(index, layer), patient, vessels, nodule, texture[index], frame)
            for layer in range(LAYERS)
        ]
        hu[index] = np.mean(layers, axis=0)
    voxels = _scanned(hu, frame, random.uniform(14, 21), random)
    for array in (voxels, truth):
        array.flags.writeable = False
    return Phantom(frame.grid, voxels, truth)


class _Frame:
    """The scanner's planes in mm of an adult, and in the patient's own coordinates."""

    def __init__(
        self, shape: tuple[int, int, int], spacing_mm: tuple[float, float, float], pose: _Pose
    ) -> None:
        slices, rows, columns = shape
        extent = rows * spacing_mm[1], columns * spacing_mm[2]
        scale = FIELD_MM / min(extent)
        row, column = np.mgrid[:rows, :columns].astype(np.float32)
        self.x = (column - (columns - 1) / 2) * np.float32(spacing_mm[2] * scale)
        self.y = (row - (rows - 1) / 2) * np.float32(spacing_mm[1] * scale)
        self.step = SLAB_MM / slices
        self.pose = pose
        self._soft_mm = max(spacing_mm[1:]) * scale
        origin = -(columns - 1) / 2 * spacing_mm[2], -(rows - 1) / 2 * spacing_mm[1], 0.0
        self.grid = Grid(shape, spacing_mm, origin)

    def plane(self, index: int, layer: int | None = None) -> Plane:
        """The middle of a slice, or one of its layers."""
        part = 0.5 if layer is None else (layer + 0.5) / LAYERS
        z = (index + part) * self.step
        pose = self.pose
        x = self.x - np.float32(pose.shift[0] + pose.bend * math.sin(z / 50))
        y = self.y - np.float32(pose.shift[1])
        cos, sin = np.float32(math.cos(pose.turn)), np.float32(math.sin(pose.turn))
        turned_x = (x * cos + y * sin) / np.float32(pose.size[0])
        turned_y = (y * cos - x * sin) / np.float32(pose.size[1])
        return Plane(turned_x, turned_y, z, self._soft_mm)


def _grow_vessels(
    planes: list[Plane], layouts: list[Layout], random: np.random.Generator
) -> Vessels:
    """Two trees for each lung: arteries from above the hilum, veins towards the left atrium."""
    step = planes[1].z - planes[0].z
    trees: list[Vessels] = []
    lungs = [layout.right_lung for layout in layouts], [layout.left_lung for layout in layouts]
    for lung, hilum in zip(lungs, HILA, strict=True):
        points = _points_deeper_than(planes, lung, 4.0)
        for drop, twigs in ((4.0, 150), (-16.0, 100)):
            targets = points[random.integers(len(points), size=twigs)]
            targets = targets + random.uniform(-0.5, 0.5, targets.shape) * (2, 2, step)
            root = np.array((hilum[0], hilum[1], hilum[2] + drop))
            trees.append(phantom_vessels.grow(root, targets, random))
    return phantom_vessels.joined(trees)


def _points_deeper_than(
    planes: list[Plane], depths: list[Depth], least_mm: float
) -> npt.NDArray[np.float64]:
    """The voxels of a shape that lie deeper than this, as (x, y, z)."""
    parts: list[npt.NDArray[np.floating]] = []
    for plane, depth in zip(planes, depths, strict=True):
        deep = depth > least_mm
        z = np.full(np.count_nonzero(deep), plane.z)
        parts.append(np.stack([plane.x[deep], plane.y[deep], z], axis=1))
    return np.concatenate(parts).astype(np.float64)


def _place_nodule(
    planes: list[Plane],
    layouts: list[Layout],
    random: np.random.Generator,
    diameter_mm: float | None,
) -> _Nodule:
    """A nodule that lies wholly inside one lung and inside the slab."""
    drawn = random.uniform(6, 12)
    radius = drawn if diameter_mm is None else diameter_mm / 2
    side = random.integers(2)
    lungs = np.stack([layout.left_lung if side else layout.right_lung for layout in layouts])
    step = planes[1].z - planes[0].z
    reach = math.ceil(radius / step)
    inner = range(reach, len(planes) - reach)
    room = [lungs[k - reach : k + reach + 1].min(axis=0) for k in inner]
    # Where a coarse grid has no voxel with room enough, one with nearly the most room will do.
    enough = min(radius + 3, 0.9 * max(float(depth.max()) for depth in room))
    points = _points_deeper_than([planes[k] for k in inner], room, enough)
    x, y, z = points[random.integers(len(points))]
    hu = random.uniform(20, 70)
    return _Nodule((float(x), float(y), float(z)), radius, hu, random.uniform(0, 6))


def _nodule_depth(plane: Plane, nodule: _Nodule) -> Depth:
    x, y = plane.x - np.float32(nodule.centre[0]), plane.y - np.float32(nodule.centre[1])
    z = plane.z - nodule.centre[2]
    angle = np.arctan2(y, x)
    lobes = 0.06 * np.sin(3 * angle + nodule.phase + z / 25)
    lobes += 0.03 * np.sin(5 * angle - nodule.phase)
    distance = np.sqrt(x * x + y * y + np.float32(z * z))
    return (nodule.radius * (1 + lobes) - distance).astype(np.float32)


def _truth(plane: Plane, layout: Layout, nodule: _Nodule) -> npt.NDArray[np.uint8]:
    truth = np.zeros(plane.x.shape, np.uint8)
    truth[layout.left_lung > 0] = LEFT_LUNG
    truth[layout.right_lung > 0] = RIGHT_LUNG
    truth[(_nodule_depth(plane, nodule) > 0) & (truth > 0)] = NODULE
    truth[layout.airway > 0] = TRACHEA
    return truth


def _mark_organs(
    truth: npt.NDArray[np.uint8], plane: Plane, patient: Patient, layout: Layout
) -> None:
    """Heart and oesophagus, where nothing else was named; the gullet lies over the heart."""
    free = truth == 0
    truth[free & (np.minimum(heart(plane, patient), -layout.below_diaphragm) > 0)] = HEART
    truth[free & (np.minimum(oesophagus(plane), layout.body) > 0)] = OESOPHAGUS


def _layer(
    plane: Plane,
    patient: Patient,
    vessels: Vessels,
    nodule: _Nodule,
    texture: Depth,
    frame: _Frame,
) -> Depth:
    """One plane in HU, without noise."""
    layout = lay_out(plane, patient)
    _draw_table(plane, frame)
    draw(plane, patient, layout, texture)
    lungs = plane.cover(np.maximum(layout.left_lung, layout.right_lung) + 2)
    share = lungs * phantom_vessels.coverage(plane, vessels, frame.step / LAYERS)
    share *= 1 - plane.cover(layout.airway)
    plane.hu += (np.float32(patient.blood * 0.6) - plane.hu) * share
    plane.paint(_nodule_depth(plane, nodule), nodule.hu)
    return plane.hu


def _draw_table(plane: Plane, frame: _Frame) -> None:
    """A curved carbon shell with foam inside and a mattress on it; it does not turn with the
    patient."""
    back = frame.pose.shift[1] + 108 * frame.pose.size[1]
    depth = frame.y - np.float32(back) + np.float32(0.0019) * frame.x**2
    inside = np.minimum(depth, 195 - np.abs(frame.x)).astype(np.float32)
    plane.paint(np.minimum(inside + 7, 9 - inside), -930)
    board = np.minimum(inside - 9, 34 - inside)
    plane.paint(board, -120)
    plane.paint(board - 3, -965)


def _smooth_noise(
    shape: tuple[int, ...], sigma: float, random: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Noise of standard deviation 1 that is correlated within slices."""
    # Here and not above: SciPy costs 0.3 s and a window without a phantom starts without it.
    from scipy import ndimage

    noise = ndimage.gaussian_filter(
        random.standard_normal(shape, dtype=np.float32), (0, sigma, sigma), mode="wrap"
    )
    return noise / noise.std()


def _scanned(
    hu: npt.NDArray[np.float32], frame: _Frame, sigma_hu: float, random: np.random.Generator
) -> npt.NDArray[np.int16]:
    """What the scanner makes of it: blur, noise that is stronger in the middle, a round field."""
    from scipy import ndimage

    blurred = ndimage.gaussian_filter(hu, (0, 0.55, 0.55), mode="nearest")
    grain = 0.8 * random.standard_normal(hu.shape, dtype=np.float32)
    grain += 0.6 * _smooth_noise(hu.shape, 0.9, random)
    radius = np.hypot(frame.x, frame.y)
    strength = sigma_hu * (0.75 + 0.4 * np.exp(-((radius / 110) ** 2)))
    scanned = np.clip(blurred + grain * strength.astype(np.float32), OUTSIDE_FIELD, 3071)
    scanned[:, radius > FIELD_MM / 2] = OUTSIDE_FIELD
    return np.rint(scanned).astype(np.int16)
