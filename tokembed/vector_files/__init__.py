"""Files of word vectors: one form a file; the table of all of them, which loads none.

What tells a form by a file's first bytes stands in `recognizing`. A form's module has two functions:

    read(source: Source) -> WordVectors                  BadInput where it is not as it should be
    files(path: Path, vectors: WordVectors) -> Files     BadInput where the form cannot hold the words

That of a folder has `write(path, vectors)` in place of `files`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """One row of the table.

    Attributes:
        module: where its functions are, below the package.
        suffixes: of files that are written in this form unless another one is asked for.
        keeps: what it holds besides words and vectors.
        is_folder: whether it is a folder, not a file.
    """

    name: str
    module: str
    suffixes: tuple[str, ...]
    keeps: tuple[str, ...] = ()
    is_folder: bool = False


FORMS = (
    Form("word2vec", "vector_files.word2vec_text", (".vec",)),
    Form("word2vec-binary", "vector_files.word2vec_binary", (".bin",)),
    Form("glove", "vector_files.glove_text", (".txt",)),
    Form("fasttext", "vector_files.fasttext_bin", (".bin",), ("counts", "n-grams")),
    Form("projector", "vector_files.projector", (".tsv",), ("counts",)),
    Form("npy", "vector_files.npy", (".npy",)),
    Form("safetensors", "vector_files.safetensors", (".safetensors",), ("counts",)),
    Form("parquet", "vector_files.parquet", (".parquet",), ("counts",)),
    Form("model", "vector_files.model", (), ("counts", "n-grams"), is_folder=True),
)

WORDS_ALONE = "vectors"
"""What stands for the embedder of a model's folder that was converted from a file of vectors."""
