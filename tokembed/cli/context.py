"""What `tokembed embed` does with a model that reads texts in order: recurrent networks, BERT, CLIP."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import tokembed
from tokembed.cli.inputs import Inputs
from tokembed.cli.left_out import tell_unknown, tell_words_left_out
from tokembed.cli.output import percent, tell
from tokembed.cli.progress import progress
from tokembed.corpus import Corpus
from tokembed.errors import BadUsage, counted
from tokembed.models.model import Model
from tokembed.text_vectors import exports
from tokembed.text_vectors.context import (
    ContextLeftOut,
    Piece,
    Reader,
    write_text_vectors,
    write_token_vectors,
    write_word_vectors,
)
from tokembed.text_vectors.kept_parts import KeptParts
from tokembed.tokens.long_texts import Limit
from tokembed.types import ContextualEmbedder
from tokembed.writers import beside, check_target

if TYPE_CHECKING:
    from tokembed.cli.embedding import Wanted

KEPT = ".parts"
_ROUNDING_ONLY = ("batch_tokens", "device")
"""Options that a run may go on with otherwise, as after running out of memory."""


def embed_in_context(wanted: Wanted, model: Model, name: str, inputs: Inputs) -> None:
    """Write a vector for each text or token that the model reads."""
    pool = check(wanted, model, name)
    check_target(wanted.out, inputs.files)
    embedder, left_out = cast(ContextualEmbedder, model.embedder), ContextLeftOut()
    with progress("embed", lambda: inputs.n_bytes, inputs.total_bytes()) as line:
        limit = None
        if (most := embedder.max_tokens) is not None:
            limit = Limit(most, wanted.on_long, called=f"what {Path(name).name} takes")
        about = {
            "tokembed": tokembed.__version__,
            "tokenizer": model.cutting.record(),
            "model": _described(model, name),
        }
        how = {"level": wanted.level, **({"pool": pool} if wanted.level == "text" else {}), "on_long": wanted.on_long}
        kept = _kept(wanted, {**about, **how, "inputs": inputs.options()})
        reader = Reader(embedder, model.cutting.tokenizer, limit, kept if wanted.resume else None)
        pieces = reader.pieces(inputs.batches(), left_out, offsets=wanted.has_offsets, progress=line.add)

        def record() -> dict[str, Any]:
            return {
                "inputs": inputs.record(), "coverage": left_out.record(), **about, **how, "versions": model.versions()
            }  # fmt: skip

        _write(wanted, pieces, reader, pool, left_out, record)
    if kept.n_found:
        found = f"{counted(kept.n_found, 'part')} in {kept.folder}"
        tell(f"{kept.n_taken:,} of {found} could be used, {kept.n_made:,} had to be made")
    kept.remove()
    tell_left_out(left_out, reader)
    inputs.finish()


def write_trained_on(
    wanted: Wanted, model: Model, parts: Iterable[Corpus], left_out: ContextLeftOut, record: exports.Record
) -> None:
    """Write the vectors of the texts that the model was trained on; what is left out is counted."""
    pool, reader = check(wanted, model, model.embedder_name), reader_of(model)
    _write(wanted, reader.of_corpus(parts, left_out), reader, pool, left_out, record)


def reader_of(model: Model) -> Reader:
    """What reads texts of any length with a model that has no window."""
    return Reader(cast(ContextualEmbedder, model.embedder), model.cutting.tokenizer)


def check(wanted: Wanted, model: Model, name: str) -> str:
    """How a text's vector is made.

    Raises:
        BadUsage: that cannot be written.
    """
    if wanted.oov != "skip":
        raise BadUsage(f"{name} gives every token a vector, so --oov is not for it; leave it out")
    exports.check_suffix(wanted.out, exports.DENSE_SUFFIXES, f"the vectors of {name} are dense, one a {wanted.level}")
    if wanted.ids and wanted.level != "text":
        raise BadUsage("--ids names texts, so it goes with --level text; leave it out")
    check_pool_level(wanted)
    pools = cast(ContextualEmbedder, model.embedder).pools
    if wanted.level == "text" and wanted.pool not in (None, *pools):
        raise BadUsage(f"--pool must be {' or '.join(pools)} for {model.embedder_name}, got {wanted.pool!r}")
    return wanted.pool or pools[0]


def check_pool_level(wanted: Wanted) -> None:
    """Raise BadUsage where a pool is asked for and no vectors of texts are."""
    if wanted.pool is not None and wanted.level != "text":
        raise BadUsage(f"--pool makes a text's vector, so it goes with --level text, got {wanted.level}; leave it out")


def _kept(wanted: Wanted, made_from: dict[str, Any]) -> KeptParts:
    """Where finished parts are kept beside the output; those of an earlier run are told where they are not wanted."""
    described = made_from["model"]
    embedder = {name: value for name, value in described["embedder"].items() if name not in _ROUNDING_ONLY}
    kept = KeptParts(beside(wanted.out, KEPT), {**made_from, "model": {**described, "embedder": embedder}})
    if wanted.resume:
        kept.begin()
    elif kept.exists:
        tell(f"parts of an earlier run are in {kept.folder}, for --resume; once this run is done they are removed")
    return kept


def _described(model: Model, name: str) -> dict[str, Any]:
    terms = model.terms
    return {
        "name": Path(name).name,
        "terms": len(terms),
        "terms_sha256": terms.sha256(),
        "embedder": model.record()["embedder"],
    }


def _write(
    wanted: Wanted, pieces: Iterable[Piece], reader: Reader, pool: str, left_out: ContextLeftOut, record: exports.Record
) -> None:
    if wanted.level == "token":
        write_token_vectors(wanted.out, pieces, reader, record)
    elif wanted.level == "word":
        write_word_vectors(wanted.out, pieces, reader, left_out, record)
    else:
        write_text_vectors(wanted.out, pieces, reader, pool, record, ids=wanted.ids)


def tell_left_out(left_out: ContextLeftOut, reader: Reader) -> None:
    """What became of long texts, of empty ones and of tokens that the model does not know."""
    counts = left_out.tokens
    if reader.limit is not None and (message := left_out.cuts.message(reader.limit, reader.tokenizer)):
        tell(message)
    if left_out.n_empty:
        what = "are those of the special tokens alone" if any(reader.tokenizer.frame) else "are zeros"
        tell(f"empty: {counted(left_out.n_empty, 'text')}, whose vectors {what}")
    if left_out.n_other:
        share = percent(left_out.n_other / counts.n_tokens if counts.n_tokens else None)
        tell(f"read as one unknown token: {left_out.n_other:,} of {counted(counts.n_tokens, 'token')} ({share})")
    tell_words_left_out(left_out.words)
    tell_unknown(counts.n_unk, counts.n_tokens, counts.n_unk_chars, counts.n_chars)
