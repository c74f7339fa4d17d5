"""Exports in several languages are understood without a word from the user."""

import polars as pl
import pytest

from segpredict.config.column_aliases import NORMALIZED_ALIASES, normalize_name
from segpredict.config.source import SourceOptions
from segpredict.data.readers._columns import match_columns
from segpredict.data.readers._reader import table_of_frame
from segpredict.data.readers._table import TableCells

NEEDED = ("order_id", "product_id", "quantity", "time", "price", "customer_id")
EXPORTS = {
    "en": "Order ID|SKU|Quantity|Order Date|Unit Price|Customer ID",
    "de": "Bestellnummer|Artikel-Nr.|Menge|Bestelldatum|Einzelpreis|Kundennummer",
    "fr": "N° commande|Référence|Quantité|Date de commande|Prix unitaire|N° client",
    "es": "Nº pedido|Código de producto|Cantidad|Fecha|Precio unitario|ID cliente",
    "it": "Numero ordine|Codice articolo|Quantità|Data ordine|Prezzo|Codice cliente",
    "nl": "Bestelnummer|Artikelcode|Aantal|Besteldatum|Stukprijs|Klantnummer",
    "pt": "Pedido|Código do produto|Quantidade|Data do pedido|Preço|ID cliente",
    "ru": "Номер заказа|Артикул|Количество|Дата заказа|Цена|ID клиента",
    "pl": "Numer zamówienia|Kod produktu|Ilość|Data zamówienia|Cena|ID klienta",
}


@pytest.mark.parametrize("language", EXPORTS)
def test_an_export_is_mapped_in_every_language(language: str) -> None:
    columns = EXPORTS[language].split("|")
    table = table_of_frame(pl.DataFrame({name: ["1"] for name in columns}), "file")
    found = match_columns(TableCells.of(table), SourceOptions(), "file")
    assert {role: found.get(role) for role in NEEDED} == dict(zip(NEEDED, columns, strict=True))


def test_no_name_stands_for_two_roles() -> None:
    names = [name for aliases in NORMALIZED_ALIASES.values() for name in aliases]
    assert sorted(names) == sorted(set(names))


def test_every_alias_is_found_under_itself() -> None:
    assert all(
        normalize_name(name) == name for names in NORMALIZED_ALIASES.values() for name in names
    )
