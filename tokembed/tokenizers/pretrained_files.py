"""A Hugging Face tokenizer from a tokenizer.json, a vocab.txt, the folder it lies in, or the hub's local cache."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tokenizers import AddedToken, Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

from tokembed.errors import BadInput, NotAtHand

FILE = "tokenizer.json"
VOCAB_FILE = "vocab.txt"


def load(name: str) -> Tokenizer:
    """The tokenizer of a tokenizer.json, a BERT vocab.txt, a folder with either, or a hub name in the local cache.

    Raises:
        BadInput: the file or folder is no tokenizer.
        NotAtHand: the hub name is not in the local cache; nothing is fetched behind the user's back.
    """
    path = Path(name)
    if path.is_file():
        return _wordpiece(path) if path.name.endswith(VOCAB_FILE) else _read(path)
    if path.suffix in (".json", ".txt"):
        raise BadInput(f"there is no file {name!r}; give a tokenizer.json, a vocab.txt, their folder or a hub name")
    if path.is_dir():
        for file, read in ((FILE, _read), (VOCAB_FILE, _wordpiece)):
            if (path / file).is_file():
                return read(path / file)
        return _converted(path)
    return _read(_cached(name))


def _read(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as error:  # `tokenizers` raises nothing narrower than Exception
        raise BadInput(f"{str(path)!r} must be a tokenizer.json of Hugging Face tokenizers: {error}") from error


def _wordpiece(path: Path) -> Tokenizer:
    """A BERT vocabulary, one token a line, with the rules of the tokenizer_config.json beside it.

    Without one, a vocabulary in which no token has a capital letter lowers its text and strips accents.
    """
    tokens = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    config_path = path.with_name("tokenizer_config.json")
    config = json.loads(config_path.read_text(encoding="utf-8")) if config_path.is_file() else {}
    unknown = str(config.get("unk_token", "[UNK]"))
    if unknown not in tokens:
        raise BadInput(f"{str(path)!r} must be a BERT vocabulary with a token {unknown!r}, found {len(tokens)} tokens")
    cased = any(token != token.lower() for token in tokens if not token.startswith("["))
    tokenizer = Tokenizer(WordPiece({token: place for place, token in enumerate(tokens)}, unk_token=unknown))
    tokenizer.normalizer = BertNormalizer(
        handle_chinese_chars=config.get("tokenize_chinese_chars", True),
        strip_accents=config.get("strip_accents"),
        lowercase=config.get("do_lower_case", not cased),
    )
    tokenizer.pre_tokenizer = BertPreTokenizer()
    special = [token for token in ("[PAD]", unknown, "[CLS]", "[SEP]", "[MASK]") if token in tokens]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in special])
    if "[CLS]" in special and "[SEP]" in special:
        ends = [(token, tokens.index(token)) for token in ("[CLS]", "[SEP]")]
        tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    return tokenizer


def _converted(folder: Path) -> Tokenizer:
    """The tokenizer of a folder without a tokenizer.json, converted by transformers from what is there."""
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")  # that no model can be run is no matter here
    from transformers import AutoTokenizer  # takes a second, and few folders need it

    try:
        loaded = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
        return Tokenizer.from_str(loaded.backend_tokenizer.to_str())
    except (OSError, ValueError, ImportError, AttributeError) as error:
        raise BadInput(f"{str(folder)!r} must hold a {FILE}, a {VOCAB_FILE} or what transformers converts") from error


def _cached(name: str) -> Path:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(name, FILE)
    except HFValidationError as error:
        raise BadInput(f"a tokenizer must be a file, a folder or a hub name, found {name!r}") from error
    if not isinstance(found, str):
        raise NotAtHand(f"tokenizer {name!r} is not in the local cache; bring it with: hf download {name} {FILE}")
    return Path(found)
