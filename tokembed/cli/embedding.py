"""What `tokembed embed` does with an embedder to train, a trained model or a file of word vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from scipy.sparse import csr_array, diags_array

import tokembed
from tokembed import embedding, exports
from tokembed.cli.inputs import Inputs
from tokembed.cli.left_out import tell_unknown, tell_without_vector
from tokembed.cli.output import tell
from tokembed.cli.progress import progress
from tokembed.convert import form_to_write, write_vectors
from tokembed.corpus import Corpus
from tokembed.embedding import LeftOut, Pooling
from tokembed.errors import BadUsage
from tokembed.model import ChosenTokenizer, Model, check_same_tokenizer, chosen_tokenizer, new_model, opened_parts
from tokembed.model_folder import read
from tokembed.training_corpus import corpus_on_disk
from tokembed.types import Oov, Pool, TextEmbedder
from tokembed.vectors import WordVectors
from tokembed.writers import check_target

DEFAULT_TOKENIZER = "whitespace"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be written where."""

    out: Path
    level: str
    pool: Pool
    oov: Oov
    ids: bool


@dataclass(frozen=True, slots=True)
class Cutter:
    """The tokenizer that was asked for, None where none was, and the settings."""

    name: str | None
    settings: dict[str, Any]


def train_and_embed(wanted: Wanted, embedder: str, settings: dict[str, Any], cutter: Cutter, inputs: Inputs) -> None:
    """Train the embedder on the texts, then write their vectors."""
    if wanted.level == "token":
        raise BadUsage("--level token needs a model that is trained; make one with `tokembed train`, then use -m")
    cutting = chosen_tokenizer(cutter.name or DEFAULT_TOKENIZER, cutter.settings)
    model = new_model(cutting, embedder, settings)
    _check(wanted, cast(TextEmbedder, model.embedder) if model.is_sparse else None, embedder)
    check_target(wanted.out, inputs.files)
    with (
        progress("embed", lambda: inputs.n_bytes, inputs.total_bytes()) as line,
        corpus_on_disk(inputs.batches(), model.cutting.tokenizer, named=True, progress=line.add) as (corpus, counts),
    ):
        model.fit(corpus, counts)
        left_out = LeftOut(counts)

        def record() -> dict[str, Any]:
            terms = {"number": len(model.embedder.terms), "sha256": model.embedder.terms.sha256()}
            made = {**model.record(), "terms": terms, **_how(wanted, _vectors(model))}
            coverage = {**model.training["coverage"], **left_out.record()}
            return {"inputs": inputs.record(), **made, "coverage": coverage}

        _write(wanted, _vectors(model), embedding.parts(corpus), left_out, record)
    _tell(wanted, left_out, model.cutting, is_trained=True)
    inputs.finish()


def embed_with(wanted: Wanted, name: str, cutter: Cutter, inputs: Inputs | None) -> None:
    """Write the vectors that a trained model or a file of word vectors gives.

    Args:
        inputs: None where the words' own vectors are asked for.
    """
    own, found = opened_parts(name, notice=tell)
    cutting = _cutting(own, cutter, name)
    _check(wanted, found, name)
    check_target(wanted.out, [] if inputs is None else inputs.files)
    left_out = LeftOut()
    about = {"tokembed": tokembed.__version__, "tokenizer": cutting.record(), "model": _described(found, name, own)}

    def record() -> dict[str, Any]:
        read = {} if inputs is None else {"inputs": inputs.record(), "coverage": left_out.record()}
        return {**read, **about, **_how(wanted, found)}

    if inputs is None:
        _write(wanted, found, (), left_out, record)
        return
    with progress("embed", lambda: inputs.n_bytes, inputs.total_bytes()) as line:
        pieces = embedding.corpora(
            inputs.batches(), cutting.tokenizer, left_out, offsets=wanted.level == "token", progress=line.add
        )
        _write(wanted, found, pieces, left_out, record)
    _tell(wanted, left_out, cutting, is_trained=own is not None)
    inputs.finish()


def _cutting(own: ChosenTokenizer | None, cutter: Cutter, name: str) -> ChosenTokenizer:
    """The tokenizer of the model itself, where it has one, else what was asked for."""
    if own is None:
        return chosen_tokenizer(cutter.name or DEFAULT_TOKENIZER, cutter.settings)
    if cutter.name or any(value not in (False, "none") for value in cutter.settings.values()):
        check_same_tokenizer(own, chosen_tokenizer(cutter.name or own.name, cutter.settings), name)
    return own


