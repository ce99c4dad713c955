"""Word sets are read from any of the forms they are passed around in, and bad lines are named."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from gensim.test.utils import datapath

from tokembed.errors import BadInput, BadUsage, NotAtHand
from tokembed.evaluate.word_sets import NAMED, Analogies, Pairs, read_word_set
from tokembed.inputs.reading import Reading

TWO = [("호랑이", "고양이"), ("King", "cabbage")]


def word_set(folder: Path, text: str, name: str = "set.txt", reading: Reading | None = None) -> Pairs | Analogies:
    (folder / name).write_bytes(text.encode())
    return read_word_set(str(folder / name), reading=reading)


@pytest.mark.parametrize(
    "text",
    [
        "호랑이\t고양이\t7.17\nKing\tcabbage\t0.23\n",
        "word 1,word 2,kor_score\n호랑이,고양이,7.17\nKing,cabbage,0.23 \n",
        '"호랑이", "고양이", 7.17\r\n"King", "cabbage", 0.23\r\n',
        "호랑이 고양이 7.17\nKing   cabbage 0.23",
        "\ufeff# a comment\n\nWord 1\tWord 2\tHuman (mean)\n호랑이\t고양이\t7.17\n\n# more\nKing\tcabbage\t0.23\n",
        "word1\tword2\tPOS\tSimLex999\tconc\n호랑이\t고양이\tN\t7.17\t1\nKing\tcabbage\tN\t0.23\t4\n",
    ],
    ids=["tabs", "commas and header", "quotes", "spaces", "comments", "score behind the part of speech"],
)
def test_pairs_in_every_form(tmp_path: Path, text: str) -> None:
    found = word_set(tmp_path, text)
    assert isinstance(found, Pairs)
    assert (found.words, found.scores) == (TWO, [7.17, 0.23])


def test_analogies_with_and_without_sections(tmp_path: Path) -> None:
    lines = "아테네 그리스 서울 대한민국\na b c d\n"
    plain, named = word_set(tmp_path, lines), word_set(tmp_path, f": capitals\n{lines}:empty\n: x\ne f g h\n")
    questions = [("아테네", "그리스", "서울", "대한민국"), ("a", "b", "c", "d")]
    assert isinstance(plain, Analogies)
    assert isinstance(named, Analogies)
    assert plain.sections == {"": questions}
    assert named.sections == {"capitals": questions, "x": [("e", "f", "g", "h")]}


def test_the_named_sets_are_gensims_files() -> None:
    sets = {name: read_word_set(name) for name in NAMED}
    for name, n_pairs in (("wordsim353", 353), ("simlex999", 999)):
        lines = Path(datapath(NAMED[name])).read_text("utf-8").splitlines()
        rows = [line.split("\t") for line in lines if not line.startswith("#")]
        found = sets[name]
        assert isinstance(found, Pairs)
        assert [[*words, score] for words, score in zip(found.words, found.scores, strict=True)] == [
            [a, b, float(score)] for a, b, score in rows
        ]
        assert len(rows) == n_pairs
    google = sets["google"]
    assert isinstance(google, Analogies)
    assert (len(google.sections), sum(map(len, google.sections.values()))) == (14, 19_544)


def test_a_set_may_be_compressed_and_in_the_usual_korean_encoding(tmp_path: Path) -> None:
    notices: list[str] = []
    path = tmp_path / "set.csv.gz"
    path.write_bytes(gzip.compress("호랑이,고양이,7.17\n책,종이,6.17\n".encode("cp949")))
    found = read_word_set(str(path), reading=Reading(notice=notices.append))
    assert isinstance(found, Pairs)
    assert found.words == [("호랑이", "고양이"), ("책", "종이")]
    assert "is read as CP949" in notices[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tb\t1\na\tb\n", "line 2: must have two words and a score, found 'a\\tb'"),
        ("a\tb\t1\n# no\n\na\t\t2\n", "line 4: must have two words and a score"),
        ("a,b,1\na,b,nan\n", "line 2: must have two words and a score"),
        (": x\na b c d\na b c\n", "line 3: an analogy must have four words, found 3"),
        (": x\n: y\n", "must hold at least one analogy, found sections alone"),
        ("", "must hold word pairs or analogies, found no line"),
        ("# only\n\n", "must hold word pairs or analogies, found no line"),
        ("id\tdocument\tlabel\nx\tgood film\tyes\n", "name their columns with --column and --label"),
        ("a sentence\n", "must hold two words and a score a line"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        word_set(tmp_path, text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bad_lines_are_left_out_where_that_is_asked_for(tmp_path: Path) -> None:
    notices: list[str] = []
    reading = Reading(errors="skip", notice=notices.append)
    found = word_set(tmp_path, "호랑이 고양이 7.17\noops\nKing cabbage 0.23\n", reading=reading)
    assert isinstance(found, Pairs)
    assert found.words == TWO
    assert notices == [f"{tmp_path / 'set.txt'}: left out as it cannot be read: 1 line"]
    with pytest.raises(BadInput, match="at least one pair"):
        word_set(tmp_path, ",,1\n", reading=Reading(errors="skip"))


def test_what_is_neither_a_set_nor_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadUsage, match="did you mean 'wordsim353'"):
        read_word_set("wordsim")
    with pytest.raises(BadInput, match="there is no file"):
        read_word_set(str(tmp_path / "pairs.tsv"))
    monkeypatch.setattr("tokembed.evaluate.word_sets.find_spec", lambda _: None)
    with pytest.raises(NotAtHand, match="pip install gensim"):
        read_word_set("google")
