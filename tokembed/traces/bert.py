"""How `bert` cuts: cleaning, words between white space and punctuation, and of each the longest match."""

from __future__ import annotations

from tokenizers.normalizers import BertNormalizer

from tokembed.tokenizers.bert import SPECIAL, UNKNOWN, BertTokenizer
from tokembed.traces.cleaning import WELL_FORMED, Rule, cleaned
from tokembed.traces.steps import Step, Walk
from tokembed.traces.wordpiece import Pieces, matched


def walk(tokenizer: BertTokenizer, text: str) -> Walk:
    """The cleaning, the words, and how each of them is cut.

    Source: google-research/bert, multilingual.md and tokenization.py; Hugging Face `tokenizers`, BertNormalizer.
    """
    _, cleaning = cleaned(text, rules())
    words = [word for word in tokenizer.normal_form(text).split(" ") if word]
    pieces = Pieces(tokenizer.vocab.ids, UNKNOWN)
    taken = {*SPECIAL, UNKNOWN} if tokenizer.parse_special else set()
    by_word = {word: _special(word) if word in taken else matched(word, pieces) for word in words}
    told = Step("words", "cut at white space and on both sides of punctuation", ("words",), ((tuple(words),),))
    return Walk(
        [cleaning, told, *(step for step, _ in by_word.values())],
        [token for word in words for token in by_word[word][1]],
    )


def rules() -> list[Rule]:
    """What is done to a text before it is cut."""
    off = {"strip_accents": False, "lowercase": False}
    cleans = BertNormalizer(clean_text=True, handle_chinese_chars=False, **off)
    spaces = BertNormalizer(clean_text=False, handle_chinese_chars=True, **off)
    return [
        WELL_FORMED,
        Rule("control characters go, white space becomes a space", cleans.normalize_str),
        Rule("spaces around Chinese characters", spaces.normalize_str),
    ]


def _special(word: str) -> tuple[Step, list[str]]:
    return Step(f"word {word!r}", "a special token is taken as it is"), [word]
