"""The recurrent models as a user meets them: trained, kept, embedded with, explained; and all of it without torch."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tokembed
from tests.asking import DONE, asked, one_line
from tokembed import registry
from tokembed.method_options import options

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is not installed (pip install 'tokembed[neural]')"
)
TEXTS = ["나는 학교에 간다", "너는 집에 간다", "나는 집에 간다", "배를 먹었다", "배를 탔다"] * 8
SMALL = ["--dim", "6", "--epochs", "2", "--min-count", "1", "--set", "batch=4"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with texts and an LSTM of two layers trained on them."""
    folder = tmp_path_factory.mktemp("neural")
    (folder / "a.txt").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    call = ["train", "lstm", folder / "a.txt", "-t", "bert", *SMALL, "--set", "layers=2", "-o", folder / "lstm"]
    status, stderr = asked(*call)
    assert status == DONE, stderr
    assert re.search(r"perplexity on \d+ tokens of 2 held-out texts: lstm [\d.]+, bigram [\d.]+, unigram", stderr)
    own, curve = re.findall(r"lstm ([\d.]+), bigram|after each epoch: ([\d., ]+)", stderr)
    falls = float(curve[1].split(", ")[1].rstrip(",")) < float(curve[1].split(", ")[0])
    assert own[0] in curve[1].split(", ")
    assert ("still falling" in stderr) == falls
    return folder


@needs_torch
def test_a_model_gives_the_same_vectors_once_it_is_saved(trained: Path, tmp_path: Path) -> None:
    from tokembed.models.model import Model
    from tokembed.models.named import opened

    model = opened(str(trained / "lstm"))
    assert isinstance(model, Model)
    assert model.cutting.record() == {"name": "bert", "special": True}
    status, stderr = asked("embed", "-m", trained / "lstm", trained / "a.txt", "-o", tmp_path / "a.npy", "-t", "bert")
    assert (status, stderr) == (DONE, "")
    tokenizer = tokembed.tokenizer("bert", special=True)
    corpus = tokenizer.encode_batch(TEXTS)
    again: Any = tokembed.embedder("lstm", dim=6, epochs=2, min_count=1, batch=4, layers=2).fit(corpus)
    expected = again.pooled(corpus, again.token_vectors(corpus), "mean")
    np.testing.assert_allclose(np.load(tmp_path / "a.npy"), expected, atol=1e-6)


@needs_torch
def test_tokens_have_offsets_and_the_last_is_a_pool(trained: Path, tmp_path: Path) -> None:
    call = ("embed", "-m", trained / "lstm", "-c", "배를 먹었다", "-c", "배를 탔다")
    assert asked(*call, "-o", tmp_path / "t.jsonl", "--level", "token") == (DONE, "")
    rows = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text(encoding="utf-8").splitlines()]
    tokens = [(row["token"], row["start"], row["end"]) for row in rows if row["id"] == "-c:2"]
    assert tokens == [("[CLS]", 0, 0), ("배", 0, 1), ("##를", 1, 2), ("탔", 3, 4), ("##다", 4, 5), ("[SEP]", 5, 5)]
    assert asked(*call, "-o", tmp_path / "l.npy", "--pool", "last") == (DONE, "")
    lasts = [row["vector"] for row in rows if row["token"] == "[SEP]"]
    np.testing.assert_allclose(np.load(tmp_path / "l.npy"), lasts, atol=1e-6)


@needs_torch
def test_embed_trains_one_too(trained: Path, tmp_path: Path) -> None:
    call = ("embed", trained / "a.txt", "-t", "bert", "-e", "lstm", *SMALL, "--set", "layers=2")
    assert asked(*call, "-o", tmp_path / "a.npy", "--ids")[0] == DONE
    asked("embed", "-m", trained / "lstm", trained / "a.txt", "-o", tmp_path / "b.npy")
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    assert json.loads((tmp_path / "a.npy.json").read_bytes())["perplexity"]["texts"] == 2
    assert asked(*call, "--level", "vocab", "-o", tmp_path / "w.vec")[0] == DONE


