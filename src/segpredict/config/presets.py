"""By which columns the export of a shop is known, and the preset that reads it."""

from collections.abc import Sequence

from segpredict.config.column_aliases import normalize_name

# Preset and columns that its export always has, and that no other export has together; a
# preset is here once for each language of its header.
PRESET_HEADERS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("amazon", ("amazon-order-id", "purchase-date", "order-status", "item-price")),
    ("bigcommerce", ("Order ID", "Customer Name", "Order Status", "Subtotal (ex tax)")),
    ("ebay", ("Order Number", "Buyer Username", "Quantity", "Sold For", "Sale Date")),
    ("etsy_items", ("Sale Date", "Item Name", "Item Total", "Listing ID", "Order ID")),
    ("etsy_orders", ("Sale Date", "Order ID", "Number of Items", "Order Value", "Order Net")),
    ("ga4", ("user_pseudo_id", "event_timestamp", "transaction_id", "item_id")),
    ("magento", ("ID", "Purchase Point", "Purchase Date", "Grand Total (Base)", "Status")),
    ("odoo", ("Order Reference", "Customer", "Order Date", "Order Lines/Subtotal")),
    ("olist", ("customer_unique_id", "order_purchase_timestamp", "order_status", "price")),
    ("paypal", ("Date", "TimeZone", "Name", "Type", "Status", "Gross", "Net", "Transaction ID")),
    ("prestashop", ("ID", "Reference", "New client", "Customer", "Total", "Payment", "Status")),
    ("prestashop", ("ID", "Référence", "Nouveau client", "Client", "Total", "Paiement", "État")),
    ("shopify", ("Name", "Financial Status", "Created at", "Lineitem quantity", "Subtotal")),
    ("square", ("Date", "Qty", "Price Point Name", "Gross Sales", "Net Sales", "Transaction ID")),
    ("stripe", ("id", "Created date (UTC)", "Converted Amount", "Status", "Customer ID")),
    (
        "stripe_unified",
        (
            *("id", "Created date (UTC)", "Converted Amount", "Status", "Customer Email"),
            "PaymentIntent ID",
        ),
    ),
    ("woocommerce", ("Order #", "Status", "Customer", "Customer type", "Items sold")),
    (
        "woocommerce_export",
        ("Order Number", "Order Status", "Email (Billing)", "Order Subtotal Amount"),
    ),
)


def preset_for(columns: Sequence[str]) -> str | None:
    """Return the preset whose columns are all there; of several, the one with most of them.

    Names are compared without case, accents and punctuation.

    >>> preset_for(["Order Number", "Buyer Username", "Quantity", "Sold For", "Sale Date"])
    'ebay'
    >>> preset_for(["customer_id", "date", "amount"]) is None
    True
    """
    found = {normalize_name(column) for column in columns}
    fitting = {
        name: len(header)
        for name, header in PRESET_HEADERS
        if {normalize_name(column) for column in header} <= found
    }
    return max(fitting, key=lambda name: fitting[name], default=None)
