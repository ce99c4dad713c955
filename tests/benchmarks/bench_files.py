"""`tokembed tokenize` from file to file against the kernel alone on the same text in memory, and how much it holds.

    python tests/benchmarks/bench_files.py            (Linux, some minutes on two cores)

Every round is a fresh process that has loaded its kernels and seen nothing of the text; forms take turns, and what is
printed is the median. "kernel" is the whole file in memory -> ids in memory, by all cores; the other rows read the
file, cut it and write what they are named after. The file is Korean Wikipedia of ../shared/data, or of --data, as
100 MB with its words shuffled. Memory is what the command takes at most, for 10 MB and for 2 GB of the file repeated.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmark_texts import LARGE, text_files
from printing import load, print_machine, print_table

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FORMS = {"kernel": None, "npy": 1.3, "text": 2.0, "ids": None, "parquet": 1.6}
"""What is measured, and at most how many times the kernel's time it may take."""
SUFFIXES = {"npy": ".npy", "text": ".txt", "ids": ".ids", "parquet": ".parquet"}
WARM_UP = "warm up 데우기 " * 100_000
SMALL, BIG = 10_000_000, 2_000_000_000
MOST_MEMORY = 600.0


def main() -> None:
    """Print what the arguments ask for."""
    args = _arguments()
    if args.one:
        print(*_seconds(*args.one))
        return
    with tempfile.TemporaryDirectory(prefix="bench_files_") as temporary:
        folder = args.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        print_machine(os.cpu_count() or 1)
        (text,) = text_files(args.data, folder, wanted=lambda name: name == "kowiki" + LARGE, small=False)
        if not args.memory:
            print(f"\n{text}; medians of {args.rounds} rounds; {load()}\n")
            for tokenizer in args.tokenizers:
                _print_speed(tokenizer, text.path, folder, args.rounds)
        if not args.speed:
            _print_memory(args, folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--folder", type=Path, help="where the texts are kept for the next time")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tokenizers", nargs="+", default=["bert", "clip", "whitespace"])
    parser.add_argument("--speed", action="store_true", help="only the speed")
    parser.add_argument("--memory", action="store_true", help="only the memory")
    parser.add_argument("--one", nargs=4, metavar="WORD", help=argparse.SUPPRESS)
    return parser.parse_args()


def _print_speed(tokenizer: str, path: Path, folder: Path, rounds: int) -> None:
    forms = [form for form in FORMS if not (tokenizer == "whitespace" and form == "ids")]
    seconds: dict[str, list[float]] = {form: [] for form in forms}
    cpu_seconds: dict[str, list[float]] = {form: [] for form in forms}
    for _ in range(rounds):
        for form in forms:
            call = [sys.executable, str(HERE / "bench_files.py"), "--one", form, tokenizer, str(path), str(folder)]
            done = subprocess.run(call, capture_output=True, text=True, check=True, env=_environment())
            by_clock, by_cpu = map(float, done.stdout.split())
            seconds[form].append(by_clock)
            cpu_seconds[form].append(by_cpu)
    kernel = statistics.median(seconds["kernel"])
    rows = [[tokenizer, "seconds", "fastest..slowest", "cpu s", "MB/s", "times the kernel", "at most"]]
    for form, found in seconds.items():
        median, limit = statistics.median(found), FORMS[form]
        ratio = [] if form == "kernel" else [f"{median / kernel:.2f}", "" if limit is None else f"{limit:.1f}"]
        spread = f"{min(found):.3f}..{max(found):.3f}"
        speed = f"{path.stat().st_size / median / 1e6:.0f}"
        cpu = f"{statistics.median(cpu_seconds[form]):.3f}"
        rows.append([form, f"{median:.3f}", spread, cpu, speed, *(ratio or ["", ""])])
    print_table(rows)
    print(flush=True)


def _seconds(form: str, tokenizer: str, path: str, folder: str) -> tuple[float, float]:
    """How long one round takes in this process, by the clock and by CPU seconds."""
    import tokembed
    from tokembed.inputs.blocks import file_block
    from tokembed.inputs.texts import read_batches
    from tokembed.tokens.formats import Cutting, writing
    from tokembed.tokens.writing import write_tokens

    method = tokembed.tokenizer(tokenizer)
    method.encode_batch([WARM_UP])
    if form == "kernel":
        block = file_block(Path(path))
        began, cpu_began = time.perf_counter(), time.process_time()
        method.encode_batch(block)
        return time.perf_counter() - began, time.process_time() - cpu_began
    out = Path(folder) / f"out{SUFFIXES[form]}"
    warm = Path(folder) / "warm.txt"
    warm.write_text(WARM_UP)
    for source in (warm, Path(path)):
        began, cpu_began = time.perf_counter(), time.process_time()
        with writing(form, Cutting({tokenizer: method}), out, sys.stdout.buffer, dict) as format_:
            write_tokens(read_batches([source]), format_)
    return time.perf_counter() - began, time.process_time() - cpu_began


def _print_memory(args: argparse.Namespace, folder: Path) -> None:
    import gzip

    text = gzip.decompress((args.data / "kowiki_dev.txt.gz").read_bytes())
    paths = {size: folder / f"{size // 1_000_000}_MB.txt" for size in (SMALL, BIG)}
    paths[SMALL].write_bytes(text[: text.rfind(b"\n", 0, SMALL) + 1])
    with paths[BIG].open("wb") as file:
        for _ in range(BIG // len(text)):
            file.write(text)
    rows = [
        ["tokenizer, form", "10 MB", "2 GB", "2 GB / 10 MB", "seconds, 2 GB", "cores busy", f"under {MOST_MEMORY:.0f}"]
    ]
    for tokenizer in args.tokenizers:
        for form in ("npy", "text", "parquet"):
            small, big = (_run(tokenizer, form, path, folder) for path in paths.values())
            peaks = [f"{small[0]:.0f} MB", f"{big[0]:.0f} MB", f"{big[0] / small[0]:.2f}"]
            busy = [f"{big[1]:.1f}", f"{big[2] / big[1]:.2f}"]
            rows.append([f"{tokenizer}, {form}", *peaks, *busy, "met" if big[0] < MOST_MEMORY else "MISSED"])
    print_table(rows)


def _run(tokenizer: str, form: str, path: Path, folder: Path) -> tuple[float, float, float]:
    """The command's peak memory in MB, and how long it took by the clock and by CPU seconds."""
    out = folder / f"out{SUFFIXES[form]}"
    call = [sys.executable, "-m", "tokembed", "tokenize", str(path), "-t", tokenizer, "-o", str(out)]
    began = time.perf_counter()
    process = subprocess.Popen(call, env=_environment())
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if status:
        raise SystemExit(f"{' '.join(call)} ended with {status}")
    for made in folder.glob("out.*"):
        made.unlink()
    return used.ru_maxrss / 1000, seconds, used.ru_utime + used.ru_stime


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


if __name__ == "__main__":
    main()
