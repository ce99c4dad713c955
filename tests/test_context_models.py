"""Which trained transformers can be used, and that each reads a text as it does alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (pip install 'tokembed[neural]')")

import transformers  # noqa: E402
from safetensors.numpy import load_file  # noqa: E402

import tokembed  # noqa: E402
from tokembed.contextual import hub_models  # noqa: E402
from tokembed.contextual.encoder import Encoder  # noqa: E402
from tokembed.contextual.weights import load  # noqa: E402
from tokembed.corpus import Corpus, from_ids  # noqa: E402
from tokembed.errors import BadInput  # noqa: E402
from tokembed.explain import reading  # noqa: E402
from tokembed.types import Encoding  # noqa: E402
from tokembed.vocab import Vocab  # noqa: E402

N_IDS, N_LAYERS, DIM = 20, 3, 16
SMALL = {
    "vocab_size": N_IDS, "hidden_size": DIM, "num_hidden_layers": N_LAYERS, "num_attention_heads": 2,
    "intermediate_size": 24, "max_position_embeddings": 64, "pad_token_id": 0,
}  # fmt: skip
GPT2 = {"vocab_size": N_IDS, "n_embd": DIM, "n_layer": N_LAYERS, "n_head": 2, "n_positions": 64}
PICTURES = {"image_size": 8, "patch_size": 4}


def saved(folder: Path, name: str, model: str | None = None, **config: Any) -> Path:
    """A model of random weights, large enough that what reads too much gives other vectors."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        made = getattr(transformers, model or f"{name}Model")(getattr(transformers, f"{name}Config")(**config))
        with torch.no_grad():
            for weight in made.parameters():
                weight.add_(torch.randn_like(weight) * 0.2)
        made.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with the head that guesses words: its own weights have `bert.` before their names."""
    return saved(tmp_path_factory.mktemp("models") / "bert", "Bert", "BertForMaskedLM", **SMALL)


def changed(folder: Path, tmp_path: Path, **entries: Any) -> Path:
    """A copy of a folder whose config has other entries."""
    made = Path(shutil.copytree(folder, tmp_path / "changed"))
    config = json.loads((made / "config.json").read_bytes())
    (made / "config.json").write_text(json.dumps(config | entries), encoding="utf-8")
    return made


def encoder(folder: Path | str, *, layer: int = -1, batch_tokens: int = 4096) -> Encoder:
    return Encoder(str(folder), layer=layer, batch_tokens=batch_tokens, device="cpu", precision="float32")


def texts_of(*lengths: int) -> Corpus:
    rng = np.random.default_rng(0)
    return from_ids([rng.integers(5, N_IDS, n).tolist() for n in lengths], Vocab(map(str, range(N_IDS))))


def alone(folder: Path, ids: np.ndarray, layer: int) -> np.ndarray:
    """What transformers makes of one text, (n_tokens, dim), with a model that has read nothing before."""
    model = transformers.AutoModel.from_pretrained(str(folder)).eval()
    with torch.no_grad():
        output = model(input_ids=torch.from_numpy(ids.astype(np.int64))[None], output_hidden_states=True)
    return np.asarray((output.last_hidden_state if layer == -1 else output.hidden_states[layer])[0, : len(ids)])


# Beside other texts

READS = {
    "mask": ("Bert", SMALL),
    "positions behind the padding": ("Roberta", SMALL | {"pad_token_id": 1}),
    "first to last": ("GPT2", GPT2 | {"pad_token_id": 3}),
    "first to last, turned": ("Llama", SMALL | {"num_key_value_heads": 2, "pad_token_id": -1}),
    "slopes": ("Bloom", {"vocab_size": N_IDS, "hidden_size": DIM, "n_layer": N_LAYERS, "n_head": 2}),
    "no end": ("XLNet", {"vocab_size": N_IDS, "d_model": DIM, "n_layer": N_LAYERS, "n_head": 2, "d_inner": 24}),
    "no mask": ("FNet", {key: value for key, value in SMALL.items() if key != "num_attention_heads"}),
    "mask not heeded": ("ConvBert", SMALL | {"embedding_size": DIM, "head_ratio": 1}),
    "length decides": ("BigBird", SMALL | {"attention_type": "block_sparse", "block_size": 2, "num_random_blocks": 1}),
}


@pytest.mark.parametrize(("name", "config"), READS.values(), ids=READS)
@pytest.mark.parametrize("layer", [-1, 1])
def test_a_text_has_the_same_vectors_beside_others(
    tmp_path: Path, name: str, config: dict[str, Any], layer: int
) -> None:
    folder, corpus = saved(tmp_path / "model", name, **config), texts_of(3, 40, 16, 15, 40, 3, 4)
    read = encoder(folder, layer=layer)
    for found in (read.token_vectors(corpus), read.token_vectors(corpus)):
        for start, behind in zip(corpus.starts[:-1], corpus.starts[1:], strict=True):
            np.testing.assert_allclose(found[start:behind], alone(folder, corpus.ids[start:behind], layer), atol=1e-5)


def test_a_padding_beyond_the_table_is_not_read(tmp_path: Path) -> None:
    folder, corpus = saved(tmp_path / "model", "GPT2", **GPT2), texts_of(3, 9)
    plain = encoder(folder).token_vectors(corpus)
    found = encoder(changed(folder, tmp_path, pad_token_id=N_IDS + 5)).token_vectors(corpus)
    assert found.tolist() == plain.tolist()


def test_a_text_without_a_token_has_layers_too(bert: Path) -> None:
    read = tokembed.embedder("bert", model=str(bert))
    assert read.layers(texts_of(0)).shape == (N_LAYERS + 1, 0, DIM)  # type: ignore[union-attr]
    assert read.token_vectors(texts_of(0)).shape == (0, DIM)  # type: ignore[union-attr]


def test_a_text_without_a_token_is_explained(bert: Path) -> None:
    class Silent:
        vocab, frame = Vocab(map(str, range(N_IDS))), ((), ())

        def encode(self, text: str) -> Encoding:
            return Encoding(text, (), (), (), (), (), ())

    steps = reading(tokembed.embedder("bert", model=str(bert)), Silent(), "", "bert").steps  # type: ignore[arg-type]
    assert [step.name for step in steps] == ["tokens", "result"]
    assert steps[-1].rows == ((0.0, (0.0,) * DIM),)


# Config and weights

ENTRIES = {
    "fewer layers": ({"num_hidden_layers": 1}, r"32 have no place in it, the first is '(bert\.)?encoder\.layer\.1\."),
    "no layer": ({"num_hidden_layers": 0}, r"48 have no place in it, the first is '(bert\.)?encoder\.layer\.0\."),
    "more layers": ({"num_hidden_layers": 4}, r"must be those that its config\.json says, 16 are not there"),
    "positions": (
        {"max_position_embeddings": 70},
        r"position_embeddings.weight' has the shape \(64, 16\) and not \(70",
    ),
    "words": ({"vocab_size": 30}, r"word_embeddings.weight' has the shape \(20, 16\) and not \(30, 16\)"),
    "no heads": ({"num_attention_heads": 0}, "can load: ZeroDivisionError"),
    "a word": ({"num_hidden_layers": "two"}, "can load: .*num_hidden_layers.*int"),
    "padding": ({"pad_token_id": 99}, "can load: Padding_idx must be within num_embeddings"),
    "activation": ({"hidden_act": "nope"}, "can load: KeyError 'nope'"),
}


@pytest.mark.parametrize(("entries", "message"), ENTRIES.values(), ids=ENTRIES)
def test_a_config_that_the_weights_are_not_of_is_refused(
    bert: Path, tmp_path: Path, entries: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message) as refused:
        load(str(changed(bert, tmp_path, **entries)))
    assert "\n" not in str(refused.value)


def test_what_is_not_installed_is_refused(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def needs(*given: Any, **more: Any) -> None:
        raise ImportError("Loading a GPTQ quantized model requires optimum\n(`pip install optimum`)")

    monkeypatch.setattr(transformers.AutoModel, "from_pretrained", needs)
    with pytest.raises(BadInput, match=r"can load: Loading a GPTQ quantized model requires optimum$"):
        load(str(bert))


def test_a_term_that_the_config_leaves_out_is_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model", "Llama", "LlamaForCausalLM", **SMALL, num_key_value_heads=2, attention_bias=True)
    load(str(folder))
    with pytest.raises(BadInput, match=r"12 have no place in it, the first is '.*layers\.0\.self_attn\.k_proj\.bias'"):
        load(str(changed(folder, tmp_path, attention_bias=False)))


def test_heads_and_ways_of_answering_do_not_matter(bert: Path, tmp_path: Path) -> None:
    corpus = texts_of(3, 9)
    assert any(key.startswith("cls.") for key in load_file(bert / "model.safetensors"))
    other = changed(bert, tmp_path, return_dict=False, output_hidden_states=True)
    assert encoder(other).token_vectors(corpus).tolist() == encoder(bert).token_vectors(corpus).tolist()


def test_a_pickle_is_refused(bert: Path, tmp_path: Path) -> None:
    folder = changed(bert, tmp_path)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(BadInput, match=r"must have its weights as model\.safetensors, .* a pickle"):
        load(str(folder))


def test_weights_that_are_cut_off_are_refused(bert: Path, tmp_path: Path) -> None:
    folder = changed(bert, tmp_path)
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])
    with pytest.raises(BadInput, match="must be an encoder that transformers can load"):
        load(str(folder))


TOWERS = {"text_config": SMALL | {"projection_size": DIM}, "vision_config": SMALL | PICTURES}
NOT_OF_TEXT = {
    "pictures": ("ViT", SMALL | PICTURES, "must be an encoder of text, it is ViTModel"),
    "pictures too": ("Siglip", TOWERS, "must be an encoder of text, it is SiglipModel"),
    "pictures needed": ("Vilt", SMALL | PICTURES, "it is ViltModel, which cannot read one: .*pixel_values"),
    "letters": ("Canine", {"hidden_size": DIM, "num_attention_heads": 2, "num_hash_buckets": 16}, "it is CanineModel"),
    "narrower": ("OPT", SMALL | {"ffn_dim": 24, "word_embed_proj_dim": 8}, r"must give each token 16 numbers"),
}


@pytest.mark.parametrize(("name", "config", "message"), NOT_OF_TEXT.values(), ids=NOT_OF_TEXT)
def test_what_is_no_encoder_of_text_is_refused(tmp_path: Path, name: str, config: dict[str, Any], message: str) -> None:
    read = encoder(saved(tmp_path / "model", name, **config))
    with pytest.raises(BadInput, match=message):
        read.token_vectors(texts_of(4))


def test_clips_text_tower_without_its_projection(tmp_path: Path) -> None:
    text = SMALL | {"bos_token_id": 1, "eos_token_id": 2, "projection_dim": 6}
    folder = saved(tmp_path / "model", "CLIPText", **text)
    embedder, corpus = tokembed.embedder("clip", model=str(folder)), texts_of(3, 9)
    assert hub_models.is_clip(folder)
    vectors = embedder.token_vectors(corpus)  # type: ignore[union-attr]
    theirs = transformers.CLIPTextModel.from_pretrained(str(folder)).eval()
    for start, behind in zip(corpus.starts[:-1], corpus.starts[1:], strict=True):
        with torch.no_grad():
            output = theirs(input_ids=torch.from_numpy(corpus.ids[start:behind].astype(np.int64))[None])
        np.testing.assert_allclose(vectors[start:behind], output.last_hidden_state[0], atol=1e-5)
    assert embedder.text_dim == DIM  # type: ignore[union-attr]
    np.testing.assert_array_equal(embedder.pooled(corpus, vectors, "eos"), vectors[corpus.starts[1:] - 1])  # type: ignore[union-attr]
