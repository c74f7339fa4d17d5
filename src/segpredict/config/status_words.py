"""What the words of status columns mean: a sale, no sale, or money given back.

From the order statuses that Shopify, WooCommerce, Magento, PrestaShop, BigCommerce, Amazon,
Stripe, PayPal, Odoo and GA4 document, with their common translations. A word whose meaning
depends on the shop, such as *pending* or *closed*, is not here: the shop is asked.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

from segpredict.config.column_aliases import normalize_name, normalized_names

StatusMeaning = Literal["sale", "no sale", "given back", "unknown"]

# By meaning, separated by semicolons.
_WORDS: Mapping[StatusMeaning, str] = {
    "sale": """
        paid; complete; completed; shipped; delivered; fulfilled; processing; partially refunded;
        partial refund; partially paid; partially shipped; partially fulfilled; invoiced; approved;
        success; successful; succeeded; closed won; won; active; unfulfilled; unshipped; to ship;
        buy; order completed; checkout completed; captured; settled; purchase; purchased; sale;
        sales order; sold; done; finished; accepted; confirmed; payment; payment accepted; charge;
        posted; awaiting shipment; awaiting fulfillment; ready to ship; in transit; received;
        bezahlt; versandt; versendet; abgeschlossen; erledigt; geliefert; payé; paiement accepté;
        expédié; livré; terminé; terminée; en préparation; en cours de préparation;
        préparation en cours; pagado; completado; enviado; entregado; pago aceptado;
        preparación en curso; pago; faturada; faturado; concluído; concluída; aprovado; entregue;
        pagato; completato; spedito; consegnato; pagamento accettato; betaald; verzonden; voltooid;
        afgerond; geleverd; оплачен; оплачено; выполнен; доставлен; отправлен; zapłacone; opłacone;
        zrealizowane; wysłane; dostarczone
    """,
    "no sale": """
        cancelled; canceled; cancellation; void; voided; failed; failure; error; payment error;
        expired; declined; denied; rejected; abandoned; trash; draft; checkout draft; fraud;
        suspected fraud; unpaid; not paid; pending payment; awaiting payment; payment pending;
        incomplete; blocked; requires payment method; requires action; requires confirmation;
        requires capture; uncaptured; unavailable; test; quotation; quotation sent; view; page view;
        view item; product view; cart; add to cart; basket; closed lost; lost; trialing; trial; pv;
        fav; like; impression; session start; scroll; click; search; remove from cart; wishlist;
        add to wishlist; begin checkout; checkout; general withdrawal; withdrawal; payout; transfer;
        deposit; storniert; abgebrochen; fehlgeschlagen; abgelehnt; unbezahlt; annulé; annulée;
        échoué; échouée; refusé; erreur de paiement; en attente de paiement; cancelado; cancelada;
        fallido; anulado; error en pago; rechazado; falhou; recusado; não pago; annullato; fallito;
        errore di pagamento; rifiutato; geannuleerd; mislukt; betaling mislukt; отменен; отменён;
        отклонен; anulowane; odrzucone; nieudane
    """,
    "given back": """
        refunded; fully refunded; refund; payment refund; returned; return; reversed; reversal;
        payment reversal; chargeback; chargedback; charged back; erstattet; zurückerstattet;
        retourniert; remboursé; remboursée; retourné; reembolsado; reembolsada; devuelto; devolvido;
        devolvida; estornado; rimborsato; reso; terugbetaald; geretourneerd; возврат; возвращен;
        zwrócone; zwrot
    """,
}
STATUS_MEANINGS: Mapping[str, StatusMeaning] = {
    word: meaning for meaning, words in _WORDS.items() for word in normalized_names(words)
}
# Parts of words, for phrases that are not in the lists: the first that fits decides.
_STEMS: tuple[tuple[StatusMeaning, str], ...] = (
    ("unknown", r"\b(not|no|nicht|non|never|pending|awaiting|offen|missing|partly)\b"),
    ("sale", r"partial|teil|partiel|parcial|parzial"),
    (
        "given back",
        r"refund|rembours|erstatt|reembols|estorn|rimbors|terugbet|chargeback|charged back"
        r"|\breturn|\bretour|retourn|devol|devuel|reso\b|zwrot|возв|credit note|credit memo"
        r"|gutschrift|\bavoir|nota de cr|nota di cr|creditnota|\biade|返品|返金|退款|退货",
    ),
    (
        "no sale",
        r"cancel|annul|storn|geannul|makul|anulow|отмен|\bvoid|\bfail|fehlgeschl|mislukt|échou"
        r"|\biptal|キャンセル|取消|关闭|失败"
        r"|declin|refus|recus|reject|abgelehnt|abgebrochen|expired|abandon|unpaid|unbezahlt"
        r"|impay|fraud|deleted|gelöscht|supprim|\btrash|\bdraft|entwurf|brouillon|quot|angebot"
        r"|\bview|page ?view|add(ed)? ?to|remove[d]? ?from|wish ?list|favou?r|\bsearch|\bclick",
    ),
    (
        "sale",
        r"complet|fulfil|shipped|deliver|\bpaid|purchas|captured|settled|invoiced|\bsold|\bbuy"
        r"|invoice|factur|fattur|verkauf|\bvente|\bventa|vendita|verkoop|sprzeda|продаж"
        r"|bezahlt|versand|versendet|geliefert|abgeschlossen|rechnung|\blivr|expédi|pay[ée]"
        r"|enviad|entreg|pagad|pagat|spedit|consegn|betaald|verzonden|geleverd|levererad"
        r"|skickad|betald|faturad|оплач|достав|wysłan|opłac|dostarcz|teslim|ödendi|tamamland"
        r"|完了|発送|支払済|成功|已完成|已付款|已发货|已發貨|已签收",
    ),
)


TRUE_WORDS = ("true", "yes", "y", "t", "1", "x", "ja", "oui", "si", "sì", "sí", "sim", "tak", "да")
FALSE_WORDS = (
    *("false", "no", "n", "f", "0", "nein", "non", "nao", "não", "nee", "nie", "нет", "-"),
    *("none", "null", "nat", "nan", "not cancelled", "0000-00-00", "0000-00-00 00:00:00"),
)
CREDIT_MARK = " (paid back)"  # what marks a row of a kind that gives money back


def status_meaning(value: str) -> StatusMeaning:
    """Return what a value of a status column means.

    >>> [status_meaning(value) for value in ("Paid", "CANCELED", "Remboursé", "pending")]
    ['sale', 'no sale', 'given back', 'unknown']
    >>> [status_meaning(value) for value in ("Order Shipped", "Kundenstorno", "not paid")]
    ['sale', 'no sale', 'no sale']
    """
    # WooCommerce writes its statuses with the prefix wc- in the database.
    text = value.casefold().removeprefix("wc-")
    known = STATUS_MEANINGS.get(normalize_name(text))
    if known is not None:
        return known
    phrase = re.sub(r"[\W_]+", " ", _plain(text))
    return next((m for m, stems in _STEMS if re.search(_plain(stems), phrase)), "unknown")


def _plain(text: str) -> str:
    """Return a text without accents."""
    split = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in split if not unicodedata.combining(sign))
