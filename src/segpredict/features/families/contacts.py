"""Messages that marketing sent to the customer, and how many were opened."""

import polars as pl

from segpredict.features.engine.side_rows import DAYS_AGO, total, within_days
from segpredict.features.family import Columns, Derived, Feature, FeatureFamily, Window

_MONTH = 28


def _contacts(window: Window) -> Columns:
    lookback = within_days(window.lookback)
    return {
        "sent_28": total("sent", within_days(_MONTH)),
        "sent": total("sent", lookback),
        "opened": total("opened", lookback),
        "sent_ago": pl.when(pl.col("sent") > 0).then(DAYS_AGO).min(),
    }


def _derive(window: Window) -> Derived:
    reach, sent, opened = pl.col("sent_reach"), pl.col("sent"), pl.col("opened")
    recent = pl.when(reach >= _MONTH).then(pl.col("sent_28"))
    known_sent = pl.when(reach >= window.lookback).then(sent)
    is_opening_known = pl.col("opened_reach") >= window.lookback
    known_opened, ago = pl.when(is_opening_known).then(opened), pl.col("sent_ago")
    return {
        Feature("contacts_28", "Messages sent in the last 28 days.", "messages"): recent,
        Feature("contacts_lookback", "Messages sent in the look-back.", "messages"): known_sent,
        Feature("contacts_opened", "Messages opened in the look-back.", "messages"): known_opened,
        Feature(
            "contacts_open_rate",
            "Messages opened per message sent, both in the look-back.",
            "ratio",
        ): pl.when(is_opening_known & (sent > 0)).then(opened / sent),
        Feature("contact_days", "Days since the last message was sent.", "days", 1.0): ago,
    }


PART = FeatureFamily(
    "contacts", _derive, side_columns={"contacts": _contacts}, required_columns=("contacts",)
)
