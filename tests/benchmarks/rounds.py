"""Rounds of several tools over one file: interleaved, each in a fresh process, medians, and whose ids differ."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from benchmark_texts import TextFile
from contenders import CONTENDERS

HERE = Path(__file__).parent
SAMPLE_BYTES = 5_000_000  # what slow tools get of a large file: its last lines
NOT_AGAIN_SECONDS = 3.0  # a tool that takes longer gets one round
REFERENCES = {"bert": ("tokenizers",), "clip": ("openai python", "tokenizers"), "whitespace": ("Counter",)}


@dataclass(slots=True)
class Result:
    """What the rounds of one tool over one file gave.

    Attributes:
        trouble: why there are no rounds: the package is missing, or how it failed.
        others: for each reference, in how many of how many texts (or words) it differs.
    """

    tool: str
    rounds: list[dict[str, float]] = field(default_factory=list)
    trouble: str = ""
    others: dict[str, tuple[int, int]] = field(default_factory=dict)

    def median(self, what: str) -> float:
        return statistics.median(measured[what] for measured in self.rounds)

    def megabytes_a_second(self, what: str = "seconds") -> float:
        """By the clock, or by what else was measured in seconds."""
        return self.rounds[0]["n_bytes"] / 1e6 / self.median(what)


def results(task: str, file: TextFile, tools: list[str], *, n_threads: int, n_rounds: int) -> dict[str, Result]:
    """What every tool gave, by its name; in every round another one begins."""
    found = {tool: Result(tool) for tool in tools}
    for number in range(n_rounds):
        first = number % len(tools)
        for tool in tools[first:] + tools[:first]:
            result = found[tool]
            if result.trouble or (result.rounds and result.rounds[0]["seconds"] > NOT_AGAIN_SECONDS):
                continue
            measured = _round(task, tool, file, n_threads, keep=not number)
            if "seconds" in measured:
                result.rounds.append(measured)
            else:
                result.trouble = next(f"{kind}: {why}" for kind, why in measured.items())
    for result in found.values():
        for reference in REFERENCES.get(task, ()):
            if result.rounds and reference in found and found[reference].rounds and reference != result.tool:
                result.others[reference] = _differing(task, _kept(file, result.tool), _kept(file, reference))
    for tool in tools:
        _kept(file, tool).unlink(missing_ok=True)
    return found


def child(script: str, *args: str, timeout: float) -> dict[str, Any]:
    """What a script here prints as JSON, or {"failed": why}."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1]), "HF_HUB_OFFLINE": "1"}
    try:
        done = subprocess.run(
            [sys.executable, str(HERE / script), *args], capture_output=True, env=environment, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"over {timeout:.0f} s"}
    if done.returncode:
        return {"failed": f"{done.returncode} {done.stderr.decode(errors='replace').strip().splitlines()[-1:]}"}
    return json.loads(done.stdout.decode().splitlines()[-1])


def _round(task: str, tool: str, file: TextFile, n_threads: int, *, keep: bool) -> dict[str, Any]:
    n_last = SAMPLE_BYTES if file.is_large and CONTENDERS[task][tool].is_slow else 0
    kept = [str(_kept(file, tool))] if keep else []
    return child("one_round.py", task, tool, str(file.path), str(n_threads), str(n_last), *kept, timeout=600)


def _kept(file: TextFile, tool: str) -> Path:
    return file.path.with_suffix(f".{tool.replace(' ', '_')}.kept")


def _differing(task: str, kept: Path, reference: Path) -> tuple[int, int]:
    """In how many of how many texts the ids differ, or words the counts; of the last ones where one has fewer texts."""
    if task == "whitespace":
        one, other = (json.loads(path.read_text(encoding="utf-8")) for path in (kept, reference))
        return sum(one.get(word) != other.get(word) for word in {**one, **other}), len(other)
    (ids, lengths), (other_ids, other_lengths) = map(_rows, (kept, reference))
    n_texts = min(len(lengths), len(other_lengths))
    lengths, other_lengths = lengths[len(lengths) - n_texts :], other_lengths[len(other_lengths) - n_texts :]
    ids, other_ids = ids[len(ids) - lengths.sum() :], other_ids[len(other_ids) - other_lengths.sum() :]
    is_as_long = lengths == other_lengths
    places = np.repeat(np.arange(n_texts), np.where(is_as_long, lengths, 0))
    differs = ids[np.repeat(is_as_long, lengths)] != other_ids[np.repeat(is_as_long, other_lengths)]
    return int((~is_as_long).sum()) + len(np.unique(places[differs])), n_texts


def _rows(path: Path) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    with np.load(path) as kept:
        return kept["ids"], kept["lengths"]
