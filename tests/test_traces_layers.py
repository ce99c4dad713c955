"""How a transformer reads a text: its numbers against those of transformers' own hidden states."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (pip install 'tokembed[neural]')")

import transformers  # noqa: E402

from tests.conftest import Run, minilm_folder  # noqa: E402
from tokembed.explain import reading  # noqa: E402
from tokembed.models.model import Model  # noqa: E402
from tokembed.models.named import opened  # noqa: E402
from tokembed.traces.steps import Trace  # noqa: E402

TEXT = "The bank lent her money"


@pytest.fixture(scope="module")
def model() -> Model:
    found = opened(str(minilm_folder()))
    assert isinstance(found, Model)
    return found


def explained(model: Model, text: str) -> Trace:
    return reading(model.embedder, model.cutting.tokenizer, text, "minilm")


@pytest.fixture(scope="module")
def states() -> np.ndarray:
    """What transformers makes of TEXT, (n_layers + 1, n_tokens, dim)."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(minilm_folder()))
    own = transformers.AutoModel.from_pretrained(str(minilm_folder())).eval()
    with torch.no_grad():
        output = own(**tokenizer(TEXT, return_tensors="pt"), output_hidden_states=True)
    return np.stack([np.asarray(state[0], np.float64) for state in output.hidden_states])


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_layers_are_those_of_transformers(model: Model, states: np.ndarray) -> None:
    layers = explained(model, TEXT).steps[1]
    n_tokens = states.shape[1]
    for row, vectors in zip(layers.rows, states, strict=True):
        norms = [np.linalg.norm(vector) for vector in vectors]
        with_first = [cosine(vectors[place], states[0, place]) for place in range(n_tokens)]
        among = [cosine(vectors[i], vectors[j]) for i in range(n_tokens) for j in range(n_tokens) if i != j]
        assert row[1:] == pytest.approx((np.mean(norms), np.mean(with_first), np.mean(among)), abs=1e-5)


def test_the_nearest_token_is_that_of_a_plain_loop(model: Model, states: np.ndarray) -> None:
    tokens = [row[0] for row in explained(model, TEXT).steps[0].rows]
    for place, row in enumerate(explained(model, TEXT).steps[2].rows):
        others = {other: cosine(states[-1, place], states[-1, other]) for other in range(len(tokens)) if other != place}
        best = max(others, key=others.__getitem__)
        assert (row[0], row[3]) == (tokens[place], tokens[best])
        assert row[4] == pytest.approx(others[best], abs=1e-5)


@pytest.mark.parametrize("text", [TEXT, "", "☃", "나는 배를 먹었다", "money " * 600])
def test_the_result_is_the_text_s_vector(model: Model, text: str) -> None:
    trace = explained(model, text)
    embedder: Any = model.embedder
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(minilm_folder()))
    own = transformers.AutoModel.from_pretrained(str(minilm_folder())).eval()
    with torch.no_grad():
        given = tokenizer(text, return_tensors="pt", truncation=True, max_length=embedder.max_tokens)
        expected = own(**given).last_hidden_state[0].mean(dim=0).numpy()
    ((norm, vector),) = trace.result.rows
    np.testing.assert_allclose(vector, expected, atol=1e-5)
    assert norm == pytest.approx(np.linalg.norm(expected), abs=1e-4)


def test_what_the_window_leaves_out_is_told(model: Model) -> None:
    words = [f"money{place}" for place in range(300)]  # money ##0 and so on
    trace = explained(model, " ".join(words))
    assert trace.steps[1].name == "window"
    ((lost,),) = trace.steps[1].rows
    assert isinstance(lost, str)
    assert " ".join(words).endswith(lost)
    n_read = len(trace.steps[0].rows) - len(model.cutting.tokenizer.encode(lost).tokens) + 2
    assert n_read == model.embedder.max_tokens  # type: ignore[union-attr]


def test_the_command_prints_it(run: Run) -> None:
    done = run("explain", TEXT, "-m", str(minilm_folder()), "-f", "json")
    (record,) = json.loads(done.stdout)
    assert [step["name"] for step in record["steps"]] == ["tokens", "layers", "vectors", "result"]
    for call, message in [
        (["-e", "bert", "a.txt"], b"comes trained, with its tokenizer"),
        (["-e", "lstm", "a.txt"], b"train it with `tokembed train lstm FILES -o MODEL`"),
        (["-e", "gru"], b"then explain with -m MODEL"),
    ]:
        done = run("explain", TEXT, *call)
        assert (done.returncode, message in done.stderr) == (2, True)
