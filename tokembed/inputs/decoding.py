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
from typing import Literal, NamedTuple

from tokembed.errors import BadInput, BadUsage, counted
from tokembed.inputs.bulk import BLOCK_BYTES, BULK_BYTES
from tokembed.inputs.opening import SAMPLE_BYTES

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
MAX_LINE = 64 << 20
"""Bytes that a line may have unless more are allowed: cutting one takes several times its size in memory."""
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


class Lines(NamedTuple):
    """Whole lines that stand one after another.

    Attributes:
        first: the number of the first, from 1.
        number: how many they are.
        data: as UTF-8, a line feed behind each and no CR before it; None where they stand in `strings`.
        strings: the lines without their ends; None for one that `skip` leaves out.
    """

    first: int
    number: int
    data: bytes | None
    strings: list[str | None]


class Decoder:
    """The lines of one stream.

    Args:
        source: the stream's name, for messages.
        stream: where the bytes come from; nothing has been read from it.
        encoding: None to tell it from the first MiB.
        errors: strict stops with BadInput, replace writes U+FFFD, skip gives None for the line.
        notice: called with one line when the encoding is not UTF-8, or bytes were replaced.
        max_line: how many bytes a line may have; a longer one is left out under skip and else stops with BadInput.
        first_bytes: about how many bytes the first lines have that come out together; later ones grow in number.
    """

    def __init__(
        self,
        source: str,
        stream: io.BufferedReader,
        *,
        encoding: str | None,
        errors: ErrorPolicy,
        notice: Callable[[str], None],
        max_line: int = MAX_LINE,
        first_bytes: int = BLOCK_BYTES,
    ) -> None:
        self._source = source
        self._stream = stream
        self._errors = errors
        self._notice = notice
        self._asked = encoding
        self._max_line = max_line
        self._first_bytes = first_bytes
        self._sample = b""
        self._n_ascii_bytes = 0
        self._n_replaced = 0
        self._n_lines = 0

    def lines(self) -> Iterator[tuple[int, str | None]]:
        """Line numbers from 1, and lines without LF or CR LF; None for a line that `skip` leaves out.

        Raises:
            BadInput: as `runs` does.
        """
        for run in self.runs():
            strings = run.strings if run.data is None else run.data.decode().split("\n")
            yield from zip(range(run.first, run.first + run.number), strings, strict=False)

    def runs(self) -> Iterator[Lines]:
        """The lines in runs: as many as have come, up to about BLOCK_BYTES.

        Raises:
            BadInput: bytes that the encoding does not allow or a line too long under `strict`, or a stream that is
                cut off; what comes before has come out.
        """
        try:
            self._sample = self._stream.peek(SAMPLE_BYTES)[:SAMPLE_BYTES]
            codec = self._codec_by_mark(self._sample)
            for data in self._whole_lines(codec or "utf-8"):
                if data is None:
                    self._n_lines += 1
                    yield Lines(self._n_lines, 1, None, [None])
                    continue
                for part in [data] if codec else _parted(data):
                    codec = codec or self._codec_of(part)
                    yield from self._decoded_run(part, codec or "utf-8")
        except _BROKEN_STREAM as error:
            reason = str(error).strip() or type(error).__name__
            place = f"past line {self._n_lines}" if self._n_lines else "at all"
            raise BadInput(f"{self._source} cannot be read {place}: {reason}") from error
        if self._n_replaced:
            self._notice(
                f"{self._source}: bytes that cannot be decoded became U+FFFD in {counted(self._n_replaced, 'line')}"
            )

    def _whole_lines(self, codec: str) -> Iterator[bytes | None]:
        """The stream in pieces that end with a line; None for a line that is too long and left out."""
        line_feed = "\n".encode(codec)
        rest, is_overlong, size = b"", False, min(self._first_bytes, BLOCK_BYTES)
        while piece := self._stream.read1(size):
            size = min(4 * size, BLOCK_BYTES)
            data, searched = rest + piece, len(rest)
            if is_overlong:
                end = _line_end(data, line_feed)
                if not end:
                    rest = _half_character(data, line_feed)
                    continue
                yield None
                data, searched, is_overlong = data[end:], 0, False
            end = _last_line_end(data, line_feed, searched)
            if end:
                yield data[:end]
            rest = data[end:]
            if len(rest) > self._max_line:
                self._refuse_overlong(self._n_lines + 1)
                rest, is_overlong = _half_character(rest, line_feed), True
        if rest or is_overlong:
            yield None if is_overlong else rest

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

    def _codec_of(self, data: bytes) -> str | None:
        """The codec, told by the first line that is not ASCII and what of the sample stands behind it."""
        behind = self._sample[self._n_ascii_bytes :]
        if data.isascii():
            self._n_ascii_bytes += len(data)
            return None if self._n_ascii_bytes < SAMPLE_BYTES else "utf-8"
        sample = behind or data[: data.find(b"\n") + 1] or data  # a slow pipe's letters come behind the sample
        if self._n_ascii_bytes >= SAMPLE_BYTES or _decodes(sample, "utf-8") or not _decodes(sample, "cp949"):
            return "utf-8"
        self._notice(
            f"{self._source} is not UTF-8 and is read as CP949 (Korean); "
            "if the text looks wrong, give its --encoding (CP949 also accepts much Shift_JIS)"
        )
        return "cp949"

    def _decoded_run(self, data: bytes, codec: str) -> Iterator[Lines]:
        first = self._n_lines + 1
        if len(data) <= self._max_line and codec == "utf-8" and (n_ends := _n_line_feeds(data)) is not None:
            data = data.replace(b"\r\n", b"\n") if b"\r" in data else data
            is_cut = not data.endswith(b"\n")  # the last line, as many files end
            self._n_lines += n_ends + is_cut
            yield Lines(first, n_ends + is_cut, data + b"\n" if is_cut else data, [])
            return
        strings: list[str | None] = []
        failure: BadInput | None = None
        try:
            for line in _cut_lines(data, codec):
                strings.append(self._decoded(line, codec, first + len(strings)))
        except BadInput as error:
            failure = error
        self._n_lines += len(strings)
        if strings:
            yield Lines(first, len(strings), None, strings)
        if failure:
            raise failure

    def _refuse_overlong(self, number: int) -> None:
        """Raise BadInput for a line that is too long, unless such lines are left out."""
        if self._errors != "skip":
            raise BadInput(
                f"{self._source}, line {number}: a line must have at most {self._max_line:,} bytes (--max-line), this "
                "one has more; raise it, or use --errors skip to leave the line out"
            )

    def _decoded(self, line: bytes, codec: str, number: int) -> str | None:
        if len(line) > self._max_line:
            self._refuse_overlong(number)
            return None
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


