"""`tokembed train`: texts become a model in a folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tokembed.cli import options, training
from tokembed.cli.inputs import Inputs
from tokembed.cli.left_out import tell_unknown
from tokembed.cli.output import percent, tell
from tokembed.cli.progress import progress, spoken
from tokembed.errors import BadUsage, counted

if TYPE_CHECKING:
    from tokembed.models.model import Model


def train(
    ctx: typer.Context,
    embedder: Annotated[str, typer.Argument(metavar="EMBEDDER", help="See `tokembed methods`.")],
    files: options.Files = None,
    inline: options.Inline = None,
    out: Annotated[Path, typer.Option("-o", "--output", metavar="MODEL", help="The folder to write.")] = ...,  # type: ignore[assignment]
    tokenizer: training.Tokenizer = None,
    dim: training.Dim = None,
    window: training.Window = None,
    min_count: training.MinCount = None,
    epochs: training.Epochs = None,
    seed: training.Seed = None,
    workers: training.Workers = None,
    memory: training.Memory = None,
    settings: training.Settings = None,
    init: Annotated[
        str | None,
        typer.Option("--init", metavar="MODEL", help="Word vectors that rnn, lstm, gru begin with (a folder or file)."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a training that was stopped.")] = False,
    special: options.Special = False,
    parse_special: options.ParseSpecial = False,
    column: options.Column = None,
    encoding: options.Encoding = None,
    errors: options.Errors = "strict",
    unicode: options.UnicodeForm = "none",
    lower: options.Lower = False,
) -> None:
    """Train an embedder on texts, and keep it with its tokenizer in a folder.

    \b
    tokembed train word2vec wiki.txt.gz --lower -o wiki-model
    tokembed train fasttext reviews.tsv --column document --set jamo=true -o ko-model
    tokembed train lstm reviews.tsv --column document -t bert -o lstm-model
    """
    given = {"dim": dim, "window": window, "min_count": min_count, "epochs": epochs, "seed": seed}
    chosen = training.embedder_settings(embedder, {**given, "workers": workers, "memory": memory}, settings)
    cutting: dict[str, Any] = {"unicode": unicode, "lower": lower, "special": special, "parse_special": parse_special}
    tokenizer_name = training.only_one("-t", tokenizer, "whitespace")
    inputs = Inputs(ctx, files, inline, column=column, encoding=encoding, errors=errors)

    from tokembed.convert import read_vectors
    from tokembed.models.cutting import chosen_tokenizer
    from tokembed.models.model import RESUMABLE, new_model
    from tokembed.training import checkpoints
    from tokembed.training.corpus import corpus_on_disk
    from tokembed.vector_files.model_folder import is_model
    from tokembed.writers import check_folder_target

    model = new_model(chosen_tokenizer(tokenizer_name, cutting), embedder, chosen)
    if resume and not model.can_resume:
        raise BadUsage(f"--resume goes on with {' and '.join(RESUMABLE)}, {embedder} keeps no state; leave it out")
    if init and not model.is_recurrent:
        raise BadUsage(f"--init is what rnn, lstm and gru begin with, {embedder} begins at random; leave it out")
    check_folder_target(out, replaces=is_model)
    checkpoint = _checkpoint(out, resume=resume) if model.can_resume else None
    if model.can_resume and not model.is_recurrent and chosen.get("workers", 1) > 1:
        tell(f"with --workers {chosen['workers']} two runs differ; one worker gives the same bytes each time")
    with (
        _telling_of_ctrl_c(checkpoint),
        progress("train", lambda: inputs.n_bytes, inputs.total_bytes()) as line,
        corpus_on_disk(inputs.batches(), model.cutting.tokenizer, progress=line.add) as (corpus, counts),
    ):
        first = read_vectors(init, notice=tell) if init else None
        began = time.monotonic()
        model.fit(corpus, counts, checkpoint=checkpoint, init=first, notice=lambda told: tell(f"{told} of {init}"))
        seconds = time.monotonic() - began
        model.save(out)
    if checkpoint is not None:
        checkpoints.remove(checkpoint)
    n_terms, n_tokens = counted(len(model.terms), "term"), counted(corpus.n_tokens, "token")
    tell(f"{embedder}: {n_terms} from {n_tokens} in {_spoken(model, corpus.n_tokens, seconds, resume)}; in {out}")
    if model.is_recurrent:
        _tell_perplexity(embedder, model.training)
    tell_unknown(counts.n_unk, counts.n_tokens, counts.n_unk_chars, counts.n_chars)
    inputs.finish()


@contextmanager
def _telling_of_ctrl_c(checkpoint: Path | None) -> Iterator[None]:
    """Say where the state is that was kept, once Ctrl-C has come."""
    from tokembed.training.checkpoints import has_state

    try:
        yield
    except KeyboardInterrupt:
        if checkpoint is not None and has_state(checkpoint):
            tell(f"interrupted; the training so far is in {str(checkpoint)!r}, and --resume goes on from it")
        raise


def _spoken(model: Model, n_tokens: int, seconds: float, has_gone_on: bool) -> str:
    """How long training took, and how fast it was where it is known how many tokens were learned from in this run."""
    n_learned = getattr(model.embedder, "n_learned", None)
    if n_learned is None and not has_gone_on:
        n_learned = n_tokens * (len(model.training.get("losses", [])) or model.embedder_settings.get("epochs", 1))
    rate = "" if n_learned is None else f", {n_learned / max(seconds, 1e-3):,.0f} tokens a second"
    return f"{spoken(seconds)}{' since it went on' if has_gone_on else ''}{rate}"


def _checkpoint(out: Path, *, resume: bool) -> Path:
    """Where the state of a training is kept until the model is written: beside its folder.

    Raises:
        BadUsage: there is one and it is not to be gone on with, or there is none.
    """
    from tokembed.training.checkpoints import has_state

    path = out.with_name(f"{out.name}.checkpoint")
    if has_state(path) and not resume:
        raise BadUsage(f"a training that was stopped is in {str(path)!r}; go on with --resume, or remove it")
    if resume and not has_state(path):
        raise BadUsage(f"--resume needs a training that was stopped in {str(path)!r}, there is none; leave it out")
    return path


def _tell_perplexity(embedder: str, training: dict[str, Any]) -> None:
    """How well the held-out texts are predicted, beside what unigrams and bigrams make of them."""
    if found := training.get("perplexity", {}):
        shown = ", ".join(f"{name} {found[name]:,.1f}" for name in (embedder, "bigram", "unigram"))
        unknown = percent(found["unknown_tokens"] / found["tokens"])
        held_out = f"{counted(found['tokens'], 'token')} of {counted(found['texts'], 'held-out text')}"
        tell(f"perplexity on {held_out}: {shown}; {unknown} of them are unknown to it")
        curve = training["epoch_perplexities"]
        falls = len(curve) > 1 and min(curve) == curve[-1]
        more = "; it was still falling at the end, so more --epochs may do better" if falls else ""
        tell(f"after each epoch: {', '.join(f'{one:,.1f}' for one in curve)}{more}")
