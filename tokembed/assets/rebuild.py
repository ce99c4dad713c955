"""Both shipped vocabularies, made again from the published packages that carry them.

Run by hand, with the folder that holds the two wheels:

    pip download --no-deps --dest WHEELS blingfire==0.1.8 open_clip_torch==3.3.0
    python -m tokembed.assets.rebuild WHEELS

It writes nothing unless the source and the result have the recorded SHA-256.
"""

from __future__ import annotations

import gzip
import itertools
import struct
import sys
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

HERE = Path(__file__).parent
VOCAB_SHA256 = "fe0fda7c425b48c516fc8f160d594c8022a0808447475c1a7c6d6479763f310c"
BPE_GZ_SHA256 = "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a"
MERGES_SHA256 = "9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a"
N_MERGES = 48_894


def member(wheel: Path, ending: str) -> bytes:
    """The one file in `wheel` whose path ends so."""
    with ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(ending)]
        return archive.read(name)


def wordpiece_vocab(i2w: bytes) -> bytes:
    """BERT's vocab.txt, one token a line, from blingfire's id-to-word table.

    At byte 96 stand a count n and n + 1 offsets (uint32, little-endian), then the strings. A string that
    begins with a space begins a word; any other continues one, which BERT writes with `##`.
    """
    (n_tokens,) = struct.unpack_from("<I", i2w, 96)
    offsets = struct.unpack_from(f"<{n_tokens + 1}I", i2w, 100)
    strings = i2w[100 + 4 * (n_tokens + 1) :]
    entries = [strings[start:end] for start, end in itertools.pairwise(offsets)]
    tokens = [entry[1:] if entry.startswith(b" ") else b"##" + entry for entry in entries]
    return b"".join(token + b"\n" for token in tokens)


def clip_merges(bpe_gz: bytes) -> bytes:
    """CLIP's merges.txt: the version line, then the merges in order of rank, one pair a line."""
    checked(bpe_gz, BPE_GZ_SHA256, "bpe_simple_vocab_16e6.txt.gz")
    lines = gzip.decompress(bpe_gz).split(b"\n")
    kept = [b"#version: 0.2", *lines[1 : 1 + N_MERGES]]
    return b"".join(line + b"\n" for line in kept)


def checked(data: bytes, expected: str, name: str) -> bytes:
    """`data` itself, once its SHA-256 is the recorded one."""
    found = sha256(data).hexdigest()
    if found != expected:
        raise SystemExit(f"{name} must have SHA-256 {expected}, found {found}")
    return data


def main(wheels: Path) -> None:
    """Write both vocabularies beside this file."""
    (blingfire,) = wheels.glob("blingfire-0.1.8-*.whl")
    (open_clip,) = wheels.glob("open_clip_torch-3.3.0-*.whl")
    vocab = wordpiece_vocab(member(blingfire, "bert_multi_cased.i2w"))
    merges = clip_merges(member(open_clip, "bpe_simple_vocab_16e6.txt.gz"))
    vocab_path = HERE / "bert-base-multilingual-cased" / "vocab.txt"
    vocab_path.write_bytes(checked(vocab, VOCAB_SHA256, vocab_path.name))
    merges_path = HERE / "clip" / "merges.txt"
    merges_path.write_bytes(checked(merges, MERGES_SHA256, merges_path.name))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
