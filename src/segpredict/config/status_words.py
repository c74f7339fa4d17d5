"""What the words of status columns mean: a sale, no sale, or money given back.

From the order statuses that Shopify, WooCommerce, Magento, PrestaShop, BigCommerce, Amazon,
Stripe, PayPal, Odoo and GA4 document, with their common translations. A word whose meaning
depends on the shop, such as *pending* or *closed*, is not here: the shop is asked.
"""

from collections.abc import Mapping
from typing import Literal

from segpredict.config.column_aliases import normalize_name

StatusMeaning = Literal["sale", "no sale", "given back", "unknown"]

_SALE = (
    *("paid", "complete", "completed", "shipped", "delivered", "fulfilled", "processing"),
    *("partially refunded", "partial refund", "partially paid", "partially shipped"),
    *("partially fulfilled", "invoiced", "approved", "success", "successful", "succeeded"),
    *("captured", "settled", "purchase", "purchased", "sale", "sales order", "sold", "done"),
    *("finished", "accepted", "confirmed", "payment", "payment accepted", "charge", "posted"),
    *("awaiting shipment", "awaiting fulfillment", "ready to ship", "in transit", "received"),
    *("bezahlt", "versandt", "versendet", "abgeschlossen", "erledigt", "geliefert"),
    *("payé", "paiement accepté", "expédié", "livré", "terminé", "terminée", "en préparation"),
    *("en cours de préparation", "préparation en cours"),
    *("pagado", "completado", "enviado", "entregado", "pago aceptado", "preparación en curso"),
    *("pago", "faturada", "faturado", "concluído", "concluída", "aprovado", "entregue"),
    *("pagato", "completato", "spedito", "consegnato", "pagamento accettato"),
    *("betaald", "verzonden", "voltooid", "afgerond", "geleverd"),
    *("оплачен", "оплачено", "выполнен", "доставлен", "отправлен"),
    *("zapłacone", "opłacone", "zrealizowane", "wysłane", "dostarczone"),
)
_NO_SALE = (
    *("cancelled", "canceled", "cancellation", "void", "voided", "failed", "failure"),
    *("error", "payment error", "expired", "declined", "denied", "rejected", "abandoned"),
    *("trash", "draft", "checkout draft", "fraud", "suspected fraud", "unpaid", "not paid"),
    *("pending payment", "awaiting payment", "payment pending", "incomplete", "blocked"),
    *("requires payment method", "requires action", "requires confirmation"),
    *("requires capture", "uncaptured", "unavailable", "test", "quotation", "quotation sent"),
    *("view", "page view", "view item", "product view", "cart", "add to cart", "basket"),
    *("remove from cart", "wishlist", "add to wishlist", "begin checkout", "checkout"),
    *("general withdrawal", "withdrawal", "payout", "transfer", "deposit"),
    *("storniert", "abgebrochen", "fehlgeschlagen", "abgelehnt", "unbezahlt"),
    *("annulé", "annulée", "échoué", "échouée", "refusé", "erreur de paiement"),
    *("en attente de paiement",),
    *("cancelado", "cancelada", "fallido", "anulado", "error en pago", "rechazado"),
    *("falhou", "recusado", "não pago"),
    *("annullato", "fallito", "errore di pagamento", "rifiutato"),
    *("geannuleerd", "mislukt", "betaling mislukt"),
    *("отменен", "отменён", "отклонен"),
    *("anulowane", "odrzucone", "nieudane"),
)
_GIVEN_BACK = (
    *("refunded", "fully refunded", "refund", "payment refund", "returned", "return"),
    *("reversed", "reversal", "payment reversal", "chargeback", "chargedback", "charged back"),
    *("erstattet", "zurückerstattet", "retourniert", "remboursé", "remboursée", "retourné"),
    *("reembolsado", "reembolsada", "devuelto", "devolvido", "devolvida", "estornado"),
    *("rimborsato", "reso", "terugbetaald", "geretourneerd", "возврат", "возвращен"),
    *("zwrócone", "zwrot"),
)
STATUS_MEANINGS: Mapping[str, StatusMeaning] = {
    **{normalize_name(word): "sale" for word in _SALE},
    **{normalize_name(word): "no sale" for word in _NO_SALE},
    **{normalize_name(word): "given back" for word in _GIVEN_BACK},
}


def status_meaning(value: str) -> StatusMeaning:
    """Return what a value of a status column means.

    Examples
    --------
    >>> [status_meaning(value) for value in ("Paid", "CANCELED", "Remboursé", "pending")]
    ['sale', 'no sale', 'given back', 'unknown']
    """
    # WooCommerce writes its statuses with the prefix wc- in the database.
    return STATUS_MEANINGS.get(normalize_name(value.casefold().removeprefix("wc-")), "unknown")
