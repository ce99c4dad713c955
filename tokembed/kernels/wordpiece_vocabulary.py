"""A WordPiece vocabulary as two tries over code points, small enough to stay near the processor.

An edge is one int64: code point << 43 | token id << 22 | place << 1 | many. The token is the one that
ends there, NO_TOKEN if none does. The place is where the edges that go on from there begin, 0 if
none do: one edge, or if `many` a header (filter << 32 | their number) and the edges by code point.
The filter has bit `code point & 31` of each set, so most steps that lead nowhere end at once.

Edges follow their parents in depth-first order: a rare word's last steps share a cache line.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from tokembed.kernels.compiled import lean_as, part
from tokembed.kernels.instructions import INT32S, INT64S, OUT_INT64S, at

N_DIRECT = 0x10000  # first characters below this are found by index, the others by searching
NO_TOKEN = (1 << 21) - 1
MAX_TOKEN_ID = NO_TOKEN - 1
MAX_PLACES = 1 << 21
NOWHERE = -1  # an edge that does not exist

_POINT, _TOKEN, _PLACE = 43, 22, 1  # how far up the parts of an edge stand
_MASK = (1 << 21) - 1
_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


class Vocabulary(NamedTuple):
    """The tries, and what else WordPiece must know."""

    edges: NDArray[np.int64]  # (n_places,); 0 and 1 lead to what begins, and continues, a word
    first: NDArray[np.int64]  # (2 * N_DIRECT,), the edges that 0 and 1 lead to, by code point
    unk_id: int
    max_chars: int  # a word of more code points is unknown


def vocabulary_tables(
    tokens: Sequence[str],
    ids: Sequence[int],
    *,
    unk_id: int,
    prefix: str = "##",
    max_chars: int = 100,
) -> Vocabulary:
    """The tables of a WordPiece vocabulary.

    Args:
        tokens: the vocabulary's entries, in any order, each once.
        ids: their ids, each in 0..MAX_TOKEN_ID.
        unk_id: the id of the token for a word that cannot be cut.
        prefix: what marks an entry that continues a word.
        max_chars: a word of more code points is unknown.

    Raises:
        ValueError: an id, or the size of the tries, is beyond what an edge can hold.
    """
    if max(ids, default=0) > MAX_TOKEN_ID or min(ids, default=0) < 0:
        raise ValueError(f"token ids must be in 0..{MAX_TOKEN_ID}")
    words, rests = _split_at_prefix(tokens, ids, prefix)
    edges = _planted(sorted(words), sorted(rests))
    return Vocabulary(edges, _first_edges(edges), unk_id, max_chars)


def _split_at_prefix(
    tokens: Sequence[str], ids: Sequence[int], prefix: str
) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Entries that can begin a word, and entries that can continue one, with their ids."""
    # "##ing" can be no word where "#" is punctuation: that always stands alone.
    hidden = bool(prefix) and prefix[0] in _PUNCTUATION
    words, rests = [], []
    for token, i in zip(tokens, ids, strict=True):
        continues = token.startswith(prefix)
        if token and not (continues and hidden and len(token) > 1):
            words.append((token, int(i)))
        if continues and len(token) > len(prefix):
            rests.append((token[len(prefix) :], int(i)))
    return words, rests


def _planted(words: list[tuple[str, int]], rests: list[tuple[str, int]]) -> NDArray[np.int64]:
    """The edges of both tries; the entries are in the order of their code points."""
    texts = [token for token, _ in words + rests]
    points = np.frombuffer("".join(texts).encode("utf-32-le"), np.int32)
    bounds = np.cumsum([0, *map(len, texts)])
    edges = np.empty(2 * points.size + 4, np.int64)
    room = np.empty(4 * (points.size + 4), np.int64)
    ids = np.array([i for _, i in words + rests], np.int64)
    n_places = plant(points, bounds, ids, len(words), edges, room)
    if n_places > MAX_PLACES:
        raise ValueError(f"the vocabulary's tries need {n_places} places, {MAX_PLACES} are allowed")
    return edges[:n_places].copy()


