"""What models that read the text have for each word: against plain loops over one text at a time."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (pip install 'tokembed[neural]')")

import transformers  # noqa: E402

import tokembed  # noqa: E402
from tests.conftest import Run, minilm_folder  # noqa: E402
from tokembed.asking.percentiles import N_PAIRS  # noqa: E402
from tokembed.compare.context_rows import ContextRows  # noqa: E402
from tokembed.compare.grids import Grid, Row, grid  # noqa: E402
from tokembed.compare.text_pairs import reference_sentences  # noqa: E402
from tokembed.compare.vectors import compare_vectors  # noqa: E402
from tokembed.compare.word_pairs import WordPair, word_pairs  # noqa: E402
from tokembed.compare.word_rows import Difference, EmbedderRow  # noqa: E402
from tokembed.corpus import from_encodings  # noqa: E402
from tokembed.coverage import TokenCounts  # noqa: E402
from tokembed.models.cutting import chosen_tokenizer  # noqa: E402
from tokembed.models.model import Model, new_model  # noqa: E402
from tokembed.models.named import opened_parts  # noqa: E402
from tokembed.types import Text  # noqa: E402

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "##s", "on", "mat", "나는", "학교", "##에"]
TEXTS = ["the cats sat", "the cats sat on the mat the cats sat on the mat", "", "나는 학교에 ☃", "☃ ☃"]
MOST = 12
"""Tokens that the small BERT takes, [CLS] and [SEP] included."""
LEARNED = ["나는 배를 먹었다", "그는 배를 탔다", "배를 먹었다", "배를 탔다", "우리는 학교에 간다"] * 8


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of random weights and MOST positions, with its tokenizer."""
    folder = tmp_path_factory.mktemp("models") / "small-bert"
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    config = transformers.BertConfig(
        vocab_size=len(WORDS), max_position_embeddings=MOST, hidden_size=16, num_hidden_layers=2,
        num_attention_heads=2, intermediate_size=24, initializer_range=0.5,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        transformers.BertModel(config).save_pretrained(folder)
    transformers.BertTokenizerFast.from_pretrained(str(folder), do_lower_case=False).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def lstm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small LSTM; what it has learned does not matter."""
    cutting = chosen_tokenizer("bert", {})
    model = new_model(cutting, "lstm", {"dim": 8, "min_count": 2, "epochs": 1, "batch": 8})
    model.fit(model.cutting.tokenizer.encode_batch(LEARNED), TokenCounts())
    folder = tmp_path_factory.mktemp("recurrent") / "lstm"
    model.save(folder)
    return folder


def rows_of(folder: Path) -> ContextRows:
    cutting, embedder = opened_parts(str(folder))
    assert cutting is not None
    found: Any = embedder
    return ContextRows(folder.name, "own", found, cutting.tokenizer)


def shown(rows: ContextRows, texts: list[str]) -> list[Grid]:
    return [grid(Text(f"x:{place}", "x", text), {"own": rows.cutter}) for place, text in enumerate(texts)]


def only_rows(rows: ContextRows, texts: list[str]) -> list[Row]:
    return [one.rows[0] for one in shown(rows, texts)]


def spoken(row: EmbedderRow) -> list[tuple[str, int, int]]:
    return [(str(word.kind), word.n_found, word.n_parts) for word in row.words]


def alone(folder: Path, text: str) -> np.ndarray:
    """What transformers makes of one text that is cut off at what the model takes, (n_tokens, dim)."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder))
    model = transformers.AutoModel.from_pretrained(str(folder)).eval()
    with torch.no_grad():
        given = tokenizer(text, return_tensors="pt", truncation=True, max_length=MOST)
        return np.asarray(model(**given).last_hidden_state[0])


def test_a_word_is_known_in_parts_unknown_or_beyond_the_window(bert: Path) -> None:
    rows = rows_of(bert)
    found = rows.word_rows(only_rows(rows, TEXTS))
    assert spoken(found[0]) == [("exact", 1, 1), ("tokens", 2, 2), ("exact", 1, 1)]
    # [CLS] the cat ##s sat on the mat the cat ##s [SEP] | sat on the mat
    assert spoken(found[1])[6:] == [("exact", 1, 1), ("tokens", 2, 2), *[("beyond the window", 0, 1)] * 4]
    assert found[2].words == ()
    assert spoken(found[3]) == [("exact", 1, 1), ("tokens", 2, 2), ("unknown", 0, 1)]
    assert [row.n_with_vector for row in found] == [3, 8, 0, 2, 0]


def test_a_cut_word_has_the_tokens_that_the_model_reads(bert: Path) -> None:
    rows = rows_of(bert)
    text = "on on on on on on on on on cats"  # room for ten tokens
    (found,) = rows.word_rows(only_rows(rows, [text]))
    assert spoken(found)[-1] == ("tokens", 1, 2)
    vector = rows.word_vector(only_rows(rows, [text])[0], 9)
    np.testing.assert_allclose(vector, alone(bert, text)[10], atol=1e-5)


def test_a_word_is_the_mean_of_its_tokens_in_their_text(bert: Path) -> None:
    rows = rows_of(bert)
    first, _, _, korean, _ = only_rows(rows, TEXTS)
    tokens = alone(bert, TEXTS[0])
    np.testing.assert_allclose(rows.word_vector(first, 0), tokens[1], atol=1e-5)
    np.testing.assert_allclose(rows.word_vector(first, 1), tokens[2:4].mean(axis=0), atol=1e-5)
    assert not rows.word_vector(korean, 2).any()  # ☃, which the model reads as [UNK]


def test_cosines_of_texts_are_those_of_transformers_means(bert: Path) -> None:
    rows = rows_of(bert)
    cosines = rows.text_cosines([row.encoding for row in only_rows(rows, TEXTS)])
    means = [alone(bert, text).mean(axis=0).astype(np.float64) for text in TEXTS]
    for first in (0, 1, 3):
        for second in (0, 1, 3):
            one, other = means[first], means[second]
            expected = one @ other / math.sqrt((one @ one) * (other @ other))
            assert cosines[first, second] == pytest.approx(expected, abs=1e-5)
    assert np.isnan(cosines[[2, 4]]).all()  # nothing, and nothing that is known


def test_the_nearest_is_a_word_of_the_reference_sentences_in_its_sentence(lstm: Path) -> None:
    rows = rows_of(lstm)
    words: list[tuple[str, np.ndarray]] = []
    embedder: Any = rows.embedder
    for sentence in reference_sentences():  # a plain loop, one sentence at a time
        encoding = rows.cutter.encode(sentence)
        corpus = from_encodings([encoding], rows.cutter.vocab)  # type: ignore[arg-type]
        vectors, classes = embedder.token_vectors(corpus), embedder.classes(corpus)
        for word, (start, end) in [(word, span) for word, span in _spans(sentence)]:
            own = [
                place for place, (low, high) in enumerate(encoding.offsets)
                if start <= low < high <= end and classes[place] and not encoding.unknown[place]
            ]  # fmt: skip
            if own:
                words.append((word, vectors[own].mean(axis=0)))
    (row,) = only_rows(rows, ["나는 배를 학교에서"])
    (found,) = rows.word_rows([row])
    assert len(rows.word_sample) == N_PAIRS
    for place, word in enumerate(["나는", "배를", "학교에서"]):
        own = rows.word_vector(row, place).astype(np.float64)
        cosines = {
            (other, number): float(own @ vector / np.linalg.norm(own) / np.linalg.norm(vector))
            for number, (other, vector) in enumerate(words)
            if other != word
        }
        nearest = found.words[place].nearest
        assert nearest is not None
        assert nearest.score == pytest.approx(max(cosines.values()), abs=1e-5)
        assert cosines[nearest.word, nearest.row] == pytest.approx(nearest.score, abs=1e-5)


def _spans(text: str) -> list[tuple[str, tuple[int, int]]]:
    spans, start = [], 0
    for word in text.split(" "):
        spans.append((word, (start, start + len(word))))
        start += len(word) + 1
    return spans


def pair(rows: ContextRows, texts: list[str], word: str) -> WordPair:
    (found,) = word_pairs(word, shown(rows, texts), [rows])
    return found


def test_a_model_that_reads_from_left_to_right_sees_no_further_than_the_word(lstm: Path) -> None:
    rows = rows_of(lstm)
    behind = pair(rows, ["배를 먹었다", "배를 탔다"], "배를")
    assert (behind.cosine, behind.difference, behind.sees_no_difference) == (
        pytest.approx(1, abs=1e-6), Difference.BEHIND, True,
    )  # fmt: skip
    before = pair(rows, ["나는 배를 탔다", "그는 배를 탔다"], "배를")
    assert (before.difference, before.sees_no_difference) == (Difference.BEFORE, False)
    assert before.cosine is not None
    assert before.cosine < 0.9999


def test_one_that_reads_both_ways_does(bert: Path) -> None:
    rows = rows_of(bert)
    behind = pair(rows, ["cats sat", "cats on the mat"], "cats")
    assert (behind.difference, behind.sees_no_difference) == (Difference.BEHIND, False)
    assert behind.cosine is not None
    assert behind.cosine < 0.9999
    unknown = pair(rows, ["cats 먹었다", "cats 탔다"], "cats")  # for it the same text, as it knows neither
    assert (unknown.difference, unknown.sees_no_difference) == (Difference.NOWHERE, True)


def test_a_text_that_stands_twice_is_alike_in_full(bert: Path) -> None:
    rows = rows_of(bert)
    found = compare_vectors(shown(rows, ["the cats sat", "the cats sat", "나는"]), [rows], {"own": rows.cutter})
    assert [one.similarities[0].cosine for one in found.pairs][:1] == [pytest.approx(1, abs=1e-6)]
    assert found.pairs[0].similarities[0].n_with_vector == (3, 3)


def test_a_word_behind_the_first_500_is_looked_at_too(lstm: Path) -> None:
    rows = rows_of(lstm)
    long = only_rows(rows, ["나는 " * 505 + "배를"])[0]
    assert rows.word_rows([long])[0].n_with_vector == 506
    tokens = rows.embedder.token_vectors(from_encodings([long.encoding], rows.cutter.vocab))  # type: ignore[arg-type]
    np.testing.assert_allclose(rows.word_vector(long, 505), tokens[-3:-1].mean(axis=0), atol=1e-6)  # 배 ##를 [SEP]


def test_what_a_network_reads_as_unknown_is_all_the_same_to_it(lstm: Path) -> None:
    rows = rows_of(lstm)
    found = pair(rows, ["music 배를 탔다", "film 배를 탔다"], "배를")
    assert (found.difference, found.sees_no_difference) == (Difference.NOWHERE, True)
    found = pair(rows, ["music 배를 탔다", "film 배를 먹었다"], "배를")
    assert (found.difference, found.sees_no_difference) == (Difference.BEHIND, True)


def test_tokens_beyond_the_window_make_no_difference(bert: Path) -> None:
    rows = rows_of(bert)
    found = pair(rows, ["cats " + "on " * 8 + "the mat", "cats " + "on " * 8 + "sat the"], "cats")
    assert (found.difference, found.sees_no_difference) == (Difference.NOWHERE, True)


# The command

TWO = ("compare", "-c", "나는 배를 먹었다", "-c", "그는 배를 탔다", "-c", "그는 배를 먹었다", "-t", "whitespace")


def test_compare_shows_where_a_word_is_the_same_and_where_not(run: Run, lstm: Path, tmp_path: Path) -> None:
    (tmp_path / "words.vec").write_text("2 3\n배를 1 0 2\n나는 0 1 0\n", encoding="utf-8")
    done = run(*TWO, "-m", "words.vec", "-m", str(lstm), "--word", "배를", "-f", "json")
    assert (done.returncode, done.stderr) == (0, b"")
    found = json.loads(done.stdout)
    assert [row["tokenizer"] for row in found["texts"][0]["tokenizers"]] == ["whitespace", "bert, special"]
    assert [(row["embedder"], row["n_with_vector"]) for row in found["texts"][0]["embedders"]] == [
        ("words.vec", 2), ("lstm", 3),
    ]  # fmt: skip
    by_texts = {(one["embedder"], *one["texts"]): one for one in found["word_pairs"]}
    assert by_texts["words.vec", "-c:1", "-c:2"]["cosine"] == 1
    assert by_texts["lstm", "-c:1", "-c:2"]["cosine"] < 0.9999
    assert by_texts["lstm", "-c:1", "-c:2"]["percentile"] is not None
    assert by_texts["lstm", "-c:2", "-c:3"]["difference"] == "behind the word"
    told = run(*TWO, "-m", str(lstm), "--word", "배를").stdout.decode().splitlines()
    assert told[-1] == "lstm (bert, special) reads from left to right, and up to 배를 -c:2 and -c:3 are the same"


def test_what_a_window_leaves_out_is_named(run: Run, bert: Path) -> None:
    done = run("compare", "-c", TEXTS[1], "-m", str(bert), "-t", "whitespace")
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0, done.stderr
    (place,) = [place for place, line in enumerate(lines) if "never sees" in line]
    assert lines[place].startswith("small-bert, special: a window of 12 tokens never sees 4 of 12 words")
    assert lines[place + 1].split() == ["sat", "on", "the", "mat"]
    assert sum(line.count("beyond the window") for line in lines) == 4


def test_the_page_has_a_picture_of_the_states(run: Run, lstm: Path, bert: Path, tmp_path: Path) -> None:
    done = run(*TWO, "-m", str(lstm), "-m", str(bert), "--word", "배를", "-o", "page.html")
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count('<svg class="states"') == 3 * 2  # the cell and the state, in each text
    assert "배를 (-c:2)</text>" in page  # a word of two texts is two points
    assert page.count("How lstm (bert, special) read it") == 3
    assert "up to 배를 -c:2 and -c:3 are the same" in page
    refused = run(*TWO, "-m", str(lstm), "--word", "배를", "-f", "jsonl")
    assert (refused.returncode, b"use -f json" in refused.stderr) == (2, True)


def test_trained_ones_that_are_not_at_hand_are_named(run: Run) -> None:
    for name, model in [("bert", "bert-base-multilingual-cased"), ("clip", "openai/clip-vit-base-patch32")]:
        done = run("compare", "-c", "a", "-e", name)
        assert done.returncode == 4
        assert f"bring it with: hf download {model}" in done.stderr.decode()


def test_minilm_tells_two_banks_apart(run: Run) -> None:
    texts = ("-c", "He sat on the bank of the river", "-c", "The bank lent him money")
    done = run("compare", *texts, "-m", str(minilm_folder()), "-t", "whitespace", "--word", "bank", "-f", "json")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)["word_pairs"]
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(minilm_folder()))
    model = transformers.AutoModel.from_pretrained(str(minilm_folder())).eval()
    vectors = []
    for text in texts[1::2]:
        given = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            output = model(**given).last_hidden_state[0].numpy().astype(np.float64)
        vectors.append(output[given["input_ids"][0].tolist().index(tokenizer.convert_tokens_to_ids("bank"))])
    one, other = vectors
    assert found["cosine"] == pytest.approx(one @ other / math.sqrt((one @ one) * (other @ other)), abs=1e-5)
    assert found["cosine"] < 0.95


