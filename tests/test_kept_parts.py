"""`tokembed embed --resume`: what a run may go on from, and what it says of the parts of an earlier one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (pip install 'tokembed[neural]')")

from tests.asking import DONE, asked, one_line
from tests.test_context import TEXTS, saved_bert
from tokembed.contextual.encoder import Encoder
from tokembed.text_vectors import context


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of random weights."""
    return saved_bert(tmp_path_factory.mktemp("models") / "bert")


@pytest.fixture
def stopped(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A call of `embed` that was interrupted once two of its parts were made; x.npy is what it writes."""
    monkeypatch.setattr(context, "_NUMBERS_AT_ONCE", 16 * 10)
    (tmp_path / "a.txt").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    call = ["embed", tmp_path / "a.txt", "-m", model, "-o", tmp_path / "x.npy"]
    plain, n_calls = Encoder.token_vectors, 0

    def interrupted(self: Any, corpus: Any) -> Any:
        nonlocal n_calls
        n_calls += 1
        if n_calls > 2:
            raise KeyboardInterrupt
        return plain(self, corpus)

    with monkeypatch.context() as patch:
        patch.setattr(Encoder, "token_vectors", interrupted)
        assert asked(*call, "--resume")[0] == 130
    assert len(parts(tmp_path)) == 2
    return call


def parts(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "x.npy.parts").glob("part-*.npy"))


def test_fewer_tokens_at_a_time_and_another_device_go_on(stopped: list[Any], tmp_path: Path) -> None:
    status, stderr = asked(*stopped, "--resume", "--batch-tokens", "8", "--device", "cpu")
    assert status == DONE, stderr
    assert f"2 of 2 parts in {tmp_path / 'x.npy.parts'} could be used, 2 had to be made" in stderr
    assert not (tmp_path / "x.npy.parts").exists()
    found = np.load(tmp_path / "x.npy")
    assert asked(*stopped)[0] == DONE
    np.testing.assert_allclose(found, np.load(tmp_path / "x.npy"), atol=1e-6)


def test_another_layer_is_refused_by_its_name_and_its_two_values(stopped: list[Any], tmp_path: Path) -> None:
    status, stderr = asked(*stopped, "--resume", "--layer", "1")
    assert status == 1
    assert "must have the same layer, it has -1 and this run 1; remove the folder to start anew" in one_line(stderr)
    assert len(parts(tmp_path)) == 2


def test_parts_of_other_texts_are_not_said_to_be_used(stopped: list[Any], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("the mat\n" + "\n".join(reversed(TEXTS)) + "\n", encoding="utf-8")
    status, stderr = asked(*stopped, "--resume")
    assert status == DONE, stderr
    assert "0 of 2 parts in" in stderr
    assert "going on" not in stderr


def test_a_run_without_resume_tells_of_the_parts_and_removes_them_once_it_is_done(
    stopped: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Any, corpus: Any) -> Any:
        raise KeyboardInterrupt

    told = f"parts of an earlier run are in {tmp_path / 'x.npy.parts'}, for --resume; once this run is done they are"
    with monkeypatch.context() as patch:
        patch.setattr(Encoder, "token_vectors", interrupted)
        status, stderr = asked(*stopped)
    assert (status, told in stderr, len(parts(tmp_path))) == (130, True, 2)
    status, stderr = asked(*stopped)
    assert (status, told in stderr) == (DONE, True)
    assert not (tmp_path / "x.npy.parts").exists()
    assert "parts" not in asked(*stopped)[1]
