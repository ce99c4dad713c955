"""A kernel is kept on disk, or else compiled each time and a warning says so."""

import logging

import pytest

from tokembed.kernels.compiled import compiled


def test_a_function_without_a_place_for_its_cache_still_compiles(caplog: pytest.LogCaptureFixture) -> None:
    names: dict[str, object] = {}
    exec(compile("def twice(x): return x + x", "<nowhere>", "exec"), names)  # numba finds no folder for it
    with caplog.at_level(logging.WARNING):
        twice = compiled()(names["twice"])  # type: ignore[arg-type]
    assert twice(4) == 8
    assert caplog.text.count("it is compiled each time") <= 1  # said once in a process
