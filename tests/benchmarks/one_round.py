"""One round in a process of its own: a tool is made ready, reads a whole file and has its ids in memory.

    python one_round.py <task> <tool> <path> <threads> <last bytes, 0 for all> [<where to keep the ids>]

prints a line of JSON; bert.json and clip.json stand beside the path. Making ready (imports, vocabulary, tables,
compiled code, a megabyte of the word "a") is not in the time; opening the file, decoding it and cutting it into lines
is. Nothing of the text has been seen before.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from importlib.util import find_spec
from pathlib import Path

WARM_UP = ("a " * 1000 + "\n") * 700  # enough that tokembed takes its kernels


def on_cores(n_threads: int) -> None:
    """Bind this process to so many cores, which is how every tool is told how many threads to take."""
    os.environ["RAYON_NUM_THREADS"] = str(n_threads)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n_threads])


def peak_megabytes() -> float:
    """The most memory this process has held, in MB.

    Not ru_maxrss: that counts the parent's memory too, which this process held before it began.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError("no VmHWM in /proc/self/status")


def warm_up_file(folder: Path) -> Path:
    """A text without words of its own."""
    path = folder / "warm_up.txt"
    if not path.exists():
        path.write_text(WARM_UP)
    return path


def last_lines(path: Path, n_bytes: int) -> Path:
    """The file, or a new one beside it with its last whole lines of so many bytes."""
    if not n_bytes or path.stat().st_size <= n_bytes:
        return path
    cut = path.with_suffix(f".{n_bytes}")
    if not cut.exists():
        end = path.read_bytes()[-n_bytes:]
        cut.write_bytes(end[end.index(b"\n") + 1 :])
    return cut


def main() -> None:
    """Run the round that the arguments ask for."""
    task, name, path, n_threads, n_last, *keep = sys.argv[1:]
    on_cores(int(n_threads))
    from contenders import CONTENDERS  # only now: libraries count the cores when they are loaded

    contender = CONTENDERS[task][name]
    if find_spec(contender.package.partition(".")[0]) is None:
        print(json.dumps({"missing": contender.package}))
        return
    began = time.perf_counter()
    run, keep_result = contender.ready(int(n_threads), Path(path).parent)
    run(warm_up_file(Path(path).parent))
    ready = time.perf_counter() - began
    read = last_lines(Path(path), int(n_last))
    gc.collect()
    before = peak_megabytes()
    began, cpu_began = time.perf_counter(), time.process_time()
    result = run(read)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
    measured = {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "n_bytes": read.stat().st_size,
        "ready": ready,
        "before": before,
        "peak": peak_megabytes(),
    }
    if keep:
        keep_result(result, read, Path(keep[0]))
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
