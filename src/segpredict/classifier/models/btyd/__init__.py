"""Buy till you die: probability models of order counts and spend.

In: each customer's number of returns, time of the last one and age. Out: the probability of
every number of purchases in a coming window, and of every spend. Closed forms only: nothing is
simulated, and no result depends on the other customers.
"""

from segpredict.classifier.models.btyd.bgnbd import BgNbd
from segpredict.classifier.models.btyd.bgnbd import fit as fit_bgnbd
from segpredict.classifier.models.btyd.gamma_gamma import GammaGamma
from segpredict.classifier.models.btyd.gamma_gamma import fit as fit_gamma_gamma
from segpredict.classifier.models.btyd.maximum_likelihood import LikelihoodFit

__all__ = ["BgNbd", "GammaGamma", "LikelihoodFit", "fit_bgnbd", "fit_gamma_gamma"]
