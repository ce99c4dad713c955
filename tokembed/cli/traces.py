"""A trace as lines for a terminal, each step under the one before, and as JSON."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from typing import Any

from tokembed.cli.output import padded, printable, width
from tokembed.errors import counted
from tokembed.traces.steps import Cell, Row, Step, Trace

MOST_STEPS = 60
MOST_ROWS = 60
"""Of a step; more of either would not be looked at, and JSON has all."""
_NUMBERS_SHOWN = 4
_NARROWEST = 12
_INDENT = "  "


def trace_lines(trace: Trace) -> Iterator[str]:
    """What was explained, then the steps, as wide as the terminal."""
    columns = shutil.get_terminal_size((100, 24)).columns
    yield f"{printable(trace.method)}: {printable(trace.text)}"
    between = trace.steps[:-1]
    for step in between[:MOST_STEPS]:
        yield from _step_lines(step, columns)
    if len(between) > MOST_STEPS:
        yield ""
        yield f"({counted(len(between) - MOST_STEPS, 'more step')} not shown; -f json has all)"
    yield from _step_lines(trace.result, columns)


def as_json(trace: Trace) -> dict[str, Any]:
    """The trace with each row of a step as an object."""
    steps = [
        {
            "name": step.name,
            "rule": step.rule,
            "rows": [dict(zip(step.columns, row, strict=True)) for row in step.rows],
        }
        for step in trace.steps
    ]
    return {"method": trace.method, "text": trace.text, "steps": steps}


def _step_lines(step: Step, columns: int) -> Iterator[str]:
    yield ""
    yield from _wrapped(f"{printable(step.name)}: {printable(step.rule)}", columns)
    if step.rows:
        yield from _table(step.columns, step.rows[:MOST_ROWS], columns - len(_INDENT))
    if len(step.rows) > MOST_ROWS:
        yield f"{_INDENT}({counted(len(step.rows) - MOST_ROWS, 'more row')} not shown; -f json has all)"


def _wrapped(text: str, columns: int) -> Iterator[str]:
    """The text in lines that are no wider than the terminal where its words allow it."""
    line = ""
    for word in text.split(" "):
        if line and width(line) + 1 + width(word) > columns:
            yield line
            line = _INDENT + word
        else:
            line = f"{line} {word}" if line else word
    yield line


def _table(heads: Sequence[str], rows: Sequence[Row], columns: int) -> Iterator[str]:
    """The rows under their heads; the widest cells are cut off where the terminal has no room for them."""
    cells = [list(heads), *([written(cell) for cell in row] for row in rows)]
    is_right = [all(_is_number(row[place]) for row in rows) for place in range(len(heads))]
    widths = _fitting([max(map(width, column)) for column in zip(*cells, strict=True)], columns)
    for row in cells:
        fitted = [
            padded(_shortened(cell, most), most, right=right)
            for cell, most, right in zip(row, widths, is_right, strict=True)
        ]
        yield _INDENT + "  ".join(fitted).rstrip()


def _fitting(widths: list[int], columns: int) -> list[int]:
    """The widths, the widest of them less until all fit."""
    widths = list(widths)
    while sum(widths) + 2 * (len(widths) - 1) > columns and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _shortened(text: str, most: int) -> str:
    if width(text) <= most:
        return text
    while width(text) >= most:
        text = text[:-1]
    return text + "…"


def _is_number(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool))


def written(cell: Cell) -> str:
    """A cell as people read it: four decimals, the first numbers of a vector, a dash for nothing."""
    if cell is None:
        return "—"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, str):
        return repr(cell) if not cell or cell != cell.strip() else printable(cell)
    if cell and all(isinstance(value, float) for value in cell):
        more = f" … {counted(len(cell), 'number')}" if len(cell) > _NUMBERS_SHOWN else ""
        return " ".join(_number(float(value)) for value in cell[:_NUMBERS_SHOWN]) + more
    return printable(" ".join(map(str, cell))) or "—"


def _number(value: float) -> str:
    """Four decimals, or as many as it takes to see what a small number is.

    >>> _number(0.5), _number(0.000012345)
    ('0.5000', '1.234e-05')
    """
    return f"{value:.4f}" if not value or abs(value) >= 0.001 else f"{value:.3e}"
