"""bert's and clip's vocabularies as tokenizer.json, the form that Hugging Face publishes and the peers read.

    python published_json.py <folder>

writes bert.json and clip.json, from the vocabularies that come with tokembed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

ROOT = Path(__file__).parents[2]


def bert_json() -> str:
    """bert-base-multilingual-cased without its special strings: [MASK] in a text is text."""
    vocabulary = str(ROOT / "tokembed" / "assets" / "bert-base-multilingual-cased" / "vocab.txt")
    tokenizer = Tokenizer(models.WordPiece.from_file(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer.to_str()


def clip_json() -> str:
    """openai/clip-vit-* with its special strings.

    Source: transformers, convert_slow_tokenizer.py, CLIPConverter.
    """
    from tests.clip_reference import SPECIALS, WORDS, merges, vocabulary

    first, last = SPECIALS
    number = vocabulary()
    model = models.BPE(
        number, merges(), continuing_subword_prefix="", end_of_word_suffix="</w>", fuse_unk=False, unk_token=last
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    words = pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing((last, number[last]), (first, number[first]), False, False)
    tokenizer.add_special_tokens([first, last])
    return tokenizer.to_str()


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    for name, text in (("bert", bert_json()), ("clip", clip_json())):
        (Path(sys.argv[1]) / f"{name}.json").write_text(text, encoding="utf-8")
