"""The page of compare in a real browser: pointing, switching, keys, Hangul, and that it stays by itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import browser as chromium
from tests.browser import Browser
from tests.forked_commands import ForkedCommands
from tokembed import registry

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
TEXT = "아침 먹고 학교를 갑니다"
VECTORS = "5 3\n아침 3 1 0\n먹고 2 3 1\n학교를 0 1 3\neat 1 1 1\nand 1 0 1\n"
ARROW_RIGHT, ARROW_DOWN, TAB, ESCAPE = "\ue014", "\ue015", "\ue004", "\ue00c"
ROW = "table.grid tbody tr[data-of='{}'] "


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if (lacking := chromium.missing()) is not None:
        pytest.skip(lacking)
    with chromium.browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, forked_commands: ForkedCommands) -> Path:
    folder = tmp_path_factory.mktemp("page")
    (folder / "words.vec").write_text(VECTORS, encoding="utf-8")
    texts = ("-c", TEXT, "-c", "I eat breakfast ☃", "-c", "<script>document.title = 'run'</script> and")
    return written(forked_commands, folder, *texts, "-e", "tfidf", "-m", "words.vec")


def written(commands: ForkedCommands, folder: Path, *arguments: str) -> Path:
    done = commands.run(["compare", *arguments, "-o", "page.html"], folder)
    assert done.returncode == 0, done.stderr
    return folder / "page.html"


def shown(window: Browser, page: Path, width: int = 1000) -> Browser:
    """The page, opened; what was logged before is forgotten."""
    window.resize(width, 800)
    window.log("browser")
    window.log("performance")
    window.open(page)
    return window


def texts(window: Browser, selector: str) -> list[str]:
    found: list[str] = window.script(
        "return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)", selector
    )
    return found


def requests(window: Browser) -> list[str]:
    """The addresses that were asked for since the page was opened."""
    messages: list[dict[str, Any]] = [json.loads(entry["message"])["message"] for entry in window.log("performance")]
    return [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]


def test_pointing_at_a_token_tells_about_it_and_marks_the_same_characters(window: Browser, page: Path) -> None:
    shown(window, page).hover(ROW.format(1) + "td:nth-of-type(3) button:nth-of-type(2)")
    encoding = registry.tokenizer("bert").encode(TEXT)
    place = encoding.tokens.index("##교")
    start, end = encoding.offsets[place]
    assert texts(window, "button.here") == ["##교"]
    told = texts(window, "#panel span")
    assert encoding.ids is not None
    assert told[:2] == ["bert", f"id {encoding.ids[place]}"]
    assert f"offsets {start}–{end}" in told
    assert f"bytes {'교'.encode().hex(' ').upper()}" in told
    clip = registry.tokenizer("clip").encode(TEXT)
    overlapping = [(first, last) for first, last in clip.offsets if first < end and last > start]
    assert len(texts(window, ROW.format(2) + "button.same")) == len(overlapping) > 0
    assert texts(window, ROW.format(0) + "button.same") == ["학교를"]
    assert texts(window, "mark") == ["교"]


def test_the_row_among_the_vectors_is_told(window: Browser, page: Path) -> None:
    shown(window, page).hover(ROW.format(0) + "td:nth-of-type(3) button")
    assert texts(window, "#panel span")[-1] == "row 2 of words.vec"


def test_a_tokenizer_is_switched_off_and_on(window: Browser, page: Path) -> None:
    visible = "return [...document.querySelectorAll('[data-of=\"1\"]')].filter((one) => one.checkVisibility()).length"
    before = shown(window, page).script(visible)
    window.click("input[data-switch='1']")
    assert window.script(visible) == 0
    window.click("input[data-switch='1']")
    assert window.script(visible) == before > 0


def test_the_keyboard_goes_everywhere(window: Browser, page: Path) -> None:
    focus = "return document.activeElement.closest('tr') && document.activeElement.textContent"
    shown(window, page).script("document.querySelector('input[data-switch=\"2\"]').focus()")
    window.press(TAB)
    assert window.script(focus) == "아침"
    window.press(ARROW_DOWN, ARROW_RIGHT)
    assert window.script(focus) == "##침"
    assert texts(window, "#panel strong") == ["##침"]
    window.press(ESCAPE)
    assert texts(window, "#panel strong") == []
    window.press(TAB, TAB)  # past the numbers of this text, which can be scrolled
    assert window.script("return document.activeElement.tagName") == "SUMMARY"


def test_hangul_is_drawn_and_no_boxes(window: Browser, page: Path) -> None:
    if shutil.which("fc-list") is None or not subprocess.check_output(["fc-list", ":lang=ko"]):
        pytest.skip("this machine has no font with Hangul (apt-get install fonts-nanum)")
    code = """
        const drawn = (letter) => {
          const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 40 });
          const context = canvas.getContext("2d");
          context.font = "30px " + getComputedStyle(document.querySelector("button")).fontFamily;
          context.fillText(letter, 2, 32);
          return canvas.toDataURL();
        };
        return arguments[0].map(drawn);
    """
    drawn = shown(window, page).script(code, ["홀", "로", "서", "기", "\u0378", "\u0379"])
    assert drawn[4] == drawn[5]  # boxes, as no font has what Unicode does not
    assert len(set(drawn[:5])) == 5


def test_nothing_is_asked_for_and_nothing_goes_wrong(window: Browser, page: Path) -> None:
    shown(window, page).hover(ROW.format(1) + "button")
    window.click("summary")
    assert window.script("return document.title") == "3 texts under 3 tokenizers"
    assert {url for url in requests(window) if not url.startswith("data:")} == {page.as_uri()}
    assert window.log("browser") == []


def test_a_script_that_is_not_the_page_s_own_does_not_run(window: Browser, page: Path) -> None:
    code = (
        "document.body.insertAdjacentHTML('beforeend', '<button id=\"in\" onclick=\"document.title = 1\">x</button>')"
    )
    shown(window, page).script(code)
    window.script("document.getElementById('in').click()")
    assert window.script("return document.title") == "3 texts under 3 tokenizers"
    assert "Content Security Policy" in window.log("browser")[0]["message"]


@pytest.mark.parametrize("width", [400, 1000, 1600])
def test_tables_scroll_in_their_block_at_any_width(window: Browser, page: Path, width: int) -> None:
    shown(window, page, width).script("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert window.script("return document.documentElement.scrollWidth") == width


def test_dark_and_light_follow_the_reader(window: Browser, page: Path) -> None:
    shown(window, page)
    colors = []
    for is_dark in (False, True):
        window.dark(is_dark)
        colors.append(window.script("return getComputedStyle(document.body).backgroundColor"))
    window.dark(False)
    assert colors == ["rgb(255, 255, 255)", "rgb(21, 23, 26)"]


def test_naughty_strings_stay_text(window: Browser, tmp_path: Path, forked_commands: ForkedCommands) -> None:
    if not (SHARED / "blns.json").exists():
        pytest.skip("the shared list of naughty strings is not here")
    strings = json.loads((SHARED / "blns.json").read_text(encoding="utf-8"))
    (tmp_path / "blns.jsonl").write_text("\n".join(json.dumps({"text": one}) for one in strings), encoding="utf-8")
    made = written(forked_commands, tmp_path, "blns.jsonl", "--limit", "1000", "-t", "bert", "-t", "clip")
    shown(window, made, 400)
    assert window.script("return [document.scripts.length, document.querySelectorAll('article').length]") == [
        2,
        len(strings),
    ]
    assert window.script("return document.documentElement.scrollWidth") == 400
    assert {url for url in requests(window) if not url.startswith("data:")} == {made.as_uri()}
    assert window.log("browser") == []
