"""RNN, LSTM and GRU against the course's equations, torch.nn and worked numbers; training that goes on."""

from __future__ import annotations

import json
import math
import signal
import threading
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (pip install 'tokembed[neural]')")

import tokembed  # noqa: E402
from tokembed.corpus import Corpus  # noqa: E402
from tokembed.embedders import recurrent_network, recurrent_training  # noqa: E402
from tokembed.embedders.recurrent_baselines import Baselines  # noqa: E402
from tokembed.embedders.recurrent_cells import Gru, layer, named_weights, put_weights, run, set_parameters  # noqa: E402
from tokembed.embedders.recurrent_equations import walked  # noqa: E402
from tokembed.embedders.recurrent_texts import NO_TARGET, ClassTexts  # noqa: E402
from tokembed.training import checkpoints  # noqa: E402
from tokembed.training.checkpoints import Checkpoint  # noqa: E402
from tokembed.vectors import WordVectors  # noqa: E402
from tokembed.vocab import Vocab  # noqa: E402

CELLS = ["rnn", "lstm", "gru"]
SMALL: dict[str, Any] = {"dim": 12, "epochs": 3, "min_count": 1, "batch": 4, "steps": 5}


def small(cell: str, **settings: Any) -> Any:
    return tokembed.embedder(cell, **(SMALL | settings))


@pytest.fixture
def corpus() -> Corpus:
    rng = np.random.default_rng(5)
    words = ["the cat sat on a mat", "a dog ran", "cats and dogs", "it rains", "나는 학교에 간다", "너는 집에 간다"]
    texts = [" ".join(rng.choice(words, rng.integers(1, 4))) for _ in range(40)]
    return tokembed.tokenizer("bert", special=True).encode_batch([*texts, "", "a"])


# The equations, each as a plain loop over single numbers in float64


def logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def times(matrix: np.ndarray, *parts: list[float]) -> list[float]:
    """W [a, b] for the parts stacked."""
    stacked = [value for part in parts for value in part]
    return [sum(float(weight) * value for weight, value in zip(row, stacked, strict=True)) for row in matrix]


def by_hand(cell: str, weights: dict[str, np.ndarray], inputs: np.ndarray) -> list[list[float]]:
    """h at each step as issue and course write it."""
    dim = len(weights["W_h" if cell == "rnn" else "W_f" if cell == "lstm" else "W_z"])
    h, c, found = [0.0] * dim, [0.0] * dim, []
    for x in inputs.tolist():
        if cell == "rnn":
            pairs = zip(times(weights["W_x"], x), times(weights["W_h"], h), weights["b"], strict=True)
            h = [math.tanh(a + b + float(bias)) for a, b, bias in pairs]
        elif cell == "lstm":
            gate = {
                name: [
                    a + float(b) for a, b in zip(times(weights[f"W_{name}"], h, x), weights[f"b_{name}"], strict=True)
                ]
                for name in "fiCo"
            }
            c = [
                logistic(f) * before + logistic(i) * math.tanh(candidate)
                for f, i, candidate, before in zip(gate["f"], gate["i"], gate["C"], c, strict=True)
            ]
            h = [logistic(o) * math.tanh(cell_) for o, cell_ in zip(gate["o"], c, strict=True)]
        else:
            z, r = ([logistic(value) for value in times(weights[name], h, x)] for name in ("W_z", "W_r"))
            reset = [a * b for a, b in zip(r, h, strict=True)]
            candidate = [math.tanh(value) for value in times(weights["W"], reset, x)]
            h = [(1 - a) * before + a * new for a, before, new in zip(z, h, candidate, strict=True)]
        found.append(h)
    return found


def drawn(cell: str, n_inputs: int = 5, dim: int = 7) -> Any:
    made = layer(cell, n_inputs, dim)
    set_parameters(made, cell, np.random.default_rng(1))
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            parameter.mul_(3)  # far enough from 0 for the gates to say something
            if name.startswith("bias"):
                parameter += torch.linspace(-1, 1, len(parameter))
    return made


