"""The names that exports give to each role, in several languages.

They are compared without case, accents, blanks and punctuation (`normalize_name`); within a
role the most specific name comes first. English, German, French, Spanish, Italian,
Dutch, Portuguese, Russian and Polish.
"""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

# Separated by semicolons.
COLUMN_ALIASES: Mapping[str, str] = {
    "order_id": """
        order id; invoice; invoice no; invoice id; invoice number; order number; order no;
        transaction id; receipt id; order; order reference; order #; order increment id;
        sales record number; document number; document no; sale id; short order id; psp reference;
        bon nr; bonnummer; Kassenbon; Faktura; Vorgang; sales order; check number; basket id;
        receipt no; receipt number; ticket; id venda; id do pedido; Bestellnummer; Bestell-Nr;
        Auftragsnummer; Auftrag; Rechnungsnummer; Rechnung; Belegnummer; Beleg-Nr; Belegnr;
        Rechnungsnr; Rechnungs-Nr; Auftragsnr; Bestellnr; numéro de commande; n° commande; commande;
        id commande; facture; numéro de facture; n° facture; número de pedido; n.º pedido;
        id pedido; pedido; número de factura; factura; numero ordine; n. ordine; id ordine; ordine;
        numero fattura; fattura; bestelnummer; ordernummer; factuurnummer; bestelling;
        número da encomenda; encomenda; número do pedido; nota fiscal; номер заказа; заказ;
        id заказа; номер счета; чек; numer zamówienia; zamówienie; nr zamówienia; numer faktury
    """,
    "product_id": """
        product id; stock code; sku; product code; item id; article id; article number; variant id;
        product; item; lineitem sku; order lines/product; item number; custom label; Artikelnummer;
        Artikel-Nr; Produktnummer; Artikel; Artikelnr; Art.-Nr; produto; producto; produit;
        prodotto; référence; référence produit; code article; id produit; code produit;
        código de producto; referencia; id producto; código artículo; codice prodotto;
        codice articolo; id prodotto; artikelcode; productcode; productnummer; código do produto;
        id produto; referência; артикул; код товара; id товара; kod produktu; id produktu; indeks
    """,
    "description": """
        description; product name; item name; title; Beschreibung; Bezeichnung; Artikelbezeichnung;
        Produktname; désignation; libellé; nom du produit; descripción; nombre del producto;
        descrizione; nome prodotto; omschrijving; productnaam; descrição; nome do produto;
        наименование; название товара; описание; nazwa produktu; opis
    """,
    "quantity": """
        lineitem quantity; order lines/quantity; quantity (- refund); items sold; total quantity;
        units sold; item quantity; quantity purchased; quantity; qty; units; pieces; Menge; Anzahl;
        Stück; Stückzahl; quantité; qté; cantidad; unidades; quantità; qtà; pezzi; aantal;
        hoeveelheid; quantidade; qtd; количество; кол-во; ilość; liczba sztuk
    """,
    "time": """
        time; timestamp; datetime; invoice date; order date; created at; date; purchase date;
        transaction date; event timestamp; sale date; trans date; created date (UTC);
        order purchase timestamp; event time; order placed; order placed at; paid on date;
        order created; created; order time; day; event date; Bestelldatum; Datum; Rechnungsdatum;
        Kaufdatum; Auftragsdatum; Belegdatum; Zeitpunkt; date de commande; date commande;
        date de facture; date facture; date d'achat; fecha; fecha de pedido; fecha pedido;
        fecha de factura; fecha de compra; data; data ordine; data dell'ordine; data fattura;
        data acquisto; besteldatum; orderdatum; factuurdatum; aankoopdatum; data da encomenda;
        data do pedido; data da compra; дата; дата заказа; дата покупки; data zamówienia;
        data zakupu; data faktury
    """,
    "price": """
        price; unit price; price each; lineitem price; order lines/unit price; item cost; sold for;
        Preis; Einzelpreis; Stückpreis; Verkaufspreis; VK-Preis; VKPreis; Nettopreis;
        valor unitario; preco unitario; prix; prix unitaire; pu; precio; precio unitario; prezzo;
        prezzo unitario; prijs; stukprijs; eenheidsprijs; preço; preço unitário; цена;
        цена за единицу; cena; cena jednostkowa
    """,
    "amount": """
        amount; line amount; line total; total amount; revenue; sales; net revenue; n. revenue;
        line net; item total; item subtotal; order lines/subtotal; tran amount; trans amount;
        transaction amount; sales value; sales amount; Nettobetrag; Nettoumsatz; valor liquido;
        montant HT; importe neto; net sales; order total; grand total; total; Betrag; Umsatz;
        Gesamtpreis; Gesamtbetrag; Summe; Zeilenbetrag; montant; montant total; chiffre d'affaires;
        total ligne; importe; importe total; monto; ingresos; importo; totale; importo totale;
        ricavo; fatturato; bedrag; totaal; totaalbedrag; omzet; valor; valor total; montante;
        receita; сумма; итого; выручка; стоимость; kwota; wartość; suma; przychód
    """,
    "customer_id": """
        customer id; cust id; client id; user id; customer; customer no; customer number; member id;
        buyer id; shopper id; user pseudo id; customer key; customer code; member number; cust;
        card; card id; consumer id; household key; contact id; account number; Kartennummer;
        card number; loyalty id; buyer username; household id; account id; customer email; email;
        buyer email; email (billing); billing email; buyer; customer name; Kundennummer; Kunden-Nr;
        Kunden-ID; Kunde; Kundenkennung; Kd.-Nr; Kundennr; Debitor; Debitorennummer; numéro client;
        n° client; id client; code client; client; id cliente; número de cliente; código cliente;
        cliente; codice cliente; numero cliente; klantnummer; klant-id; klant; código do cliente;
        número do cliente; номер клиента; id клиента; код клиента; клиент; покупатель;
        numer klienta; id klienta; klient; kod klienta
    """,
    "country": """
        country; shipping country; country code; billing country; Land; Lieferland; pays;
        pays de livraison; país; paese; nazione; страна; kraj
    """,
    "currency": """
        currency; currency code; Währung; devise; moneda; divisa; valuta; moeda; валюта; waluta
    """,
    "discount": "",  # money or percent, of a unit or a line: a person has to say
    "status": "",  # many things are called a status: the values decide
    "cancelled": """
        cancelled at; canceled at; cancelled; canceled; is cancelled; is canceled;
        cancellation date; cancelled date; storniert am
    """,
    "refund": """
        refund; refunds; refund amount; refunded amount; amount refunded; total refunded;
        order refund amount; refund total; refunded; Erstattung; Erstattungsbetrag;
        montant remboursé; importe reembolsado
    """,
    "order_total": "",  # only beside a refund: a person has to name it
    "stated_amount": "",
}
LETTER_FOLDING = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "œ": "oe", "æ": "ae"})


@lru_cache(maxsize=10_000)
def normalize_name(name: str) -> str:
    """Return a column name without case, accents, blanks and punctuation.

    >>> [normalize_name(name) for name in (" Customer ID ", "Stückpreis", "N. Revenue")]
    ['customerid', 'stuckpreis', 'nrevenue']
    """
    letters = unicodedata.normalize("NFKD", name.casefold()).translate(LETTER_FOLDING)
    bare = "".join(letter for letter in letters if letter.isalnum())
    return bare or name.casefold().strip()


def normalized_names(names: str) -> tuple[str, ...]:
    """Return the different names of a text that separates them by semicolons, normalised."""
    return tuple(dict.fromkeys(normalize_name(name) for name in names.split(";") if name.strip()))


NORMALIZED_ALIASES: Mapping[str, tuple[str, ...]] = {
    role: normalized_names(names) for role, names in COLUMN_ALIASES.items()
}
