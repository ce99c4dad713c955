"""Trained transformers against transformers' own pipeline: tiny random models that the test makes, and MiniLM."""

from __future__ import annotations

import json
import logging
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (pip install 'tokembed[neural]')")

import transformers  # noqa: E402

import tokembed  # noqa: E402
from tests.asking import DONE, asked, one_line  # noqa: E402
from tests.conftest import Run, minilm_folder  # noqa: E402
from tokembed.contextual.batches import length_batches  # noqa: E402
from tokembed.corpus import Corpus, from_ids  # noqa: E402
from tokembed.inputs.batches import Batch  # noqa: E402
from tokembed.models.model import Model  # noqa: E402
from tokembed.models.named import opened  # noqa: E402
from tokembed.text_vectors import context as context_embedding  # noqa: E402
from tokembed.text_vectors.context import ContextLeftOut, Reader  # noqa: E402
from tokembed.text_vectors.kept_parts import KeptParts  # noqa: E402
from tokembed.tokens.long_texts import Limit  # noqa: E402
from tokembed.vocab import Vocab  # noqa: E402

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "##s", "on", "mat", "나는", "학교", "##에"]
TEXTS = ["the cat sat on the mat", "cats", "", "나는 학교에 ☃", "the the cat on on mat the cats sat"]
SMALL = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 24}


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of random weights and 12 positions, with its tokenizer."""
    return saved_bert(tmp_path_factory.mktemp("models") / "bert")


def saved_bert(folder: Path) -> Path:
    """Such a BERT, saved in a folder that is made for it."""
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    config = transformers.BertConfig(vocab_size=len(WORDS), max_position_embeddings=12, **SMALL)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        transformers.BertModel(config).save_pretrained(folder)
    transformers.BertTokenizerFast.from_pretrained(str(folder)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP of random weights whose text tower has the vocabulary of CLIP's tokenizer."""
    folder = tmp_path_factory.mktemp("models") / "clip"
    vocab = tokembed.tokenizer("clip").vocab
    assert vocab is not None
    text = {**SMALL, "vocab_size": len(vocab), "max_position_embeddings": 20, "projection_dim": 6}
    text |= {"bos_token_id": len(vocab) - 2, "eos_token_id": len(vocab) - 1, "pad_token_id": len(vocab) - 1}
    vision = {**SMALL, "image_size": 8, "patch_size": 4, "projection_dim": 6}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        config = transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=6)
        transformers.CLIPModel(config).save_pretrained(folder)
    return folder


