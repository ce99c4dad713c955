"""WordPiece as BERT uses it, with the multilingual cased vocabulary that comes with tokembed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from tokembed.inputs.bulk import is_bulk
from tokembed.surrogates import well_formed
from tokembed.types import Encoding, Frame
from tokembed.vocab import Vocab

if TYPE_CHECKING:
    from tokembed.corpus import Corpus
    from tokembed.inputs.blocks import Block, Texts
    from tokembed.tokens.bulk_wordpiece import BulkWordPiece

VOCAB_FILE = Path(__file__).parent.parent / "assets" / "bert-base-multilingual-cased" / "vocab.txt"
CONTINUES = "##"
UNKNOWN = "[UNK]"
FIRST, LAST = "[CLS]", "[SEP]"
SPECIAL = (FIRST, LAST, "[PAD]", "[MASK]")
_SPECIAL_STRING = re.compile("(" + "|".join(map(re.escape, (*SPECIAL, UNKNOWN))) + ")")


class BertTokenizer:
    """Hugging Face `tokenizers` with bert-base-multilingual-cased, do_lower_case=False.

    Args:
        special: put [CLS] before each text and [SEP] behind it.
        parse_special: read strings such as [MASK] in the text as special tokens, not as text.

    >>> BertTokenizer().encode("홀로서기").tokens
    ('홀', '##로서', '##기')
    """

    def __init__(self, *, special: bool = False, parse_special: bool = False) -> None:
        self.special = special
        self.parse_special = parse_special
        self._kernel: BulkWordPiece | None = None

    @cached_property
    def _reference(self) -> Tokenizer:
        return _loaded(parse_special=self.parse_special)

    @cached_property
    def vocab(self) -> Vocab:
        """The 119,547 tokens of vocab.txt."""
        return Vocab(VOCAB_FILE.read_text(encoding="utf-8").split("\n")[:-1], unknown=UNKNOWN, special=SPECIAL)

    @property
    def frame(self) -> Frame:
        """The ids put before and behind each text, by `special`."""
        return ((self._special_ids[0],), (self._special_ids[1],)) if self.special else ((), ())

    def encode(self, text: str) -> Encoding:
        """The text's tokens; [UNK] carries the bytes of the word it stands for."""
        readable = well_formed(text)
        reference = self._reference.encode(readable, add_special_tokens=False)
        tokens, ids, offsets = reference.tokens, reference.ids, reference.offsets
        if self.special:
            tokens = [FIRST, *tokens, LAST]
            ids = self._framed(ids)
            offsets = [(0, 0), *offsets, (len(text), len(text))]
        # A special string is never cut out of plain text: brackets are words of their own.
        special = tuple(token in SPECIAL for token in tokens)
        return Encoding(
            text=text,
            tokens=tuple(tokens),
            ids=tuple(ids),
            offsets=tuple(offsets),
            token_bytes=tuple(
                b"" if is_special else _token_bytes(token, readable[start:end])
                for token, (start, end), is_special in zip(tokens, offsets, special, strict=True)
            ),
            special=special,
            unknown=tuple(token == UNKNOWN for token in tokens),
        )

    def encode_batch(self, block: Texts, vocab: Vocab | None = None, *, offsets: bool = False) -> Corpus:
        """The texts as ids into the tokenizer's own vocabulary; `vocab` is not used."""
        from tokembed.corpus import from_encodings, from_ids
        from tokembed.inputs.blocks import block_of, strings_of

        if offsets:
            return from_encodings(map(self.encode, strings_of(block)), self.vocab)
        if is_bulk(block):
            return self._bulk(block_of(block))
        encoded = self._reference.encode_batch_fast(list(map(well_formed, strings_of(block))), add_special_tokens=False)
        id_lists: Iterable[list[int]] = (encoding.ids for encoding in encoded)
        if self.special:
            id_lists = map(self._framed, id_lists)
        return from_ids(id_lists, self.vocab)

    def _bulk(self, block: Block) -> Corpus:
        from tokembed.tokens.bulk_wordpiece import BulkWordPiece, Rules

        if self._kernel is None:
            self._kernel = BulkWordPiece(self.vocab.ids, UNKNOWN, Rules())
        return self._kernel.corpus(
            block,
            self.vocab,
            BertTokenizer(parse_special=self.parse_special).encode,
            special_strings=(*SPECIAL, UNKNOWN) if self.parse_special else (),
            frame=([self._special_ids[0]], [self._special_ids[1]]) if self.special else None,
        )

    def decode(self, ids: Sequence[int]) -> str:
        """Words joined by spaces; [CLS] and [SEP] are left out.

        Raises:
            BadInput: an id is not in the vocabulary.

        >>> tokenizer = BertTokenizer()
        >>> tokenizer.decode(tokenizer.encode("학교를 갑니다").ids)
        '학교를 갑니다'
        """
        tokens = map(self.vocab.tokens.__getitem__, self.vocab.checked(ids))
        text = " ".join([token for token in tokens if token not in (FIRST, LAST)])
        return text.replace(" " + CONTINUES, "")

    def normal_form(self, text: str) -> str:
        """The words of the cleaned text joined by spaces.

        >>> BertTokenizer().normal_form("학교를 갑니다, 車로")
        '학교를 갑니다 , 車 로'
        """
        readable = well_formed(text)
        parts = _SPECIAL_STRING.split(readable) if self.parse_special else [readable]
        words = ([part] if place % 2 else self._words(part) for place, part in enumerate(parts))
        return " ".join(chain.from_iterable(words))

    def _words(self, text: str) -> list[str]:
        cleaned = self._reference.normalizer.normalize_str(text)
        return [word for word, _ in self._reference.pre_tokenizer.pre_tokenize_str(cleaned)]

    def _framed(self, ids: list[int]) -> list[int]:
        return [self._special_ids[0], *ids, self._special_ids[1]]

    @cached_property
    def _special_ids(self) -> tuple[int, int]:
        first, last = self._reference.token_to_id(FIRST), self._reference.token_to_id(LAST)
        assert first is not None
        assert last is not None
        return (first, last)


@cache
def _loaded(*, parse_special: bool) -> Tokenizer:
    """The vocabulary's tokenizer, read once for all that want it with and without special tokens."""
    tokenizer = Tokenizer(WordPiece.from_file(str(VOCAB_FILE), unk_token=UNKNOWN))
    tokenizer.normalizer = BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    if parse_special:
        tokenizer.add_special_tokens([*SPECIAL, UNKNOWN])
    return tokenizer


def _token_bytes(token: str, source: str) -> bytes:
    if token == UNKNOWN:
        return source.encode()
    # "#" is punctuation and always a word of its own, so a longer token that begins with "##" continues one.
    is_continuation = token.startswith(CONTINUES) and len(token) > len(CONTINUES)
    return token.removeprefix(CONTINUES).encode() if is_continuation else token.encode()