def _parted(data: bytes) -> list[bytes]:
    """The lines before the first one that is not ASCII, and those from it on."""
    try:
        data.decode("ascii")
    except UnicodeDecodeError as error:
        line = data.rfind(b"\n", 0, error.start) + 1
        return [part for part in (data[:line], data[line:]) if part]
    return [data]


def _n_line_feeds(data: bytes) -> int | None:
    """How many there are; None where the data are not UTF-8."""
    if len(data) >= BULK_BYTES:
        from tokembed.kernels.lines import n_line_feeds

        return n_line_feeds(data)
    try:
        data.decode()
    except UnicodeDecodeError:
        return None
    return data.count(b"\n")


def _line_end(data: bytes, line_feed: bytes, start: int = 0) -> int:
    """Where the line that begins at `start` ends, behind its line feed; 0 where it does not."""
    unit = len(line_feed)
    end = data.find(line_feed, start)
    while end >= 0 and end % unit:  # it straddles two characters
        end = data.find(line_feed, end + 1)
    return end + unit if end >= 0 else 0


def _last_line_end(data: bytes, line_feed: bytes, searched: int) -> int:
    """Where the last whole line ends, 0 where there is none; the first `searched` bytes are known to have no end."""
    unit = len(line_feed)
    begin = searched // unit * unit
    end = data.rfind(line_feed, begin)
    while end >= 0 and end % unit:
        end = data.rfind(line_feed, begin, end + unit - 1)
    return end + unit if end >= 0 else 0


def _half_character(data: bytes, line_feed: bytes) -> bytes:
    """What of the last character's bytes has come, where not all have."""
    return data[len(data) // len(line_feed) * len(line_feed) :]


def _cut_lines(data: bytes, codec: str) -> Iterator[bytes]:
    """The lines, each with its line feed."""
    line_feed = "\n".encode(codec)
    start = 0
    while end := _line_end(data, line_feed, start):
        yield data[start:end]
        start = end
    if start < len(data):
        yield data[start:]


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