def _described(found: WordVectors | TextEmbedder, name: str, own: ChosenTokenizer | None) -> dict[str, Any]:
    """Which model it was; a file is known by its words."""
    about: dict[str, Any] = {"name": Path(name).name, "terms": len(found.terms), "terms_sha256": found.terms.sha256()}
    return about | ({} if own is None else {"embedder": read(Path(name)).record["embedder"]})


def _how(wanted: Wanted, found: WordVectors | TextEmbedder) -> dict[str, Any]:
    is_pooled = wanted.level == "text" and isinstance(found, WordVectors)
    return {"level": wanted.level, **({"pool": wanted.pool, "oov": wanted.oov} if is_pooled else {})}


def _check(wanted: Wanted, found: WordVectors | TextEmbedder | None, name: str) -> None:
    """Raise BadUsage where that cannot be written.

    Args:
        found: None for word vectors that are not trained yet.
    """
    is_sparse = not isinstance(found, WordVectors | None)
    if is_sparse and wanted.level == "token":
        raise BadUsage(f"{name} gives texts a vector, not tokens; use --level text or vocab")
    if is_sparse and (wanted.pool, wanted.oov) != ("mean", "skip"):
        raise BadUsage(f"{name} makes a text's vector itself, so --pool and --oov are not for it; leave them out")
    if wanted.level == "vocab" and not is_sparse:
        if form_to_write(wanted.out).is_folder:
            raise BadUsage(f"-o must be a file, got {str(wanted.out)!r}; `tokembed convert` writes folders")
    elif is_sparse:
        exports.check_suffix(wanted.out, exports.SPARSE_SUFFIXES, f"the vectors of {name} are sparse")
    else:
        what = f"the vectors of {name} are dense, one a {wanted.level}"
        exports.check_suffix(wanted.out, exports.DENSE_SUFFIXES, what)
    if wanted.ids and wanted.level != "text":
        raise BadUsage("--ids names texts, so it goes with --level text; leave it out")


def _write(
    wanted: Wanted,
    found: WordVectors | TextEmbedder,
    pieces: Iterable[Corpus],
    left_out: LeftOut,
    record: Callable[[], dict[str, Any]],
) -> None:
    if not isinstance(found, WordVectors):
        if wanted.level == "vocab":
            rows, terms = _term_rows(found), found.terms
            exports.write_sparse(wanted.out, [rows], terms.tokens, terms, record, ids=False)
        else:
            embedding.write_sparse_vectors(wanted.out, pieces, found, left_out, record, ids=wanted.ids)
    elif wanted.level == "vocab":
        write_vectors(wanted.out, found, notice=tell, more=exports.record_files(wanted.out, record()))
    elif wanted.level == "token":
        embedding.write_token_vectors(wanted.out, pieces, found, wanted.oov, left_out, record)
    else:
        pooling = Pooling(wanted.pool, wanted.oov)
        embedding.write_text_vectors(wanted.out, pieces, found, pooling, left_out, record, ids=wanted.ids)


def _vectors(model: Model) -> WordVectors | TextEmbedder:
    """What gives the vectors, once it is trained."""
    return cast(TextEmbedder, model.embedder) if model.is_sparse else model.word_vectors()


def _term_rows(embedder: TextEmbedder) -> csr_array[np.float32, tuple[int, int]]:
    """A term's row is 1 in its own column, or its weight, and 0 in all others, (n_terms, n_terms)."""
    weights = embedder.state().get("weights", np.ones(len(embedder.terms)))
    return csr_array(diags_array(np.asarray(weights, np.float32), format="csr"))


def _tell(wanted: Wanted, left_out: LeftOut, cutting: ChosenTokenizer, *, is_trained: bool) -> None:
    counts = left_out.tokens
    tell_without_vector(
        left_out.vectors,
        has_text_rows=wanted.level == "text",
        keeps_punctuation=cutting.name == "whitespace",
        is_trained=is_trained,
    )
    tell_unknown(counts.n_unk, counts.n_tokens, counts.n_unk_chars, counts.n_chars)
