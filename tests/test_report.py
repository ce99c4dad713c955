"""The page of compare: what stands in it, read by html.parser, and that nothing of a text becomes part of the page."""

from __future__ import annotations

import json
import re
import subprocess
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import COMMAND, Run
from tests.forked_commands import ForkedCommands
from tokembed import registry
from tokembed.report.heat import color
from tokembed.report.parts import Dot
from tokembed.report.word_map import _dots

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
TEXTS = ["아침 먹고 학교를 갑니다", "I eat breakfast ☃", '<script>alert("x")</script> <b onclick=x>&amp; \'"']
VECTORS = "4 3\n아침 3 1 0\n먹고 2 3 1\n학교를 0 1 3\neat 1 1 1\n"
VOID = {"meta", "link", "input", "circle"}
OPTIONAL = {"td"}
"""Elements whose end may be left out. Source: HTML Living Standard, section 13.1.2.4."""


@dataclass
class Element:
    """An element of a page, the text directly in it, and what stands in it."""

    name: str
    attributes: dict[str, str | None]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> list[Element]:
        """The elements of that name in it, in order."""
        found = [self] if self.name == name else []
        return found + [one for child in self.children for one in child.all(name)]

    def whole_text(self) -> str:
        return self.text + "".join(child.whole_text() for child in self.children)