def test_a_network_has_no_window_and_what_is_cut_alike_has_one_row(run: Run, lstm: Path, tmp_path: Path) -> None:
    (tmp_path / "again").symlink_to(lstm)
    (tmp_path / "long.txt").write_text("배를 먹었다 " * 300, encoding="utf-8")
    done = run("compare", "long.txt", "-m", str(lstm), "-m", "again", "-t", "whitespace", "-f", "json")
    (text,) = json.loads(done.stdout)["texts"]
    assert [row["tokenizer"] for row in text["tokenizers"]] == ["whitespace", "bert, special"]
    assert text["tokenizers"][1]["window"] is None
    assert [row["n_with_vector"] for row in text["embedders"]] == [600, 600]


def test_a_folder_may_be_called_like_a_tokenizer(run: Run, bert: Path, tmp_path: Path) -> None:
    (tmp_path / "bert").symlink_to(bert)
    for name in ("bert", str(bert)):
        done = run("embed", "-c", "the cat", "-m", name, "-o", f"{Path(name).name}.npy")
        assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "bert.npy"), np.load(tmp_path / f"{bert.name}.npy"))


def test_the_table_of_a_transformer_can_be_asked(run: Run, bert: Path, tmp_path: Path) -> None:
    run("embed", "-m", str(bert), "--level", "vocab", "-o", "table.vec")
    of_model, of_file = (
        run("neighbors", "cat", "-m", name, "-k", "3", "-f", "jsonl") for name in (str(bert), "table.vec")
    )
    assert of_model.returncode == 0, of_model.stderr
    assert b"the look-up table it reads them by" in of_model.stderr
    words = [[hit["word"] for hit in map(json.loads, done.stdout.splitlines())] for done in (of_model, of_file)]
    assert words[0] == words[1]
    done = run("info", str(bert))
    assert (done.returncode, b"embed -m " in done.stderr) == (1, True)


