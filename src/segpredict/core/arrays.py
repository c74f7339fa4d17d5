"""Types of arrays, by what is in them."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
IndexArray = npt.NDArray[np.intp]  # places in an array, or labels that are such places
BoolArray = npt.NDArray[np.bool_]
Float32Array = npt.NDArray[np.float32]  # what trees read
