"""What `tokembed embed` does with an embedder to train, a trained model or a file of word vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from scipy.sparse import csr_array, diags_array

import tokembed
from tokembed.cli.context import check as check_in_context
from tokembed.cli.context import check_pool_level, embed_in_context, reader_of, tell_left_out, write_trained_on
from tokembed.cli.inputs import Inputs
from tokembed.cli.left_out import tell_unknown, tell_without_vector, tell_words_left_out
from tokembed.cli.output import tell
from tokembed.cli.progress import progress
from tokembed.convert import form_to_write, write_vectors
from tokembed.corpus import Corpus
from tokembed.errors import BadUsage
from tokembed.models.cutting import ChosenTokenizer, chosen_tokenizer
from tokembed.models.model import Model, new_model
from tokembed.text_vectors import exports
from tokembed.text_vectors import static as embedding
from tokembed.text_vectors.context import ContextLeftOut
from tokembed.text_vectors.static import LeftOut, Pooling
from tokembed.training.corpus import corpus_on_disk
from tokembed.types import POOLS, ContextualEmbedder, Oov, Pool, TextEmbedder
from tokembed.vectors import WordVectors
from tokembed.writers import check_target

DEFAULT_TOKENIZER = "whitespace"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be written where.

    Attributes:
        pool: None where the model's own default is meant.
        on_long, resume: for models that read in order.
    """

    out: Path
    level: str
    pool: str | None
    oov: Oov
    ids: bool
    on_long: str = "truncate"
    resume: bool = False

    @property
    def has_offsets(self) -> bool:
        """Whether each row says where in its text it stands."""
        return self.level in ("token", "word")

    @property
    def static_pool(self) -> Pool:
        """How vectors of words become a text's."""
        return cast(Pool, self.pool or "mean")


@dataclass(frozen=True, slots=True)
class Cutter:
    """The tokenizer that was asked for, None where none was, and the settings."""

    name: str | None
    settings: dict[str, Any]


def train_and_embed(wanted: Wanted, embedder: str, settings: dict[str, Any], cutter: Cutter, inputs: Inputs) -> None:
    """Train the embedder on the texts, then write their vectors."""
    if wanted.has_offsets:
        raise BadUsage(
            f"--level {wanted.level} needs a model that is trained; make one with `tokembed train`, then use -m"
        )
    model = new_model(chosen_tokenizer(cutter.name or DEFAULT_TOKENIZER, cutter.settings), embedder, settings)
    _check(wanted, model, embedder)
    if wanted.resume:
        raise BadUsage("--resume goes with a model that is trained (-m, or -e bert or clip), leave it out")
    check_target(wanted.out, inputs.files)
    with (
        progress("embed", lambda: inputs.n_bytes, inputs.total_bytes()) as line,
        corpus_on_disk(inputs.batches(), model.cutting.tokenizer, named=True, progress=line.add) as (corpus, counts),
    ):
        model.fit(corpus, counts)
        reads = model.is_contextual and wanted.level != "vocab"
        left_out = ContextLeftOut(counts) if reads else LeftOut(counts)

        def record() -> dict[str, Any]:
            terms = {"number": len(model.terms), "sha256": model.terms.sha256()}
            made = {**model.record(), "terms": terms, **_how(wanted, model)}
            coverage = {**model.training["coverage"], **left_out.record()}
            return {"inputs": inputs.record(), **made, "coverage": coverage}

        if isinstance(left_out, ContextLeftOut):
            write_trained_on(wanted, model, embedding.parts(corpus), left_out, record)
        else:
            _write(wanted, model, embedding.parts(corpus), left_out, record)
    if isinstance(left_out, ContextLeftOut):
        tell_left_out(left_out, reader_of(model))
    else:
        _tell(wanted, left_out, model.cutting, is_trained=True)
    inputs.finish()