def test_tokens_without_a_row_are_left_out_and_told(run: Run, bert: Path, tmp_path: Path) -> None:
    shutil.copytree(bert, tmp_path / "more")
    file = tmp_path / "more" / "tokenizer.json"
    description = json.loads(file.read_text(encoding="utf-8"))
    description["model"]["vocab"] |= {"dog": len(WORDS), "bird": len(WORDS) + 1}
    file.write_text(json.dumps(description), encoding="utf-8")
    done = run("embed", "-m", "more", "--level", "vocab", "-o", "table.vec")
    assert done.returncode == 0, done.stderr
    assert b"2 tokens of the tokenizer have no row in the look-up table" in done.stderr
    words = [line.split(" ")[0] for line in (tmp_path / "table.vec").read_text(encoding="utf-8").splitlines()[1:]]
    assert words == WORDS


def test_options_that_would_do_nothing_are_refused(run: Run, lstm: Path, tmp_path: Path) -> None:
    done = run("embed", "-c", "a", "-m", str(lstm), "--level", "token", "--pool", "last", "-o", "x.npy")
    assert (done.returncode, b"--pool makes a text's vector" in done.stderr) == (2, True)
    (tmp_path / "a.txt").write_text("나는 배를\n그는 배를\n", encoding="utf-8")
    run("train", "tfidf", "a.txt", "-o", "tfidf")
    done = run("compare", "a.txt", "-m", "tfidf", "--word", "배를")
    assert (done.returncode, b"--word must have a model with vectors of words" in done.stderr) == (2, True)


def test_what_is_trained_at_once_tells_what_it_leaves_out(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("나는 배를\n\n그는 배를 zzz\n나는 그는\n" * 5 + "qqq\n", encoding="utf-8")
    done = run("embed", "a.txt", "-e", "lstm", "--dim", "4", "--epochs", "1", "--min-count", "3", "-o", "x.npy")
    assert done.returncode == 0, done.stderr
    assert b"empty: 5 texts, whose vectors are zeros" in done.stderr
    assert b"read as one unknown token: 1 of 36 tokens" in done.stderr
    coverage = json.loads((tmp_path / "x.npy.json").read_bytes())["coverage"]
    assert (coverage["texts_without_tokens"], coverage["tokens_read_as_unknown"]) == (5, 1)


def test_a_model_is_opened_with_its_own_tokenizer(lstm: Path) -> None:
    cutting, embedder = opened_parts(str(lstm))
    assert cutting is not None
    assert cutting.record() == {"name": "bert", "special": True}
    assert not isinstance(embedder, Model)
    assert tokembed.tokenizer("bert", special=True).encode("배를").ids == cutting.tokenizer.encode("배를").ids
