"""Names of types that many rooms use: arrays, and who is told how far the work is."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Positions = npt.NDArray[np.intp]  # places in an array, or labels that are such places
Flags = npt.NDArray[np.bool_]
Cells = npt.NDArray[np.float32]  # what trees read

Progress = Callable[[str, float], None]  # what is done next, and the share done
