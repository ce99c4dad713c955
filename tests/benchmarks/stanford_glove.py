"""The published GloVe program in C, step by step, with the time each takes.

It is no part of this repository: git clone https://github.com/stanfordnlp/GloVe && make -C GloVe
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

from gensim.models import KeyedVectors
from one_round import on_cores

PROGRAMS = ("vocab_count", "cooccur", "shuffle", "glove")


class StanfordGlove:
    """The programs in a folder, at work in another one on one file of tokens.

    Args:
        folder: of the program; it has build/glove.
        work: where the files go that the programs hand each other.
        tokens: a text a line, its tokens separated by spaces.
    """

    def __init__(self, folder: Path, work: Path, tokens: Path) -> None:
        self._build, self._work, self._tokens = folder.absolute() / "build", work, tokens
        missing = [name for name in PROGRAMS if not (self._build / name).exists()]
        if missing:
            raise SystemExit(f"--stanford must have build/{missing[0]}, found none in {folder}; run make there")

    def count(self, *, window: int, min_count: int) -> dict[str, float]:
        """The seconds of the vocabulary, of counting and of shuffling, by the clock and the processor."""
        vocab, cells, shuffled = (self._work / name for name in ("vocab.txt", "cells.bin", "shuffled.bin"))
        steps = (
            ("vocab", ["vocab_count", "-min-count", str(min_count)], self._tokens, vocab),
            ("count", ["cooccur", "-vocab-file", str(vocab), "-window-size", str(window)], self._tokens, cells),
            ("shuffle", ["shuffle", "-seed", "1"], cells, shuffled),
        )
        return {key: value for step in steps for key, value in self._step(*step).items()}

    def _step(self, name: str, command: list[str], source: Path, target: Path) -> dict[str, float]:
        began, before = time.perf_counter(), _children_seconds()
        with source.open("rb") as given, target.open("wb") as taken:
            subprocess.run(
                [self._build / command[0], *command[1:], "-verbose", "0", *(["-memory", "4"] * (name != "vocab"))],
                stdin=given, stdout=taken, stderr=subprocess.DEVNULL, cwd=self._work, check=True,
            )  # fmt: skip
        return {name: time.perf_counter() - began, f"{name}_cpu": _children_seconds() - before}

    def train(self, *, dim: int, epochs: int, x_max: float, n_threads: int, binary: bool) -> dict[str, Any]:
        """The seconds and the loss of each epoch.

        Args:
            binary: write no text, which takes long.
        """
        options = {
            "input-file": "shuffled.bin", "vocab-file": "vocab.txt", "save-file": "vectors", "vector-size": dim,
            "iter": epochs, "threads": n_threads, "x-max": x_max, "seed": 1, "verbose": 1, "write-header": 1,
            "binary": int(binary),
        }  # fmt: skip
        command = [
            str(self._build / "glove"),
            *(str(word) for key, value in options.items() for word in ("-" + key, value)),
        ]
        found: dict[str, list[float]] = {"epochs": [], "epochs_cpu": [], "losses": []}
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, cwd=self._work, preexec_fn=lambda: on_cores(n_threads)
        ) as running:
            assert running.stderr is not None
            began, cpu_began = time.perf_counter(), 0.0
            for line in running.stderr:
                cost = re.search(r"iter: \d+, cost: (\S+)", line)
                if cost:
                    found["epochs"].append(time.perf_counter() - began)
                    found["epochs_cpu"].append(_seconds_of(running.pid) - cpu_began)
                    found["losses"].append(float(cost[1]))
                began, cpu_began = time.perf_counter(), _seconds_of(running.pid)
        if running.returncode:
            raise SystemExit(f"{command[0]} ended with {running.returncode}")
        return found

    def vectors(self) -> KeyedVectors:
        """What was trained last, where it was written as text."""
        return KeyedVectors.load_word2vec_format(str(self._work / "vectors.txt"))


def _children_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _seconds_of(pid: int) -> float:
    """How long a process has kept the processors busy."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
