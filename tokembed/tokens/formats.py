"""Tokens as lines of text, ids or JSON, and which format a file's name stands for.

A format has two halves: `make` works on a batch in any thread, `write` takes what it made, in order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

from tokembed.errors import BadUsage, one_of
from tokembed.inputs.batches import Batch
from tokembed.tokens.long_texts import Cuts, Limit
from tokembed.types import Encoding, Span, Text, Tokenizer
from tokembed.writers import beside, together

FORMATS = ("text", "ids", "jsonl", "parquet", "npy")
SUFFIXES = {"text": ".txt", "ids": ".ids", "jsonl": ".jsonl", "parquet": ".parquet", "npy": ".npy"}
_BY_SUFFIX = {
    ".txt": ("text", "ids"),
    **{suffix: (form,) for form, suffix in SUFFIXES.items() if suffix != ".txt"},
}
STARTS, RECORD, WINDOWS, WORDS = ".starts.npy", ".json", ".windows.npy", ".vocab.txt"
"""What the names of the files beside an output end in."""
_NEED_A_FILE = ("parquet", "npy")


@dataclass(frozen=True, slots=True)
class Cutting:
    """What is to be cut, and what of it is to be written.

    Attributes:
        tokenizers: by name.
        settings: of the tokenizers, where they differ from the defaults.
        offsets, token_bytes: whether each token has its place in the text, its bytes.
        limit: how many tokens a row may have; None for any number.
    """

    tokenizers: Mapping[str, Tokenizer]
    settings: Mapping[str, Any] = field(default_factory=dict)
    offsets: bool = False
    token_bytes: bool = False
    limit: Limit | None = None

    @property
    def has_windows(self) -> bool:
        """Whether a text may become several rows."""
        return self.limit is not None and self.limit.on_long == "window"


class Made(NamedTuple):
    """What became of a batch: what `write` takes, and what was cut off under each tokenizer."""

    data: Any
    cuts: dict[str, Cuts]


class Format(NamedTuple):
    """How a batch becomes tokens in a file.

    Attributes:
        make: takes a batch and whether the kernels are to cut it; may run in many threads at once.
        write: takes the data of each batch, in order.
    """

    make: Callable[[Batch, bool], Made]
    write: Callable[[Any], object]


def chosen_format(asked: str | None, path: Path | None) -> str:
    """The format that `-f` and the suffix of `-o` agree on; text where neither says.

    Raises:
        BadUsage: they disagree, or one of them is unknown.
    """
    if asked is not None:
        one_of("-f", asked, FORMATS)
    if path is None:
        if asked in _NEED_A_FILE:
            raise BadUsage(f"-f {asked} needs a file, give one with -o NAME{SUFFIXES[asked]}")
        return asked or "text"
    allowed = _BY_SUFFIX.get(path.suffix.lower())
    if allowed is None:
        raise BadUsage(f"-o must end in {', '.join(_BY_SUFFIX)}, got {str(path)!r}")
    if asked is not None and asked not in allowed:
        raise BadUsage(f"-f and the suffix of -o must agree, got -f {asked} and {str(path)!r}")
    return asked or allowed[0]


def files_of(form: str, path: Path, cutting: Cutting) -> list[Path]:
    """The output and what may be written beside it, or removed there as it no longer belongs to it."""
    possible = {
        "npy": [STARTS, RECORD, WINDOWS, WORDS],
        "parquet": [WORDS, *(f".{name}{WORDS}" for name in cutting.tokenizers)],
    }
    return [path, *(beside(path, ending) for ending in possible.get(form, []))]


def endings(form: str, cutting: Cutting) -> list[str]:
    """What the names of the files that are written beside such an output end in, of each open vocabulary last."""
    names = [name for name, tokenizer in cutting.tokenizers.items() if tokenizer.vocab is None]
    words = [WORDS] if len(names) == 1 else [f".{name}{WORDS}" for name in names]
    if form == "npy":
        return [STARTS, RECORD, *([WINDOWS] if cutting.has_windows else []), *words]
    return words if form == "parquet" else []


@contextmanager
def writing(
    form: str, cutting: Cutting, path: Path | None, stdout: IO[bytes], record: Callable[[], dict[str, Any]]
) -> Iterator[Format]:
    """What writes batches in that format to `path`, or to `stdout` where it is None.

    Args:
        record: what to say about the inputs beside arrays, asked for once all are read.
    """
    if path is not None and form == "parquet":
        from tokembed.tokens.tables import parquet  # the other formats do without pyarrow

        with parquet(path, cutting) as format_:
            yield format_
    elif path is not None and form == "npy":
        from tokembed.tokens.arrays import arrays

        with arrays(path, cutting, record) as format_:
            yield format_
    elif path is not None:
        with together([path]) as (file,):
            yield _lines(form, cutting, file.write)
    else:

        def write(data: bytes) -> None:
            stdout.write(data)
            stdout.flush()  # whoever reads behind a pipe waits for it

        yield _lines(form, cutting, write)


def _lines(form: str, cutting: Cutting, write: Callable[[bytes], object]) -> Format:
    if form == "jsonl":
        return Format(lambda batch, is_bulk: _json_lines(batch, cutting, is_bulk), write)
    return Format(lambda batch, is_bulk: _token_lines(batch, cutting, form, is_bulk), write)


def _token_lines(batch: Batch, cutting: Cutting, form: str, is_bulk: bool) -> Made:
    """A row of tokens or ids a line; of one tokenizer, as a line does not say which."""
    ((name, tokenizer),) = cutting.tokenizers.items()
    if is_bulk:
        from tokembed.tokens.lines import lines_of
        from tokembed.tokens.rows import rows_of

        rows = rows_of(batch, tokenizer, cutting.limit, is_bulk=True)
        return Made(lines_of(rows.corpus, form), {name: rows.cuts})
    cuts, lines = Cuts(), []
    for text in batch.records():
        for _, encoding in _rows(text, tokenizer, cutting.limit, cuts):
            words = encoding.tokens if form == "text" else map(str, encoding.ids or ())
            lines.append(" ".join(words))
    return Made("".join(line + "\n" for line in lines).encode(), {name: cuts})


def _json_lines(batch: Batch, cutting: Cutting, is_bulk: bool) -> Made:
    """A row of each tokenizer a line, those of a text together."""
    is_detailed = cutting.offsets or cutting.token_bytes or cutting.has_windows
    if is_bulk and not is_detailed:
        from tokembed.tokens.lines import json_lines

        return json_lines(batch, cutting)
    cuts = {name: Cuts() for name in cutting.tokenizers}
    lines = [
        json.dumps(record(text, name, encoding, cutting, window), ensure_ascii=False)
        for text in batch.records()
        for name, tokenizer in cutting.tokenizers.items()
        for window, encoding in _rows(text, tokenizer, cutting.limit, cuts[name])
    ]
    return Made("".join(line + "\n" for line in lines).encode(), cuts)


def _rows(text: Text, tokenizer: Tokenizer, limit: Limit | None, cuts: Cuts) -> Sequence[tuple[int, Encoding]]:
    """The text's rows, numbered."""
    encoding = tokenizer.encode(text.text)
    rows = [encoding] if limit is None else limit.encodings(encoding, tokenizer.frame, text.id)
    cuts.add(text, encoding, rows)
    return list(enumerate(rows))


def record(text: Text, tokenizer: str, encoding: Encoding, cutting: Cutting, window: int = 0) -> dict[str, Any]:
    """One row as JSON has it; bytes are in hex.

    Where texts are cut into windows, `text` is the window's part of the text and `span` says which part it is;
    offsets still point into the whole text.
    """
    fields: dict[str, Any] = {"id": text.id, "source": text.source, "tokenizer": tokenizer, "text": text.text}
    if cutting.has_windows:
        start, end = _span(encoding)
        fields |= {"window": window, "span": [start, end], "text": text.text[start:end]}
    fields |= {
        "tokens": encoding.tokens,
        "ids": encoding.ids,
        "n_unk": encoding.n_unk,
        "n_unk_chars": encoding.n_unk_chars,
    }
    if cutting.offsets:
        fields["offsets"] = encoding.offsets
    if cutting.token_bytes:
        fields["bytes"] = [data.hex() for data in encoding.token_bytes]
    return fields


def _span(encoding: Encoding) -> Span:
    return (encoding.offsets[0][0], encoding.offsets[-1][1]) if encoding.offsets else (0, 0)
