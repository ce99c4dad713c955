"""The same texts as NFC, NFD and NFKC: what each form costs, and what is lost in it.

Decomposed text looks the same and is cut otherwise: a WordPiece vocabulary without jamo makes [UNK] of its words, which
takes fewer tokens, and byte-level BPE takes several times as many. CLIP's cleaning recomposes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal
from unicodedata import normalize

from tokembed.inputs.batches import Batch

Form = Literal["NFC", "NFD", "NFKC"]
FORMS: tuple[Form, ...] = ("NFC", "NFD", "NFKC")
AS_GIVEN = "as given"
DECOMPOSED = 0.01
"""Share of decomposed words from which on a text is called so."""


def with_forms(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Each batch as given and in the three forms; the form's name is the source."""
    for batch in batches:
        texts = batch.texts()
        yield Batch(AS_GIVEN, batch.numbers, strings=texts)
        for form in FORMS:
            yield Batch(form, batch.numbers, strings=[normalize(form, text) for text in texts])


def form_of(batch: Batch) -> Sequence[str]:
    """The form of each text of such a batch."""
    return [batch.source] * len(batch)
