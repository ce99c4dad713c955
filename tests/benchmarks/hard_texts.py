"""Texts that make a careless tokenizer quadratic, each timed at half and at full size.

    python hard_texts.py <case> <tokenizer> <threads>

prints a line of JSON: the seconds at both sizes, the best of three.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable

import numpy as np
from one_round import on_cores

SECONDS_ENOUGH = 5.0  # what takes longer is timed once


def _letters(n: int) -> str:
    return "".join(random.Random(0).choices("abcdefghijklmnopqrstuvwxyz", k=n))


def _distinct_words(n: int) -> str:
    """n distinct words of six letters, in no order."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    places = random.Random(0).sample(range(26**6), n)
    return " ".join("".join(letters[place // 26**power % 26] for power in range(6)) for place in places)


FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
CASES: dict[str, tuple[int, Callable[[int], str]]] = {
    "10 MB line without a space": (10_000_000, _letters),
    "10 MB of one character": (10_000_000, lambda n: "a" * n),
    "1 M distinct words": (1_000_000, _distinct_words),
    "5 MB of emoji ZWJ sequences": (5_000_000, lambda n: FAMILY * (n // len(FAMILY.encode()))),
    "5 MB of &amp;": (5_000_000, lambda n: "&amp;" * (n // 5)),
}
TOKENIZERS = ("whitespace", "character", "bert", "clip")


def main() -> None:
    """Time the case that the arguments name."""
    case, name, n_threads = sys.argv[1:]
    on_cores(int(n_threads))
    from tokembed import registry
    from tokembed.inputs.blocks import Block

    size, make = CASES[case]
    tokenizer = registry.tokenizer(name)

    def seconds(text: str) -> float:
        data = np.frombuffer(text.encode(), np.uint8)
        block = Block(data, np.array([0, len(data)]))
        best = float("inf")
        for _ in range(3):
            began = time.perf_counter()
            tokenizer.encode_batch(block)
            best = min(best, time.perf_counter() - began)
            if best > SECONDS_ENOUGH:
                break
        return best

    seconds("a " * (1 << 20))
    print(json.dumps({"half": seconds(make(size // 2)), "full": seconds(make(size))}))


if __name__ == "__main__":
    main()
