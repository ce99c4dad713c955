"""What `tokenize` does once it is told: tokens into one output, their number, or what comes back of them."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tokembed.cli.inputs import Inputs
from tokembed.cli.output import printable, table, tell
from tokembed.cli.progress import Progress, progress
from tokembed.errors import BadUsage
from tokembed.inputs.shards import Shard
from tokembed.inputs.texts import STDIN
from tokembed.tokens.formats import Cutting, files_of, writing
from tokembed.tokens.long_texts import Cuts
from tokembed.tokens.roundtrip import RoundTrips, example_lines, summary
from tokembed.tokens.writing import count_tokens, write_tokens
from tokembed.types import Tokenizer
from tokembed.writers import check_target

_STDIN, _STDOUT = 0, 1


def write_one(inputs: Inputs, form: str, cutting: Cutting, path: Path | None, shard: Shard | None) -> None:
    """Write the tokens of all inputs, or of a part of them, to one output."""
    if path:
        for file in files_of(form, path, cutting):
            check_target(file, inputs.files)
    else:
        _check_stdout(inputs.files)

    def record() -> dict[str, object]:
        return inputs.record() | ({"shard": str(shard)} if shard else {})

    with (
        progress("tokenize", lambda: inputs.n_bytes, None if shard else inputs.total_bytes()) as line,
        writing(form, cutting, path, sys.stdout.buffer, record) as format_,
    ):
        cuts = write_tokens(inputs.batches(shard), format_, progress=line.add)
    tell_what_was_cut(cuts, cutting)


def _check_stdout(files: Sequence[str]) -> None:
    """Raise BadUsage where stdout leads into one of the inputs: it would grow as it is read, without an end."""
    for source in files:
        with suppress(OSError):  # what is wrong with an input, reading tells
            stdout = os.fstat(_STDOUT)
            if stat.S_ISREG(stdout.st_mode) and os.path.samestat(
                stdout, os.fstat(_STDIN) if source == STDIN else Path(source).stat()
            ):
                raise BadUsage(f"the output must not be an input, {source!r} is both; name another file behind '>'")


def tell_what_was_cut(cuts: Mapping[str, Cuts], cutting: Cutting) -> None:
    """Say of each tokenizer how many texts were too long for it, and what became of them."""
    if cutting.limit is None:
        return
    for name, tokenizer in cutting.tokenizers.items():
        if name in cuts and (message := cuts[name].message(cutting.limit, tokenizer)):
            tell(f"{name}: {message}" if len(cutting.tokenizers) > 1 else message)


def print_counts(inputs: Inputs, tokenizers: Mapping[str, Tokenizer], shard: Shard | None) -> None:
    """Print `count`, `count<TAB>path` or `count<TAB>tokenizer<TAB>path`: only what tells one number from another."""
    with progress("tokenize", lambda: inputs.n_bytes, None if shard else inputs.total_bytes()) as line:
        counts = _counts(inputs, tokenizers, shard, line)
    is_one = len(inputs.sources) == 1 or shard is not None
    for name in tokenizers:
        label = f"\t{name}" if len(tokenizers) > 1 else ""
        for source, n_tokens in counts:
            print(f"{n_tokens[name]}{label}" if is_one else f"{n_tokens[name]}{label}\t{source}")
        if not is_one:
            print(f"{sum(n_tokens[name] for _, n_tokens in counts)}{label}\ttotal")


def _counts(
    inputs: Inputs, tokenizers: Mapping[str, Tokenizer], shard: Shard | None, line: Progress
) -> list[tuple[str, dict[str, int]]]:
    """The number of tokens of each input that could be read to its end, or of the part."""
    if shard is not None:
        return [("", count_tokens(inputs.batches(shard), tokenizers, progress=line.add))]
    counts = []
    for source, batches in inputs.by_source():
        n_tokens = count_tokens(batches, tokenizers, progress=line.add)
        if not inputs.failed(source):
            counts.append((source, n_tokens))
    return counts


def print_roundtrips(inputs: Inputs, tokenizers: Mapping[str, Tokenizer], shard: Shard | None) -> None:
    """Print how many texts come back when their ids are decoded, and the first that do not."""
    results = {name: RoundTrips(name) for name in tokenizers}
    with progress("tokenize", lambda: inputs.n_bytes, None if shard else inputs.total_bytes()) as line:
        for batch in inputs.batches(shard):
            texts = list(batch.records())
            for name, tokenizer in tokenizers.items():
                results[name].check(texts, tokenizer)
            line.add(len(texts))
    rows = summary(results.values())
    print("\n".join(table(rows, right=[False] + [True] * (len(rows[0]) - 1))))
    for result in results.values():
        for example in example_lines(result):
            print(printable(example))
