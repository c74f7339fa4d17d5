"""Small inputs in the dress of real exports: what is read, and what is right.

`python tests/data/cases.py` reads each as a newcomer would, and prints what it was read as and
what is right. A case is right when the money used is right; when it is refused with an error
that names what is asked; or when a note names what is unusual.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segpredict import pipeline
from segpredict.config.load import load_config
from segpredict.core.wording import name_options
from segpredict.errors import SegpredictError

FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """One file, how it is given, and what is right."""

    file: str
    money: float | None = None  # money used, where it is read
    config: str | None = None
    settings: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    says: str = ""  # what the error, the problem or a note has to say


CASES = (
    Case("order_total_repeated.csv", 125_902.77, says="over all lines it would be 314,060.12"),
    Case("shopify_refunds.csv", says="--config shopify"),
    Case("shopify_refunds.csv", 120.00, config="shopify"),
    Case("stripe_refunds.csv", 130.00, config="stripe"),
    Case("stripe_refunds.csv", 130.00),
    Case("magento_12h.csv", says="--config magento"),
    Case("magento_12h.csv", 80.00, config="magento"),
    Case("magento_24h_ampm.csv", 80.00, config="magento"),
    Case("status_ignored.csv", 30.00),
    Case("retry_same_day.csv", 65.00, columns={"status": "status"}),
    Case("retry_same_day.csv", 65.00),
    Case("line_status.csv", 30.00, columns={"status": "item_status"}),
    Case("woo_partial_refund.csv", 110.00, config="woocommerce"),
    Case("woo_partial_refund.csv", 110.00),
    Case("woo_analytics.csv", says="on-hold"),
    Case("woo_analytics.csv", 45.00, config="woocommerce"),
    Case("woo_advanced.csv", 45.00),
    Case("woo_advanced.csv", 45.00, config="woocommerce_export"),
    Case("item_price_total.csv", says="42.00 as the money of lines, and to 102.00"),
    Case("item_price_total.csv", 42.00, columns={"amount": "item-price"}),
    Case("amazon_orders.txt", says="--config amazon"),
    Case("amazon_orders.txt", 39.00, config="amazon"),
    Case("summary_and_items.csv", 57.00),
    Case("ebay_orders.csv", 1_082.00),
    Case("ebay_orders.csv", 1_082.00, config="ebay"),
    Case("ebay_simple.csv", 30.00),
    Case("swapped_dates.csv", says="swap"),
    Case("customer_per_order.csv", says="--map customer_id='customer_unique_id'"),
    Case("first_line_only.csv", 73.00),
    Case("odoo_sale_order.csv", 73.00),
    Case("odoo_sale_order.csv", 73.00, config="odoo"),
    Case("c_returns.csv", 45.00),
    Case("c_customers.csv", 22.00),
    Case("country_first_line.csv", 55.00),
    Case("guest_zero.csv", says="cleaning.null_ids"),
    Case("events.csv", says="--map amount='price'"),
    Case("events.csv", 90.00, columns={"amount": "price"}),
    Case("one_month.csv", 154_345.00),
    Case("small_shop.csv", 60_590.00),
    Case("prestashop_orders.csv", 44.90, config="prestashop"),
    Case("prestashop_orders.csv", 44.90),
    Case("bigcommerce_orders.csv", says="--config bigcommerce"),
    Case("bigcommerce_orders.csv", 66.67, config="bigcommerce"),
    Case("square_items.csv", 16.00),
    Case("square_items.csv", 16.00, config="square"),
    Case("etsy_items.csv", 61.20, config="etsy_items"),
    Case("paypal_activity.csv", says="--config paypal"),
    Case("paypal_activity.csv", 1_234.56, config="paypal"),
    Case("vendas_pt.csv", says="totals"),
    Case(
        "vendas_pt.csv",
        settings=("cleaning.on_bad_rows=quarantine", "cleaning.max_bad_rows=1"),
        says="as a sale and as no sale",
    ),
    Case("german_erp.csv", 2_020.00),
    Case("ga4_items.csv", says="--config ga4"),
    Case("bank_statement.csv", says="bank statement"),
)


def read_as(case: Case) -> tuple[float | None, str]:
    """Return the money used, and everything that was said."""
    overrides = [*case.settings, *(f"source.columns.{r}={c}" for r, c in case.columns.items())]
    config = load_config(case.config, overrides)
    with name_options():  # messages as the command line prints them
        try:
            found = pipeline.check_data([str(FOLDER / case.file)], config)
        except SegpredictError as error:
            return None, str(error)
        return _money(found), _said(found)


def _money(found: Mapping[str, Any]) -> float:
    return round(next(row["money"] for row in found["ledger"] if row["stage"] == "used"), 2)


def _said(found: Mapping[str, Any]) -> str:
    problem = found["problem"] or {}
    return " ".join(
        [*found["notes"], *found["suggestions"], problem.get("message", ""), problem.get("fix", "")]
    )


def is_right(case: Case, money: float | None, said: str) -> bool:
    """Return whether a case was read right, or refused with the right words."""
    return (case.money is None or money == case.money) and case.says in said


def main() -> int:
    wrong = 0
    for case in CASES:
        money, said = read_as(case)
        right = is_right(case, money, said)
        wrong += not right
        given = [case.config or "", *case.settings, *(f"{r}={c}" for r, c in case.columns.items())]
        wanted = case.says if case.money is None else f"{case.money:,.2f}"
        read = "refused" if money is None else f"{money:,.2f}"
        mark = "ok   " if right else "WRONG"
        sys.stdout.write(f"{mark} {case.file} {' '.join(filter(None, given))}: {read} → {wanted}\n")
        if not right:
            sys.stdout.write(f"      {said[:600]}\n")
    sys.stdout.write(f"{len(CASES) - wrong} of {len(CASES)} right\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
