"""An autoencoder's code, grouped by a Gaussian mixture; needs the extra ``deep``."""

from segpredict.clustering._autoencoder import Deep
from segpredict.clustering.gmm import GaussianMixture

PART = Deep(GaussianMixture())
