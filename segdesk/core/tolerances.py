"""How exact geometry has to be: every tolerance of where voxels lie, with its reason.

`grid` compares by them, `formats` reads, places and checks by them. Numbers in headers are
rounded, to float32 or to so many decimals. What such a rounding can do is no fault; more is one.
"""

from __future__ import annotations

#: A `Grid` is orthonormal within this: what is left of arithmetic in float64.
ORTHONORMAL = 1e-6
#: Axes of a file whose cosines with each other are at most this are squared at import; beyond it
#: they are refused. Four decimals leave up to 1.5e-4 (tried on 400,000 random directions), five
#: 1.5e-5, float32 1e-7.
OFF_SQUARE = 2e-4
#: The three cosines of a DICOM direction may be this far from a unit vector: three decimals.
COSINE_LENGTH = 1e-3
#: Cosines within one DICOM series may differ by rounding only.
COSINES_ALIKE = 1e-3
#: Pixel steps within one DICOM series, in mm, likewise.
PIXEL_MM_ALIKE = 1e-4
#: An axis of a file is only taken in place of another where its cosine is larger by this.
AXIS_CLEARER = 1e-3
#: Squared axes move the far corners; from this share of a voxel on it is said.
SAID_VOXELS = 0.01
#: Two grids are one where no corner is further apart than this share of the smallest step. With
#: four decimals 512 steps of 0.7 mm are 0.036 steps off; nobody shifts by so little on purpose.
CORNER_VOXELS = 0.05
#: Half of the last digit of a float32, as a share of the number.
FLOAT32 = 2.0**-24
#: A slice may be off an even ladder of positions by this share of the step or by so many mm,
#: whichever is more: tables are rounded and jitter.
STEP_SHARE, STEP_MM = 0.01, 0.02
#: ... or by half of the last decimal of the positions, but never by more than this share of the
#: step: a slice that is missing from a long series is a quarter of a step off.
ROUNDED_STEP_SHARE = 0.15