def alone(folder: Path, text: str, layer: int = -1) -> np.ndarray:
    """What transformers makes of one text with its own tokenizer, (n_tokens, dim)."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder))
    model = transformers.AutoModel.from_pretrained(str(folder)).eval()
    with torch.no_grad():
        output = model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True)
    return np.asarray(output.hidden_states[layer][0])


def model_of(folder: Path | str, **settings: Any) -> Model:
    found = opened(str(folder), settings=settings)
    assert isinstance(found, Model)
    return found


def cut(model: Model, texts: list[str]) -> Corpus:
    vocab = model.cutting.tokenizer.vocab
    return model.cutting.tokenizer.encode_batch(texts, vocab, offsets=True)


@pytest.mark.parametrize("layer", [-1, 0, 2, 3])
@pytest.mark.parametrize("batch_tokens", [1, 12, 4096])
def test_token_vectors_are_those_of_transformers(bert: Path, layer: int, batch_tokens: int) -> None:
    model = model_of(bert, layer=layer, batch_tokens=batch_tokens)
    corpus = cut(model, TEXTS)
    vectors = model.embedder.token_vectors(corpus)  # type: ignore[union-attr]
    for place, text in enumerate(TEXTS):
        own = vectors[corpus.starts[place] : corpus.starts[place + 1]]
        np.testing.assert_allclose(own, alone(bert, text, layer), atol=1e-5)


@pytest.mark.parametrize("pool", ["mean", "cls", "max"])
def test_pools_are_those_of_the_vectors_of_all_tokens(bert: Path, pool: str) -> None:
    model = model_of(bert)
    corpus, embedder = cut(model, TEXTS), model.embedder
    found = embedder.pooled(corpus, embedder.token_vectors(corpus), pool)  # type: ignore[union-attr]
    for row, text in zip(found, TEXTS, strict=True):
        tokens = alone(bert, text)
        expected = {"mean": tokens.mean(axis=0), "cls": tokens[0], "max": tokens.max(axis=0)}[pool]
        np.testing.assert_allclose(row, expected, atol=1e-5)


def test_minilm_is_transformers_own() -> None:
    folder = minilm_folder()
    texts = ["A man is eating food.", "Café society", "", "나는 학교에 간다", "deep learning " * 60]
    model = model_of(folder)
    corpus = cut(model, texts)
    vectors = model.embedder.token_vectors(corpus)  # type: ignore[union-attr]
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder))
    theirs = transformers.AutoModel.from_pretrained(str(folder)).eval()
    for place, text in enumerate(texts):
        given = tokenizer(text, return_tensors="pt")
        own = slice(corpus.starts[place], corpus.starts[place + 1])
        assert corpus.ids[own].tolist() == given["input_ids"][0].tolist()
        with torch.no_grad():
            np.testing.assert_allclose(vectors[own], theirs(**given).last_hidden_state[0], atol=1e-5)


def test_clips_text_vectors_are_projected_from_the_end(clip: Path) -> None:
    embedder = tokembed.embedder("clip", model=str(clip))
    texts = ["a photo of a cat", "", "홀로서기"]
    corpus = tokembed.tokenizer("clip", special=True).encode_batch(texts)
    found = embedder.pooled(corpus, embedder.token_vectors(corpus), "eos")  # type: ignore[union-attr]
    theirs = transformers.CLIPTextModelWithProjection.from_pretrained(str(clip)).eval()
    for place, row in enumerate(found):
        ids = corpus.ids[corpus.starts[place] : corpus.starts[place + 1]].astype(np.int64)
        with torch.no_grad():
            output = theirs(input_ids=torch.from_numpy(ids)[None])
        np.testing.assert_allclose(row, output.text_embeds[0], atol=1e-5)
        own = embedder.token_vectors(corpus)[corpus.starts[place] : corpus.starts[place + 1]]  # type: ignore[union-attr]
        np.testing.assert_allclose(own, output.last_hidden_state[0], atol=1e-5)
    assert found.shape == (3, 6)
    first = tokembed.embedder("clip", model=str(clip), layer=1)
    assert first.pooled(corpus, first.token_vectors(corpus), "eos").shape == (3, 16)  # type: ignore[union-attr]


# Batches


def test_batches_hold_each_token_once_and_are_bounded() -> None:
    rng = np.random.default_rng(0)
    corpus = from_ids([list(range(length)) for length in rng.integers(0, 9, 50)], Vocab(map(str, range(9))))
    seen = []
    for batch in length_batches(corpus, 16):
        assert batch.places.size <= 16 or len(batch.places) == 1
        assert batch.is_there.any(axis=0).all()
        seen += batch.places[batch.is_there].tolist()
    assert sorted(seen) == list(range(corpus.n_tokens))


class Crowded:
    """A transformer's forward on a GPU that has no room for more than `most` texts at a time."""

    def __init__(self, forward: Any, most: int) -> None:
        self.forward, self.most = forward, most
        self.n_texts: list[int] = []
        self.n_held: list[int] = []
        self._made: list[Any] = []

    def __call__(self, **given: Any) -> Any:
        self.n_held.append(sum(made() is not None for made in self._made))
        halfway = torch.zeros(8)
        self._made.append(weakref.ref(halfway))
        self.n_texts.append(len(given["input_ids"]))
        if self.n_texts[-1] > self.most:
            raise torch.OutOfMemoryError
        return self.forward(**given)