def _first_edges(edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """The edges that begin and continue a word, by code point, (2 * N_DIRECT,)."""
    first = np.full((2, N_DIRECT), NO_TOKEN << _TOKEN, np.int64)
    for root in (0, 1):
        place = int(edges[root]) >> _PLACE & _MASK
        if place:
            many = int(edges[root]) & 1
            size = int(edges[place]) & _MASK if many else 1
            chosen = edges[place + many : place + many + size]
            points = chosen >> _POINT & _MASK
            first[root, points[points < N_DIRECT]] = chosen[points < N_DIRECT]
    return first.reshape(-1)


@part
def token_of(edge):  # type: ignore[no-untyped-def]
    """The token that ends with an edge, or NO_TOKEN."""
    return edge >> _TOKEN & _MASK


@part
def step(edges, edge, point):  # type: ignore[no-untyped-def]
    """The edge that goes on from an edge with a character, or NOWHERE."""
    place = edge >> _PLACE & _MASK
    if place == 0:
        return np.int64(NOWHERE)
    if edge & 1:
        header = at(edges, place)
        if not header >> (32 + (point & 31)) & 1:
            return np.int64(NOWHERE)
        place += 1
        size = header & _MASK
        while size > 1:
            half = size >> 1
            if at(edges, place + half) >> _POINT & _MASK <= point:
                place += half
            size -= half
    edge = at(edges, place)
    return edge if edge >> _POINT & _MASK == point else np.int64(NOWHERE)


@part
def push(room, top, parent, begin, end, depth):  # type: ignore[no-untyped-def]
    """Put four numbers on a stack."""
    room[top], room[top + 1], room[top + 2], room[top + 3] = parent, begin, end, depth


@lean_as(types.int64(INT32S, INT64S, INT64S, types.int64, OUT_INT64S, OUT_INT64S))
def plant(points, bounds, ids, n_words, edges, room):  # type: ignore[no-untyped-def]
    """Grow the tries in `edges`; return how many places they take.

    Args:
        points, bounds, ids: entry k is points[bounds[k]:bounds[k + 1]] and has ids[k]. Those before
            n_words begin a word; both parts are in the order of their code points.
        edges: room for two places for each point, and four.
        room: a stack of (parent's place, first entry, behind the last, length of their beginning).
    """
    push(room, 0, 1, n_words, ids.size, 0)
    push(room, 4, 0, 0, n_words, 0)
    top, n_places = 8, 2
    edges[0] = edges[1] = NO_TOKEN << _TOKEN
    while top > 0:
        top -= 4
        parent, k, end, depth = room[top], room[top + 1], room[top + 2], room[top + 3]
        if k < end and bounds[k + 1] - bounds[k] == depth:
            k += 1  # the entry that ends here is in the parent's edge
        header, n_edges, n_pushed, filters = n_places, 0, top, 0
        while k < end:
            point = np.int64(points[bounds[k] + depth])
            token = ids[k] if bounds[k + 1] - bounds[k] == depth + 1 else NO_TOKEN
            behind = k + 1
            while behind < end and points[bounds[behind] + depth] == point:
                behind += 1
            n_edges += 1
            filters |= 1 << (point & 31)
            edges[header + n_edges] = point << _POINT | token << _TOKEN
            push(room, n_pushed, header + n_edges, k, behind, depth + 1)
            n_pushed += 4
            k = behind
        if n_edges == 0:
            continue
        edges[parent] |= header << _PLACE | (n_edges > 1)
        edges[header] = filters << 32 | n_edges
        n_places = header + 1 + n_edges
        if n_edges == 1:  # no header is needed
            edges[header] = edges[header + 1]
            room[top] = header
            n_places = header + 1
        # The first child comes off the stack first, so that its edges stand behind these.
        for low in range(top, top + (n_pushed - top) // 8 * 4, 4):
            high = n_pushed - 4 - (low - top)
            for j in range(4):
                room[low + j], room[high + j] = room[high + j], room[low + j]
        top = n_pushed
    return n_places
