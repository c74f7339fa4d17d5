"""Each preset on a small invented file in the exact layout of its export."""

from pathlib import Path

import pytest

from segpredict.config import load
from segpredict.core.transactions import Transactions
from segpredict.data.cleaning import clean_lines
from segpredict.data.readers import read_raw_lines

SHOPIFY = """\
Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,\
Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,\
Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,\
Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,\
Billing Name,Billing Country,Cancelled at,Id
#1001,ann@example.com,paid,2023-01-05 10:00:00 -0500,fulfilled,,yes,USD,30.00,5.00,0,\
35.00,,0,Post,2023-01-05 09:59:58 -0500,2,Cup,10.00,,CUP,true,true,fulfilled,Ann,US,,1
#1001,ann@example.com,,,,,,,,,,,,,,2023-01-05 09:59:58 -0500,1,Mug,10.00,,MUG,true,\
true,fulfilled,,,,
#1002,bob@example.com,voided,,,,no,USD,10.00,0,0,10.00,,0,,2023-07-06 23:10:00 -0400,1,\
Mug,10.00,,MUG,true,true,,Bob,US,,2
"""
WOOCOMMERCE = """\
Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),\
Items sold,Coupon(s),N. Revenue
2023-01-05 09:59:58,1001,$30.00,completed,Ann Lee,new,"2× Cup, 1× Mug",3,,30
2023-01-06 10:00:00,1002,$10.50,failed,Bob Ray,new,1× Mug,1,,10.5
"""
MAGENTO = """\
ID,Purchase Point,Purchase Date,Bill-to Name,Ship-to Name,Grand Total (Base),\
Grand Total (Purchased),Status,Customer Email,Customer Group,Subtotal,Payment Method
000000001,Main Website,"Jan 5, 2023 9:59:58 AM",Ann,Ann,"$1,030.00","$1,030.00",\
complete,ann@example.com,General,$1025.00,checkmo
000000002,Main Website,"Jan 6, 2023 11:10:00 PM",Bob,Bob,$10.50,$10.50,canceled,\
bob@example.com,General,$10.50,checkmo
"""
STRIPE = """\
id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,\
Converted Amount Refunded,Converted Currency,Description,Fee,Status,Customer ID,\
Customer Email
ch_1,2023-01-05 09:59:58,30.00,0.00,eur,true,32.40,0.00,usd,Cup,1.00,Paid,cus_A,a@e.org
ch_2,2023-01-06 10:00:00,10.50,0.00,usd,false,10.50,0.00,usd,Mug,0,Failed,cus_B,b@e.org
"""
GA4 = """\
user_pseudo_id,event_timestamp,transaction_id,item_id,item_name,quantity,price,country
1234567890.1672900000,1672912798000000,T1,CUP,Cup,2,10.0,United States
1234567890.1672900000,1672912798000000,T1,MUG,Mug,1,12.5,United States
"""


def cleaned(folder: Path, preset: str, text: str) -> Transactions:
    file = folder / f"{preset}.csv"
    file.write_text(text, encoding="utf-8")
    chosen = load.load_config(preset)
    return clean_lines(read_raw_lines([str(file)], chosen.source), chosen.cleaning)


@pytest.mark.parametrize(
    ("preset", "text", "customer", "orders", "money", "currency", "minute"),
    [
        ("shopify", SHOPIFY, "ann@example.com", ["#1001"], 30, "$", 599),
        ("woocommerce", WOOCOMMERCE, "Ann Lee", ["1001"], 30, "", 599),
        ("magento", MAGENTO, "ann@example.com", ["000000001"], 1030, "$", 599),
        ("stripe", STRIPE, "cus_A", ["ch_1"], 32.4, "$", 599),
        ("ga4", GA4, "1234567890.1672900000", ["T1"], 32.5, "", 599),
    ],
    ids=["shopify", "woocommerce", "magento", "stripe", "ga4"],
)
def test_a_preset_reads_its_export(
    tmp_path: Path, preset, text, customer, orders, money, currency, minute
) -> None:
    made = cleaned(tmp_path, preset, text)
    got = made.lines.collect()
    assert got["customer_id"].unique().to_list() == [customer]
    assert got["order_id"].unique().to_list() == orders
    assert got["amount"].sum() == money * 10_000
    assert got["day"].unique().to_list() == [19362]  # 2023-01-05
    assert got["minute"].unique().to_list() == [minute]
    assert made.currency == currency
    assert made.ledger.adds_up


@pytest.mark.parametrize("preset", sorted(load.list_presets()))
def test_every_preset_is_a_config(preset: str) -> None:
    assert load.load_config(preset).source is not None
