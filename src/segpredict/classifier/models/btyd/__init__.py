"""Buy till you die: probability models of order counts and spend, in closed forms.

In: each customer's returns, time of the last and age. Out: probabilities of orders and of spend.
"""

from segpredict.classifier.models.btyd.bgnbd import BgNbd
from segpredict.classifier.models.btyd.bgnbd import fit as fit_bgnbd
from segpredict.classifier.models.btyd.gamma_gamma import GammaGamma
from segpredict.classifier.models.btyd.gamma_gamma import fit as fit_gamma_gamma

__all__ = ["BgNbd", "GammaGamma", "fit_bgnbd", "fit_gamma_gamma"]