@pytest.mark.parametrize("cell", CELLS)
def test_the_fast_kernel_and_the_plain_steps_are_the_equations(cell: str) -> None:
    made, inputs = drawn(cell), np.random.default_rng(2).normal(size=(3, 9, 5)).astype(np.float32)
    weights = named_weights(made, cell)
    with torch.no_grad():
        fast = run(made, torch.from_numpy(inputs), None)[0].numpy()
    for row in range(3):
        expected = np.array(by_hand(cell, weights, inputs[row].astype(np.float64)))
        np.testing.assert_allclose(fast[row], expected, atol=1e-5)
        np.testing.assert_allclose(walked(cell, weights, inputs[row])["h"], expected, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_a_state_goes_on_where_it_was_left(cell: str) -> None:
    made, inputs = drawn(cell), torch.randn(2, 8, 5, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        whole, _ = run(made, inputs, None)
        first, state = run(made, inputs[:, :3], None)
        rest, _ = run(made, inputs[:, 3:], state)
    np.testing.assert_allclose(torch.cat([first, rest], dim=1), whole, atol=1e-6)


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_rnn_and_lstm_are_torchs_with_both_biases_added_up(cell: str) -> None:
    theirs = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM}[cell](5, 7, batch_first=True)
    ours = layer(cell, 5, 7)
    put_weights(ours, cell, named_weights(theirs, cell))
    inputs = torch.randn(2, 6, 5)
    with torch.no_grad():
        np.testing.assert_allclose(run(ours, inputs, None)[0], theirs(inputs)[0], atol=1e-6)
    assert not ours.bias_hh_l0.any()
    assert theirs.bias_hh_l0.any()


def test_the_grus_gradients_are_those_of_finite_differences() -> None:
    gru = Gru(3, 4).double()
    with torch.no_grad():
        for parameter in gru.parameters():
            parameter.uniform_(-1, 1, generator=torch.Generator().manual_seed(4))
    inputs = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)
    before = torch.randn(1, 2, 4, dtype=torch.float64, requires_grad=True)

    def hidden(inputs: Any, before: Any, w_x: Any, w_h: Any) -> Any:
        return torch.func.functional_call(gru, {"weight_ih_l0": w_x, "weight_hh_l0": w_h}, (inputs, before))

    assert torch.autograd.gradcheck(hidden, (inputs, before, *gru.parameters()))


@pytest.mark.parametrize("cell", CELLS)
def test_weights_come_back_under_the_names_of_the_equations(cell: str) -> None:
    made, other = drawn(cell), layer(cell, 5, 7)
    weights = named_weights(made, cell)
    names = {
        "rnn": {"W_x", "W_h", "b"},
        "lstm": {f"{kind}_{gate}" for kind in "Wb" for gate in "fiCo"},
        "gru": {"W_z", "W_r", "W"},
    }[cell]
    assert set(weights) == names
    put_weights(other, cell, weights)
    again = named_weights(other, cell)
    for name in names:
        np.testing.assert_array_equal(again[name], weights[name])


# Token vectors


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
def test_a_tokens_vector_is_the_state_behind_it_from_zero_at_its_text(cell: str, layers: int, corpus: Corpus) -> None:
    embedder = small(cell, layers=layers, epochs=1).fit(corpus)
    vectors, classes = embedder.token_vectors(corpus), embedder.classes(corpus)
    table = np.concatenate([embedder.state()["other"][None], embedder.vectors])
    for text in (0, 7, 40, 41):
        part = slice(corpus.starts[text], corpus.starts[text + 1])
        values: Any = table[classes[part]]
        for one in embedder.network.layers:
            values = np.array(by_hand(cell, named_weights(one, cell), np.asarray(values, np.float64)))
        np.testing.assert_allclose(vectors[part], values, atol=1e-5)