def test_a_gpu_without_room_makes_smaller_batches(
    bert: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model = model_of(bert, batch_tokens=64)
    corpus = cut(model, TEXTS[:1] * 24)  # 8 tokens each: 3 batches of 8 texts
    expected = model.embedder.token_vectors(corpus)  # type: ignore[union-attr]
    module = model.embedder._encoder.module  # type: ignore[union-attr]
    crowded = Crowded(module.forward, 3)
    monkeypatch.setattr(module, "forward", crowded)
    with caplog.at_level(logging.WARNING):
        found = model.embedder.token_vectors(corpus)  # type: ignore[union-attr]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert crowded.n_texts == [8, 4, *[2] * 12]
    assert not any(crowded.n_held), "a failed attempt's tensors take the room of the next"
    assert [record.getMessage().split(": ")[1] for record in caplog.records] == [
        f"batches have at most {most} tokens from here on" for most in (32, 16)
    ]


def test_a_text_that_has_no_room_alone_is_told(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(bert)
    corpus = cut(model, TEXTS)
    module = model.embedder._encoder.module  # type: ignore[union-attr]
    monkeypatch.setattr(module, "forward", Crowded(module.forward, 0))
    with pytest.raises(
        tokembed.BadInput, match=r"one of 12 tokens does not; use --device cpu or make the text shorter"
    ):
        model.embedder.token_vectors(corpus)  # type: ignore[union-attr]


# Long texts

LONG = "the cat sat on the mat " * 4  # 24 tokens; the model takes 12


def reader(model: Model, on_long: str) -> Reader:
    limit = Limit(model.embedder.max_tokens or 0, on_long, called="what it takes")  # type: ignore[union-attr]
    return Reader(model.embedder, model.cutting.tokenizer, limit)  # type: ignore[arg-type]


def pieces(read: Reader, texts: list[str], left_out: ContextLeftOut, *, offsets: bool = False) -> list[Any]:
    batch = Batch("-c", range(1, len(texts) + 1), strings=texts)
    return list(read.pieces([batch], left_out, offsets=offsets, progress=lambda _: None))


def test_windows_are_averaged(bert: Path) -> None:
    read, left_out = reader(model_of(bert), "window"), ContextLeftOut()
    (piece,) = pieces(read, ["cats", LONG, "the"], left_out)
    vectors = read.text_vectors(piece, "mean")
    words = LONG.split()
    windows = [" ".join(words[:10]), " ".join(words[10:20]), " ".join(words[20:])]
    expected = np.mean([alone(bert, window).mean(axis=0) for window in windows], axis=0)
    np.testing.assert_allclose(vectors[1], expected, atol=1e-5)
    np.testing.assert_allclose(vectors[0], alone(bert, "cats").mean(axis=0), atol=1e-5)
    assert (left_out.cuts.n_long, left_out.cuts.n_rows) == (1, 3)


def test_tokens_of_windows_stand_in_one_row_of_the_text(bert: Path) -> None:
    read, left_out = reader(model_of(bert), "window"), ContextLeftOut()
    (piece,) = pieces(read, [LONG, "cats"], left_out, offsets=True)
    rows = read.token_rows(piece, read.embedder.token_vectors(piece.rows.corpus))
    assert rows.tokens[:26] == ["[CLS]", *LONG.split(), "[SEP]"]
    assert rows.positions.tolist() == [*range(26), *range(4)]
    assert rows.starts.tolist() == [0, 26, 30]
    starts = [LONG.index("cat"), LONG.rindex("mat")]
    assert [rows.offsets[2].tolist(), rows.offsets[24].tolist()] == [[start, start + 3] for start in starts]
    second = alone(bert, " ".join(LONG.split()[10:20]))
    np.testing.assert_allclose(rows.vectors[11:21], second[1:-1], atol=1e-5)


def test_parts_of_a_piece_are_the_same_as_the_whole(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = reader(model_of(bert), "window")
    texts = [*TEXTS, LONG, "the cat"]
    (whole,) = pieces(read, texts, ContextLeftOut())
    expected = read.text_vectors(whole, "mean")
    monkeypatch.setattr(context_embedding, "_NUMBERS_AT_ONCE", 16 * 15)
    parts = pieces(read, texts, ContextLeftOut())
    assert len(parts) > 3
    found = np.concatenate([read.text_vectors(part, "mean") for part in parts])
    np.testing.assert_allclose(found, expected, atol=1e-6)


# The command


def test_embed_writes_what_the_library_gives(
    bert: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("\n".join([*TEXTS, LONG]) + "\n", encoding="utf-8")
    done = run("embed", "a.txt", "-m", str(bert), "-o", "a.npy", "--ids", "--batch-tokens", "30", "--device", "cpu")
    assert done.returncode == 0, done.stderr.decode()
    told = done.stderr.decode()
    assert "cut off at 12 tokens: 1 of 6 texts, 14 of 57 tokens; first a.txt:6, which lost 'the mat the cat" in told
    assert "empty: 1 text, whose vectors are those of the special tokens alone" in told
    found = np.load(tmp_path / "a.npy")
    for row, text in zip(found, TEXTS, strict=False):
        np.testing.assert_allclose(row, alone(bert, text).mean(axis=0), atol=1e-5)
    record = json.loads((tmp_path / "a.npy.json").read_bytes())
    assert record["coverage"]["tokens_cut_off"] == 14
    assert record["model"]["embedder"]["model"] == "bert"
    monkeypatch.chdir(tmp_path)
    assert asked("embed", "a.txt", "-m", bert, "-o", "a.parquet", "--level", "token", "--layer", "1")[0] == DONE
    table = pq.read_table(tmp_path / "a.parquet").to_pydict()
    assert table["token"][:3] == ["[CLS]", "the", "cat"]
    np.testing.assert_allclose(table["vector"][:8], alone(bert, TEXTS[0], 1), atol=1e-5)
    assert asked("embed", "-m", bert, "-o", "words.vec", "--level", "vocab") == (DONE, "")
    assert (tmp_path / "words.vec").read_text(encoding="utf-8").startswith("14 16\n[PAD] ")


def test_vectors_go_on_with_the_parts_that_are_there(
    bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context_embedding, "_NUMBERS_AT_ONCE", 16 * 15)
    texts = [*TEXTS, LONG, "the cat"]

    def written(path: Path, kept: KeptParts | None, stop_after: int) -> int:
        read = replace(reader(model_of(bert), "window"), kept=kept)
        calls, plain = 0, read.embedder.token_vectors

        def counted(corpus: Corpus) -> Any:
            nonlocal calls
            calls += 1
            if calls > stop_after:
                raise KeyboardInterrupt
            return plain(corpus)

        monkeypatch.setattr(read.embedder, "token_vectors", counted)
        parts = pieces(read, texts, ContextLeftOut())
        context_embedding.write_text_vectors(path, parts, read, "mean", dict, ids=False)
        return calls

    n_all = written(tmp_path / "whole.npy", None, 99)
    kept = KeptParts(tmp_path / "a.npy.parts", {"model": 1})
    assert kept.begin() == 0
    with pytest.raises(KeyboardInterrupt):
        written(tmp_path / "a.npy", kept, 3)
    assert not (tmp_path / "a.npy").exists()
    n_parts = kept.begin()
    assert n_parts == 3
    assert written(tmp_path / "a.npy", kept, 99) == n_all - 3
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()
    with pytest.raises(tokembed.BadInput, match="must have the same model, it has 1 and this run 2"):
        KeptParts(kept.folder, {"model": 2}).begin()


def test_embed_resume_leaves_nothing_behind(bert: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    for more in ([], ["--resume"]):
        status, stderr = asked("embed", tmp_path / "a.txt", "-m", bert, "-o", tmp_path / f"{len(more)}.npy", *more)
        assert status == DONE, stderr
    assert (tmp_path / "0.npy").read_bytes() == (tmp_path / "1.npy").read_bytes()
    assert not (tmp_path / "1.npy.parts").exists()


def refused(call: list[str], folder: Path, status: int, message: str) -> None:
    found, stderr = asked("embed", *call, "-o", folder / "x.npy")
    assert found == status, stderr
    assert message in one_line(stderr)
    assert not (folder / "x.npy").exists()


CALLS = {
    "layer": (["--layer", "4"], 2, "layer must lie in 0..3 for"),
    "pool": (["--pool", "eos"], 2, "--pool must be mean or cls or max for bert, got 'eos'"),
    "oov": (["--oov", "zero"], 2, "so --oov is not for it"),
    "tokenizer": (["-t", "clip"], 2, "must be used with the tokenizer it was trained with"),
    "long": (["--on-long", "error"], 1, "a text must have at most 12 tokens (what bert takes), '-c:1' has 26"),
    "bf16": (["--set", "precision=bf16", "--device", "cpu"], 2, "precision bf16 goes with a GPU"),
    "training": (["--epochs", "3"], 2, "options of training belong to -e"),
    "two models": (["--set", "model=x"], 2, "-m names the model, so --set model does not go with it"),
}


@pytest.mark.parametrize(("more", "status", "message"), CALLS.values(), ids=CALLS)
def test_what_cannot_be_is_told_in_one_line(
    bert: Path, tmp_path: Path, more: list[str], status: int, message: str
) -> None:
    refused(["-c", LONG, "-m", str(bert), *more], tmp_path, status, message)


def test_ids_beyond_the_table_are_refused(bert: Path) -> None:
    corpus = tokembed.tokenizer("bert").encode_batch(["학교"])
    with pytest.raises(tokembed.BadInput, match=r"the ids must be below 14 .* use the model's own tokenizer"):
        tokembed.embedder("bert", model=str(bert)).token_vectors(corpus)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("call", "name"),
    [(["-e", "bert"], "bert-base-multilingual-cased"), (["-e", "clip"], "openai/clip-vit-base-patch32"),
     (["-m", "owner/some-model"], "owner/some-model")],
)  # fmt: skip
def test_weights_that_are_not_at_hand_are_told_with_the_line_that_brings_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: list[str], name: str
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    line = f"hf download {name} config.json model.safetensors tokenizer.json"
    refused(["-c", "a", *call], tmp_path, 4, line)


def test_labels_are_told_from_texts_cut_off_at_the_window(bert: Path, run: Run, tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed (pip install 'tokembed[evaluate]')")
    rows = [f"{'the cat ' * (1 + place % 9)}\t{place % 2}" for place in range(60)]  # 12 tokens fit, [CLS] and [SEP] too
    (tmp_path / "r.tsv").write_text("text\tlabel\n" + "\n".join(rows) + "\n", encoding="utf-8")
    done = run("evaluate", "-m", str(bert), "--on", "r.tsv", "--label", "label", "-f", "jsonl")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    n_long = sum(2 * (1 + place % 9) > 10 for place in range(60))
    assert f"{n_long} texts cut off at what the model takes" in record["note"]
