"""What `stats` counts apart: nothing, files, the values of a column, or languages of parallel text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tokembed.cli.inputs import Inputs
from tokembed.errors import BadUsage
from tokembed.inputs.batches import Batch

_FILE = "file"


class Groups:
    """The groups that are asked for.

    Args:
        by: "file", or a column of the inputs.
        key: a column that says which text a row is, where `by` is its language.
        parallel: LANG=FILE, texts at the same line being the same text.

    Raises:
        BadUsage: they do not go together, or cannot be.
    """

    def __init__(
        self,
        files: Sequence[str] | None,
        inline: Sequence[str] | None,
        *,
        by: str | None,
        key: str | None,
        parallel: Sequence[str] | None,
    ) -> None:
        if parallel and (files or inline or by or key):
            raise BadUsage(
                "--parallel names its own files, it goes with no other input and with neither --by nor --key"
            )
        if key and by in (None, _FILE):
            raise BadUsage(f"--key needs --by COLUMN with the language of each text, got --by {by or 'nothing'}")
        if by not in (None, _FILE) and inline:
            raise BadUsage(f"a text given with -c has no column {by!r}; use --by file")
        self._by = by
        self._languages = _languages(parallel or ())
        self.files = list(self._languages.values()) or list(files or ())
        self.columns = tuple(name for name in (by, key) if name not in (None, _FILE))
        self.are_asked = bool(by or parallel)
        self.are_languages = bool(key or parallel)
        self.group = None if not self.are_asked else _first_column if self.columns else _source
        self.key = _second_column if key else None

    def batches(self, inputs: Inputs) -> Iterator[Batch]:
        """The texts; those of a language have its name as their source."""
        if not self._languages:
            yield from inputs.batches()
            return
        for language, (_, batches) in zip(self._languages, inputs.by_source(), strict=True):
            for batch in batches:
                yield replace(batch, source=language)


def _languages(parallel: Sequence[str]) -> dict[str, str]:
    """The file of each language."""
    files: dict[str, str] = {}
    for pair in parallel:
        language, equals, file = pair.partition("=")
        if not (language and equals and file):
            raise BadUsage(f"--parallel must be LANG=FILE, such as eng=english.txt, got {pair!r}")
        if language in files:
            raise BadUsage(f"--parallel must name each language once, got {language!r} twice")
        files[language] = file
    if len(files) == 1:
        raise BadUsage(f"--parallel needs two languages at least, got {parallel[0]!r} alone; repeat it")
    return files


def _source(batch: Batch) -> Sequence[str]:
    return [batch.source] * len(batch)


def _first_column(batch: Batch) -> Sequence[str]:
    return [values[0] for values in batch.others]


def _second_column(batch: Batch) -> Sequence[str]:
    return [values[1] for values in batch.others]
