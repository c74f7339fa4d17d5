"""Types of arrays, by what is in them."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Positions = npt.NDArray[np.intp]  # places in an array, or labels that are such places
Flags = npt.NDArray[np.bool_]
Cells = npt.NDArray[np.float32]  # what trees read
