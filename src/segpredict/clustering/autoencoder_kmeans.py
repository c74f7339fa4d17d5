"""An autoencoder's code, grouped by K-means; needs the extra ``deep``."""

from segpredict.clustering._autoencoder import Deep
from segpredict.clustering.kmeans import KMeans

PART = Deep(KMeans())
