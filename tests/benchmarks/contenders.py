"""The tools that are compared: how each goes from a file to ids in memory, at its fastest.

All that can read one get the same tokenizer.json (published_json.py). A tool without threads of its own gets a pool of
them over equal runs of lines; those that hold Python's lock gain nothing by it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

SLAB = 20_000  # texts at a time for the tools that make an object a text: all of 100 MB would be gigabytes

Run = Callable[[Path], Any]
Keep = Callable[[Any, Path, Path], None]  # the result, the file that was read, where to keep
Ready = Callable[[int, Path], tuple[Run, Keep]]


@dataclass(frozen=True, slots=True)
class Contender:
    """A tool for a task.

    Attributes:
        package: what must be installed.
        ready: loads it for so many threads, from a folder with bert.json and clip.json; gives what is timed, and what
            then keeps its result.
        is_slow: of a large file it gets the last part only.
    """

    package: str
    ready: Ready
    is_slow: bool = False


def lines_of(path: Path) -> list[str]:
    """The file's lines as strings, without their ends."""
    return path.read_bytes().decode().removesuffix("\n").split("\n")


def keep_rows(ids: Any, lengths: Any, path: Path) -> None:
    """Keep all ids one after another, and how many each text has."""
    with path.open("wb") as file:
        np.savez(file, ids=np.asarray(ids).astype(np.int32), lengths=np.asarray(lengths).astype(np.int64))


def keep_lists(result: list[Any], read: Path, path: Path) -> None:
    """Keep ids that came as a list a text."""
    lengths = [len(ids) for ids in result]
    keep_rows(np.fromiter(chain.from_iterable(result), np.int32, sum(lengths)), lengths, path)


def keep_pairs(result: list[tuple[Any, Any]], read: Path, path: Path) -> None:
    """Keep ids that came as (ids, lengths), one pair for each run of lines."""
    keep_rows(np.concatenate([ids for ids, _ in result]), np.concatenate([lengths for _, lengths in result]), path)


def in_threads(work: Callable[[list[str]], Any], texts: list[str], n_threads: int) -> list[Any]:
    """What `work` makes of each of so many equal runs of texts, in order."""
    borders = [len(texts) * part // n_threads for part in range(n_threads + 1)]
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(lambda part: work(texts[borders[part] : borders[part + 1]]), range(n_threads)))


def slabs(texts: list[str]) -> Iterator[list[str]]:
    """The texts, SLAB at a time."""
    for first in range(0, len(texts), SLAB):
        yield texts[first : first + SLAB]


def tokembed(name: str) -> Ready:
    """The library as it is used for a whole file: its bytes, where its lines begin, `encode_batch`."""

    def ready(n_threads: int, folder: Path) -> tuple[Run, Keep]:
        from tokembed import registry
        from tokembed.inputs.blocks import file_block

        tokenizer = registry.tokenizer(name)
        tokenizer.encode_batch(["a"])  # little text goes another way, which has to be loaded as well

        def run(path: Path) -> Any:
            return tokenizer.encode_batch(file_block(path))

        return run, lambda corpus, _, path: keep_rows(corpus.ids, corpus.lengths(), path)

    return ready


def tokenizers(task: str) -> Ready:
    """Hugging Face's encode_batch_fast."""

    def ready(n_threads: int, folder: Path) -> tuple[Run, Keep]:
        from tokenizers import Tokenizer

        encode = Tokenizer.from_file(str(folder / f"{task}.json")).encode_batch_fast

        def run(path: Path) -> Any:
            parts = slabs(lines_of(path))
            return [encoding.ids for part in parts for encoding in encode(part, add_special_tokens=False)]

        return run, keep_lists

    return ready


def nanotoken(form: str) -> Ready:
    """Its file mode, which never makes a string, and its batch mode."""

    def ready(n_threads: int, folder: Path) -> tuple[Run, Keep]:
        from nanotoken import TextFileSource, Tokenizer

        tokenizer = Tokenizer.from_json((folder / "bert.json").read_text(encoding="utf-8"))
        options = {"add_special_tokens": False, "parallel": n_threads > 1}

        def run(path: Path) -> Any:
            if form == "files":
                return tokenizer.encode_files(TextFileSource(str(path), separator="\n"), **options)
            return tokenizer.encode_batch(lines_of(path), **options)

        return run, lambda result, _, path: keep_rows(result.ids, result.lengths, path)

    return ready


