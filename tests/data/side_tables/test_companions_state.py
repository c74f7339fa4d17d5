import json

import polars as pl

from segpredict.core.transactions import (
    CustomerAttribute,
    CustomerLog,
    Detected,
    InputFile,
    SideTables,
)
from segpredict.data.side_tables import (
    side_table_frames,
    side_tables_from_state,
    side_tables_to_state,
)

WHOLE = SideTables(
    customers=pl.DataFrame({"customer_id": ["a"]}),
    attributes=(CustomerAttribute("tier", "level", "Tier", ("gold",)),),
    products=pl.DataFrame({"product_id": ["p"]}),
    events=CustomerLog(pl.DataFrame({"customer_id": ["a"], "day": [3]}), 3),
    contacts=CustomerLog(pl.DataFrame({"customer_id": ["a"], "day": [4]}), None),
    countries=("UK",),
    prices=pl.DataFrame({"product_id": ["p"], "percentile": [0.5]}),
    files=(InputFile("x.csv", 1, "", Detected(format="csv")),),
    notes=("a note",),
)


def back(there: SideTables) -> SideTables:
    return side_tables_from_state(
        json.loads(json.dumps(side_tables_to_state(there))), side_table_frames(there)
    )


def test_companions_come_back_from_json_and_tables():
    for there in (WHOLE, SideTables()):
        again = back(there)
        assert side_tables_to_state(again) == side_tables_to_state(there)
        assert side_table_frames(again).keys() == side_table_frames(there).keys()


def test_a_finished_run_keeps_its_frozen_levels_and_lends_its_people_but_no_log():
    read = SideTables().frozen_as(WHOLE)
    assert (read.attributes, read.countries) == (WHOLE.attributes, WHOLE.countries)
    assert read.customers is WHOLE.customers
    assert read.events is read.contacts is None
    mine = SideTables(customers=pl.DataFrame({"customer_id": ["z"]}))
    assert mine.frozen_as(WHOLE).customers is mine.customers
