"""The package as it is shipped: vocabularies, doctests, public names."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pytest

import tokembed

ASSETS = Path(tokembed.__file__).parent / "assets"
HASHES = {
    "bert-base-multilingual-cased/vocab.txt": "fe0fda7c425b48c516fc8f160d594c8022a0808447475c1a7c6d6479763f310c",
    "clip/merges.txt": "9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a",
}


@pytest.mark.parametrize("name", HASHES)
def test_the_vocabularies_are_the_published_ones(name: str) -> None:
    assert sha256((ASSETS / name).read_bytes()).hexdigest() == HASHES[name]


def module_names() -> list[str]:
    found = pkgutil.walk_packages(tokembed.__path__, "tokembed.")
    return ["tokembed", *(module.name for module in found if not module.name.endswith(("__main__", "rebuild")))]


@pytest.mark.parametrize("name", module_names())
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except (ModuleNotFoundError, tokembed.NotAtHand) as error:
        if find_spec("torch") is not None or "torch" not in str(error):
            raise
        pytest.skip("torch is not installed (pip install 'tokembed[neural]')")
    assert module.__doc__
    assert doctest.testmod(module).failed == 0


def test_no_public_name_hides_a_module() -> None:
    modules = {name.split(".")[1] for name in module_names() if "." in name}
    assert not set(tokembed.__all__) & modules
    assert all(hasattr(tokembed, name) for name in tokembed.__all__)
