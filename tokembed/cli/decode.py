"""`tokembed decode`: ids become text again."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Annotated

import typer

from tokembed import registry
from tokembed.cli.output import tell
from tokembed.cli.progress import Progress, progress
from tokembed.errors import BadInput, BadUsage, TokembedError, counted, one_of
from tokembed.surrogates import well_formed
from tokembed.tokens.reading import INLINE, STDIN, TextIds, inline_ids, read_ids
from tokembed.types import Tokenizer
from tokembed.writers import check_target, whole

DEFAULT = "bert"
FORMATS = {".txt": "text", ".jsonl": "jsonl"}


def decode(
    ctx: typer.Context,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILES]...",
            help="Files of ids, as tokenize writes them (.ids .txt .jsonl .parquet .npy), or - for stdin.",
        ),
    ] = None,
    inline: Annotated[
        list[str] | None, typer.Option("-c", metavar="IDS", help="The ids of a text, given here; may be repeated.")
    ] = None,
    tokenizer: Annotated[
        list[str] | None,
        typer.Option(
            "-t", "--tokenizer", metavar="NAME", help="What made the ids.  [default: what a file says, or bert]"
        ),
    ] = None,
    form: Annotated[str | None, typer.Option("-f", "--format", metavar="text|jsonl", help="What to write.")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to write; the suffix sets the format.")
    ] = None,
) -> None:
    """Turn ids back into text, a line a text.

    \b
    tokembed decode -c "100585 9953 25242 10530 8845 11903"
    tokembed tokenize notes.txt -t clip -f ids | tokembed decode -t clip
    tokembed decode reviews.parquet -o reviews.jsonl
    """
    chosen = _chosen_format(form, out)
    decoder = _Decoder(_only_one(tokenizer or []))
    sources = ([INLINE] if inline else []) + (files or [])
    if not sources:
        if sys.stdin is None or sys.stdin.isatty():
            typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(2)
        sources = [STDIN]
    if out:
        check_target(out, files or [])
    n_failed = 0
    with ExitStack() as opened, progress("decode") as line:
        output = _Output(opened.enter_context(whole(out)) if out else sys.stdout.buffer, chosen)
        for source in sources:
            texts = inline_ids(inline or []) if source == INLINE else read_ids(source)
            n_failed += not _is_decoded(texts, decoder, output, line, as_it_flows=source == STDIN)
        if n_failed == len(sources):
            raise typer.Exit(1)
    output.tell_what_takes_more_lines()
    if n_failed:
        raise typer.Exit(3)


def _chosen_format(asked: str | None, path: Path | None) -> str:
    if asked is not None:
        one_of("-f", asked, FORMATS.values())
    if path is None:
        return asked or "text"
    by_suffix = FORMATS.get(path.suffix.lower())
    if by_suffix is None:
        raise BadUsage(f"-o must end in {', '.join(FORMATS)}, got {str(path)!r}")
    if asked not in (None, by_suffix):
        raise BadUsage(f"-f and the suffix of -o must agree, got -f {asked} and {str(path)!r}")
    return by_suffix


def _only_one(names: list[str]) -> str | None:
    if len(names) > 1:
        raise BadUsage(f"decode takes one -t, got {' '.join(names)}; run it once for each")
    return names[0] if names else None


class _Decoder:
    """Decodes each text with the tokenizer that made its ids.

    Args:
        asked: the name that -t gives, None where it is not given.

    Raises:
        BadUsage: there is no tokenizer of that name, or it has no vocabulary of its own.
    """

    def __init__(self, asked: str | None) -> None:
        self._asked = asked
        self._made: dict[str, Tokenizer] = {}
        if asked is not None:
            self._made[asked] = registry.tokenizer(asked)
            self._made[asked].decode([])  # what cannot decode says so before any file is read

    def decoded(self, ids: TextIds) -> tuple[str, str]:
        """The tokenizer's name and the text.

        Raises:
            BadInput: there are no ids, one is out of range, or the input names a tokenizer that cannot be.
            BadUsage: -t names another tokenizer than the input, or the tokenizer has no vocabulary of its own.
            NotAtHand: the input names a tokenizer that is not in the local cache.
        """
        name = self._name(ids)
        tokenizer = self._made.get(name) or self._made_for(ids, name)
        try:
            text = tokenizer.decode(ids.ids or [])
        except (BadInput, BadUsage) as error:
            raise type(error)(f"{ids.place}: {error}") from error
        if ids.ids is None:
            raise BadInput(f"{ids.place}: ids must be a list of whole numbers, found null")
        return name, text

    def _name(self, ids: TextIds) -> str:
        asked, said = self._asked, ids.tokenizer
        if asked and said and asked != said and {asked, said} & set(registry.names("tokenizer")):
            raise BadUsage(
                f"{ids.place}: ids must be decoded by the tokenizer that made them, {said!r}, got -t {asked}; "
                "leave -t out"
            )
        return asked or said or DEFAULT

    def _made_for(self, ids: TextIds, name: str) -> Tokenizer:
        try:
            self._made[name] = registry.tokenizer(name)
        except TokembedError as error:
            kind = BadInput if isinstance(error, BadUsage) else type(error)  # the input's word, not the user's
            raise kind(f"{ids.place}: {error}") from error
        return self._made[name]


class _Output:
    """Writes texts to a file, a line each or a JSON object each."""

    def __init__(self, file: IO[bytes], form: str) -> None:
        self._file = file
        self._form = form
        self._n_of_more_lines = 0

    def write(self, ids: TextIds, tokenizer: str, text: str) -> None:
        """Write one text."""
        if self._form == "jsonl":
            record = {"id": ids.id, "source": ids.source, "tokenizer": tokenizer, "text": text}
            line = well_formed(json.dumps(record, ensure_ascii=False))  # a path may hold bytes that are no text
        else:
            line = text
            self._n_of_more_lines += "\n" in text
        self._file.write(line.encode() + b"\n")

    def flush(self) -> None:
        """Hand on what has been written."""
        self._file.flush()

    def tell_what_takes_more_lines(self) -> None:
        """Say how many texts have a line feed in them, where each should be one line."""
        if self._n_of_more_lines:
            texts = counted(self._n_of_more_lines, "text")
            tell(f"of more than one line, as line feeds are written as they are: {texts}; -f jsonl keeps them apart")


def _is_decoded(
    texts: Iterable[TextIds], decoder: _Decoder, output: _Output, line: Progress, *, as_it_flows: bool
) -> bool:
    """Decode the texts of one input; false, and told, where it cannot be done to its end."""
    n_done = 0
    try:
        for ids in texts:
            output.write(ids, *decoder.decoded(ids))
            if as_it_flows:  # whoever reads behind the pipe waits for each line
                output.flush()
            line.add()
            n_done += 1
    except BadInput as error:
        tell(f"{error} (decoded before it: {counted(n_done, 'text')})" if n_done else str(error))
        return False
    return True
