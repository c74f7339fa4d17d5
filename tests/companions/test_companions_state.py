import json

import polars as pl

from segpredict.companions import frames, from_state, state
from segpredict.tables import Attribute, Companions, Detected, FileFact, Log

WHOLE = Companions(
    customers=pl.DataFrame({"customer_id": ["a"]}),
    attributes=(Attribute("tier", "level", "Tier", ("gold",)),),
    products=pl.DataFrame({"product_id": ["p"]}),
    events=Log(pl.DataFrame({"customer_id": ["a"], "day": [3]}), 3),
    contacts=Log(pl.DataFrame({"customer_id": ["a"], "day": [4]}), None),
    countries=("UK",),
    prices=pl.DataFrame({"product_id": ["p"], "percentile": [0.5]}),
    files=(FileFact("x.csv", 1, "", Detected(format="csv")),),
    notes=("a note",),
)


def back(there: Companions) -> Companions:
    return from_state(json.loads(json.dumps(state(there))), frames(there))


def test_companions_come_back_from_json_and_tables():
    for there in (WHOLE, Companions()):
        again = back(there)
        assert state(again) == state(there)
        assert frames(again).keys() == frames(there).keys()


def test_a_finished_run_keeps_its_frozen_levels_and_lends_its_people_but_no_log():
    read = Companions().frozen(WHOLE)
    assert (read.attributes, read.countries) == (WHOLE.attributes, WHOLE.countries)
    assert read.customers is WHOLE.customers
    assert read.events is read.contacts is None
    mine = Companions(customers=pl.DataFrame({"customer_id": ["z"]}))
    assert mine.frozen(WHOLE).customers is mine.customers
