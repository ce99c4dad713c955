"""How `tfidf` weighs: term frequency times inverse document frequency, divided by the row's norm."""

from __future__ import annotations

import math

from tokembed.embedders.tfidf import TfidfEmbedder
from tokembed.errors import counted
from tokembed.traces.learned import NO_TERM, Learned, weights_step
from tokembed.traces.steps import Row, Step, Trace

_NORMS = {"l2": "the square root of the sum of their squares", "l1": "their sum", "none": "1: norm=none"}


def trace(learned: Learned) -> Trace:
    """Each token's tf, df, idf and tf * idf, the norm, and the weights.

    Source: scikit-learn user guide, "Tf-idf term weighting", smooth_idf=True.
    """
    weighing, products = _weighing(learned)
    norm = _norm(products, learned.embedder.norm)
    rows = tuple((token, product, norm, product / norm) for token, product in products.items())
    rule = f"each is divided by the norm, {_NORMS[learned.embedder.norm]}"
    dividing = Step("norm", rule, ("term", "tf * idf", "norm", "weight"), rows)
    return Trace("tfidf", learned.text, (weighing, dividing, weights_step(learned)))


def _weighing(learned: Learned) -> tuple[Step, dict[str, float]]:
    """The step that multiplies, and tf * idf of each term of the text."""
    embedder: TfidfEmbedder = learned.embedder
    rows: list[Row] = []
    products: dict[str, float] = {}
    for token, count in learned.counts().items():
        place = embedder.terms.ids.get(token)
        tf = 1 + math.log(count) if embedder.sublinear_tf else count
        if place is None:
            rows.append((token, tf, None, None, None))
            continue
        idf = float(embedder.weights[place])
        products[token] = tf * idf
        rows.append((token, tf, _document_count(idf, learned.n_texts), idf, tf * idf))
    n = "n texts" if learned.n_texts is None else f"n = {counted(learned.n_texts, 'text')}"
    frequency = "1 + ln(count)" if embedder.sublinear_tf else "count in the text"
    rule = f"tf = {frequency}; idf = ln((1 + n) / (1 + df)) + 1 with {n}, df of them with the term; {NO_TERM}"
    return Step("tf * idf", rule, ("token", "tf", "df", "idf", "tf * idf"), tuple(rows)), products


def _document_count(idf: float, n_texts: int | None) -> int | None:
    """How many texts have the term: the formula solved for df, as a model keeps the idf alone."""
    return None if n_texts is None else round((1 + n_texts) / math.exp(idf - 1) - 1)


def _norm(products: dict[str, float], kind: str) -> float:
    if kind == "none" or not products:
        return 1.0
    return math.hypot(*products.values()) if kind == "l2" else math.fsum(products.values())
