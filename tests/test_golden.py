"""The two tokenizers with a published vocabulary against ids made by the reference implementations."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import tokembed

HERE = Path(__file__).parent
SHARED = HERE.parent.parent / "shared" / "data"
KEYS = {"bert": ("mbert", "mbert_hf_fast"), "clip": ("clip", "clip_openai")}


def own_cases() -> list[dict[str, Any]]:
    with open(HERE / "data" / "golden.json", encoding="utf-8") as file:
        cases: list[dict[str, Any]] = json.load(file)
    return cases


def shared_cases() -> list[dict[str, Any]]:
    cases = []
    for name in ("golden_dev.jsonl.gz", "golden_dev_wiki.jsonl.gz"):
        with gzip.open(SHARED / name, "rt", encoding="utf-8") as file:
            cases += [json.loads(line) for line in file]
    return cases


def expected_ids(case: dict[str, Any], name: str) -> list[int]:
    agreed, ours = KEYS[name]
    ids: list[int] = case[agreed] if agreed in case else case[ours]
    return ids


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("case", own_cases(), ids=lambda case: case["label"])
def test_ids_are_the_references(name: str, case: dict[str, Any]) -> None:
    encoding = tokembed.tokenizer(name, parse_special=True).encode(case["text"])
    assert list(encoding.ids or ()) == case[name]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the large golden files are not beside the repository")
@pytest.mark.parametrize("name", KEYS)
def test_every_golden_text_has_the_references_ids(name: str) -> None:
    tokenizer = tokembed.tokenizer(name, parse_special=True)
    cases = shared_cases()
    assert len(cases) == 3010
    texts = [case["text"] for case in cases]
    expected = [expected_ids(case, name) for case in cases]
    assert [list(tokenizer.encode(text).ids or ()) for text in texts] == expected
    corpus = tokenizer.encode_batch(texts)
    starts = corpus.starts.tolist()
    assert [corpus.ids[a:b].tolist() for a, b in pairwise(starts)] == expected
