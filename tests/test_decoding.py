"""Bytes become lines: the encoding is told from the first MiB, and bytes it does not allow are named."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pytest

from tokembed.errors import BadInput, BadUsage
from tokembed.inputs.decoding import Decoder, ErrorPolicy, checked_encoding
from tokembed.inputs.opening import SAMPLE_BYTES, open_bytes
from tokembed.inputs.reading import Reading
from tokembed.inputs.texts import read_texts

MIB = 1 << 20
LINE = b"plain ASCII " * 80 + b"\n"
N_LINES = 2 * MIB // len(LINE)
KOREAN = "아침 먹고\n학교를 갑니다\n"
KOREAN_LINES = [(1, "아침 먹고"), (2, "학교를 갑니다")]


@dataclass
class Read:
    lines: list[tuple[int, str]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    n_skipped: int = 0


def read(data: bytes, encoding: str | None = None, errors: ErrorPolicy = "strict") -> Read:
    """What a Decoder makes of the bytes."""
    found = Read()
    stream = io.BufferedReader(io.BytesIO(data), SAMPLE_BYTES)  # type: ignore[arg-type]
    decoder = Decoder("a.txt", stream, encoding=encoding, errors=errors, notice=found.notices.append)
    for number, line in decoder.lines():
        if line is None:
            found.n_skipped += 1
        else:
            found.lines.append((number, line))
    return found


def refusal(data: bytes, encoding: str | None = None) -> str:
    with pytest.raises(BadInput) as refused:
        read(data, encoding)
    return str(refused.value)


TOLD = {
    "nothing": (b"", [], None),
    "ASCII": (b"a\n", [(1, "a")], None),
    "UTF-8": (KOREAN.encode(), KOREAN_LINES, None),
    "UTF-8 with its mark": (KOREAN.encode("utf-8-sig"), KOREAN_LINES, None),
    "UTF-8 with one NUL": ((KOREAN * 9).encode() + b"\0\n", [*enumerate((KOREAN * 9 + "\0").split("\n"), 1)], None),
    "UTF-16, little-endian": (b"\xff\xfe" + KOREAN.encode("utf-16-le"), KOREAN_LINES, "UTF-16"),
    "UTF-16, big-endian": (b"\xfe\xff" + KOREAN.encode("utf-16-be"), KOREAN_LINES, "UTF-16"),
    "UTF-16 with bytes 0A and CR LF": (
        b"\xff\xfe" + "ऊ\u0a0a\u0d0a\r\n\n\u2028 \rb".encode("utf-16-le"),
        [(1, "ऊ\u0a0a\u0d0a"), (2, ""), (3, "\u2028 \rb")],
        "UTF-16",
    ),
    "UTF-16 with nothing behind its mark": (b"\xff\xfe", [], "UTF-16"),
    "CP949": (KOREAN.encode("cp949"), KOREAN_LINES, "CP949"),
    "CP949 beyond KS X 1001": ("똠방각하 펲시콜라\r\n".encode("cp949"), [(1, "똠방각하 펲시콜라")], "CP949"),
}


@pytest.mark.parametrize(("data", "lines", "told"), TOLD.values(), ids=TOLD)
def test_the_encoding_is_told_from_the_bytes_and_said_when_it_is_not_utf_8(
    data: bytes, lines: list[tuple[int, str]], told: str | None
) -> None:
    found = read(data)
    assert found.lines == lines
    assert [told in notice and "a.txt" in notice for notice in found.notices if told] == [True] * bool(told)
    assert len(found.notices) == bool(told)


def test_reading_cp949_warns_that_it_may_be_another_encoding() -> None:
    (notice,) = read("大阪\n".encode("shift_jis")).notices
    assert "--encoding" in notice
    assert "Shift_JIS" in notice


GIVEN = {
    "cp949": (KOREAN, "cp949"),
    "shift_jis, which also reads as CP949": ("日本語\nテスト\n", "shift_jis"),
    "latin-1": ("café\nnaïve\n", "iso8859-1"),
    "utf-16 with a mark": (KOREAN, "utf-16"),
    "utf-16 without a mark": (KOREAN, "utf-16-le"),
    "utf-16, big-endian": (KOREAN, "utf-16-be"),
    "utf-32": (KOREAN, "utf-32"),
    "utf-8 full of NUL": ("\0\n\0\n", "utf-8"),
}


@pytest.mark.parametrize(("text", "encoding"), GIVEN.values(), ids=GIVEN)
def test_an_encoding_that_is_given_is_used_without_a_word(text: str, encoding: str) -> None:
    found = read(text.encode(encoding), encoding)
    assert [line for _, line in found.lines] == text.split("\n")[:-1]
    assert found.notices == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_a_byte_order_mark_is_no_text_under_a_given_encoding_either(encoding: str) -> None:
    assert read("\ufeffa\n\ufeffb\n".encode(encoding), encoding).lines == [(1, "a"), (2, "\ufeffb")]


@pytest.mark.parametrize(
    ("name", "codec"),
    [("UTF8", "utf-8"), ("u16", "utf-16"), ("ms949", "cp949"), ("EUC-KR", "euc_kr"), ("latin1", "iso8859-1")],
)
def test_an_encoding_goes_by_all_its_names(name: str, codec: str) -> None:
    assert checked_encoding(name) == codec


@pytest.mark.parametrize("name", ["utf-9", "", "rot13", "base64"])
def test_a_name_that_is_no_encoding_is_refused(name: str) -> None:
    with pytest.raises(BadUsage, match=r"there is no encoding .*cp949"):
        checked_encoding(name)


def test_the_library_takes_any_name_of_an_encoding_too(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("ab\nc\n".encode("utf-16"))
    assert [text.text for text in read_texts([path], reading=Reading(encoding="U16"))] == ["ab", "c"]


INVALID = {
    "a byte that begins nothing": (b"ok\nab\xffc\n", "line 2, byte 3", "0xff"),
    "a character cut short by a line feed": (b"\xec\x95\n\xeb\n", "line 1, byte 1", "0xec"),
    "a character cut short by the end": (b"a\n\xec\x95\x84\xec", "line 2, byte 4", "0xec"),
    "an encoded surrogate": (b"\n\n\xed\xa0\x80\n", "line 3, byte 1", "0xed"),
    "an overlong form": (b"a\xc0\xaf\n", "line 1, byte 2", "0xc0"),
}


@pytest.mark.parametrize(("data", "place", "byte"), INVALID.values(), ids=INVALID)
def test_invalid_utf_8_is_refused_with_its_line_and_byte(data: bytes, place: str, byte: str) -> None:
    message = refusal(data, "utf-8")
    assert all(part in message for part in ["a.txt", place, byte, "must be utf-8", "--encoding", "--errors"]), message


@pytest.fixture(scope="module")
def late() -> bytes:
    """Two MiB of ASCII, then a line with an invalid byte, then a good one."""
    return LINE * N_LINES + b"bad \xff\xfe here\nlast\n"


def test_an_invalid_byte_behind_the_first_mib_is_refused_with_its_line_and_byte(late: bytes) -> None:
    message = refusal(late)
    assert f"a.txt, line {N_LINES + 1}, byte 5: must be utf-8, found byte 0xff" in message
    assert "--errors replace or skip" in message


def test_all_lines_before_an_invalid_byte_come_out(late: bytes) -> None:
    stream = io.BufferedReader(io.BytesIO(late), SAMPLE_BYTES)  # type: ignore[arg-type]
    lines = Decoder("a.txt", stream, encoding=None, errors="strict", notice=lambda _: None).lines()
    assert next(lines) == (1, LINE.decode().removesuffix("\n"))
    with pytest.raises(BadInput):
        assert sum(1 for _ in lines) == N_LINES - 1


def test_an_invalid_byte_behind_the_first_mib_is_replaced_and_told(late: bytes) -> None:
    found = read(late, errors="replace")
    assert found.lines[-2:] == [(N_LINES + 1, "bad \ufffd\ufffd here"), (N_LINES + 2, "last")]
    assert [("a.txt" in notice, "1 line" in notice) for notice in found.notices] == [(True, True)]


def test_a_line_with_an_invalid_byte_is_skipped_and_counted(late: bytes) -> None:
    found = read(late, errors="skip")
    assert found.lines[-2:] == [(N_LINES, LINE.decode().removesuffix("\n")), (N_LINES + 2, "last")]
    assert found.n_skipped == 1


def test_korean_behind_a_mib_of_ascii_is_refused_with_a_hint_at_its_encoding() -> None:
    message = refusal(LINE * N_LINES + KOREAN.encode("cp949"))
    assert f"line {N_LINES + 1}, byte 1" in message
    assert "--encoding" in message


CUT_UTF_16 = {
    "half a unit": b"\xff\xfe" + "ab\nc".encode("utf-16-le") + b"\xd0",
    "a high surrogate alone": b"\xff\xfe" + "ab\n".encode("utf-16-le") + b"\x3d\xd8d\0\n\0",
}


@pytest.mark.parametrize("data", CUT_UTF_16.values(), ids=CUT_UTF_16)
def test_invalid_utf_16_is_refused_with_its_line(data: bytes) -> None:
    message = refusal(data)
    assert all(part in message for part in ["a.txt", "line 2", "must be utf-16", "--errors"]), message


@pytest.mark.parametrize("data", CUT_UTF_16.values(), ids=CUT_UTF_16)
def test_invalid_utf_16_is_replaced_and_told(data: bytes) -> None:
    found = read(data, errors="replace")
    assert found.lines[0] == (1, "ab")
    assert "\ufffd" in found.lines[1][1]
    assert any("U+FFFD" in notice for notice in found.notices)


@pytest.mark.parametrize("data", CUT_UTF_16.values(), ids=CUT_UTF_16)
def test_a_line_with_invalid_utf_16_is_skipped_and_counted(data: bytes) -> None:
    found = read(data, errors="skip")
    assert (found.lines, found.n_skipped) == ([(1, "ab")], 1)


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
@pytest.mark.parametrize("n_before", [MIB - 3, MIB - 2, MIB - 1, MIB])
def test_a_character_may_stand_across_the_end_of_the_sample(encoding: str, n_before: int) -> None:
    first = "가" + "x" * (n_before - len("가".encode(encoding)))
    found = read(f"{first}나다\n끝\n".encode(encoding))
    assert found.lines == [(1, first + "나다"), (2, "끝")]
    assert len(found.notices) == (encoding == "cp949")


BINARY = {
    "a picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0",
    "NUL bytes": b"\0" * 100,
    "an array of float32": b"\x93NUMPY\x01\0" + bytes(range(256)) * 8,
    "UTF-16 without a mark": "plain text\n".encode("utf-16-le"),
}


@pytest.mark.parametrize("data", BINARY.values(), ids=BINARY)
def test_a_binary_file_is_refused(data: bytes) -> None:
    message = refusal(data)
    assert all(part in message for part in ["a.txt must be text", "binary", "--encoding"]), message


def noise(n_bytes: int) -> bytes:
    """Lines that no compression makes short, so that a cut falls into their middle."""
    words = random.Random(0)
    return b"".join(b"%016x\n" % words.getrandbits(64) for _ in range(n_bytes // 17))


def zst(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


def xz(data: bytes) -> bytes:
    return lzma.compress(data, preset=0)


COMPRESSED = {"gz": gzip.compress, "bz2": bz2.compress, "xz": xz, "zst": zst}


@pytest.mark.parametrize(("suffix", "compress"), COMPRESSED.items(), ids=COMPRESSED)
def test_a_compressed_file_that_is_cut_off_is_named_with_the_last_good_line(
    tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    whole = compress(noise(2 * MIB))
    path = tmp_path / f"a.txt.{suffix}"
    path.write_bytes(whole[: len(whole) * 9 // 10])
    n_read, texts = 0, read_texts([path])
    with pytest.raises(BadInput) as refused:  # noqa: PT012
        for text in texts:
            n_read += 1
            assert len(text.text) == 16
    assert f"{path} cannot be read past line {n_read}: " in str(refused.value)
    assert n_read > 1000


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_a_file_that_is_not_compressed_as_its_suffix_says_is_named(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.txt.{suffix}"
    path.write_bytes(b"plain text, not compressed at all\n" * 10)
    with pytest.raises(BadInput) as refused:
        list(read_texts([path]))
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("suffix", "compress"), COMPRESSED.items(), ids=COMPRESSED)
def test_the_sample_of_a_compressed_file_is_of_what_it_holds(
    tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"a.txt.{suffix}"
    path.write_bytes(compress(LINE * (MIB * 9 // 10 // len(LINE)) + KOREAN.encode("cp949")))
    with open_bytes(str(path)) as stream:
        assert len(stream.peek(SAMPLE_BYTES)) > MIB * 9 // 10
    assert [text.text for text in read_texts([path])][-2:] == ["아침 먹고", "학교를 갑니다"]


@pytest.mark.parametrize("tool", ["gzip", "bzip2", "xz", "zstd"])
def test_what_the_usual_tools_compress_is_read(tmp_path: Path, tool: str) -> None:
    suffix = {"gzip": "gz", "bzip2": "bz2", "xz": "xz", "zstd": "zst"}[tool]
    path = tmp_path / f"a.txt.{suffix}"
    try:
        path.write_bytes(subprocess.run([tool, "-c"], input=KOREAN.encode(), stdout=subprocess.PIPE, check=True).stdout)
    except FileNotFoundError:
        pytest.skip(f"{tool} is not installed")
    assert [text.text for text in read_texts([path])] == [line for _, line in KOREAN_LINES]