def test_a_long_text_read_in_parts_is_the_same(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = small("lstm").fit(corpus)
    whole = embedder.token_vectors(corpus)
    monkeypatch.setattr("tokembed.embedders.recurrent._STEPS_AT_ONCE", 2)
    np.testing.assert_allclose(embedder.token_vectors(corpus), whole, atol=1e-6)


def test_pooling_takes_the_mean_or_the_last(corpus: Corpus) -> None:
    embedder = small("gru", epochs=1).fit(corpus)
    vectors = embedder.token_vectors(corpus)
    first = slice(corpus.starts[0], corpus.starts[1])
    np.testing.assert_allclose(embedder.pooled(corpus, vectors, "mean")[0], vectors[first].mean(axis=0), atol=1e-6)
    np.testing.assert_array_equal(embedder.pooled(corpus, vectors, "last")[0], vectors[first][-1])


def test_rare_and_unknown_tokens_are_read_as_one() -> None:
    texts = ["a b a b", "a c", "b a", "a b d", "☃ a"] * 3
    corpus = tokembed.tokenizer("bert", special=True).encode_batch([*texts, "z"])
    embedder = small("rnn", min_count=2).fit(corpus)
    assert set(embedder.terms) == {"[CLS]", "[SEP]", "a", "b", "c", "d"}
    assert (~embedder.has_row(corpus)).sum() == 3 + 1  # the snowmen and the z
    counts = embedder.counts.tolist()
    assert counts == sorted(counts, reverse=True)


# Learning


@pytest.mark.parametrize("cell", CELLS)
def test_a_network_learns_what_bigrams_cannot(cell: str) -> None:
    # What follows the last "x" depends on the first word alone, four tokens before.
    rng = np.random.default_rng(0)
    texts = [f"{first} x x x {first.upper()}" for first in rng.choice(["a", "b"], 300)]
    corpus = tokembed.tokenizer("whitespace").encode_batch(texts)
    embedder = small(cell, epochs=30, dim=16, dropout=0.0, learning_rate=0.01, patience=5).fit(corpus)
    found = embedder.perplexity
    assert found[cell] < 1.05
    assert found["bigram"] > 1.2  # of four predictions three are certain and one is even
    assert (found["texts"], found["tokens"], found["unknown_tokens"]) == (15, 60, 0)


def test_adaptive_softmax_is_taken_for_many_classes_and_predicts_too(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recurrent_network, "CUTOFFS", (4, 10))
    embedder = small("lstm", dim=16).fit(corpus)
    assert isinstance(embedder.network.softmax, torch.nn.AdaptiveLogSoftmaxWithLoss)
    hidden = torch.from_numpy(embedder.token_vectors(corpus)[:20])
    with torch.no_grad():
        log_probabilities = embedder.network.log_probabilities(hidden)
        targets = torch.arange(20) % log_probabilities.shape[1]
        losses = embedder.network.losses(hidden, targets)
    np.testing.assert_allclose(log_probabilities.exp().sum(dim=1), 1, atol=1e-5)
    np.testing.assert_allclose(-log_probabilities[torch.arange(20), targets], losses, atol=1e-5)
    restored = small("lstm", dim=16).restore(embedder.terms, embedder.state())
    assert restored.token_vectors(corpus).tobytes() == embedder.token_vectors(corpus).tobytes()


def test_chunks_hold_every_pair_of_neighbors_once(corpus: Corpus) -> None:
    texts = ClassTexts(corpus, Vocab(corpus.vocab))
    expected, found = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
    for place in texts.places.tolist():
        text = (corpus.ids[corpus.starts[place] : corpus.starts[place + 1]] + 1).tolist()
        expected.update(pairwise(text))
    for batch in texts.batches(texts.places, 6, np.random.default_rng(0)):
        for chunk in texts.chunks(batch, 4):
            assert chunk.inputs.shape == chunk.targets.shape
            there = chunk.targets != NO_TARGET
            assert there.any(axis=1).all()
            found.update(zip(chunk.inputs[there].tolist(), chunk.targets[there].tolist(), strict=True))
    assert found == expected


def test_baselines_worked_by_hand() -> None:
    # "a b", "a c", "b b": b follows a once and b once, c follows a once; three classes a b c.
    before, token = np.array([0, 0, 1]), np.array([1, 2, 1])
    baselines = Baselines([(before[:2], token[:2]), (before[2:], token[2:])], 3)
    p_unigram = {0: 1 / 6, 1: 3 / 6, 2: 2 / 6}
    p_bigram = {
        (0, 1): 0.25 / 2 + 0.75 * 2 / 2 * p_unigram[1],
        (1, 0): 0.75 * 1 / 1 * p_unigram[0],
        (2, 1): p_unigram[1],
    }
    for (previous, follows), probability in p_bigram.items():
        unigram, bigram = baselines.losses(np.array([previous]), np.array([follows]))
        assert unigram == pytest.approx(-math.log(p_unigram[follows]))
        assert bigram == pytest.approx(-math.log(probability))


def test_a_table_that_begins_with_vectors_and_is_frozen_stays(corpus: Corpus) -> None:
    init = WordVectors(Vocab(["cat", "dog", "missing"]), np.arange(18, dtype=np.float32).reshape(3, 6))
    embedder = small("gru", freeze=True).fit(corpus, init=init)
    assert embedder.vectors.shape[1] == 6
    np.testing.assert_array_equal(embedder.vectors[embedder.terms.ids["cat"]], init.matrix[0])
    moved = small("gru").fit(corpus, init=init)
    assert (moved.vectors[moved.terms.ids["cat"]] != init.matrix[0]).any()
    with pytest.raises(tokembed.BadInput, match=r"must have some of the .* terms, they have none"):
        small("gru").fit(corpus, init=WordVectors(Vocab(["missing"]), np.ones((1, 6), np.float32)))
    with pytest.raises(tokembed.BadInput, match="must be that of the vectors to begin with, 6, got 5"):
        small("gru", embedding_dim=5).fit(corpus, init=init)


def test_training_stops_once_the_held_out_texts_get_no_better(corpus: Corpus) -> None:
    embedder = small("rnn", epochs=500, learning_rate=0.05, held_out=0.3, dropout=0.0).fit(corpus)
    assert 1 < len(embedder.losses) < 500
    none = small("rnn", held_out=0.0).fit(corpus)
    assert (len(none.losses), none.perplexity) == (3, {})


def test_too_few_texts_to_hold_one_out_are_refused() -> None:
    corpus = tokembed.tokenizer("whitespace").encode_batch(["a b c", "a", ""])
    with pytest.raises(tokembed.BadInput, match=r"there must be 2 texts of two tokens or more, .* found 1"):
        small("lstm").fit(corpus)


# Going on


def interrupting(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, call: int, *, inside: bool = False) -> None:
    """Ctrl-C at the call of that number, from 1; `inside`, it comes as a signal, and the call goes on behind it."""
    plain, n_calls = getattr(owner, name), 0

    def called(*args: Any, **named: Any) -> Any:
        nonlocal n_calls
        n_calls += 1
        if n_calls == call and not inside:
            raise KeyboardInterrupt
        if n_calls == call:
            signal.raise_signal(signal.SIGINT)
        return plain(*args, **named)

    monkeypatch.setattr(owner, name, called)


def same_bits(one: Any, other: Any) -> None:
    assert one.losses == other.losses
    for name, array in one.state().items():
        assert other.state()[name].tobytes() == array.tobytes(), name


INTERRUPTED: dict[str, tuple[Any, str, int, bool]] = {
    "before the first step": (recurrent_training._Run, "_take", 1, False),
    "in the first epoch": (recurrent_training._Run, "_take", 3, False),
    "between two parts of a text": (recurrent_training, "losses_of", 9, False),
    "while a step is taken": (torch.optim.Adam, "step", 8, True),
    "while the held-out texts are read": (recurrent_training._Run, "_judge", 1, False),
    "behind them": (recurrent_training._Run, "_judge", 2, True),
    "in the last epoch": (recurrent_training._Run, "_take", 27, False),
    "while a state is written": (checkpoints, "write_arrays", 2, False),
}


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("case", INTERRUPTED)
def test_training_that_was_interrupted_anywhere_ends_with_the_same_bits(
    cell: str, case: str, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = small(cell).fit(corpus)
    owner, name, call, inside = INTERRUPTED[case]
    with monkeypatch.context() as patch:
        interrupting(patch, owner, name, call, inside=inside)
        with pytest.raises(KeyboardInterrupt):
            small(cell).fit(corpus, checkpoint=tmp_path / "kept")
    assert checkpoints.has_state(tmp_path / "kept")
    gone_on = small(cell).fit(corpus, checkpoint=tmp_path / "kept")
    same_bits(whole, gone_on)
    n_learned = sum(len(chunk.inputs[chunk.targets != NO_TARGET]) for chunk in learned_chunks(gone_on, corpus))
    assert whole.n_learned == 3 * n_learned
    assert gone_on.n_learned <= whole.n_learned


def learned_chunks(embedder: Any, corpus: Corpus) -> Any:
    """The chunks of one epoch, as the embedder's own options choose the texts."""
    texts = ClassTexts(corpus, embedder.terms)
    learn, _ = texts.split(embedder.held_out, np.random.default_rng([embedder.seed, 3]))
    return [chunk for batch in texts.batches(learn, 4) for chunk in texts.chunks(batch, 5)]


def test_ctrl_c_keeps_the_last_whole_step(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = small("lstm").fit(corpus)
    with monkeypatch.context() as patch:
        interrupting(patch, torch.optim.Adam, "step", 8, inside=True)
        with pytest.raises(KeyboardInterrupt):
            small("lstm").fit(corpus, checkpoint=tmp_path / "kept")
    state = json.loads((tmp_path / "kept" / "state.json").read_bytes())
    assert (state["progress"]["steps"], state["arrays"]) == (8, "arrays-8.safetensors")
    assert state["progress"]["chunk"] > 0  # between two parts of the same texts
    gone_on = small("lstm").fit(corpus, checkpoint=tmp_path / "kept")
    n_before = sum(int((chunk.targets != NO_TARGET).sum()) for chunk in first_chunks(gone_on, corpus, 8))
    assert gone_on.n_learned == whole.n_learned - n_before


def first_chunks(embedder: Any, corpus: Corpus, number: int) -> Any:
    texts = ClassTexts(corpus, embedder.terms)
    learn, _ = texts.split(embedder.held_out, np.random.default_rng([embedder.seed, 3]))
    batches = texts.batches(learn, 4, np.random.default_rng([embedder.seed, 1, 0]))
    return [chunk for batch in batches for chunk in texts.chunks(batch, 5)][:number]


def test_a_second_ctrl_c_leaves_the_state_before(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = small("gru").fit(corpus)
    with monkeypatch.context() as patch:
        interrupting(patch, recurrent_training._Run, "_take", 3)
        interrupting(patch, checkpoints, "write_arrays", 2)  # the first keeps the beginning
        with pytest.raises(KeyboardInterrupt):
            small("gru").fit(corpus, checkpoint=tmp_path / "kept")
    assert sorted(file.name for file in (tmp_path / "kept").iterdir()) == ["arrays-0.safetensors", "state.json"]
    same_bits(whole, small("gru").fit(corpus, checkpoint=tmp_path / "kept"))


def test_a_state_is_kept_every_so_many_tokens(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = small("rnn").fit(corpus)
    monkeypatch.setattr(recurrent_training, "PART_TOKENS", 60)
    kept, save = list[int](), Checkpoint.save

    def saved(self: Any, progress: Any, arrays: Any) -> None:
        kept.append(progress["steps"])
        save(self, progress, arrays)

    monkeypatch.setattr(Checkpoint, "save", saved)
    same_bits(whole, small("rnn").fit(corpus, checkpoint=tmp_path / "kept"))
    assert len(kept) > 10
    assert kept == sorted(kept)


def test_where_ctrl_c_cannot_come_nothing_waits_for_it(corpus: Corpus) -> None:
    expected, found = small("rnn").fit(corpus), []
    thread = threading.Thread(target=lambda: found.append(small("rnn").fit(corpus)))
    thread.start()
    thread.join()
    same_bits(expected, found[0])


def test_what_stands_beside_a_state_is_not_removed(tmp_path: Path) -> None:
    folder = tmp_path / "m.checkpoint"
    Checkpoint(folder, {}).save({"steps": 1}, {"a": np.ones(2)})
    (folder / "mine.txt").write_text("mine")
    checkpoints.remove(folder)
    assert [file.name for file in folder.iterdir()] == ["mine.txt"]
    assert not checkpoints.has_state(folder)
    (folder / "mine.txt").unlink()
    checkpoints.remove(folder)
    assert not folder.exists()


def test_a_state_of_other_options_is_refused_but_of_another_learning_rate_taken(corpus: Corpus, tmp_path: Path) -> None:
    small("lstm", epochs=2).fit(corpus, checkpoint=tmp_path / "kept")
    with pytest.raises(tokembed.BadInput, match="must have the same dim, it has 12 and this one 13"):
        small("lstm", epochs=2, dim=13).fit(corpus, checkpoint=tmp_path / "kept")
    small("lstm", epochs=2, learning_rate=0.001).fit(corpus, checkpoint=tmp_path / "kept")


@pytest.mark.parametrize(("part_tokens", "last_good"), [(500_000, 0), (60, 18)])
def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_state(
    part_tokens: int, last_good: int, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recurrent_training, "PART_TOKENS", part_tokens)
    whole = small("gru").fit(corpus)
    losses, n_calls = recurrent_training.losses_of, 0

    def broken(*args: Any) -> Any:
        nonlocal n_calls
        n_calls += 1
        return losses(*args) * (float("nan") if n_calls > 20 else 1.0)

    monkeypatch.setattr(recurrent_training, "losses_of", broken)
    message = (
        rf"must be finite, in step 21 \(epoch 1\) they are nan .*; the state after step {last_good} is in '.*kept'"
    )
    with pytest.raises(tokembed.BadInput, match=message):
        small("gru").fit(corpus, checkpoint=tmp_path / "kept")
    n_calls = 0
    with pytest.raises(tokembed.BadInput, match="must be finite") as caught:
        small("gru").fit(corpus)
    assert "the state" not in str(caught.value)
    monkeypatch.setattr(recurrent_training, "losses_of", losses)
    same_bits(whole, small("gru").fit(corpus, checkpoint=tmp_path / "kept"))


def test_the_learning_rates_of_a_training_that_went_on_are_told_by_their_steps(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rate, call in ((0.004, 5), (0.003, 1), (0.001, 4)):  # five steps, none, four
        with monkeypatch.context() as patch:
            interrupting(patch, torch.optim.Adam, "step", call, inside=call > 1)
            with pytest.raises(KeyboardInterrupt):
                small("lstm", learning_rate=rate).fit(corpus, checkpoint=tmp_path / "kept")
    found = small("lstm", learning_rate=0.001).fit(corpus, checkpoint=tmp_path / "kept")
    assert found.learning_rates == [
        {"from_step": 0, "learning_rate": 0.004},
        {"from_step": 5, "learning_rate": 0.001},
    ]
    done = small("lstm", learning_rate=0.009).fit(corpus, checkpoint=tmp_path / "kept")
    assert (done.learning_rates, done.n_learned) == (found.learning_rates, 0)
    assert small("lstm").fit(corpus).learning_rates == []


def test_the_global_generator_is_left_alone(corpus: Corpus) -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    small("lstm", epochs=1).fit(corpus)
    assert torch.equal(torch.get_rng_state(), before)
