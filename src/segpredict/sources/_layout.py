"""How an input is laid out: which column plays which role, and how the text is set."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from segpredict.contracts import ROLES
from segpredict.errors import ConfigError, UnknownNameError

WHITESPACE = "whitespace"

# Names that common exports use, normalised as by `normal`, most telling first.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "order_id": ("orderid", "invoice", "invoiceno", "invoiceid", "ordernumber"),
    "product_id": ("productid", "stockcode", "sku", "productcode", "itemid"),
    "description": ("description", "productname", "title"),
    "quantity": ("quantity", "qty", "units"),
    "time": (
        *("time", "timestamp", "datetime", "invoicedate", "orderdate"),
        *("createdat", "date", "purchasedate", "transactiondate"),
    ),
    "price": ("price", "unitprice", "itemprice"),
    "amount": ("amount", "lineamount", "linetotal", "totalamount", "revenue"),
    "customer_id": ("customerid", "custid", "clientid", "userid", "customer"),
    "country": ("country", "shippingcountry", "countrycode"),
    "discount": (),  # money or per cent, of a piece or a line: only a person knows
}


def normal(name: str) -> str:
    """Return a column name without case, spaces, underscores and hyphens.

    Examples
    --------
    >>> normal(" Customer ID ")
    'customerid'
    """
    bare = "".join(c for c in name.casefold() if c not in "_-\ufeff\u200b")
    return "".join(bare.split())


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read an input.

    Parameters
    ----------
    columns
        Role → name of the column in the input. A role that is not named here is looked
        for under the names that common exports use; an empty name leaves it out.
    format
        ``csv`` or ``parquet``; by default the file's suffix decides.
    separator
        The sign between cells, or ``whitespace`` for aligned text; by default the first
        lines decide among comma, semicolon, tab and bar.
    encoding
        A codec's name; by default strict UTF-8, and cp1252 if that fails.
    later
        Roles that need not be in the input: another table will give them.

    Raises
    ------
    UnknownNameError
        When a role is not one of `contracts.ROLES`.
    ConfigError
        When the separator is neither one sign nor ``whitespace``.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    format: str | None = None
    separator: str | None = None
    encoding: str | None = None
    later: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for role in self.columns:
            if role not in ROLES:
                raise UnknownNameError("role", role, ROLES)
        sign = self.separator
        if sign is not None and sign != WHITESPACE and len(sign) != 1:
            raise ConfigError(
                f"A separator is one sign; {sign!r} is not.",
                fix="give one sign, or 'whitespace' for aligned text.",
            )
