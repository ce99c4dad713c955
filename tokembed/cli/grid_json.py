"""A comparison as JSON: everything that is drawn, and the ids, offsets and bytes (hex) behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tokembed.cli.output import CONTROL
from tokembed.compare.grids import Comparison, Grid, Row, shown_tokens
from tokembed.coverage import TokenCounts

if TYPE_CHECKING:
    from tokembed.asking.search import Hit
    from tokembed.compare.text_pairs import Disagreement, Similarity, TextPair
    from tokembed.compare.vectors import VectorComparison
    from tokembed.compare.word_pairs import WordPair
    from tokembed.compare.word_rows import EmbedderRow, WordRow


def as_json(comparison: Comparison, vectors: VectorComparison | None = None) -> dict[str, Any]:
    """The texts, the totals, and what embedders say of pairs of texts."""
    texts = [grid.text.id for grid in comparison.grids]
    shown: dict[str, Any] = {
        "texts": list(as_records(comparison, vectors)),
        "totals": [_counts_json(name, counts) for name, counts in comparison.totals.items()],
    }
    if vectors is not None:
        shown["pairs"] = [_pair_json(pair, texts) for pair in vectors.pairs]
        shown["disagreement"] = _disagreement_json(vectors.disagreement, texts)
        shown["word"] = vectors.word
        shown["word_pairs"] = [_word_pair_json(pair, texts) for pair in vectors.word_pairs]
    return shown


def as_records(comparison: Comparison, vectors: VectorComparison | None = None) -> Iterator[dict[str, Any]]:
    """A record a text."""
    for place, grid in enumerate(comparison.grids):
        embedders = () if vectors is None else vectors.rows[place]
        yield {
            "id": grid.text.id,
            "source": grid.text.source,
            "text": grid.text.text,
            "words": [
                {"word": grid.word(word), "start": start, "end": end} for word, (start, end) in enumerate(grid.words)
            ],
            "tokenizers": [_row_json(grid, row) for row in grid.rows],
            "embedders": [_embedder_json(row) for row in embedders],
        }


def as_text(value: object, indent: int | None = None) -> str:
    """JSON in which what could disturb a terminal is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return CONTROL.sub(lambda match: "\n" if match[0] == "\n" else f"\\u{ord(match[0]):04x}", text)


def _row_json(grid: Grid, row: Row) -> dict[str, Any]:
    return {
        **_counts_json(row.tokenizer, row.counts),
        "window": _window_json(grid, row),
        "tokens": row.encoding.tokens,
        "ids": row.encoding.ids,
        "offsets": row.encoding.offsets,
        "bytes": [data.hex() for data in row.encoding.token_bytes],
        "unknown": row.encoding.unknown,
        "special": row.encoding.special,
        "shown": [shown_tokens(row, word) for word in range(len(row.by_word))],
        "by_word": row.by_word,
    }


def _window_json(grid: Grid, row: Row) -> dict[str, Any] | None:
    if row.window is None:
        return None
    return {
        "size": row.window.size,
        "n_tokens": row.window.n_tokens,
        "used": row.window.n_tokens / row.window.size,
        "unseen": row.window.unseen,
        "unseen_words": [grid.word(word) for word in row.window.unseen],
        "cut": row.window.cut,
        "cut_words": [grid.word(word) for word in row.window.cut],
    }


def _counts_json(name: str, counts: TokenCounts) -> dict[str, Any]:
    return {
        "tokenizer": name,
        "n_texts": counts.n_texts,
        "n_words": counts.n_words,
        "n_chars": counts.n_chars,
        "n_tokens": counts.n_tokens,
        "tokens_per_word": counts.tokens_per_word,
        "chars_per_token": counts.chars_per_token,
        "n_unk": counts.n_unk,
        "n_unk_chars": counts.n_unk_chars,
        "unk_chars_share": counts.unk_chars_share,
    }


def _embedder_json(row: EmbedderRow) -> dict[str, Any]:
    return {
        "embedder": row.embedder,
        "tokenizer": row.tokenizer,
        "n_with_vector": row.n_with_vector,
        "words": list(map(_word_json, row.words)),
    }


def _word_json(word: WordRow) -> dict[str, Any]:
    return {
        "kind": str(word.kind),
        "n_found": word.n_found,
        "n_parts": word.n_parts,
        "nearest": _hit_json(word.nearest),
        "weight": word.weight,
    }


def _hit_json(hit: Hit | None) -> dict[str, Any] | None:
    return None if hit is None else {"word": hit.word, "cosine": hit.score}


def _pair_json(pair: TextPair, texts: Sequence[str]) -> dict[str, Any]:
    return {"texts": [texts[pair.first], texts[pair.second]], "similarities": list(map(asdict, pair.similarities))}


def _disagreement_json(found: Disagreement | None, texts: Sequence[str]) -> dict[str, Any] | None:
    if found is None:
        return None
    ends: dict[str, Similarity] = {"high": found.high, "low": found.low}
    return {
        "texts": [texts[found.first], texts[found.second]],
        **{name: asdict(similarity) for name, similarity in ends.items()},
    }


def _word_pair_json(pair: WordPair, texts: Sequence[str]) -> dict[str, Any]:
    kept = ("embedder", "tokenizer", "cosine", "percentile", "difference")
    return {"texts": [texts[pair.first], texts[pair.second]], **{name: getattr(pair, name) for name in kept}}
