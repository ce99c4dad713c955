"""Bytes become lines of text: which encoding, and what becomes of bytes it does not allow.

UTF-8, or by its byte-order mark UTF-16; else CP949, the usual encoding of older Korean files. Decided on the first
MiB, and told when it is not UTF-8.
"""

from __future__ import annotations

import codecs
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Literal

from tokembed.errors import BadInput, BadUsage
from tokembed.opening import SAMPLE_BYTES

ErrorPolicy = Literal["strict", "replace", "skip"]
POLICIES = ("strict", "replace", "skip")
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MANY_NULS = 0.05  # text has none; UTF-16 without a mark has up to a half
_BROKEN_STREAM = (EOFError, OSError, zlib.error, lzma.LZMAError)


def checked_encoding(name: str) -> str:
    """The codec's own name of an encoding.

    Raises:
        BadUsage: Python has no such encoding.
    """
    try:
        codec = codecs.lookup(name)
        "".encode(codec.name)
    except (LookupError, UnicodeError, TypeError) as error:
        raise BadUsage(f"there is no encoding {name!r}; utf-8, cp949 and utf-16 are common") from error
    return codec.name


class Decoder:
    """The lines of one stream.

    Args:
        source: the stream's name, for messages.
        stream: where the bytes come from; nothing has been read from it.
        encoding: None to tell it from the first MiB.
        errors: strict stops with BadInput, replace writes U+FFFD, skip leaves the line out.
        notice: called with one line when the encoding is not UTF-8, or bytes were replaced or skipped.
    """

    def __init__(
        self,
        source: str,
        stream: io.BufferedReader,
        *,
        encoding: str | None,
        errors: ErrorPolicy,
        notice: Callable[[str], None],
    ) -> None:
        self._source = source
        self._stream = stream
        self._errors = errors
        self._notice = notice
        self._given = encoding
        self.n_skipped = 0
        self.n_replaced = 0

    def lines(self) -> Iterator[tuple[int, str]]:
        """Line numbers from 1, and lines without LF or CR LF.

        Raises:
            BadInput: bytes that the encoding does not allow under `strict`, or a stream that is cut off.
        """
        number = 0
        try:
            sample = self._stream.peek(SAMPLE_BYTES)[:SAMPLE_BYTES]
            encoding = self._given or self._told_by(sample)
            for number, line in enumerate(self._raw_lines(encoding), start=1):
                text = line if isinstance(line, str) else self._decoded(line, encoding, number)
                if text is not None:
                    yield number, text
        except _BROKEN_STREAM as error:
            reason = str(error).strip() or type(error).__name__
            raise BadInput(f"{self._source} cannot be read past line {number}: {reason}") from error
        if self.n_replaced:
            self._notice(f"{self._source}: bytes that cannot be decoded became U+FFFD in {self.n_replaced} lines")

    def _raw_lines(self, encoding: str) -> Iterator[bytes | str]:
        if _lines_end_at_lf(encoding):
            if self._stream.peek(3).startswith(codecs.BOM_UTF8):
                self._stream.read(3)
            return (line.removesuffix(b"\n").removesuffix(b"\r") for line in self._stream)
        errors = "replace" if self._errors == "skip" else self._errors
        wrapped = io.TextIOWrapper(self._stream, encoding, errors=errors, newline="\n")
        return self._wide_lines(wrapped, encoding)

    def _wide_lines(self, wrapped: io.TextIOWrapper, encoding: str) -> Iterator[str]:
        try:
            for place, line in enumerate(wrapped):
                line = line.removesuffix("\n").removesuffix("\r")
                yield line if place else line.removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            raise BadInput(
                f"{self._source} must be {encoding}, found {error.reason}; use --encoding or --errors replace"
            ) from error

    def _decoded(self, line: bytes, encoding: str, number: int) -> str | None:
        try:
            return line.decode(encoding)
        except UnicodeDecodeError as error:
            if self._errors == "strict":
                raise BadInput(
                    f"{self._source}, line {number}, byte {error.start + 1}: must be {encoding}, found byte "
                    f"0x{line[error.start]:02x}; use --encoding, or --errors replace or skip"
                ) from error
            if self._errors == "skip":
                self.n_skipped += 1
                return None
            text = line.decode(encoding, errors="replace")
            self.n_replaced += 1
            return text

    def _told_by(self, sample: bytes) -> str:
        if sample.startswith(_UTF16_MARKS):
            self._notice(f"{self._source} is read as UTF-16, by its byte-order mark")
            return "utf-16"
        nul_share = sample.count(0) / max(len(sample), 1)
        if _decodes(sample, "utf-8") and nul_share < _MANY_NULS:
            return "utf-8"
        if nul_share:
            raise BadInput(
                f"{self._source} must be text, it looks binary (NUL bytes in it); if it is text, give its --encoding"
            )
        if _decodes(sample, "cp949"):
            self._notice(
                f"{self._source} is not UTF-8 and is read as CP949 (Korean); "
                "if the text looks wrong, give its --encoding (CP949 also accepts much Shift_JIS)"
            )
            return "cp949"
        return "utf-8"


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _lines_end_at_lf(encoding: str) -> bool:
    """Whether a byte 0x0A is a line feed wherever it stands, so that bytes can be cut before they are decoded."""
    return not encoding.lower().startswith(("utf-16", "utf-32", "utf-7", "utf_16", "utf_32", "utf_7"))
