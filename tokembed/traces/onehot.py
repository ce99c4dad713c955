"""How `onehot` weighs: the share of each term in the text."""

from __future__ import annotations

from tokembed.traces.learned import NO_TERM, Learned, weights_step
from tokembed.traces.steps import Step, Trace


def trace(learned: Learned) -> Trace:
    """Each token's count, the text's tokens, and the share."""
    terms, n_tokens = learned.embedder.terms.ids, learned.cut.n_tokens
    rows = tuple(
        (token, count, n_tokens, count / n_tokens if token in terms else None)
        for token, count in learned.counts().items()
    )
    rule = f"count / tokens of the text; {NO_TERM}, but counts as a token"
    step = Step("shares", rule, ("token", "count", "tokens", "share"), rows)
    return Trace("onehot", learned.text, (step, weights_step(learned)))
