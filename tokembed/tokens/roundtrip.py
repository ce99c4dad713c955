"""What comes back when a text's tokens are decoded: the text, its normal form, or less."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tokembed.inputs.bulk import is_bulk
from tokembed.types import Encoding, Text, Tokenizer

N_EXAMPLES = 3
_AROUND = 30
"""Code points shown on either side of a difference."""

HEADER = ["tokenizer", "texts", "identical", "equal after its normalization", "lossy"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A text that did not come back as it was.

    Attributes:
        place: the code point of `text` from which on another came back; of a lossy one, where text was lost.
        place_back: the same in `came_back`.
    """

    text_id: str
    text: str
    came_back: str
    place: int
    place_back: int


@dataclass(slots=True)
class RoundTrips:
    """Texts cut and decoded by one tokenizer, counted; of each kind of difference the first few."""

    tokenizer: str
    n_identical: int = 0
    n_normalized: int = 0
    n_lossy: int = 0
    normalized: list[Difference] = field(default_factory=list)
    lossy: list[Difference] = field(default_factory=list)

    @property
    def n_texts(self) -> int:
        return self.n_identical + self.n_normalized + self.n_lossy

    def check(self, texts: Sequence[Text], tokenizer: Tokenizer) -> None:
        """Count the texts of a block.

        Raises:
            BadUsage: the tokenizer has no vocabulary of its own, so that nothing can be decoded.
        """
        for text, ids in zip(texts, _ids([text.text for text in texts], tokenizer), strict=True):
            self.add(text, tokenizer.decode(ids), tokenizer)

    def add(self, text: Text, came_back: str, tokenizer: Tokenizer) -> None:
        """Count one text; only one that differs is normalized, which takes longer than to decode it."""
        if came_back == text.text:
            self.n_identical += 1
            return
        normal_form = tokenizer.normal_form(text.text)
        if came_back == normal_form:
            self.n_normalized += 1
            if len(self.normalized) < N_EXAMPLES:
                place = _parting(text.text, came_back)
                self.normalized.append(Difference(text.id, text.text, came_back, place, place))
        else:
            self.n_lossy += 1
            if len(self.lossy) < N_EXAMPLES:
                self.lossy.append(_loss(text, came_back, normal_form, tokenizer))


def summary(results: Iterable[RoundTrips]) -> list[list[str]]:
    """The header and a row for each tokenizer, with shares of its texts."""
    rows = [HEADER]
    for result in results:
        numbers = (result.n_identical, result.n_normalized, result.n_lossy)
        rows.append([result.tokenizer, f"{result.n_texts:,}", *(_with_share(n, result.n_texts) for n in numbers)])
    return rows


def example_lines(result: RoundTrips) -> list[str]:
    """Three lines a difference: which text and where, what was given and what came back around that place."""
    kinds = (("equal after its normalization, differs", result.normalized), ("lossy", result.lossy))
    return [
        line
        for kind, differences in kinds
        for difference in differences
        for line in (
            f"{result.tokenizer}  {difference.text_id}  {kind} at character {difference.place + 1}",
            f"  given      {_around(difference.text, difference.place)}",
            f"  came back  {_around(difference.came_back, difference.place_back)}",
        )
    ]


def _ids(texts: Sequence[str], tokenizer: Tokenizer) -> Iterator[Sequence[int]]:
    if not is_bulk(texts):
        yield from (tokenizer.encode(text).ids or () for text in texts)
        return
    corpus = tokenizer.encode_batch(texts)
    ids: list[int] = corpus.ids.tolist()
    yield from (ids[start:end] for start, end in pairwise(corpus.starts.tolist()))


def _loss(text: Text, came_back: str, normal_form: str, tokenizer: Tokenizer) -> Difference:
    """The first place where text was lost, not one before it that was only normalized."""
    lost = _first_lost(tokenizer.encode(text.text))
    if lost is None:
        place = _parting(text.text, came_back)
        return Difference(text.id, text.text, came_back, place, place)
    return Difference(text.id, text.text, came_back, lost, _parting(normal_form, came_back))


def _parting(left: str, right: str) -> int:
    """The first place where two texts are not the same."""
    places = (place for place, (one, other) in enumerate(zip(left, right, strict=False)) if one != other)
    return next(places, min(len(left), len(right)))


def _first_lost(encoding: Encoding) -> int | None:
    """Where the first token stands that does not write its text; None where each writes it."""
    tokens = zip(encoding.offsets, encoding.special, encoding.unknown, strict=True)
    return next((start for (start, end), special, unknown in tokens if unknown or (special and start < end)), None)


def _with_share(number: int, n_texts: int) -> str:
    if not n_texts:
        return f"{number:,}"
    share = number / n_texts
    return f"{number:,} (<0.1 %)" if 0 < share < 0.0005 else f"{number:,} ({100 * share:.1f} %)"


def _around(text: str, place: int) -> str:
    start, end = max(0, place - _AROUND), place + _AROUND
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
