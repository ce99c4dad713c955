"""Training Word2Vec and FastText against gensim's own corpus_file on the same words, in seconds of processor time.

    pip install -e .
    python tests/benchmarks/bench_training.py path/to/shared/data

The first megabytes of the English and Korean Wikipedia texts, cut at white space. "training" is gensim's `train` with
its file written before, and tokembed's with the writing of its files; "all" has the vocabulary and the model too, which
gensim counts out of the file and tokembed out of the corpus. Every round is a fresh process and the tools take turns;
medians are printed. Processor time, as other work on the machine slows the clock; with one worker the two are the same
on a machine that has nothing else to do. Some minutes on two cores.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

from printing import load, print_table

TOOLS = ("gensim", "tokembed")
MEASURED = ("training", "all")
OPTIONS = {"dim": 100, "window": 5, "min_count": 5, "epochs": 1, "seed": 42}


def main() -> None:
    """Print the table, or what one round measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder with enwiki_dev.txt.gz and kowiki_dev.txt.gz")
    parser.add_argument("--megabytes", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1])
    parser.add_argument("--methods", nargs="+", default=["word2vec", "fasttext"])
    parser.add_argument("--languages", nargs="+", default=["en", "ko"])
    parser.add_argument("--one", nargs=4, metavar=("TOOL", "METHOD", "WORKERS", "PATH"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        tool, method, workers, path = args.one
        print(json.dumps({"gensim": gensim, "tokembed": tokembed}[tool](method, int(workers), Path(path))))
        return
    with tempfile.TemporaryDirectory(prefix="bench_training_") as folder:
        rows = [["", *(f"{tool}: {what}" for what in MEASURED for tool in TOOLS), "tokembed is", "words/s", "load"]]
        for language, method, workers in product(args.languages, args.methods, args.workers):
            path = text(args.data, language, int(args.megabytes * 1e6), Path(folder))
            found = rounds(method, workers, path, args.rounds)
            seconds = [found[tool][what] for what in MEASURED for tool in TOOLS]
            ratios = [found["gensim"][what] / found["tokembed"][what] for what in MEASURED]
            speed = f"{found['tokembed']['n_words'] / seconds[1]:,.0f}"
            rest = [" ".join(f"{ratio:.2f} x" for ratio in ratios), speed, load().removeprefix("load ")]
            rows.append([f"{method}, {language}, {workers} workers", *(f"{second:.2f}" for second in seconds), *rest])
    print_table(rows)


def text(data: Path, language: str, n_bytes: int, folder: Path) -> Path:
    """The first lines of about so many bytes."""
    path = folder / f"{language}.txt"
    with gzip.open(data / f"{language}wiki_dev.txt.gz") as file:
        path.write_bytes(b"".join(file.readlines(n_bytes)))
    return path


def rounds(method: str, workers: int, path: Path, n_rounds: int) -> dict[str, dict[str, float]]:
    """The medians of each tool."""
    found: dict[str, list[dict[str, float]]] = {tool: [] for tool in TOOLS}
    for number in range(n_rounds):
        for tool in TOOLS[:: 1 if number % 2 else -1]:
            command = [sys.executable, __file__, str(path.parent), "--one", tool, method, str(workers), str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found[tool].append(json.loads(done.stdout.splitlines()[-1]))
    return {
        tool: {what: statistics.median(one[what] for one in ones) for what in ones[0]} for tool, ones in found.items()
    }


def gensim(method: str, workers: int, path: Path) -> dict[str, float]:
    """What gensim takes."""
    from gensim.models import FastText, Word2Vec

    names = {"dim": "vector_size"}
    options = {names.get(name, name): value for name, value in OPTIONS.items()}
    more = {} if method == "word2vec" else {"bucket": n_buckets(path)}
    began = time.process_time()
    model = {"word2vec": Word2Vec, "fasttext": FastText}[method](sg=1, workers=workers, **options, **more)
    model.build_vocab(corpus_file=str(path))
    before = time.process_time()
    model.train(
        corpus_file=str(path),
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=model.epochs,
    )
    end = time.process_time()
    n_words = int(sum(model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key))
    return {"training": end - before, "all": end - began, "n_words": n_words}


def tokembed(method: str, workers: int, path: Path) -> dict[str, float]:
    """What tokembed takes."""
    from tokembed import registry
    from tokembed.training import with_gensim as gensim_training

    corpus = corpus_of(path)
    embedder = registry.embedder(method, workers=workers, **OPTIONS)
    training = []

    def timed_train(*args: Any) -> Any:
        began = time.process_time()
        vectors = gensim_training.train(*args)
        training.append(time.process_time() - began)
        return vectors

    import_module(type(embedder).__module__).train = timed_train  # type: ignore[attr-defined]
    began = time.process_time()
    embedder.fit(corpus)
    seconds = time.process_time() - began
    return {"training": training[0], "all": seconds, "n_words": int(embedder.counts.sum())}  # type: ignore[union-attr]


def n_buckets(path: Path) -> int:
    """As many buckets as tokembed takes, which bears on the time."""
    from tokembed.corpus import frequent_terms
    from tokembed.ngrams import ngram_hashes

    terms, _ = frequent_terms(corpus_of(path), OPTIONS["min_count"])
    return 2 * len(set(ngram_hashes(terms.tokens, 3, 6, jamo=False)[0].tolist()))


def corpus_of(path: Path) -> Any:
    """The text cut at white space."""
    from tokembed import registry

    return registry.tokenizer("whitespace").encode_batch(path.read_text(encoding="utf-8").split("\n")[:-1])


if __name__ == "__main__":
    main()
