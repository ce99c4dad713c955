"""Words of a stream, numbered and ranked as a dict and a Counter do it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tokembed.corpus import Corpus, from_ids
from tokembed.inputs.blocks import block_of
from tokembed.tokens.bulk_words import words_corpus
from tokembed.tokens.open_vocabulary import OpenVocabulary
from tokembed.vocab import Vocab

unicode_words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
    lambda word: word.split() == [word]
)
words = st.sampled_from(["a", "b", "ab", "\\", "\\n", "학교", "\U0001f600", "\0"]) | unicode_words
texts = st.lists(words, max_size=12)
streams = st.lists(st.lists(texts, max_size=4), max_size=6)


def looked_up(batch: Sequence[Sequence[str]]) -> Corpus:
    """The batch's words as ids into a vocabulary of strings."""
    vocab = Vocab()
    return from_ids([[vocab.add(word) for word in text] for text in batch], vocab)


def interned(batch: Sequence[Sequence[str]]) -> Corpus:
    """The same by the kernel, whose vocabulary has no strings yet."""
    return words_corpus(block_of([" ".join(text) for text in batch]), Vocab())


def unescaped(line: str) -> str:
    return line.replace("\\\\", "\\")


@pytest.mark.parametrize("corpus_of", [looked_up, interned])
@given(stream=streams)
@example(stream=[[["b", "a", "a"]], [["c", "b"], []], [], [["c", "d"]]])
@example(stream=[[[f"word{number % 3000}" for number in range(first, 5000)]] for first in (0, 2000, 10)])
def test_words_are_numbered_as_they_come_and_ranked_by_how_often(corpus_of, stream) -> None:
    open_vocabulary, numbers, counts = OpenVocabulary(), dict[str, int](), Counter[str]()
    for batch in stream:
        found = open_vocabulary.numbers(corpus_of(batch))
        expected = [numbers.setdefault(word, len(numbers)) for text in batch for word in text]
        assert (found.dtype, found.tolist()) == (np.int32, expected)
        counts.update(word for text in batch for word in text)
    ranked = sorted(numbers, key=lambda word: (-counts[word], numbers[word]))
    assert len(open_vocabulary) == len(numbers)
    assert open_vocabulary.ranks().tolist() == [ranked.index(word) for word in numbers]
    lines = open_vocabulary.lines()
    assert [unescaped(line) for line in lines.decode().split("\n")] == [*ranked, ""]


def test_a_word_that_no_text_has_takes_no_place() -> None:
    """As the words of a part that was cut off: the batch's vocabulary has them, its ids have not."""
    open_vocabulary = OpenVocabulary()
    assert open_vocabulary.numbers(from_ids([[1, 2]], Vocab(["lost", "a", "b"]))).tolist() == [1, 2]
    assert open_vocabulary.numbers(from_ids([[1], [0]], Vocab(["b", "c", "gone"]))).tolist() == [3, 2]
    assert (len(open_vocabulary), open_vocabulary.lines()) == (3, b"b\na\nc\n")
    assert open_vocabulary.ranks()[[1, 2, 3]].tolist() == [1, 0, 2]


def test_no_word_at_all() -> None:
    open_vocabulary = OpenVocabulary()
    assert open_vocabulary.numbers(from_ids([[], []], Vocab())).tolist() == []
    assert (len(open_vocabulary), open_vocabulary.ranks().tolist(), open_vocabulary.lines()) == (0, [], b"")
