"""Imports point down, and the light paths stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "tokembed"
LEVELS = [
    {"errors", "types", "byte_level", "surrogates", "hangul", "tables", "cores", "array_files"},
    {"method_options", "alignment", "coverage", "vocab", "writers", "spill", "kernels"},
    {"corpus", "vectors", "ngrams", "inputs"},
    {"normalization", "term_counts", "asking", "contextual"},
    {"registry", "plot", "vector_files"},
    {"__init__", "convert", "engines"},
    {"tokens"},
    {"tokenizers", "training", "compare", "stats"},
    {"embedders", "models", "text_vectors", "report"},
    {"evaluate", "traces"},
    {"explain"},
    {"cli"},
    {"__main__"},
]
"""What stands on a level imports from those before it alone; a folder's files may import each other."""
HEAVY = {"numpy", "scipy", "pyarrow", "numba", "gensim", "transformers", "torch", "sklearn", "rich.console", "jinja2"}


def modules() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "assets" not in path.parts]


def level(part: str) -> int:
    (found,) = [number for number, parts in enumerate(LEVELS) if part in parts]
    return found


def is_part(name: str) -> bool:
    return (PACKAGE / f"{name}.py").exists() or (PACKAGE / name).is_dir()


def imported(tree: ast.AST) -> Iterator[str]:
    """The parts of the package a file imports, those for type checking alone left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom) and node.module == "tokembed":
            yield from (alias.name if is_part(alias.name) else "__init__" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("tokembed."):
            yield node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            yield from ("__init__" for alias in node.names if alias.name == "tokembed")
        yield from imported(node)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for part in imported(ast.parse(path.read_text(encoding="utf-8"))):
        assert part == own or level(part) < level(own), f"{own} must not import {part}"


def test_every_part_has_a_level() -> None:
    parts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in modules()}
    assert parts == set().union(*LEVELS)


@pytest.mark.parametrize("folder", ["tokenizers", "embedders"])
def test_methods_do_not_know_their_neighbors(folder: str) -> None:
    for path in (PACKAGE / folder).glob("[a-z]*.py"):
        own = path.stem.split("_")[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                ("tokembed.tokenizers", "tokembed.embedders")
            ):
                assert (node.module or "").split(".")[-1].startswith(own)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["methods"],
        ["methods", "word2vec"],
        ["methods", "lstm"],
        ["tokenize", "-c", "학교 a"],
        ["tokenize", "-c", "학교 a", "--max-tokens", "3", "--on-long", "truncate", "-f", "jsonl"],
        ["decode", "-c", "100585 9953"],
        ["compare", "-c", "학교 a"],
        ["compare", "-c", "학교 a", "-f", "json"],
        ["explain", "학교 a", "-t", "bert"],
        ["explain", "학교 a", "-t", "clip"],
        ["convert", "--help"],
        ["train", "--help"],
        ["embed", "--help"],
        ["neighbors", "--help"],
        ["plot", "--help"],
        ["evaluate", "--help"],
        ["stats", "--help"],
    ],
    ids=" ".join,
)
def test_light_commands_load_nothing_heavy(arguments: list[str]) -> None:
    run = f"import sys, tokembed.cli\ntry: tokembed.cli.app({arguments!r})\n"
    code = run + "finally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8")
    assert not HEAVY & set(done.stderr.split())
