"""`tokembed convert`: word vectors from one form of file to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from tokembed.cli.output import tell
from tokembed.cli.progress import progress
from tokembed.errors import one_of
from tokembed.vector_files import FORMS
from tokembed.vector_files.source import POLICIES, ErrorPolicy
from tokembed.writers import check_folder_target, check_target

_NAMES = "|".join(form.name for form in FORMS)


def convert(
    source: Annotated[
        str,
        typer.Argument(metavar="IN", help="A file of word vectors, compressed too, a model's folder, or - for stdin."),
    ],
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="Where to write; the suffix sets the form, none makes a model's folder."),
    ],
    from_form: Annotated[
        str | None, typer.Option("--from", metavar="FORM", help="What IN is; told by its first bytes otherwise.")
    ] = None,
    to_form: Annotated[str | None, typer.Option("--to", metavar="FORM", help=f"What OUT is to be: {_NAMES}.")] = None,
    errors: Annotated[
        str, typer.Option("--errors", metavar="strict|skip", help="Stop at a bad row, or leave it out.")
    ] = "strict",
) -> None:
    """Make one form of word vectors of another.

    \b
    tokembed convert glove.6B.50d.txt glove.npy
    tokembed convert cc.ko.300.bin words.vec
    unzip -p glove.6B.zip glove.6B.50d.txt | tokembed convert - glove.safetensors
    """
    one_of("--errors", errors, POLICIES)

    from tokembed.convert import form_named, form_to_write, read_vectors, write_vectors
    from tokembed.vector_files.model_folder import is_model

    target = form_to_write(out, to_form)
    if from_form:
        form_named("--from", from_form)
    check_target(out, [source]) if not target.is_folder else check_folder_target(out, replaces=is_model)
    with progress("convert", things="rows") as line:
        vectors = read_vectors(source, form=from_form, errors=cast(ErrorPolicy, errors), notice=tell, progress=line.add)
        write_vectors(out, vectors, form=target.name, notice=tell)
