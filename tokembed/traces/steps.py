"""What every trace is: steps, each a rule and a table of what it did to this text. The last one is the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tokembed.types import Tokenizer
from tokembed.vocab import Vocab

Cell = str | int | float | bool | tuple[str, ...] | tuple[float, ...] | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a method.

    Attributes:
        name: what it works on, such as a word.
        rule: what is done there, in a line.
        columns: of the table.
        rows: of the table, each with an entry a column; None where there is nothing to tell.
    """

    name: str
    rule: str
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """How a method came to its result for one text."""

    method: str
    text: str
    steps: tuple[Step, ...]

    @property
    def result(self) -> Step:
        """The last step: what the method gives."""
        return self.steps[-1]


@dataclass(frozen=True, slots=True)
class Walk:
    """What a tokenizer's story tells: its steps, and the tokens that they lead to.

    Attributes:
        shown: how a token is written for people, where that differs from the vocabulary's string.
    """

    steps: list[Step]
    tokens: list[str]
    shown: Callable[[str], str] = str


def tokenized(method: str, text: str, walk: Walk, tokenizer: Tokenizer) -> Trace:
    """The trace of a walk; special tokens are put around its tokens where the tokenizer does so."""
    steps, tokens, vocab = list(walk.steps), walk.tokens, tokenizer.vocab
    if vocab is None:
        result = Step(
            "result",
            "the tokens; there are no ids without a vocabulary",
            ("token",),
            tuple((token,) for token in tokens),
        )
        return Trace(method, text, (*steps, result))
    before, behind = ([vocab[token_id] for token_id in ids] for ids in tokenizer.frame)
    if before or behind:
        rows = (("before", tuple(before)), ("behind", tuple(behind)))
        steps.append(Step("special tokens", "put around every text", ("where", "tokens"), rows))
    tokens = [*before, *tokens, *behind]
    return Trace(method, text, (*steps, _result(tokens, vocab, walk.shown)))


def _result(tokens: list[str], vocab: Vocab, shown: Callable[[str], str]) -> Step:
    columns: tuple[str, ...] = ("token", "id")
    rows: list[Row] = [(token, vocab.ids[token]) for token in tokens]
    if any(shown(token) != token for token in tokens):
        columns += ("stands for",)
        rows = [(*row, shown(token)) for row, token in zip(rows, tokens, strict=True)]
    return Step("result", "the tokens and their ids", columns, tuple(rows))
