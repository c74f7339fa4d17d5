"""The figures that the papers print come out, to their last digit."""

import pytest
from published_cdnow import sample

from segpredict.classifier.models.btyd import fit_bgnbd, fit_gamma_gamma


@pytest.fixture(scope="module")
def customers():
    return sample()


def test_bgnbd_has_the_parameters_of_the_paper(customers):
    """Fader, Hardie and Lee (2005), table 2: 2,357 customers in 39 weeks."""
    assert customers.height == 2357
    histories = [customers[name] for name in ("x", "t_x", "age")]
    model = fit_bgnbd(*histories)
    found = [round(v, 3) for v in model.parameters().values()]
    assert found == [0.243, 4.414, 0.793, 2.426]
    assert round(model.log_likelihood(*histories).sum(), 1) == -9582.4


def test_gamma_gamma_has_the_parameters_of_the_note(customers):
    """Fader and Hardie (2013), section 4: the 946 who came back."""
    back = customers.filter(customers["x"] > 0)
    assert back.height == 946
    model = fit_gamma_gamma(back["x"], back["mean"])
    found = [round(v, 2) for v in model.parameters().values()]
    assert found == [6.25, 3.74, 15.44]