@needs_torch
def test_explain_walks_through_a_text(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tokembed.models.model import Model
    from tokembed.models.named import opened
    from tokembed.traces.states import trace

    model = opened(str(trained / "lstm"))
    assert isinstance(model, Model)
    embedder: Any = model.embedder
    found = trace(embedder, model.cutting.tokenizer, "나는 <b> 집에")
    corpus = model.cutting.tokenizer.encode_batch(["나는 <b> 집에"])
    np.testing.assert_allclose(found.layers[-1]["h"], embedder.token_vectors(corpus), atol=1e-5)
    f, i, candidate, c = (found.layers[0][name] for name in ("f", "i", "C~", "C"))
    np.testing.assert_allclose(c[1:], f[1:] * c[:-1] + i[1:] * candidate[1:], atol=1e-12)
    assert found.surprise[0] is None
    assert all(sum(one.probability for one in step) <= 1 + 1e-6 for step in found.expected)
    assert asked("explain", "나는 집에", "-m", trained / "lstm", "-f", "json") == (DONE, "")
    ((record,),) = [json.loads(capsys.readouterr().out)]
    assert [step["token"] for step in record["steps"]] == ["[CLS]", "나는", "집", "##에", "[SEP]"]
    assert {name: len(values) for name, values in record["steps"][1]["layers"][1].items()} == dict.fromkeys(
        ["f", "i", "C~", "C", "o", "h"], 6
    )
    assert asked("explain", "나는 집에", "-m", trained / "lstm") == (DONE, "")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("나는 집에 in ")
    assert "expected next" in lines[1]


@needs_torch
def test_training_begins_with_vectors_and_goes_on_only_where_it_can(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "w.vec").write_text("2 3\n집 1 0 0\n##에 0 1 0\n", encoding="utf-8")
    call = ("train", "gru", trained / "a.txt", "-t", "bert", *SMALL, "--set", "freeze=true", "-o", tmp_path / "gru")
    assert asked(*call, "--init", tmp_path / "w.vec")[0] == DONE
    asked("embed", "-m", tmp_path / "gru", "--level", "vocab", "-o", tmp_path / "out.vec")
    assert "\n집 1 0 0\n" in (tmp_path / "out.vec").read_text(encoding="utf-8")
    assert not (tmp_path / "gru.checkpoint").exists()
    assert "begin with, glove begins at random" in one_line(
        asked("train", "glove", trained / "a.txt", "--init", tmp_path / "w.vec", "-o", tmp_path / "g")[1]
    )
    assert "--resume needs a training that was stopped" in one_line(asked(*call, "--resume")[1])
    assert "bert comes trained" in one_line(asked("train", "bert", trained / "a.txt", "-o", tmp_path / "b")[1])


@needs_torch
def test_what_is_for_transformers_is_refused(trained: Path, tmp_path: Path) -> None:
    call = ("embed", "-c", "a", "-m", trained / "lstm", "-o", tmp_path / "x.npy")
    for more, message in [
        (["--layer", "1"], "--layer is for transformers"), (["--on-long", "window"], "--on-long is for transformers"),
        (["--set", "dim=3"], "options of training belong to -e"), (["--pool", "sif"], "--pool must be mean or last"),
    ]:  # fmt: skip
        status, stderr = asked(*call, *more)
        assert (status, message in one_line(stderr)) == (2, True), stderr


@needs_torch
@pytest.mark.parametrize("call", [3, 14], ids=["in the first epoch", "in the second"])
def test_ctrl_c_keeps_a_state_and_resume_ends_as_if_it_had_not_been(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    from tokembed.embedders import recurrent_training

    take, n_taken = recurrent_training._Run._take, 0

    def interrupted(self: Any, batch: Any) -> int:
        nonlocal n_taken
        n_taken += 1
        if n_taken == call:
            raise KeyboardInterrupt
        return take(self, batch)

    command = ["train", "lstm", trained / "a.txt", "-t", "bert", *SMALL, "--set", "layers=2", "-o", tmp_path / "lstm"]
    with monkeypatch.context() as patch:
        patch.setattr(recurrent_training._Run, "_take", interrupted)
        status, stderr = asked(*command)
    assert status == 130
    where = str(tmp_path / "lstm.checkpoint")
    assert one_line(stderr) == (
        f"tokembed: interrupted; the training so far is in {where!r}, and --resume goes on from it\n"
    )
    assert not (tmp_path / "lstm").exists()
    assert "go on with --resume, or remove it" in one_line(asked(*command)[1])
    status, stderr = asked(*command, "--resume")
    assert status == DONE
    assert "since it went on" in stderr
    for file in (trained / "lstm").iterdir():
        assert (tmp_path / "lstm" / file.name).read_bytes() == file.read_bytes()
    assert not Path(where).exists()


@needs_torch
def test_no_state_is_named_where_none_was_kept(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tokembed.embedders import recurrent

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    command = ["train", "lstm", trained / "a.txt", "-t", "bert", *SMALL, "-o", tmp_path / "lstm"]
    with monkeypatch.context() as patch:
        patch.setattr(recurrent, "made", interrupted)
        assert asked(*command) == (130, "")
    (tmp_path / "lstm.checkpoint").mkdir()  # as a second Ctrl-C may leave it
    assert "there is none" in one_line(asked(*command, "--resume")[1])
    assert asked(*command)[0] == DONE
    assert not (tmp_path / "lstm.checkpoint").exists()


@needs_torch
def test_a_training_that_runs_away_in_its_first_steps_goes_on_at_another_rate(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tokembed.embedders import recurrent_training

    losses, n_calls = recurrent_training.losses_of, 0

    def broken(*args: Any) -> Any:
        nonlocal n_calls
        n_calls += 1
        return losses(*args) * (float("nan") if n_calls == 4 else 1.0)

    command = ["train", "gru", trained / "a.txt", "-t", "bert", *SMALL, "-o", tmp_path / "gru"]
    with monkeypatch.context() as patch:
        patch.setattr(recurrent_training, "losses_of", broken)
        status, stderr = asked(*command)
    where = str(tmp_path / "gru.checkpoint")
    assert status == 1
    message = (
        "in step 4 (epoch 1) they are nan and nan; lower learning_rate, it was 0.002; the state after step 0 is in "
    )
    assert message + repr(where) in one_line(stderr)
    assert asked(*command, "--resume", "--set", "learning_rate=0.001")[0] == DONE
    assert asked(*command[:-1], tmp_path / "other", "--set", "learning_rate=0.001")[0] == DONE
    for file in (tmp_path / "other").iterdir():  # no step was taken at the first rate
        assert (tmp_path / "gru" / file.name).read_bytes() == file.read_bytes()


@needs_torch
def test_a_changed_learning_rate_is_recorded_with_the_step_it_holds_from(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tokembed.embedders import recurrent_training

    take, n_taken = recurrent_training._Run._take, 0

    def interrupted(self: Any, batch: Any) -> int:
        nonlocal n_taken
        n_taken += 1
        if n_taken == 6:  # each batch is one step
            raise KeyboardInterrupt
        return take(self, batch)

    command = ["train", "gru", trained / "a.txt", "-t", "bert", *SMALL, "-o", tmp_path / "gru"]
    with monkeypatch.context() as patch:
        patch.setattr(recurrent_training._Run, "_take", interrupted)
        assert asked(*command)[0] == 130
    assert asked(*command, "--resume", "--set", "learning_rate=0.001")[0] == DONE
    expected = [{"from_step": 0, "learning_rate": 0.002}, {"from_step": 5, "learning_rate": 0.001}]
    assert json.loads((tmp_path / "gru" / "model.json").read_bytes())["learning_rates"] == expected
    assert "learning_rates" not in json.loads((trained / "lstm" / "model.json").read_bytes())
    capsys.readouterr()
    assert asked("info", tmp_path / "gru", "-f", "json") == (DONE, "")
    assert json.loads(capsys.readouterr().out)["learning_rates"] == expected


@needs_torch
def test_the_rate_counts_what_this_run_learned_from(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tokembed.cli import train
    from tokembed.embedders import recurrent_training

    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            self.now += 100
            return self.now

    take, n_learned, n_taken = recurrent_training._Run._take, 0, 0

    def counted_or_interrupted(self: Any, batch: Any) -> int:
        nonlocal n_learned, n_taken
        n_taken += 1
        if n_taken == 14:
            raise KeyboardInterrupt
        n_tokens = take(self, batch)
        n_learned += int((self._plan.texts.lengths[batch] - 1).sum())
        return n_tokens

    monkeypatch.setattr(train, "time", Clock())
    monkeypatch.setattr(recurrent_training._Run, "_take", counted_or_interrupted)
    command = ["train", "gru", trained / "a.txt", "-t", "bert", *SMALL, "-o", tmp_path / "gru"]
    assert asked(*command)[0] == 130
    n_learned = 0
    status, stderr = asked(*command, "--resume")
    assert status == DONE
    assert f" in 1 min 40 s since it went on, {n_learned / 100:,.0f} tokens a second;" in stderr


@needs_torch
def test_how_many_terms_begin_with_a_vector_is_told_and_recorded(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = tmp_path / "w.vec"
    words.write_text("3 3\n집 1 0 0\n##에 0 1 0\nmissing 0 0 1\n", encoding="utf-8")
    command = ("train", "gru", trained / "a.txt", "-t", "bert", *SMALL, "-o", tmp_path / "gru", "--init", words)
    status, stderr = asked(*command)
    assert status == DONE
    terms = (tmp_path / "gru" / "vocab.txt").read_text(encoding="utf-8").splitlines()
    assert f"tokembed: 2 of {len(terms)} terms begin with a vector of {words}\n" in stderr
    record = json.loads((tmp_path / "gru" / "model.json").read_bytes())["init"]
    assert (record["terms"], record["terms_of_the_model"]) == (3, 2)
    capsys.readouterr()
    assert asked("info", tmp_path / "gru", "-f", "json")[0] == DONE
    assert json.loads(capsys.readouterr().out)["init"] == record


# Explained


@needs_torch
@pytest.mark.parametrize(
    ("cell", "symbols"), [("rnn", ["h"]), ("lstm", ["f", "i", "C~", "C", "o", "h"]), ("gru", ["z", "r", "h~", "h"])]
)
def test_a_text_without_tokens_is_explained_too(
    cell: str, symbols: list[str], trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tokembed.models.model import load
    from tokembed.traces.states import trace

    assert asked("train", cell, trained / "a.txt", *SMALL, "-o", tmp_path / "m")[0] == DONE
    model: Any = load(tmp_path / "m")
    for text in ("", "   "):
        found = trace(model.embedder, model.cutting.tokenizer, text)
        assert [(name, values.shape) for name, values in found.layers[0].items()] == [
            (name, (0, 6)) for name in symbols
        ]
        assert (found.tokens, found.expected, found.surprise) == ((), (), ())
        capsys.readouterr()
        assert asked("explain", text, "-m", tmp_path / "m") == (DONE, "")
        assert capsys.readouterr().out.splitlines() == [
            f"{text!r} in {tmp_path / 'm'}", "  no tokens: there is nothing to read"
        ]  # fmt: skip
        assert asked("explain", text, "-m", tmp_path / "m", "-f", "json") == (DONE, "")
        assert json.loads(capsys.readouterr().out)[0]["steps"] == []


@needs_torch
def test_the_surprise_of_an_unknown_token_is_that_of_any(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert asked("explain", "나는 dog 집에", "-m", trained / "lstm", "-f", "json") == (DONE, "")
    steps = json.loads(capsys.readouterr().out)[0]["steps"]
    assert [(step["token"], step["surprise_of"]) for step in steps] == [
        ("[CLS]", "[CLS]"), ("나는", "나는"), ("dog", "(another token)"), ("집", "집"), ("##에", "##에"),
        ("[SEP]", "[SEP]"),
    ]  # fmt: skip
    assert asked("explain", "나는 cat dog", "-m", trained / "lstm") == (DONE, "")
    rows = capsys.readouterr().out.splitlines()[1:6]
    assert ["any unknown" in row for row in rows] == [False, False, False, True, True]
    cat, dog = (re.search(r"\(unknown to it\) +any unknown ([\d.e-]+) %", row) for row in rows[3:])
    assert cat is not None
    assert dog is not None


@needs_torch
def test_what_is_expected_is_the_same_by_blocks_and_by_sorting_everything(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from tokembed.embedders.recurrent_network import Network
    from tokembed.models.model import load
    from tokembed.traces import states

    model: Any = load(trained / "lstm")
    n_classes, n_rows, plain = len(model.terms) + 1, list[int](), Network.log_probabilities

    def coarse(self: Any, hidden: Any) -> Any:
        n_rows.append(len(hidden))
        return (plain(self, hidden) * 2).round() / 2  # many are equal now

    monkeypatch.setattr(Network, "log_probabilities", coarse)
    monkeypatch.setattr(states, "_TOKENS_AT_ONCE", 4)
    text = "나는 학교에 간다 dog 너는 집에 간다"
    for number in (1, 3, n_classes, n_classes + 5):
        found = states.trace(model.embedder, model.cutting.tokenizer, text, n_expected=number)
        corpus = model.cutting.tokenizer.encode_batch([text])
        with torch.no_grad():
            rows = coarse(model.embedder.network, torch.from_numpy(found.layers[-1]["h"].astype(np.float32))).numpy()
        names = [states.OTHER, *model.terms.tokens]
        for row, expected in zip(rows, found.expected, strict=True):
            order = sorted(range(n_classes), key=lambda place: (-row[place], place))[:number]
            assert [one.token for one in expected] == [names[place] for place in order]
            np.testing.assert_allclose([one.probability for one in expected], np.exp(row[order]), rtol=1e-6)
        classes = model.embedder.classes(corpus)
        np.testing.assert_allclose(found.surprise[1:], -rows[np.arange(len(classes) - 1), classes[1:]])  # type: ignore[arg-type]
    assert max(set(n_rows) - {len(classes)}) == 4


@needs_torch
def test_labels_are_told_from_the_state_of_a_recurrent_model(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{text}\t{int('간다' in text)}" for text in TEXTS]
    (tmp_path / "r.tsv").write_text("text\tlabel\n" + "\n".join(rows) + "\n", encoding="utf-8")
    call = ("evaluate", "-m", trained / "lstm", "--on", tmp_path / "r.tsv", "--label", "label", "-f", "jsonl")
    assert asked(*call) == (DONE, "")
    record = json.loads(capsys.readouterr().out)
    assert (record["tokenizer"], record["covered"], record["held_out"]) == ("bert", 40, 8)


@needs_torch
def test_info_and_files_of_words_tell_what_it_is(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked("info", trained / "lstm") == (DONE, "")
    assert re.search(
        r"perplexity  lstm [\d.]+, bigram [\d.]+, unigram [\d.]+ on 2 held-out texts", capsys.readouterr().out
    )
    status, stderr = asked("convert", trained / "lstm", tmp_path / "words.safetensors")
    assert (status, "reads texts in order; taken are the vectors of the look-up table" in one_line(stderr)) == (
        DONE,
        True,
    )


# Memory


@needs_torch
def test_the_gradient_by_distance_is_that_of_finite_differences(trained: Path) -> None:
    from tokembed.embedders.recurrent_cells import named_weights
    from tokembed.embedders.recurrent_equations import walked
    from tokembed.evaluate import memory_task
    from tokembed.models.named import opened

    embedder: Any = opened(str(trained / "lstm")).embedder  # type: ignore[union-attr]
    window = np.array([1, 2, 3, 4, 2])
    found = memory_task._gradient_norms(embedder, window)
    table = np.concatenate([embedder.state()["other"][None], embedder.vectors]).astype(np.float64)

    def last(inputs: np.ndarray) -> np.ndarray:
        for one in embedder.network.layers:
            inputs = walked("lstm", named_weights(one, "lstm"), inputs)["h"]
        return inputs[-1]

    step = 1e-6
    for place in range(5):
        columns = []
        for dimension in range(6):
            inputs = table[window].copy()
            inputs[place, dimension] += step
            columns.append((last(inputs) - last(table[window])) / step)
        assert found[place] == pytest.approx(np.linalg.norm(columns), rel=1e-3)


@needs_torch
def test_a_gru_soon_recalls_what_is_far_and_an_rnn_does_not() -> None:
    from tokembed.embedders.recurrent_training import threads
    from tokembed.evaluate import memory_task

    with threads(1):
        gru, rnn = (memory_task.recall(cell, 0, n_steps=200) for cell in ("gru", "rnn"))
        assert len(gru) == len(memory_task.DISTANCES)
        assert min(gru) > 0.95
        assert rnn[0] > 2 / 8 > rnn[-1]
        assert memory_task.recall("lstm", 0, n_steps=2) == memory_task.recall("lstm", 0, n_steps=2)


@needs_torch
def test_evaluate_on_memory_prints_both_parts(
    trained: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import tokembed.cli.memory as shown
    from tokembed.evaluate.memory_task import CELLS, DISTANCES, Recall

    made = [Recall(cell, seed, (1.0, *[0.125] * (len(DISTANCES) - 1))) for cell in CELLS for seed in range(2)]
    monkeypatch.setattr(shown, "recalls", lambda: iter(made))
    assert asked("evaluate", "-m", trained / "lstm", "--on", "memory") == (DONE, "")
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:4] == ["model", "d=0", "d=1", "d=2"]
    assert " kor " in lines[2]
    assert lines[6].split() == ["rnn", "0", "100.0", "%", *["12.5", "%"] * 8]
    assert [line.split()[:2] for line in lines if "mean" in line] == [[cell, "mean"] for cell in CELLS]
    assert lines[-13].split()[:3] == ["100", "%", "*"]
    status, stderr = asked("evaluate", "--on", "memory,wordsim353")
    assert (status, "stands alone" in one_line(stderr)) == (2, True)


# Without torch

WITHOUT = "import sys; sys.modules['torch'] = None; from tokembed.cli import main; main()"
BRINGS = "needs the package 'torch'; install it with: pip install 'tokembed[neural]'"


@pytest.fixture
def without(shell: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command where torch cannot be imported."""
    (tmp_path / "a.txt").write_text("나는 학교에 간다\n", encoding="utf-8")

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", WITHOUT, *args]
        return subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, env=shell | dict(os.environ)
        )

    return run


CALLS = {
    "train": ["train", "lstm", "a.txt", "-o", "model"],
    "embed -e": ["embed", "-e", "clip", "a.txt", "-o", "x.npy"],
    "memory": ["evaluate", "--on", "memory"],
    "compare -e": ["compare", "-c", "나는", "-e", "bert"],
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_without_torch_the_message_has_the_line_that_installs_it(without: Any, call: list[str]) -> None:
    done = without(*call)
    assert (done.returncode, done.stdout) == (4, "")
    assert BRINGS in one_line(done.stderr)


@needs_torch
@pytest.mark.parametrize(
    "call",
    [
        ["embed", "a.txt", "-o", "x.npy"],
        ["compare", "-c", "나는"],
        ["explain", "나는 집에"],
        ["evaluate", "--on", "memory"],
    ],
    ids=lambda call: call[0],
)
def test_without_torch_a_model_that_was_trained_says_so_too(without: Any, trained: Path, call: list[str]) -> None:
    done = without(*call, "-m", str(trained / "lstm"))
    assert (done.returncode, done.stdout) == (4, "")
    assert BRINGS in one_line(done.stderr)


def test_without_torch_the_methods_show() -> None:
    for name in ("rnn", "lstm", "gru", "bert", "clip"):
        assert registry.find("embedder", name).extra == ("neural", "torch")
        assert options(registry.find("embedder", name))


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "bert", "clip"])
def test_without_torch_each_name_says_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = ("tokembed.embedders.", "tokembed.contextual.")
    for module in [module for module in sys.modules if module.startswith(loaded)]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(tokembed.NotAtHand, match=re.escape(f"'{name}' {BRINGS}")):
        tokembed.embedder(name)