def embed_with(wanted: Wanted, found: Model | WordVectors, name: str, cutter: Cutter, inputs: Inputs | None) -> None:
    """Write the vectors that a trained model or a file of word vectors gives.

    Args:
        inputs: None where the words' own vectors are asked for.
    """
    cutting = _cutting(found, cutter, name)
    if isinstance(found, Model) and found.is_contextual and inputs is not None:
        embed_in_context(wanted, found, name, inputs)
        return
    _check(wanted, found, name)
    if wanted.resume:
        raise BadUsage(f"--resume is for models that read texts in order, {name} is none; leave it out")
    check_target(wanted.out, [] if inputs is None else inputs.files)
    left_out = LeftOut()
    about = {"tokembed": tokembed.__version__, "tokenizer": cutting.record(), "model": _described(found, name)}

    def record() -> dict[str, Any]:
        read = {} if inputs is None else {"inputs": inputs.record(), "coverage": left_out.record()}
        return {**read, **about, **_how(wanted, found)}

    if inputs is None:
        _write(wanted, found, (), left_out, record)
        return
    with progress("embed", lambda: inputs.n_bytes, inputs.total_bytes()) as line:
        pieces = embedding.corpora(
            inputs.batches(), cutting.tokenizer, left_out, offsets=wanted.has_offsets, progress=line.add
        )
        _write(wanted, found, pieces, left_out, record)
    _tell(wanted, left_out, cutting, is_trained=isinstance(found, Model))
    inputs.finish()


def _cutting(found: Model | WordVectors, cutter: Cutter, name: str) -> ChosenTokenizer:
    """The tokenizer of the model itself, where it has one, else what was asked for."""
    if not isinstance(found, Model):
        return chosen_tokenizer(cutter.name or DEFAULT_TOKENIZER, cutter.settings)
    if cutter.name or any(value not in (False, "none") for value in cutter.settings.values()):
        found.check_tokenizer(chosen_tokenizer(cutter.name or found.cutting.name, cutter.settings), name)
    return found.cutting


def _described(found: Model | WordVectors, name: str) -> dict[str, Any]:
    """Which model it was; a file is known by its words."""
    terms = found.terms
    about: dict[str, Any] = {"name": Path(name).name, "terms": len(terms), "terms_sha256": terms.sha256()}
    return about | ({"embedder": found.record()["embedder"]} if isinstance(found, Model) else {})


def _how(wanted: Wanted, found: Model | WordVectors) -> dict[str, Any]:
    is_pooled = wanted.level == "text" and not (isinstance(found, Model) and found.is_sparse)
    return {"level": wanted.level, **({"pool": _pool(wanted, found), "oov": wanted.oov} if is_pooled else {})}


def _pool(wanted: Wanted, found: Model | WordVectors) -> str:
    if isinstance(found, Model) and found.is_contextual:
        return wanted.pool or cast(ContextualEmbedder, found.embedder).pools[0]
    return wanted.static_pool


def _check(wanted: Wanted, found: Model | WordVectors, name: str) -> None:
    """Raise BadUsage where that cannot be written."""
    if isinstance(found, Model) and found.is_contextual and wanted.level != "vocab":
        check_in_context(wanted, found, name)
        return
    is_sparse = isinstance(found, Model) and found.is_sparse
    check_pool_level(wanted)
    if wanted.pool not in (None, *POOLS):
        raise BadUsage(f"--pool must be {' or '.join(POOLS)} for {name}, got {wanted.pool!r}")
    if is_sparse and wanted.has_offsets:
        raise BadUsage(f"{name} gives texts a vector, not {wanted.level}s; use --level text or vocab")
    if is_sparse and (wanted.static_pool, wanted.oov) != ("mean", "skip"):
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
    found: Model | WordVectors,
    pieces: Iterable[Corpus],
    left_out: LeftOut,
    record: Callable[[], dict[str, Any]],
) -> None:
    if isinstance(found, Model) and found.is_sparse:
        embedder = cast(TextEmbedder, found.embedder)
        if wanted.level == "vocab":
            rows, terms = _term_rows(embedder), embedder.terms
            exports.write_sparse(wanted.out, [rows], terms.tokens, terms, record, ids=False)
        else:
            embedding.write_sparse_vectors(wanted.out, pieces, embedder, left_out, record, ids=wanted.ids)
        return
    words = found.word_vectors() if isinstance(found, Model) else found
    if wanted.level == "vocab":
        write_vectors(wanted.out, words, notice=tell, more=exports.record_files(wanted.out, record()))
    elif wanted.has_offsets:
        embedding.write_token_vectors(wanted.out, pieces, words, wanted.oov, left_out, record, unit=wanted.level)
    else:
        pooling = Pooling(wanted.static_pool, wanted.oov)
        embedding.write_text_vectors(wanted.out, pieces, words, pooling, left_out, record, ids=wanted.ids)


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
    tell_words_left_out(left_out.words)
    tell_unknown(counts.n_unk, counts.n_tokens, counts.n_unk_chars, counts.n_chars)
