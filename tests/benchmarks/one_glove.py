"""One training of tokembed's GloVe in a process of its own, timed by what it logs.

    python one_glove.py <tokens> <threads> <GB> <JSON of further options> [<where to write the vectors>]

prints a line of JSON. Compiling and starting are not in the times.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

from one_round import on_cores, peak_megabytes, warm_up_file


class Clock(logging.Handler):
    """Takes the time between the lines that training logs."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Any] = {"epochs": [], "epochs_cpu": []}
        self.start()

    def start(self) -> None:
        self._began, self._cpu_began = time.perf_counter(), time.process_time()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        seconds, cpu_seconds = time.perf_counter() - self._began, time.process_time() - self._cpu_began
        if " co-occurrences of " in message:
            n_cells = int(message.partition(" ")[0].replace(",", ""))
            self.found |= {"count": seconds, "count_cpu": cpu_seconds, "n_cells": n_cells}
            self.start()
        elif message.startswith("epoch"):
            self.found["epochs"].append(seconds)
            self.found["epochs_cpu"].append(cpu_seconds)
            self.start()


def main() -> None:
    """Run the training that the arguments ask for."""
    tokens, n_threads, memory, options, *target = sys.argv[1:]
    on_cores(int(n_threads))
    import tokembed  # only now: it counts the cores
    from tokembed.convert import write_vectors
    from tokembed.corpus import from_ids
    from tokembed.embedders.glove import GloveEmbedder
    from tokembed.inputs.blocks import file_block
    from tokembed.vectors import WordVectors
    from tokembed.vocab import Vocab

    made: dict[str, Any] = {"workers": int(n_threads), "memory": float(memory), **json.loads(options)}
    few = from_ids([[0, 1, 0, 1]] * 9000, Vocab("ab"))
    for megabytes in (made["memory"], 0.001):  # compiles what is needed: in parts too
        GloveEmbedder(**{**made, "memory": megabytes, "epochs": 1}).fit(few)
    cutter = tokembed.tokenizer("whitespace")
    cutter.encode_batch(file_block(warm_up_file(Path(tokens).parent)))
    began, cpu_began = time.perf_counter(), time.process_time()
    corpus = cutter.encode_batch(file_block(Path(tokens)))
    cut = {"cut": time.perf_counter() - began, "cut_cpu": time.process_time() - cpu_began, "n_words": corpus.n_tokens}
    clock = Clock()
    log = logging.getLogger("tokembed")
    log.addHandler(clock)
    log.setLevel(logging.INFO)
    before = peak_megabytes()
    clock.start()
    fitted = GloveEmbedder(**made).fit(corpus)
    grown = {"before": before, "peak": peak_megabytes()}
    if target:
        write_vectors(Path(target[0]), WordVectors(fitted.terms, fitted.vectors), form="word2vec")
    print(json.dumps({**cut, **clock.found, **grown, "losses": fitted.losses, "n_terms": len(fitted.terms)}))


if __name__ == "__main__":
    main()
