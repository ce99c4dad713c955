"""Batches become tokens in a file: read, cut by all cores and written at the same time, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from tokembed.inputs.batches import Batch
from tokembed.inputs.bulk import BULK_BYTES
from tokembed.tokens.formats import Format
from tokembed.tokens.long_texts import Cuts
from tokembed.tokens.pipeline import in_order
from tokembed.types import Tokenizer

_LARGE = BULK_BYTES // 2
"""Bytes of a batch behind which more will come: the first one has what is sampled, but for a line cut in two."""


def write_tokens(
    batches: Iterable[Batch], format_: Format, *, progress: Callable[[int], object] = lambda _: None
) -> dict[str, Cuts]:
    """Write the batches; what was cut off, by tokenizer.

    Args:
        progress: told after each batch how many texts it had.
    """
    total: dict[str, Cuts] = {}
    for made in in_order(with_bulk(batches), lambda item: format_.make(*item)):
        format_.write(made.data)
        for name, cuts in made.cuts.items():
            total.setdefault(name, Cuts())
            total[name] += cuts
        progress(next((cuts.n_texts for cuts in made.cuts.values()), 0))
    return total


def count_tokens(
    batches: Iterable[Batch], tokenizers: Mapping[str, Tokenizer], *, progress: Callable[[int], object] = lambda _: None
) -> dict[str, int]:
    """How many tokens the batches have under each tokenizer."""
    total = dict.fromkeys(tokenizers, 0)
    for n_texts, counts in in_order(with_bulk(batches), lambda item: _counts(*item, tokenizers)):
        for name, n_tokens in counts.items():
            total[name] += n_tokens
        progress(n_texts)
    return total


def _counts(batch: Batch, is_bulk: bool, tokenizers: Mapping[str, Tokenizer]) -> tuple[int, dict[str, int]]:
    if not is_bulk:
        texts = batch.texts()
        return len(batch), {name: sum(len(cut.encode(text)) for text in texts) for name, cut in tokenizers.items()}
    from tokembed.tokens.rows import rows_of

    return len(batch), {
        name: rows_of(batch, cut, None, is_bulk=True).corpus.n_tokens for name, cut in tokenizers.items()
    }


def with_bulk(batches: Iterable[Batch]) -> Iterator[tuple[Batch, bool]]:
    """Each batch and whether the kernels are to cut it: once a large one has come, they are loaded anyway."""
    is_bulk = False
    for batch in batches:
        is_bulk = is_bulk or batch.nbytes >= _LARGE
        yield batch, is_bulk
