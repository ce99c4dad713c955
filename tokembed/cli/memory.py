"""`tokembed evaluate --on memory`: how far back recurrent networks remember, printed as it comes out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tokembed.cli.output import clear_status, percent, printable, table, tell
from tokembed.cli.progress import progress
from tokembed.errors import BadUsage, NotAtHand
from tokembed.models.model import Model
from tokembed.models.named import opened

try:
    from tokembed.evaluate.memory_task import CELLS, DISTANCES, N_SYMBOLS, Recall, reach, recalls
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise NotAtHand("--on memory needs the package 'torch'; install it with: pip install 'tokembed[neural]'") from error

if TYPE_CHECKING:
    from tokembed.evaluate.memory_task import Reach

NAME = "memory"
_PLOT_LINES = 10


def evaluate_memory(models: Sequence[str], form: str) -> None:
    """Print both parts: the models' gradients by distance, and what networks trained here recall.

    Raises:
        BadUsage: a model is no recurrent one, or the form is TSV.
    """
    if form == "tsv":
        raise BadUsage("--on memory prints a table or jsonl, got -f tsv")
    found = {name: _recurrent(name) for name in models}
    with progress(NAME, things="networks") as line:
        reached = {name: reach(model) for name, model in found.items()}
        for shown in _reach_records(reached) if form == "jsonl" else _reach_lines(reached):
            print(shown, flush=True)
        done: list[Recall] = []
        for recall in recalls():
            line.add()
            if form == "jsonl":
                clear_status()
                print(json.dumps(_recall_record(recall)), flush=True)
            elif not done:
                print(*_recall_title(), sep="\n", flush=True)
            done.append(recall)
            if form != "jsonl":
                clear_status()
                print(_recall_line(recall), flush=True)
    if form != "jsonl":
        print(*_means_and_plot(done), sep="\n")


def _recurrent(name: str) -> Model:
    model = opened(name, notice=tell)
    if not isinstance(model, Model) or not model.is_recurrent:
        raise BadUsage(f"--on memory is about rnn, lstm and gru, {name!r} is none; train one with: train lstm")
    return model


def _reach_lines(reached: dict[str, Reach]) -> Iterator[str]:
    if not reached:
        return
    one = next(iter(reached.values()))
    yield "|∂h_T/∂x_(T-d)|, the gradient of the state after a token with respect to the token d before it"
    rows = [["model", *(f"d={distance}" for distance in one.distances), "text", "known"]]
    for name, found in reached.items():
        norms = [f"{norm:.1e}" for norm in found.norms]
        rows.append([printable(name), *norms, found.text, percent(found.known)])
    yield from table(rows, right=[False, *[True] * len(one.distances), False, True])
    yield ""


def _reach_records(reached: dict[str, Reach]) -> Iterator[str]:
    for name, found in reached.items():
        record: dict[str, Any] = {"set": NAME, "measure": "gradient norm", "model": name, "text": found.text}
        yield json.dumps(
            record | {"known": found.known, "by_distance": dict(zip(found.distances, found.norms, strict=True))}
        )


def _recall_title() -> list[str]:
    chance = percent(1 / N_SYMBOLS)
    title = (
        f"recall of a marked symbol of {N_SYMBOLS} (chance {chance}) so many symbols later, by networks trained here"
    )
    return [title, _row("cell", "seed", [f"d={distance}" for distance in DISTANCES])]


def _recall_line(recall: Recall) -> str:
    return _row(recall.cell, str(recall.seed), [percent(accuracy) for accuracy in recall.accuracies])


def _row(cell: str, seed: str, values: Sequence[str]) -> str:
    return f"{cell:<5} {seed:>4} " + " ".join(f"{value:>8}" for value in values)


def _recall_record(recall: Recall) -> dict[str, Any]:
    by_distance = dict(zip(DISTANCES, recall.accuracies, strict=True))
    return {"set": NAME, "measure": "recall", "cell": recall.cell, "seed": recall.seed, "by_distance": by_distance}


def _means_and_plot(done: Sequence[Recall]) -> Iterator[str]:
    means = {cell: np.mean([one.accuracies for one in done if one.cell == cell], axis=0).tolist() for cell in CELLS}
    yield ""
    for cell, values in means.items():
        yield _row(cell, "mean", [percent(value) for value in values])
    yield ""
    yield from plot(means)


def plot(means: dict[str, list[float]]) -> Iterator[str]:
    """The means as letters over the distances, a line for each 10 %; * where several meet."""
    for tenth in range(_PLOT_LINES, -1, -1):
        cells = []
        for place in range(len(DISTANCES)):
            here = [cell[0] for cell, values in means.items() if round(values[place] * _PLOT_LINES) == tenth]
            cells.append("*" if len(here) > 1 else here[0] if here else "·")
        yield f"{10 * tenth:>5} %    " + "".join(f"{cell:>9}" for cell in cells)
    yield " " * 11 + "".join(f"{f'd={distance}':>9}" for distance in DISTANCES)
    yield f"{' ' * 11}{', '.join(f'{cell[0]} {cell}' for cell in means)}, * several"