class Reader(HTMLParser):
    """A page as elements; an end that does not fit its beginning is an error."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.open[-1].name in OPTIONAL and tag in {"td", "tr", "tbody"}:
            self.open.pop()
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self.open[-1].name in OPTIONAL and tag != self.open[-1].name:
            self.open.pop()
        assert self.open[-1].name == tag, f"</{tag}> ends <{self.open[-1].name}> {self.open[-1].attributes}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].text += data


def read(page: str) -> Element:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert len(reader.open) == 1
    return reader.open[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, forked_commands: ForkedCommands) -> str:
    """A page with everything on it."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "words.vec").write_text(VECTORS, encoding="utf-8")
    texts = [argument for text in TEXTS for argument in ("-c", text)]
    call = ["compare", *texts, "-e", "tfidf", "-m", "words.vec", "--word", "eat", "-o", "page.html"]
    call[call.index("-c") : call.index("-c")] = ["-c", "they eat"]
    done = forked_commands.run(call, folder)
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    return (folder / "page.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def naughty(tmp_path_factory: pytest.TempPathFactory, forked_commands: ForkedCommands) -> tuple[list[str], str]:
    """Strings that have broken programs, and their page."""
    if not (SHARED / "blns.json").exists():
        pytest.skip("the shared list of naughty strings is not here")
    texts = json.loads((SHARED / "blns.json").read_text(encoding="utf-8"))
    folder = tmp_path_factory.mktemp("naughty")
    (folder / "blns.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in texts), encoding="utf-8")
    call = ["compare", "blns.jsonl", "--limit", "1000", "-t", "bert", "-t", "clip", "-o", "page.html"]
    done = forked_commands.run(call, folder)
    assert done.returncode == 0, done.stderr
    return texts, (folder / "page.html").read_text(encoding="utf-8")


def buttons(row: Element) -> list[Element]:
    return [button for cell in row.all("td") for button in cell.all("button")]


def grids(page: Element) -> list[Element]:
    return [table for table in page.all("table") if table.attributes.get("class") == "grid"]


def test_tokens_stand_where_encode_puts_them(made: str) -> None:
    page = read(made)
    told = json.loads(next(one.text for one in page.all("script") if one.attributes.get("id") == "tokens"))
    for text, grid in zip(["they eat", *TEXTS], grids(page), strict=True):
        rows = {row.all("th")[0].text: row for row in grid.all("tbody")[0].all("tr")}
        for name in ("whitespace", "bert", "clip"):
            encoding, shown = registry.tokenizer(name).encode(text), buttons(rows[name])
            offsets = tuple((int(b.attributes["data-start"]), int(b.attributes["data-end"])) for b in shown)
            assert offsets == encoding.offsets
            tokens = [told["tokens"][int(button.attributes["data-token"])] for button in shown]
            assert [told["tokenizers"][token[0]] for token in tokens] == [name] * len(tokens)
            assert [token[1] for token in tokens] == list(encoding.ids or [None] * len(tokens))
            assert [bytes.fromhex(token[2]) for token in tokens] == list(encoding.token_bytes)


def test_a_token_tells_its_row_among_the_vectors(made: str) -> None:
    told = json.loads(next(one.text for one in read(made).all("script") if one.attributes.get("id") == "tokens"))
    rows = [token[3] for token in told["tokens"] if bytes.fromhex(token[2]) == "학교를".encode()]
    assert rows == [[["words.vec", 2]]]


def test_tables_have_heads_for_columns_and_rows(made: str) -> None:
    page = read(made)
    named = [one for one in page.all("div") if one.attributes.get("aria-label")]
    for table in page.all("table"):
        assert table.all("caption") or any(table in one.children for one in named)
        assert {head.attributes.get("scope") for head in table.all("thead")[0].all("th")} == {"col"}
        rows = table.all("tbody")[0].all("tr")
        assert all(row.all("th")[0].attributes.get("scope") == "row" for row in rows)
        assert len({len(row.children) for row in [*table.all("thead")[0].all("tr"), *rows]}) == 1


def test_the_page_may_run_its_script_and_load_nothing(made: str) -> None:
    page = read(made)
    (policy,) = [one.attributes["content"] for one in page.all("meta") if "http-equiv" in one.attributes]
    rules = dict(rule.strip().split(" ", 1) for rule in (policy or "").split(";"))
    assert rules["default-src"] == "'none'"
    for name, kind in (("script", "script-src"), ("style", "style-src")):
        (code,) = [one.text for one in page.all(name) if "type" not in one.attributes]
        assert rules[kind] == f"'sha256-{b64encode(sha256(code.encode()).digest()).decode()}'"
    for element in (one for name in ("script", "link", "img", "a", "iframe") for one in page.all(name)):
        assert all((element.attributes.get(name) or "#")[0] in "#d" for name in ("src", "href"))
    assert not re.search(r"https?://", made)


def test_text_never_becomes_an_element(made: str, naughty: tuple[list[str], str]) -> None:
    texts, page = naughty
    allowed = {name for one in [read(made)] for name in _names(one)}
    found = read(page)
    assert set(_names(found)) <= allowed
    assert len(found.all("script")) == 2
    assert all(name.startswith(("data-", "aria-")) or name in _ATTRIBUTES for name in _attributes(found))
    for text, article in zip(texts, found.all("article"), strict=True):
        heads = article.all("thead")[0].all("th")[1:] if text.split() else []
        for word, head in zip(text.split(), heads, strict=False):  # of a long text some are not drawn
            assert head.whole_text() == word or not word.isprintable()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)


_ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "rel", "href", "class", "id", "scope", "role", "tabindex",
    "type", "checked", "autocomplete",
}  # fmt: skip


def _names(element: Element) -> list[str]:
    return [element.name, *(name for child in element.children for name in _names(child))]


def _attributes(element: Element) -> set[str]:
    return set(element.attributes).union(*map(_attributes, element.children))


