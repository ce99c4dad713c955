"""Bytes become lines of text: which encoding, and what becomes of bytes it does not allow.

UTF-8, or by its byte-order mark UTF-16; else CP949, the usual encoding of older Korean files. Decided on the first
MiB, at the first line that is not ASCII (of a pipe, as much of it as has come), and told when it is not UTF-8.
"""

from __future__ import annotations

import codecs
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Literal

from tokembed.errors import BadInput, BadUsage, counted
from tokembed.opening import SAMPLE_BYTES

ErrorPolicy = Literal["strict", "replace", "skip"]
POLICIES = ("strict", "replace", "skip")
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16's, with which it begins
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
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
        errors: strict stops with BadInput, replace writes U+FFFD, skip gives None for the line.
        notice: called with one line when the encoding is not UTF-8, or bytes were replaced.
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
        self._asked = encoding
        self._sample = b""
        self._n_ascii_bytes = 0
        self._n_replaced = 0

    def lines(self) -> Iterator[tuple[int, str | None]]:
        """Line numbers from 1, and lines without LF or CR LF; None for a line that `skip` leaves out.

        Raises:
            BadInput: bytes that the encoding does not allow under `strict`, or a stream that is cut off.
        """
        number = 0
        try:
            self._sample = self._stream.peek(SAMPLE_BYTES)[:SAMPLE_BYTES]
            codec = self._codec_by_mark(self._sample)
            for number, line in enumerate(_raw_lines(self._stream, codec), start=1):
                codec = codec or self._codec_of(line)
                yield number, self._decoded(line, codec or "utf-8", number)
        except _BROKEN_STREAM as error:
            reason = str(error).strip() or type(error).__name__
            place = f"past line {number}" if number else "at all"
            raise BadInput(f"{self._source} cannot be read {place}: {reason}") from error
        if self._n_replaced:
            self._notice(
                f"{self._source}: bytes that cannot be decoded became U+FFFD in {counted(self._n_replaced, 'line')}"
            )

    def _codec_by_mark(self, sample: bytes) -> str | None:
        """The codec, its mark passed over; None where neither the user nor a mark tells it."""
        asked = checked_encoding(self._asked) if self._asked else None
        for mark, codec in _MARKS.items():
            family = codec[:6].rstrip("-")
            if sample.startswith(mark) and asked in (None, codec, family, f"{family}-sig"):
                self._stream.read(len(mark))
                if asked is None and codec != "utf-8":
                    self._notice(f"{self._source} is read as {family.upper()}, by its byte-order mark")
                return codec
        if asked is None and sample.startswith(b"\x1f\x8b"):
            raise BadInput(f"{self._source} must be text, it looks compressed by gzip; name it .gz, or use zcat")
        if asked is None and _looks_binary(sample):
            raise BadInput(
                f"{self._source} must be text, it looks binary (NUL bytes in it); if it is text, give its --encoding"
            )
        return {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(asked or "", asked)

    def _codec_of(self, line: bytes) -> str | None:
        """The codec, told by the first line that is not ASCII and what of the sample stands behind it."""
        behind = self._sample[self._n_ascii_bytes :]
        self._n_ascii_bytes += len(line)
        if line.isascii():
            return None if self._n_ascii_bytes < SAMPLE_BYTES else "utf-8"
        sample = behind or line  # a slow pipe's letters come behind the sample
        if _decodes(sample, "utf-8"):
            return "utf-8"
        if not _decodes(sample, "cp949"):
            return "utf-8"
        self._notice(
            f"{self._source} is not UTF-8 and is read as CP949 (Korean); "
            "if the text looks wrong, give its --encoding (CP949 also accepts much Shift_JIS)"
        )
        return "cp949"

    def _decoded(self, line: bytes, codec: str, number: int) -> str | None:
        try:
            return _without_end(line.decode(codec))
        except UnicodeDecodeError as error:
            if self._errors == "strict":
                raise BadInput(
                    f"{self._source}, line {number}, byte {error.start + 1}: must be {codec}, found byte "
                    f"0x{line[error.start]:02x}; use --encoding, or --errors replace or skip"
                ) from error
            if self._errors == "skip":
                return None
            self._n_replaced += 1
            return _without_end(line.decode(codec, errors="replace"))


def _raw_lines(stream: io.BufferedReader, codec: str | None) -> Iterator[bytes]:
    """The stream cut behind each line feed of the codec."""
    line_feed = "\n".encode(codec or "utf-8")
    return iter(stream) if len(line_feed) == 1 else _wide_lines(stream, line_feed)


def _wide_lines(stream: io.BufferedReader, line_feed: bytes) -> Iterator[bytes]:
    rest, unit = b"", len(line_feed)
    while block := stream.read1(SAMPLE_BYTES):
        searched = max(len(rest) - unit, 0)
        rest += block
        start = 0
        while (end := rest.find(line_feed, searched)) >= 0:
            searched = end + 1
            if (end - start) % unit == 0:  # else it straddles two characters
                yield rest[start : end + unit]
                start = searched = end + unit
        rest = rest[start:]
    if rest:
        yield rest


def _without_end(line: str) -> str:
    return line[:-1].removesuffix("\r") if line.endswith("\n") else line


def _looks_binary(sample: bytes) -> bool:
    nul_share = sample.count(0) / max(len(sample), 1)
    return nul_share > 0 and (nul_share >= _MANY_NULS or not _decodes(sample, "utf-8"))


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    return True
