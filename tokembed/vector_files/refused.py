"""What is not read, told by its first bytes: pickles, which run code when they are opened, and what is packed."""

from __future__ import annotations

import re

from tokembed.errors import BadInput
from tokembed.vector_files.source import Source

_PICKLE = re.compile(rb"\x80[\x02-\x05]|[}\]]q\0|\(?c[\w.]+\n[\w.]+\n|\([dl]p?\d*\n")  # the last two are text
_END_OF_PICKLE = b"."
_ZIP = b"PK\x03\x04"
_COMPRESSED = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\0": ".xz", b"\x28\xb5\x2f\xfd": ".zst"}
_UNPICKLING = "holds pickled Python objects, and unpickling can run any code"


def check_not_refused(source: Source) -> None:
    """Raise BadInput, with the reason and what to do, where the file is not to be opened."""
    head, name = source.head, repr(source.name)
    if head.startswith(_ZIP) and re.search(rb"/data\.pkl|\.pickle|\.pkl", head[:4096]):
        raise BadInput(f"{name} {_UNPICKLING}; save the matrix from PyTorch as safetensors, or with numpy.save")
    if head.startswith(_ZIP):
        raise BadInput(f"{name} is a zip archive; unpack it, and give the file of vectors in it")
    if _PICKLE.match(head) and (head.endswith(_END_OF_PICKLE) or not source.is_all_in_head):
        raise BadInput(
            f"{name} {_UNPICKLING}; save the vectors from the program it comes from as word2vec text or binary "
            "(gensim: save_word2vec_format) or as safetensors"
        )
    for mark, suffix in _COMPRESSED.items():
        if head.startswith(mark):
            raise BadInput(f"{name} is compressed and its name does not say so; give it the suffix {suffix}")
