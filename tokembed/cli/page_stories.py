"""How results came about for the first texts of a page, step by step, short enough to be folded into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tokembed import registry
from tokembed.cli.traces import MOST_ROWS, MOST_STEPS, written
from tokembed.compare.grids import Grid
from tokembed.explain import cut_by
from tokembed.report.parts import Story, Table

if TYPE_CHECKING:
    from tokembed.cli.page import Shown
    from tokembed.traces.steps import Step
    from tokembed.types import Tokenizer

MOST_TEXTS = 3
MOST_WORDS = 20
MOST_TOKENS = 20
_NORMALIZING = ("unicode", "lower")

Teller = Callable[[Grid], Iterable[Story]]
"""What methods did to a text, a story a method."""


def first_stories(grids: Sequence[Grid], tellers: Sequence[Teller]) -> dict[int, list[Story]]:
    """By text, the first ones that have words alone, what is told of it."""
    return {
        place: [one for tell in tellers for one in tell(grid)]
        for place, grid in enumerate(grids[:MOST_TEXTS])
        if grid.words
    }


def told_by_tokenizers(shown: Shown) -> Teller:
    """How each tokenizer cut the first words of a text."""
    made = {name: _plain(name, shown) for name in shown.tokenizers}

    def tell(grid: Grid) -> Iterator[Story]:
        text = grid.text.text[: grid.words[:MOST_WORDS][-1][1]]
        for of, (name, (made_by, tokenizer, form)) in enumerate(made.items()):
            yield story(of, f"How {name} came to its tokens", cut_by(tokenizer, made_by, text, **form).steps)

    return tell


def _plain(name: str, shown: Shown) -> tuple[str, Tokenizer, dict[str, Any]]:
    """What a tokenizer is made by, itself without a normalization, and that normalization."""
    brought = shown.brought.get(name)
    made_by, asked = (name, dict(shown.settings)) if brought is None else (brought.name, dict(brought.settings))
    form = {option: asked.pop(option) for option in _NORMALIZING if option in asked}
    if all(value in (False, "none") for value in form.values()):
        return made_by, shown.tokenizers[name], {}
    known = registry.option_names("tokenizer", made_by)
    flags = {option: value for option, value in asked.items() if option in known}
    return made_by, registry.tokenizer(made_by, **flags), form


def story(of: int, summary: str, steps: Sequence[Step]) -> Story:
    """The steps as tables; of very many the first ones and the last, which is the result."""
    few = [*steps[:-1][:MOST_STEPS], *steps[-1:]]
    return Story(of, summary, list(map(_table, few)))


def _table(step: Step) -> Table:
    rows = [[written(cell) for cell in row] for row in step.rows[:MOST_ROWS]]
    return Table(f"{step.name}: {step.rule}", step.columns, rows)
