"""Which snapshot of a trained transformer is taken from the hub's local cache."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed (pip install 'tokembed[neural]')")

import transformers

from tests.test_context_models import DIM, SMALL, saved
from tokembed.contextual import hub_models
from tokembed.models.model import Model
from tokembed.models.named import opened


def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, main: str | None) -> Path:
    """The place of owner/tiny's snapshots in an empty cache."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    repository = tmp_path / "models--owner--tiny"
    (repository / "snapshots").mkdir(parents=True)
    if main is not None:
        (repository / "refs").mkdir()
        (repository / "refs" / "main").write_text(main, encoding="utf-8")
    return repository / "snapshots"


def with_weights(folder: Path) -> Path:
    folder.mkdir()
    for file in ("config.json", "model.safetensors"):
        (folder / file).write_bytes(b"{}")
    return folder


def test_the_snapshot_that_main_names_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshots = cached(tmp_path, monkeypatch, main="bbbb")
    found = [with_weights(snapshots / name) for name in ("aaaa", "bbbb", "cccc")]
    assert hub_models.find("owner/tiny") == found[1]


@pytest.mark.parametrize("main", [None, "", "bbbb", "gone"])
def test_without_weights_in_main_another_snapshot_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, main: str | None
) -> None:
    snapshots = cached(tmp_path, monkeypatch, main=main)
    (snapshots / "bbbb").mkdir()  # the tokenizer alone was brought
    assert hub_models.find("owner/tiny") is None
    assert with_weights(snapshots / "cccc") == hub_models.find("owner/tiny")


def test_a_model_in_the_hubs_cache_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshots = cached(tmp_path, monkeypatch, main="0123\n")
    folder = saved(snapshots / "0123", "Bert", **SMALL)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat"]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    transformers.BertTokenizerFast.from_pretrained(str(folder)).save_pretrained(folder)
    model = opened("owner/tiny")
    assert isinstance(model, Model)
    assert (model.cutting.called, model.record()["embedder"]["model"]) == ("owner/tiny", "tiny")
    tokenizer = model.cutting.tokenizer
    corpus = tokenizer.encode_batch(["the cat"], tokenizer.vocab)
    assert model.embedder.token_vectors(corpus).shape == (4, DIM)  # type: ignore[union-attr]