def tokie(form: str, task: str) -> Ready:
    """Its file mode, which drops empty lines, and its batch mode."""

    def ready(n_threads: int, folder: Path) -> tuple[Run, Keep]:
        from tokie import Tokenizer

        tokenizer = Tokenizer.from_json(str(folder / f"{task}.json"))

        def run(path: Path) -> Any:
            if form == "files":
                return tokenizer.encode_files([str(path)], b"\n")
            return [tokenizer.encode_batch_flat(lines_of(path), add_special_tokens=False)]

        def keep_files(result: Any, read: Path, path: Path) -> None:
            lengths = np.array([bool(line) for line in lines_of(read)]).astype(np.int64)
            lengths[lengths > 0] = np.diff(result[1].astype(np.int64))
            keep_rows(result[0], lengths, path)

        return run, keep_files if form == "files" else keep_pairs

    return ready


def iree(task: str) -> Ready:
    """Its batches into arrays."""

    def ready(n_threads: int, folder: Path) -> tuple[Run, Keep]:
        from iree.tokenizer import Tokenizer

        encode = Tokenizer.from_file(str(folder / f"{task}.json")).encode_batch_to_array
        return lambda path: in_threads(encode, lines_of(path), n_threads), keep_pairs

    return ready


def blingfire(n_threads: int, folder: Path) -> tuple[Run, Keep]:
    """A call a text; its own compiled form of the same vocabulary."""
    import blingfire as library

    model = library.load_model(str(Path(library.__file__).parent / "bert_multi_cased.bin"))

    def work(texts: list[str]) -> list[Any]:
        return [library.text_to_ids(model, text, len(text) + 8, 100, True) for text in texts]

    return lambda path: list(chain(*in_threads(work, lines_of(path), n_threads))), keep_lists


def instant_clip(n_threads: int, folder: Path) -> tuple[Run, Keep]:
    """A call a text; its own vocabulary, and no cleaning but lower case."""
    from instant_clip_tokenizer import Tokenizer

    encode = Tokenizer().encode

    def work(texts: list[str]) -> list[Any]:
        return list(map(encode, texts))

    return lambda path: list(chain(*in_threads(work, lines_of(path), n_threads))), keep_lists


def openai(n_threads: int, folder: Path) -> tuple[Run, Keep]:
    """OpenAI's SimpleTokenizer, plain Python on one core: what CLIP's ids are."""
    from tests.clip_reference import ids

    return lambda path: [ids(text, False) for text in lines_of(path)], keep_lists


def counted_words(n_threads: int, folder: Path) -> tuple[Run, Keep]:
    """tokembed's white-space words with their counts."""
    run_words, _ = tokembed("whitespace")(n_threads, folder)

    def run(path: Path) -> Any:
        corpus = run_words(path)
        return corpus, corpus.counts()

    def keep(result: Any, read: Path, path: Path) -> None:
        keep_counts(dict(zip(result[0].vocab, result[1].tolist(), strict=True)), path)

    return run, keep


def counter(n_threads: int, folder: Path) -> tuple[Run, Keep]:
    """Python's own way to count words."""
    return (
        lambda path: Counter(path.read_bytes().decode().split()),
        lambda result, _, path: keep_counts(result, path),
    )


def keep_counts(counts: dict[str, int], path: Path) -> None:
    """Keep words and counts as JSON, in order of sight."""
    path.write_text(json.dumps(counts), encoding="utf-8")


CONTENDERS: dict[str, dict[str, Contender]] = {
    "bert": {
        "tokembed": Contender("tokembed", tokembed("bert")),
        "nanotoken files": Contender("nanotoken", nanotoken("files")),
        "nanotoken batch": Contender("nanotoken", nanotoken("batch")),
        "tokie files": Contender("tokie", tokie("files", "bert")),
        "tokie batch": Contender("tokie", tokie("batch", "bert")),
        "iree": Contender("iree.tokenizer", iree("bert"), is_slow=True),
        "blingfire": Contender("blingfire", blingfire, is_slow=True),
        "tokenizers": Contender("tokenizers", tokenizers("bert"), is_slow=True),
    },
    "clip": {
        "tokembed": Contender("tokembed", tokembed("clip")),
        "tokie files": Contender("tokie", tokie("files", "clip")),
        "tokie batch": Contender("tokie", tokie("batch", "clip")),
        "iree": Contender("iree.tokenizer", iree("clip"), is_slow=True),
        "instant-clip": Contender("instant_clip_tokenizer", instant_clip),
        "tokenizers": Contender("tokenizers", tokenizers("clip"), is_slow=True),
        "openai python": Contender("regex", openai, is_slow=True),
    },
    "whitespace": {"tokembed": Contender("tokembed", counted_words), "Counter": Contender("collections", counter)},
    "character": {"tokembed": Contender("tokembed", tokembed("character"))},
}
