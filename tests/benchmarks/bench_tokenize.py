"""tokembed's tokenizers against every peer: whole file -> ids in memory, and whether the ids are right.

    pip install -e . nanotoken tokie iree-tokenizer instant-clip-tokenizer blingfire==0.1.8
    python tests/benchmarks/bench_tokenize.py

On Linux, about a quarter of an hour on two cores. The data are those of ../shared/data, or of --data. A peer that is
not installed is said to be missing. Every round is a fresh process that has seen nothing of the text, tools take turns,
and what is printed is the median. Ids are held against `tokenizers` (bert) and against OpenAI's Python (clip).
"tokembed is" so many times as fast, by the clock and by CPU seconds, which a busy machine disturbs less.
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

from benchmark_texts import LARGE, SOURCES, TextFile, text_files
from contenders import CONTENDERS
from hard_texts import CASES, TOKENIZERS
from printing import load, print_machine, print_table
from rounds import HERE, NOT_AGAIN_SECONDS, REFERENCES, SAMPLE_BYTES, Result, child, results

ROOT = HERE.parents[1]
FASTEST = "the fastest peer"
TARGETS = (  # task, file, peer, at least so many times as fast
    ("bert", "enwiki", "nanotoken files", 1.5),
    ("bert", "kowiki", "nanotoken files", 2.5),
    ("bert", "enwiki", "tokenizers", 30),
    ("bert", "kowiki", "tokenizers", 30),
    ("clip", "enwiki", FASTEST, 4),
    ("clip", "kowiki", FASTEST, 4),
    ("clip", "enwiki", "tokenizers", 40),
    ("clip", "kowiki", "tokenizers", 25),
    ("clip", "enwiki", "openai python", 50),
    ("clip", "kowiki", "openai python", 50),
    ("whitespace", "enwiki", "Counter", 3),
    ("whitespace", "kowiki", "Counter", 3),
)
TARGET_MILLISECONDS = 350
SHORT_TEXT = "아침 먹고 학교를 갑니다. Then I came home."
FILES = {*SOURCES, *(name + LARGE for name in SOURCES)}
Results = dict[tuple[str, str], dict[str, Result]]


def main() -> None:
    """Print what the arguments ask for."""
    args = _arguments()
    with tempfile.TemporaryDirectory(prefix="bench_tokenize_") as temporary:
        folder = Path(temporary) if args.folder is None else args.folder
        folder.mkdir(parents=True, exist_ok=True)
        began = time.perf_counter()
        all_parts = not (args.files or args.short or args.pathological)
        print_machine(args.threads)
        print(f"medians of {args.rounds} rounds, of one where it takes over {NOT_AGAIN_SECONDS:.0f} s;", end=" ")
        print(f"* the last {SAMPLE_BYTES / 1e6:.0f} MB of the file, on which the ids are then compared", flush=True)
        subprocess.run([sys.executable, HERE / "published_json.py", folder], check=True)
        if args.files or all_parts:
            _files(args, folder)
        if args.short or all_parts:
            _short()
        if args.pathological or all_parts:
            _pathological(args, folder)
        print(f"\n{time.perf_counter() - began:.0f} s in all; {load()}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", action="store_true", help="only the speed on files")
    parser.add_argument("--short", action="store_true", help="only the time of one short text")
    parser.add_argument("--pathological", action="store_true", help="only the hard texts and the memory of 100 MB")
    parser.add_argument("--rounds", type=int, default=3, help="of each tool and file (default 3)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: all cores")
    parser.add_argument("--small", action="store_true", help="leave out the files of 100 MB")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these files, tasks and tools only")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="where the texts are")
    parser.add_argument("--folder", type=Path, help="keep the files that are made here, for the next run")
    args = parser.parse_args()
    unknown = set(args.only) - FILES - set(REFERENCES) - {tool for tools in CONTENDERS.values() for tool in tools}
    if unknown:
        parser.error(f"--only knows the files {' '.join(SOURCES)}, tasks and tools, not {', '.join(unknown)}")
    return args


# Speed on files


def _files(args: argparse.Namespace, folder: Path) -> None:
    found: Results = {}
    for file in text_files(args.data, folder, wanted=lambda name: _is_chosen(args.only, name), small=args.small):
        print(f"\n== {file}")
        for task in REFERENCES:
            if task in args.only or not set(args.only) & set(REFERENCES):
                tools = _tools(args.only, task)
                found[task, file.name] = results(task, file, tools, n_threads=args.threads, n_rounds=args.rounds)
                _print_results(task, file, found[task, file.name])
    _print_targets(found)


def _is_chosen(only: list[str], file: str) -> bool:
    """Whether the file is named, or none is; its name stands for its large form too."""
    return file in only or file.removesuffix(LARGE) in only or not set(only) & FILES


def _tools(only: list[str], task: str) -> list[str]:
    """The tools that are named, and tokembed; all where none is."""
    named = [tool for tool in CONTENDERS[task] if tool in only]
    return [tool for tool in CONTENDERS[task] if tool in ("tokembed", *named) or not named]


def _print_results(task: str, file: TextFile, found: dict[str, Result]) -> None:
    references = [reference for reference in REFERENCES[task] if reference in found]
    heads = ["MB/s", "seconds", "fastest..slowest", "cpu s", "tokembed is", "by cpu", "peak MB", "ready s"]
    what = "counts" if task == "whitespace" else "ids"
    rows = [[task, *heads, *(f"other {what} than {reference}" for reference in references)]]
    ours = found["tokembed"]
    for result in found.values():
        if result.trouble:
            rows.append([result.tool, result.trouble])
            continue
        seconds = [measured["seconds"] for measured in result.rounds]
        rows.append(
            [
                result.tool + (" *" if result.rounds[0]["n_bytes"] < file.n_bytes else ""),
                f"{result.megabytes_a_second():.1f}",
                f"{result.median('seconds'):.3f}",
                f"{min(seconds):.3f}..{max(seconds):.3f}",
                f"{result.median('cpu_seconds'):.3f}",
                *_ratios(ours, result),
                f"{result.median('peak'):.0f}",
                f"{result.median('ready'):.1f}",
                *("{:,} of {:,}".format(*result.others[name]) if name in result.others else "" for name in references),
            ]
        )
    print()
    print_table(rows)


def _ratios(ours: Result, peer: Result) -> list[str]:
    if ours is peer or not ours.rounds:
        return ["", ""]
    return [f"{_times(ours, peer, what):.2f} x" for what in ("seconds", "cpu_seconds")]


def _times(ours: Result, peer: Result, what: str = "seconds") -> float:
    return ours.megabytes_a_second(what) / peer.megabytes_a_second(what)


def _print_targets(found: Results) -> None:
    rows = [["tokembed against", "", "file", "at least", "as it is", "100 MB"]]
    for task, name, peer, least in TARGETS:
        cells = [_against(found.get((task, form)), peer, least) for form in (name, name + LARGE)]
        if any(cells):
            rows.append([task, peer, name, f"{least} x", *cells])
    if len(rows) > 1:
        print("\n== Targets\n")
        print_table(rows)


def _against(found: dict[str, Result] | None, peer: str, least: float) -> str:
    if not found or not found["tokembed"].rounds:
        return ""
    peers = [result for tool, result in found.items() if tool != "tokembed" and result.rounds]
    chosen = [result for result in peers if peer in (result.tool, FASTEST)]
    if not chosen:
        return ""
    fastest = max(chosen, key=lambda result: result.megabytes_a_second())
    times = _times(found["tokembed"], fastest)
    which = f" ({fastest.tool})" if peer == FASTEST else ""
    return f"{times:.2f} x {'met' if times >= least else 'MISSED'}{which}"


# One short text


def _short() -> None:
    """The whole process, as a user starts it, and which heavy modules it loads."""
    command = [sys.executable, "-m", "tokembed", "tokenize", "-c", SHORT_TEXT, "-t", "bert"]
    imports = subprocess.run(
        [*command[:1], "-X", "importtime", *command[1:]], capture_output=True, cwd=ROOT, check=True
    )
    loaded = {line.rpartition("|")[2].strip() for line in imports.stderr.decode().splitlines()}
    heavy = sorted(loaded & {"numba", "numpy", "pyarrow", "scipy", "tokenizers", "regex", "transformers"})
    rows = [["one short text, whole process", "median ms", "fastest..slowest"]]
    bare = [sys.executable, "-c", "pass"]
    for label, run in (("tokenize -c ... -t bert", command), ("the bare interpreter", bare)):
        times = [_milliseconds(run) for _ in range(15)]
        rows.append([label, f"{statistics.median(times):.0f}", f"{min(times):.0f}..{max(times):.0f}"])
    print()
    print_table(rows)
    is_met = float(rows[1][1]) < TARGET_MILLISECONDS and "numba" not in loaded
    print(
        f"under {TARGET_MILLISECONDS} ms without numba: {'met' if is_met else 'MISSED'}; "
        f"of what is slow to load it loads {', '.join(heavy)}"
    )


def _milliseconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return 1000 * (time.perf_counter() - began)


# Hard texts


def _pathological(args: argparse.Namespace, folder: Path) -> None:
    rows = [["seconds at half and full size (ratio)", *TOKENIZERS]]
    for case in CASES:
        cells = []
        for name in TOKENIZERS:
            timed = child("hard_texts.py", case, name, str(args.threads), timeout=120)
            ratio = timed["full"] / timed["half"] if "full" in timed else 0
            cells.append(f"{timed['half']:.3f} {timed['full']:.3f} ({ratio:.1f})" if ratio else str(timed))
        rows.append([case, *cells])
    print()
    print_table(rows)
    if not args.small:
        _memory(args, folder)


def _memory(args: argparse.Namespace, folder: Path) -> None:
    (file,) = text_files(args.data, folder, wanted=lambda name: name == "kowiki" + LARGE, small=False)
    rows = [[f"memory in MB, {file.name}", "before", "peak", "peak - before", "of the text"]]
    for task in TOKENIZERS:
        measured = results(task, file, ["tokembed"], n_threads=args.threads, n_rounds=1)["tokembed"]
        if measured.trouble:
            rows.append([task, measured.trouble])
            continue
        before, peak = measured.median("before"), measured.median("peak")
        share = (peak - before) / (file.n_bytes / 1e6)
        rows.append([task, f"{before:.0f}", f"{peak:.0f}", f"{peak - before:.0f}", f"{share:.1f} x"])
    print()
    print_table(rows)


if __name__ == "__main__":
    main()
