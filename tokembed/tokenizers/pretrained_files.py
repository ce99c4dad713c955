"""What the files of a Hugging Face tokenizer say: the tokenizer itself, and how its tokens write text.

The file is a tokenizer.json, a vocab.txt, the folder it lies in, or one in the hub's local cache.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

from tokembed.errors import BadInput, BadUsage, NotAtHand

FILE = "tokenizer.json"
VOCAB_FILE = "vocab.txt"
_NO_LIMIT = 10**9
_SEPARATORS = ("/", os.sep)


def load(name: str) -> Tokenizer:
    """The tokenizer of a tokenizer.json, a BERT vocab.txt, a folder with either, or a hub name in the local cache.

    Raises:
        BadInput: there is no such file, or the file or folder is no tokenizer.
        BadUsage: the name can be neither a file's nor one on the hub.
        NotAtHand: the hub name is not in the local cache; nothing is fetched behind the user's back.
    """
    path = Path(name)
    try:
        if path.is_dir():
            return _in_folder(path)
        if path.exists():
            return _wordpiece(path) if path.name.endswith(VOCAB_FILE) else _read(path)
    except OSError as error:
        raise BadInput(f"{name!r} must be a path that can be read: {error.strerror}") from error
    if _looks_like_a_path(name):
        raise BadInput(f"there is no file {name!r}; give a {FILE}, a {VOCAB_FILE}, their folder or a hub name")
    found = cached(name)
    if found is None:
        raise NotAtHand(f"tokenizer {name!r} is not in the local cache; bring it with: hf download {name} {FILE}")
    return _read(found)


def cached(name: str) -> Path | None:
    """The tokenizer.json of a hub name in the local cache, None where it is not there.

    Raises:
        BadUsage: nothing on the hub can be called so.
    """
    from huggingface_hub import try_to_load_from_cache  # takes a quarter of a second, and few names need it
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(name, FILE)
    except HFValidationError as error:
        raise BadUsage(f"a tokenizer must be a name, a file, a folder or a hub name, got {name!r}") from error
    return Path(found) if isinstance(found, str) else None


def longest_text(name: str) -> int | None:
    """How many tokens the model takes, special ones included, by the tokenizer_config.json beside the tokenizer.

    None where there is none, or where it says no more than that there is no limit (a number with 31 digits).
    """
    path = Path(name)
    found = path / FILE if path.is_dir() else path if path.exists() else cached(name)
    longest = _config_beside(found).get("model_max_length") if found else None
    return longest if isinstance(longest, int) and 0 < longest < _NO_LIMIT else None


def description_of(name: str) -> str:
    """The text of a tokenizer.json that cuts as the named tokenizer does, without truncation and padding.

    Raises:
        BadInput, NotAtHand: as `load`.
    """
    tokenizer = load(name)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    text: str = tokenizer.to_str()
    return text


def one_line(error: Exception) -> str:
    """What the error says, on one line."""
    return " ".join(str(error).split())


def _looks_like_a_path(name: str) -> bool:
    n_separators = sum(name.count(separator) for separator in set(_SEPARATORS))
    ends = name.startswith((".", "~", *_SEPARATORS)) or name.endswith(_SEPARATORS)
    return n_separators > 1 or (n_separators == 1 and ends) or name.endswith((".json", ".txt"))


def _in_folder(folder: Path) -> Tokenizer:
    for file, read in ((FILE, _read), (VOCAB_FILE, _wordpiece)):
        if (folder / file).is_file():
            return read(folder / file)
    return _converted(folder)


def _read(path: Path) -> Tokenizer:
    description = _text_of(path)
    try:
        return Tokenizer.from_str(description)
    except Exception as error:  # `tokenizers` raises nothing narrower than Exception
        raise BadInput(
            f"{str(path)!r} must be a tokenizer.json of Hugging Face tokenizers: {one_line(error)}"
        ) from error


def _wordpiece(path: Path) -> Tokenizer:
    """A BERT vocabulary, one token a line, with the rules of the tokenizer_config.json beside it.

    Without one, a vocabulary in which no token has a capital letter lowers its text and strips accents.
    """
    tokens = _text_of(path).removesuffix("\n").split("\n")
    config = _config_beside(path)
    unknown = config.get("unk_token", "[UNK]")
    unknown = unknown["content"] if isinstance(unknown, dict) else str(unknown)
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


def _config_beside(path: Path) -> dict[str, Any]:
    config_path = path.with_name("tokenizer_config.json")
    if not config_path.is_file():
        return {}
    try:
        config = json.loads(_text_of(config_path))
    except json.JSONDecodeError as error:
        raise BadInput(f"{str(config_path)!r} must be JSON: {one_line(error)}") from error
    return config if isinstance(config, dict) else {}


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{str(path)!r} must be in UTF-8: {one_line(error)}") from error


def _converted(folder: Path) -> Tokenizer:
    """The tokenizer of a folder without a tokenizer.json, converted by transformers from what is there."""
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")  # that no model can be run is no matter here
    from transformers import AutoTokenizer  # takes a second, and few folders need it

    try:
        loaded = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
        return Tokenizer.from_str(loaded.backend_tokenizer.to_str())
    except (OSError, ValueError, ImportError, AttributeError) as error:
        raise BadInput(f"{str(folder)!r} must hold a {FILE}, a {VOCAB_FILE} or what transformers converts") from error
