"""A limit is a name, a comparison and a number; anything else is refused, and nothing is ever evaluated."""

from __future__ import annotations

import pytest

from tokembed.errors import BadUsage
from tokembed.stats.limits import parsed_limit

NAMES = ["unk_chars", "fertility"]


@pytest.mark.parametrize(
    ("text", "crossed", "not_crossed"),
    [
        ("unk_chars>0.01", 0.02, 0.01),
        ("unk_chars >= 0.01", 0.01, 0.009),
        ("fertility<1e-2", 0.0, 0.01),
        ("fertility<=-1.", -1.0, 0.0),
        (" fertility == .5 ", 0.5, 0.4),
        ("fertility!=2", 1.0, 2.0),
    ],
)
def test_what_crosses_a_limit(text: str, crossed: float, not_crossed: float) -> None:
    limit = parsed_limit(text, NAMES)
    assert limit.is_crossed(crossed)
    assert not limit.is_crossed(not_crossed)
    assert not limit.is_crossed(None)


@pytest.mark.parametrize(
    "text",
    [
        "", "unk_chars", "unk_chars>", ">0.1", "unk_chars>0.1>0.2", "unk_chars>x", "unk_chars=0.1", "0.1<unk_chars",
        "unk_chars>nan", "unk_chars>inf", "unk_chars>1_0", "unk_chars>0x1", "unk_chars>٣", "unk_chars>1 or 1",
        "__import__('os')>1", "unk_chars.__class__>1", "unk_chars><1", "unk_chars>1e9999",
    ],
)  # fmt: skip
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(BadUsage, match=r"such as 'unk_chars>0.01', got .*; the names are unk_chars, fertility"):
        parsed_limit(text, NAMES)


def test_a_name_that_is_none() -> None:
    with pytest.raises(
        BadUsage, match=r"must name one of unk_chars, fertility, got 'unk_char'.*did you mean 'unk_chars'"
    ):
        parsed_limit("unk_char>0.1", NAMES)
