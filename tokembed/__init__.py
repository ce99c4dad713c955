"""See one text become tokens, and tokens become vectors.

>>> import tokembed
>>> bert = tokembed.tokenizer("bert")
>>> bert.encode("아침 먹고").tokens
('아', '##침', '먹', '##고')
>>> corpus = bert.encode_batch(["아침 먹고", "학교를 갑니다"])
>>> tokembed.embedder("tfidf").fit(corpus).text_vectors(corpus).shape
(2, 9)
"""

from tokembed.errors import BadInput, BadUsage, NotAtHand, TokembedError
from tokembed.inputs.reading import Reading
from tokembed.inputs.texts import read_texts
from tokembed.registry import embedder, tokenizer
from tokembed.types import Encoding, Kind, Lookup, Text

__version__ = "0.1.0"

__all__ = [
    "BadInput",
    "BadUsage",
    "Encoding",
    "Kind",
    "Lookup",
    "NotAtHand",
    "Reading",
    "Text",
    "TokembedError",
    "embedder",
    "read_texts",
    "tokenizer",
]
