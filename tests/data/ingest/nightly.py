"""Four files that come on four nights, and a store for them."""

from pathlib import Path

from segpredict import features, pipeline
from segpredict.config import load
from segpredict.core.window import Window

HEAD = "customer_id,order_id,date,product_id,quantity,price\n"
SOLD = f"{HEAD}anna,1,2021-03-20,mug,2,2.50\nbert,2,2021-03-20,cup,1,4.00\n"
BACK = f"{HEAD}anna,C3,2021-03-25,mug,-2,2.50\ncleo,4,2021-03-25,cup,3,4.00\n"
AGAIN = f"{HEAD}bert,2,2021-03-20,cup,1,4.00\ndora,5,2021-03-26,mug,1,2.50\n"
BAD = f"{HEAD}emil,6,2021-03-27,mug,many,2.50\n,7,2021-03-27,mug,1,2.50\n"
DAYS = {"1.csv": SOLD, "2.csv": BACK, "3.csv": AGAIN, "4.csv": BAD}
LENIENT = ["cleaning.on_bad_rows='quarantine'", "cleaning.max_bad_rows=9"]
PLAN = load.load_config(overrides=LENIENT)


def put(store_: Path, *files: Path, plan: load.Config = PLAN, replace: bool = False):
    return pipeline.ingest([str(f) for f in files], store_, plan, replace=replace)


def facts(folder: Path):
    """Return all that a store says, for comparison."""
    shop = pipeline.read_transactions([str(folder)], PLAN)
    rejects = None if shop.rejects is None else shop.rejects.to_dicts()
    # Made from what the store keeps beside its lines.
    known = features.compute_features(shop, Window(18714)).frame.to_dicts()
    summary = (shop.ledger, shop.notes, shop.files, shop.fingerprint, rejects, str(known))
    return shop.lines.collect().to_dicts(), *summary
