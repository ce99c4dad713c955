"""Tokens and their ids, in order; a Vocab only grows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Self

from tokembed.errors import BadInput

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})
_ESCAPED = re.compile(r"\\([\\nr])")
_MEANT = {"\\": "\\", "n": "\n", "r": "\r"}


_FEW = 16
"""Tokens that are found one by one sooner than all strings are made."""


class Vocab:
    """Distinct tokens, each with its place as its id.

    Args:
        tokens: in order of their ids; none may occur twice.
        unknown: the token that stands for text the vocabulary lacks.
        special: tokens that stand for no text, such as [CLS].

    >>> vocab = Vocab(["나", "너"])
    >>> vocab.add("우리"), vocab.add("나"), vocab.ids.get("그"), len(vocab)
    (2, 0, None, 3)
    """

    def __init__(self, tokens: Iterable[str] = (), *, unknown: str | None = None, special: Iterable[str] = ()) -> None:
        self._tokens: list[str] = list(tokens)
        self._later: list[Callable[[], list[str]]] = []
        self._find: Callable[[str], int | None] | None = None
        self._at: Callable[[int], str] | None = None
        self._n_tokens = len(self._tokens)
        self._ids: dict[str, int] = {token: place for place, token in enumerate(self._tokens)}
        if len(self._ids) != len(self._tokens):
            raise BadInput(f"a vocabulary's tokens must be distinct, found {self._first_repeated()!r} twice")
        self.unknown_id = None if unknown is None else self._ids[unknown]
        self.special_ids = frozenset(self._ids[token] for token in special)

    @classmethod
    def of_lines(
        cls, n_tokens: int, make: Callable[[], list[str]], find: Callable[[str], int | None], at: Callable[[int], str]
    ) -> Self:
        """The vocabulary of a file's lines: a few tokens are found there, for many all strings are made.

        Args:
            make: gives all tokens. find: the line a token is on, None where there is none. at: the token on a line.
        """
        vocab = cls()
        vocab.extend(n_tokens, make)
        vocab._find, vocab._at = find, at
        return vocab

    def _first_repeated(self) -> str:
        return next(token for place, token in enumerate(self._tokens) if self._ids[token] != place)

    @property
    def tokens(self) -> list[str]:
        """The tokens in the order of their ids."""
        while self._later:
            self._tokens += self._later.pop(0)()
        self._find = self._at = None
        return self._tokens

    @property
    def ids(self) -> dict[str, int]:
        """The id of each token."""
        if len(self._ids) < self._n_tokens:
            self._find = None
            behind = range(len(self._ids), self._n_tokens)
            self._ids.update(zip(self.tokens[behind.start :], behind, strict=True))
        return self._ids

    def __len__(self) -> int:
        return self._n_tokens

    def __iter__(self) -> Iterator[str]:
        return iter(self.tokens)

    def __contains__(self, token: str) -> bool:
        return self.places([token]) != [-1]

    def __getitem__(self, place: int) -> str:
        return self.tokens[place] if self._at is None else self._at(range(self._n_tokens)[place])

    def places(self, tokens: Sequence[str]) -> list[int]:
        """The id of each token, -1 for one that is not in the vocabulary."""
        find = self._find if self._find is not None and len(tokens) <= _FEW else self.ids.get
        return [-1 if place is None else place for place in map(find, tokens)]

    def extend(self, n_tokens: int, make: Callable[[], list[str]]) -> None:
        """Add so many tokens that are known to be distinct and new; `make` gives them, once they are asked for."""
        self._later.append(make)
        self._n_tokens += n_tokens

    def add(self, token: str) -> int:
        """The token's id, a new one where it was not in the vocabulary."""
        place = self.ids.setdefault(token, self._n_tokens)
        if place == self._n_tokens:
            self.tokens.append(token)
            self._n_tokens += 1
        return place

    @property
    def without_text_ids(self) -> frozenset[int]:
        """The ids of the unknown and the special tokens: they have no vector of their own."""
        return self.special_ids if self.unknown_id is None else self.special_ids | {self.unknown_id}

    def checked(self, ids: Sequence[int]) -> Sequence[int]:
        """`ids` itself, once each is in the vocabulary.

        Raises:
            BadInput: one is not; the message names its place.
        """
        for place, token_id in enumerate(ids):
            if not 0 <= token_id < self._n_tokens:
                raise BadInput(
                    f"ids must lie in 0..{self._n_tokens - 1}, found {token_id} at position {place}; "
                    "were they made by this tokenizer?"
                )
        return ids

    def lines(self) -> Iterator[str]:
        """Each token on a line of its own."""
        return map(escaped, self.tokens)

    def sha256(self) -> str:
        """SHA-256 of the tokens in order, one a line, in hex."""
        digest = sha256()
        for line in self.lines():
            digest.update(line.encode())
        return digest.hexdigest()


def escaped(token: str) -> str:
    """The token as one line with its end: `\\`, line feed and carriage return are escaped."""
    return token.translate(_ESCAPES) + "\n"


def unescaped(line: str) -> str:
    r"""The token that `escaped` wrote as this line, which comes without its end; any other `\` stands for itself.

    >>> unescaped(r"a\\n\n")
    'a\\n\n'
    """
    return _ESCAPED.sub(lambda match: _MEANT[match[1]], line) if "\\" in line else line
