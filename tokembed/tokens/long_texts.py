"""Texts with more tokens than a model takes: refused, cut off or cut into windows, and counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self, TypeVar

from tokembed.errors import BadInput, BadUsage, at_least, counted, one_of
from tokembed.types import Encoding, Frame, Span, Text, Tokenizer

ON_LONG = ("error", "truncate", "window")
_SHOWN = 40
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Limit:
    """How many tokens a text may have, and what becomes of one that has more.

    Attributes:
        max_tokens: special tokens included.
        on_long: "error" refuses the text, "truncate" keeps its first tokens, "window" cuts it into rows.
        stride: how many of its own tokens a window shares with the one before.
        called: what the limit is called where a text is refused.

    Raises:
        BadUsage: a value cannot be.

    Source: Hugging Face `tokenizers`, `enable_truncation(max_length, stride)`, whose windows these are.

    >>> Limit(4, "window", stride=1).spans(8)
    [(0, 4), (3, 7), (6, 8)]
    """

    max_tokens: int
    on_long: str = "error"
    stride: int = 0
    called: str = "--max-tokens"

    def __post_init__(self) -> None:
        at_least("--max-tokens", self.max_tokens, 1)
        one_of("--on-long", self.on_long, ON_LONG)
        at_least("--stride", self.stride, 0)
        if self.stride and self.on_long != "window":
            raise BadUsage(f"--stride goes with --on-long window alone, got {self.stride} with {self.on_long}")

    def room(self, frame: Frame = ((), ())) -> int:
        """How many of a text's own tokens a row holds.

        Raises:
            BadUsage: the frame leaves none, or no more than `stride`.
        """
        n_frame = sum(map(len, frame))
        room = self.max_tokens - n_frame
        if room < 1:
            raise BadUsage(
                f"--max-tokens must be more than the {counted(n_frame, 'token')} that --special adds, "
                f"got {self.max_tokens}"
            )
        if self.stride >= room:
            raise BadUsage(
                f"--stride must be less than the {counted(room, 'token')} of a text that fit in "
                f"--max-tokens {self.max_tokens}, got {self.stride}"
            )
        return room

    def spans(self, n_tokens: int, frame: Frame = ((), ())) -> list[Span]:
        """Which of a text's own tokens each of its rows holds: one span a row."""
        room = self.room(frame)
        if n_tokens <= room or self.on_long == "truncate":
            return [(0, min(n_tokens, room))]
        step = room - self.stride
        # The last window is the first that reaches the end.
        return [(start, min(start + room, n_tokens)) for start in range(0, n_tokens - room + step, step)]

    def encodings(self, encoding: Encoding, frame: Frame, text_id: str) -> list[Encoding]:
        """The text's rows, each with the frame; the encoding itself where it is not long.

        Raises:
            BadInput: it is, and `on_long` is "error".
        """
        if len(encoding) <= self.max_tokens:
            return [encoding]
        if self.on_long == "error":
            raise self.refusal(text_id, len(encoding))
        n_own = len(encoding) - sum(map(len, frame))
        return [_row(encoding, frame, span) for span in self.spans(n_own, frame)]

    def refusal(self, text_id: str, n_tokens: int) -> BadInput:
        """What is raised for a long text."""
        return BadInput(
            f"a text must have at most {counted(self.max_tokens, 'token')} ({self.called}), "
            f"{text_id!r} has {n_tokens:,}; use --on-long truncate or window"
        )


def _row(encoding: Encoding, frame: Frame, span: Span) -> Encoding:
    """A part of the text's own tokens between the frame's, which stand where the part starts and ends."""
    n_before, n_behind = map(len, frame)
    first, last = (place + n_before for place in span)

    def part(values: tuple[_T, ...]) -> tuple[_T, ...]:
        return values[:n_before] + values[first:last] + values[len(values) - n_behind :]

    offsets = encoding.offsets[first:last]
    start, end = offsets[0][0], offsets[-1][1]
    return replace(
        encoding,
        tokens=part(encoding.tokens),
        ids=None if encoding.ids is None else part(encoding.ids),
        offsets=((start, start),) * n_before + offsets + ((end, end),) * n_behind,
        token_bytes=part(encoding.token_bytes),
        special=part(encoding.special),
        unknown=part(encoding.unknown),
    )


@dataclass(slots=True)
class Cuts:
    """What was cut, counted; those of several blocks add up, in order.

    Attributes:
        n_tokens: of the texts as they were given, special tokens included.
        n_long: texts that were cut.
        n_tokens_cut: tokens that are in no row.
        n_rows: rows that the long texts became.
        first: the first long text.
        n_tokens_first: its tokens.
    """

    n_texts: int = 0
    n_tokens: int = 0
    n_long: int = 0
    n_tokens_cut: int = 0
    n_rows: int = 0
    first: Text | None = None
    n_tokens_first: int = 0

    def add(self, text: Text, encoding: Encoding, rows: list[Encoding]) -> None:
        """Count one text and what `Limit.encodings` made of it."""
        self.n_texts += 1
        self.n_tokens += len(encoding)
        if rows[0] is not encoding:
            self.n_long += 1
            self.n_rows += len(rows)
            self.n_tokens_cut += len(encoding) - len(rows[0]) if len(rows) == 1 else 0
            if self.first is None:
                self.first, self.n_tokens_first = text, len(encoding)

    def __iadd__(self, later: Cuts) -> Self:
        self.n_texts += later.n_texts
        self.n_tokens += later.n_tokens
        self.n_long += later.n_long
        self.n_tokens_cut += later.n_tokens_cut
        self.n_rows += later.n_rows
        if self.first is None:
            self.first, self.n_tokens_first = later.first, later.n_tokens_first
        return self

    def message(self, limit: Limit, tokenizer: Tokenizer) -> str | None:
        """One line that says what became of the long texts, with the first as an example; None where none was."""
        if self.first is None:
            return None
        most, texts = counted(limit.max_tokens, "token"), f"{self.n_long:,} of {counted(self.n_texts, 'text')}"
        if limit.on_long == "window":
            example = f"{self.first.id} ({counted(self.n_tokens_first, 'token')})"
            return f"longer than {most}: {texts} became {counted(self.n_rows, 'window')}; first {example}"
        tokens = f"{self.n_tokens_cut:,} of {counted(self.n_tokens, 'token')}"
        lost = _lost(self.first.text, limit, tokenizer)
        return f"cut off at {most}: {texts}, {tokens}; first {self.first.id}, which lost {lost!r}"


def _lost(text: str, limit: Limit, tokenizer: Tokenizer) -> str:
    """How the part of the text begins that truncation drops."""
    before, _ = tokenizer.frame
    start, _ = tokenizer.encode(text).offsets[len(before) + limit.room(tokenizer.frame)]
    return text[start : start + _SHOWN] + ("…" if len(text) > start + _SHOWN else "")
