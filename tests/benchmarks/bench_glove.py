"""tokembed's GloVe against the published program in C: counting, an epoch, the loss, word similarity.

    pip install -e . && git clone https://github.com/stanfordnlp/GloVe && make -C GloVe
    python tests/benchmarks/bench_glove.py --stanford GloVe

On Linux, about half an hour on two cores, a few minutes without --stanford. The text is the English one of
../shared/data, or of --data, in lower case and cut at white space; both read the same file of its tokens. Every
training is a process of its own, they take turns, and what is printed is the median. "tokembed is" so many times as
fast, by the clock and by CPU seconds, which a busy machine disturbs less. The C program counts on one thread and
from text: its counting stands beside tokembed's from text (cutting it, the vocabulary, counting), and without its
vocabulary beside tokembed's from tokens that are ids already. The similarity of both differs by some 0.02 from seed
to seed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from benchmark_texts import SOURCES
from gensim.models import KeyedVectors
from gensim.test.utils import datapath
from printing import load, print_machine, print_table
from rounds import HERE, child
from stanford_glove import StanfordGlove

OPTIONS = {"dim": 100, "window": 10, "min_count": 5, "x_max": 10.0, "alpha": 0.75, "learning_rate": 0.05}
THREADS = (1, 2)
LEAST_EPOCH, LEAST_COUNT = 5, 3  # so many times the C program's speed, two threads
LITTLE_GB = 0.05
Measured = dict[str, Any]


def main() -> None:
    """Print what the arguments ask for."""
    args = _arguments()
    with tempfile.TemporaryDirectory(prefix="bench_glove_") as temporary:
        folder = Path(temporary)
        tokens = _tokens(args.data, folder)
        print_machine(max(THREADS), ("numpy", "numba", "llvmlite", "gensim"))
        peer = StanfordGlove(args.stanford, folder, tokens) if args.stanford else None
        _speed(tokens, peer, args)
        _quality(tokens, peer, args.epochs)
    print(load())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stanford", type=Path, metavar="DIR", help="where the published program was built")
    parser.add_argument("--rounds", type=int, default=3, help="of each speed (default 3)")
    parser.add_argument("--epochs", type=int, default=15, help="for the loss and the similarity (default 15)")
    parser.add_argument("--data", type=Path, default=HERE.parents[2] / "shared" / "data", help="where the texts are")
    return parser.parse_args()


def _tokens(data: Path, folder: Path) -> Path:
    """A text a line, its tokens with a space between."""
    path = folder / "tokens.txt"
    texts = [" ".join(line.lower().split()) for line in SOURCES["enwiki"](data)]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def _ours(tokens: Path, n_threads: int, *, epochs: int, memory: float = 2.0, target: Sequence[str] = ()) -> Measured:
    options = json.dumps(OPTIONS | {"epochs": epochs})
    found = child("one_glove.py", str(tokens), str(n_threads), str(memory), options, *target, timeout=3600)
    if "failed" in found:
        raise SystemExit(f"tokembed failed: {found['failed']}")
    return found


# Speed


def _speed(tokens: Path, peer: StanfordGlove | None, args: argparse.Namespace) -> None:
    """Two epochs of each, in turns."""
    ours: dict[str, list[Measured]] = {}
    theirs: dict[str, list[Measured]] = {}
    for _ in range(args.rounds):
        counted = peer.count(window=OPTIONS["window"], min_count=OPTIONS["min_count"]) if peer else {}
        for n_threads in THREADS:
            ours.setdefault(_threads(n_threads), []).append(_ours(tokens, n_threads, epochs=2))
            if peer:
                trained = peer.train(
                    dim=OPTIONS["dim"], epochs=2, x_max=OPTIONS["x_max"], n_threads=n_threads, binary=True
                )
                theirs.setdefault(_threads(n_threads), []).append(counted | trained)
        ours.setdefault(f"2 threads, {LITTLE_GB} GB", []).append(_ours(tokens, 2, epochs=2, memory=LITTLE_GB))
    first = ours["1 thread"][0]
    print(f"{first['n_words']:,} words, {first['n_terms']:,} terms, {first['n_cells']:,} co-occurrences; {load()}")
    _print_counting(ours, theirs)
    _print_epochs(ours, theirs)


def _threads(number: int) -> str:
    return "1 thread" if number == 1 else f"{number} threads"


def _print_counting(ours: dict[str, list[Measured]], theirs: dict[str, list[Measured]]) -> None:
    n_words = ours["1 thread"][0]["n_words"]
    steps = {"from ids": ["count"], "from text": ["cut", "count"]}
    peers = {"from ids": ["count"], "from text": ["vocab", "count"]}  # cooccur alone, and the vocabulary before it
    rows = [["counting", "words/s", "seconds", "cpu s", "tokembed is", "by cpu", "peak MB"]]
    for how, names in steps.items():
        against = theirs.get("2 threads")
        for label, measured in ours.items():
            peak = statistics.median(one["peak"] - one["before"] for one in measured)
            times = _times(_seconds(measured, names), _seconds(against, peers[how]) if against else None)
            rows.append([f"tokembed {how}, {label}", *_speeds(n_words, measured, names), *times, f"+{peak:.0f}"])
        if against:
            rows.append([f"C {how}", *_speeds(n_words, against, peers[how]), "", "", ""])
    if "2 threads" in theirs:
        rows.append(["C shuffling, once", *_speeds(n_words, theirs["2 threads"], ["shuffle"]), "", "", ""])
    print()
    print_table(rows)


def _print_epochs(ours: dict[str, list[Measured]], theirs: dict[str, list[Measured]]) -> None:
    n_cells = ours["1 thread"][0]["n_cells"]
    rows = [["an epoch", "cells/s", "seconds", "cpu s", "tokembed is", "by cpu"]]
    for label, measured in ours.items():
        against = theirs.get(label.partition(",")[0])
        times = _times(_seconds(measured, ["epochs"]), _seconds(against, ["epochs"]) if against else None)
        rows.append([f"tokembed, {label}", *_speeds(n_cells, measured, ["epochs"]), *times])
    for label, measured in theirs.items():
        rows.append([f"C, {label}", *_speeds(n_cells, measured, ["epochs"]), "", ""])
    print()
    print_table(rows)
    if theirs:
        _print_targets(ours["2 threads"], theirs["2 threads"])


def _print_targets(ours: list[Measured], theirs: list[Measured]) -> None:
    epoch = _seconds(theirs, ["epochs"])[0] / _seconds(ours, ["epochs"])[0]
    count = _seconds(theirs, ["vocab", "count"])[0] / _seconds(ours, ["cut", "count"])[0]
    for what, least, times in (("an epoch", LEAST_EPOCH, epoch), ("counting from text", LEAST_COUNT, count)):
        print(f"{what}, 2 threads, at least {least} x: {times:.1f} x {'met' if times >= least else 'MISSED'}")


def _seconds(measured: list[Measured], names: list[str]) -> tuple[float, float]:
    """The median of all rounds (of all epochs) by the clock and by the processor, steps added up."""
    return sum(_median(measured, name) for name in names), sum(_median(measured, name + "_cpu") for name in names)


def _median(measured: list[Measured], name: str) -> float:
    values = [one[name] for one in measured]
    return statistics.median(chain(*values) if isinstance(values[0], list) else values)


def _speeds(amount: int, measured: list[Measured], names: list[str]) -> list[str]:
    seconds, cpu_seconds = _seconds(measured, names)
    return [f"{amount / seconds:,.0f}", f"{seconds:.2f}", f"{cpu_seconds:.2f}"]


def _times(ours: tuple[float, float], theirs: tuple[float, float] | None) -> list[str]:
    return ["", ""] if theirs is None else [f"{their / our:.1f} x" for our, their in zip(ours, theirs, strict=True)]


# Quality


def _quality(tokens: Path, peer: StanfordGlove | None, epochs: int) -> None:
    """The loss of each epoch, and how well the vectors know which words are alike."""
    target = tokens.with_name("ours.vec")
    tools = {"tokembed": _ours(tokens, 2, epochs=epochs, target=[str(target)])["losses"]}
    vectors = {"tokembed": KeyedVectors.load_word2vec_format(str(target))}
    if peer:
        trained = peer.train(dim=OPTIONS["dim"], epochs=epochs, x_max=OPTIONS["x_max"], n_threads=2, binary=False)
        tools["C"], vectors["C"] = trained["losses"], peer.vectors()
    rows = [["loss of epoch", *tools]]
    rows += [[str(epoch), *(f"{losses[epoch - 1]:.5f}" for losses in tools.values())] for epoch in range(1, epochs + 1)]
    pairs = {tool: _similarity(found) for tool, found in vectors.items()}
    rows.append(["WordSim-353, Spearman", *(f"{rank:.3f}" for rank, _ in pairs.values())])
    rows.append(["pairs with both words", *(f"{share:.1f} %" for _, share in pairs.values())])
    print()
    print_table(rows)


def _similarity(vectors: KeyedVectors) -> tuple[float, float]:
    """The rank correlation with people's judgment, and the percentage of pairs it is of."""
    _, spearman, left_out = vectors.evaluate_word_pairs(datapath("wordsim353.tsv"))
    return spearman[0], 100 - left_out


if __name__ == "__main__":
    main()
