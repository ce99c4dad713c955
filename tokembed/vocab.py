"""Tokens and their ids, in order; a Vocab only grows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from tokembed.errors import BadInput

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})


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
        self.tokens: list[str] = list(tokens)
        self.ids: dict[str, int] = {token: place for place, token in enumerate(self.tokens)}
        if len(self.ids) != len(self.tokens):
            raise BadInput(f"a vocabulary's tokens must be distinct, found {self._first_repeated()!r} twice")
        self.unknown_id = None if unknown is None else self.ids[unknown]
        self.special_ids = frozenset(self.ids[token] for token in special)

    def _first_repeated(self) -> str:
        return next(token for place, token in enumerate(self.tokens) if self.ids[token] != place)

    def __len__(self) -> int:
        return len(self.tokens)

    def __iter__(self) -> Iterator[str]:
        return iter(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self.ids

    def __getitem__(self, place: int) -> str:
        return self.tokens[place]

    def add(self, token: str) -> int:
        """The token's id, a new one where it was not in the vocabulary."""
        place = self.ids.setdefault(token, len(self.tokens))
        if place == len(self.tokens):
            self.tokens.append(token)
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
            if not 0 <= token_id < len(self.tokens):
                raise BadInput(
                    f"ids must lie in 0..{len(self.tokens) - 1}, found {token_id} at position {place}; "
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