def test_the_same_texts_give_the_same_bytes(run: Run, tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        assert run("compare", "-c", "학교 a", "-t", "bert", "-o", name).returncode == 0
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_two_hundred_long_texts_stay_under_3_mb_and_say_what_is_not_drawn(run: Run, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("학교에 갑니다 unaffable cats ☃ eat\n".replace("\n", " ") * 20 + "\n", "utf-8")
    line = (tmp_path / "long.txt").read_text("utf-8")
    (tmp_path / "long.txt").write_text(line * 200, "utf-8")
    assert run("compare", "long.txt", "--limit", "200", "-o", "page.html").returncode == 0
    made = (tmp_path / "page.html").read_bytes()
    assert len(made) < 3_000_000
    page = read(made.decode())
    words = len(grids(page)[0].all("thead")[0].all("th")) - 1
    assert f"{len(line.split()) - words} more words not drawn" in made.decode()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "page.txt"], "-o must end in .html, got 'page.txt'"),
        (["-o", "page.html", "-f", "json"], "-f is what to print"),
        (["--open", "-f", "md"], "-f is what to print"),
    ],
)
def test_what_cannot_be_a_page_is_refused(run: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    done = run("compare", "-c", "a", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert message in done.stderr.decode()
    assert not list(tmp_path.glob("page*"))


def test_a_page_that_cannot_be_written_is_told_before_the_work(run: Run) -> None:
    done = run("compare", "-c", "a", "-o", "nowhere/page.html")
    assert done.returncode == 1
    assert "there must be a folder" in done.stderr.decode()


@pytest.mark.parametrize("has_path", [True, False])
def test_open_shows_the_page_in_the_browser(shell: dict[str, str], tmp_path: Path, has_path: bool) -> None:
    (tmp_path / "tmp").mkdir()
    shell = {**shell, "BROWSER": "echo opened %s", "TMPDIR": str(tmp_path / "tmp")}
    call = [*COMMAND, "compare", "-c", "학교", "-t", "bert", "--open", *(["-o", "page.html"] if has_path else [])]
    done = subprocess.run(call, capture_output=True, cwd=tmp_path, env=shell, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    (made,) = (tmp_path if has_path else tmp_path / "tmp").glob("*.html")
    assert done.stdout == f"opened {made.as_uri()}\n"
    assert made.name in done.stderr
    assert "##" not in done.stdout


def test_settings_reach_the_stories_too(run: Run, tmp_path: Path) -> None:
    assert run("compare", "-c", "HELLO", "-t", "bert", "--lower", "--special", "-o", "page.html").returncode == 0
    story = read((tmp_path / "page.html").read_text("utf-8")).all("details")[0]
    result = story.all("table")[-1]
    encoding = registry.tokenizer("bert", lower=True, special=True).encode("HELLO")
    assert [row.all("th")[0].text for row in result.all("tbody")[0].all("tr")] == list(encoding.tokens)


@given(st.floats(-1, 1))
def test_colors_follow_the_cosine(cosine: float) -> None:
    name = color(cosine)
    assert name == "below" if cosine < 0 else abs(int(name.removeprefix("h")) - 10 * cosine) <= 0.5


def test_labels_of_words_in_one_place_do_not_cover_each_other() -> None:
    dots: list[Dot] = _dots(["학교", "학교를", "school"], [(300.0, 200.0)] * 3)
    assert len({(dot.label_x, dot.label_y) for dot in dots}) == 3


def test_stories_end_in_what_the_methods_give(made: str) -> None:
    article = read(made).all("article")[1]
    stories = {one.all("summary")[0].text: one.all("table")[-1] for one in article.all("details")}
    tokens = [row.all("th")[0].text for row in stories["How clip came to its tokens"].all("tbody")[0].all("tr")]
    assert tuple(tokens) == registry.tokenizer("clip").encode(TEXTS[0]).tokens
    weights = [row.all("td")[-1].text for row in stories["How tfidf (bert) came to its vectors"].all("tr")[1:]]
    assert sum(float(weight) ** 2 for weight in weights) == pytest.approx(1, abs=1e-3)
    (row,) = stories["How words.vec (whitespace) came to its vectors"].all("tbody")[0].all("tr")
    assert [cell.whole_text() for cell in row.children] == ["갑니다", "nowhere", "—", "—"]


@pytest.mark.parametrize("arguments", [["--limit", "0", "-c", "a"], ["-c", ""], ["-c", "  ", "-e", "tfidf"], []])
def test_there_may_be_nothing_to_draw(run: Run, tmp_path: Path, arguments: list[str]) -> None:
    done = run("compare", *arguments, "-o", "page.html")
    assert done.returncode == 0, done.stderr
    assert grids(read((tmp_path / "page.html").read_text("utf-8"))) == []
