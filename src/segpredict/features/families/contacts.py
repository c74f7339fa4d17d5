"""Messages that marketing sent to the customer, and how many were opened."""

import polars as pl

from segpredict.core.panel import Feature
from segpredict.core.window import Window
from segpredict.features.engine.side_rows import DAYS_AGO, total, within_days
from segpredict.features.family import Columns, FeatureFamily, no_measures

_MONTH = 28


def _contacts(window: Window) -> Columns:
    lookback = within_days(window.lookback)
    return {
        "sent_28": total("sent", within_days(_MONTH)),
        "sent": total("sent", lookback),
        "opened": total("opened", lookback),
        "sent_ago": pl.when(pl.col("sent") > 0).then(DAYS_AGO).min(),
    }


def _derive(window: Window) -> Columns:
    reach, sent = pl.col("sent_reach"), pl.col("sent")
    is_known = reach >= window.lookback
    is_opening_known = pl.col("opened_reach") >= window.lookback
    rate = pl.when(is_opening_known & (sent > 0)).then(pl.col("opened") / sent)
    return {
        "contacts_28": pl.when(reach >= _MONTH).then(pl.col("sent_28")),
        "contacts_lookback": pl.when(is_known).then(sent),
        "contacts_opened": pl.when(is_opening_known).then(pl.col("opened")),
        "contacts_open_rate": rate,
        "contact_days": pl.col("sent_ago"),
    }


_FEATURES = (
    Feature("contacts_28", "Messages sent in the last 28 days.", "messages"),
    Feature("contacts_lookback", "Messages sent in the look-back.", "messages"),
    Feature("contacts_opened", "Messages opened in the look-back.", "messages"),
    Feature(
        "contacts_open_rate", "Messages opened per message sent, both in the look-back.", "ratio"
    ),
    Feature("contact_days", "Days since the last message was sent.", "days", 1.0),
)
PART = FeatureFamily(
    "contacts",
    _FEATURES,
    no_measures,
    _derive,
    side_columns={"contacts": _contacts},
    required_columns=("contacts",),
)
