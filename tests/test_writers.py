"""An output appears whole or not at all."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.conftest import small_files
from tokembed.errors import BadInput
from tokembed.writers import beside, whole, write_together


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def umask() -> Iterator[int]:
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


def test_what_is_written_appears_at_the_end_and_nothing_else_stays(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    with whole(target) as file:
        file.write(b"new")
        assert not target.exists()
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == ["a.bin"]


def test_an_old_file_is_replaced_only_when_the_new_one_is_done(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    with whole(target) as file:
        file.write(b"new")
        file.flush()
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"


class Interruption(Exception):
    pass


ENDS: list[type[BaseException]] = [Interruption, KeyboardInterrupt, SystemExit, GeneratorExit]


@pytest.mark.parametrize("error", ENDS)
@pytest.mark.parametrize("old", [None, b"old"], ids=["no file before", "a file before"])
def test_whatever_interrupts_the_writing_leaves_what_was_there(
    tmp_path: Path, error: type[BaseException], old: bytes | None
) -> None:
    target = tmp_path / "a.bin"
    if old is not None:
        target.write_bytes(old)
    with pytest.raises(error), whole(target) as file:  # noqa: PT012
        file.write(b"half of the new one")
        file.flush()
        raise error
    assert names(tmp_path) == ([] if old is None else ["a.bin"])
    assert old is None or target.read_bytes() == old


@pytest.mark.parametrize("n_bytes", [(1 << 16) + 1, 1 << 20], ids=["at the very end", "in the middle"])
def test_a_disk_that_is_full_leaves_what_was_there(tmp_path: Path, n_bytes: int) -> None:
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    with small_files(1 << 16), pytest.raises(BadInput, match="cannot be written"), whole(target) as file:
        file.write(bytes(n_bytes))
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_none_of_several_files_appears_when_the_disk_is_full(tmp_path: Path) -> None:
    with small_files(1 << 16), pytest.raises(BadInput, match="cannot be written"):
        write_together(
            {
                tmp_path / "a": lambda file: file.write(bytes((1 << 16) + 1)),
                tmp_path / "b": lambda file: file.write(b"b"),
            }
        )
    assert names(tmp_path) == []


def refusal(target: Path) -> str:
    with pytest.raises(BadInput) as refused, whole(target) as file:
        file.write(b"new")
    return str(refused.value)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    target = tmp_path / "none" / "a.bin"
    message = refusal(target)
    assert str(target) in message
    assert "cannot be written" in message
    assert names(tmp_path) == []


def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    assert "cannot be written" in refusal(tmp_path / "file" / "a.bin")
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.bin").mkdir()
    message = refusal(tmp_path / "a.bin")
    assert str(tmp_path / "a.bin") in message
    assert "folder" in message
    assert (names(tmp_path), names(tmp_path / "a.bin")) == (["a.bin"], [])


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "b.bin").write_bytes(b"old")
    (tmp_path / "a.bin").symlink_to(tmp_path / "there" / "b.bin")
    with whole(tmp_path / "a.bin") as file:
        file.write(b"new")
    assert (tmp_path / "a.bin").is_symlink()
    assert (tmp_path / "there" / "b.bin").read_bytes() == b"new"
    assert (names(tmp_path), names(tmp_path / "there")) == (["a.bin", "there"], ["b.bin"])


def test_a_link_to_what_is_not_there_yet_makes_it(tmp_path: Path) -> None:
    (tmp_path / "a.bin").symlink_to("b.bin")
    with whole(tmp_path / "a.bin") as file:
        file.write(b"new")
    assert (tmp_path / "a.bin").is_symlink()
    assert (tmp_path / "b.bin").read_bytes() == b"new"


def test_a_link_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bin").symlink_to("a.bin")
    assert "cannot be written" in refusal(tmp_path / "a.bin")
    assert names(tmp_path) == ["a.bin"]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    with whole(pipe) as file:
        file.write(b"new")
    reader.join(timeout=60)
    assert read == [b"new"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert names(tmp_path) == ["pipe"]


def test_a_new_file_has_the_permissions_that_the_umask_leaves(tmp_path: Path, umask: int) -> None:
    with whole(tmp_path / "a.bin") as file:
        file.write(b"new")
    (tmp_path / "as usual").write_bytes(b"")
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o666 & ~umask
    assert (tmp_path / "a.bin").stat().st_mode == (tmp_path / "as usual").stat().st_mode


def test_the_umask_is_as_before_when_a_file_is_done(tmp_path: Path, umask: int) -> None:
    with whole(tmp_path / "a.bin"):
        pass
    assert os.umask(umask) == umask


@pytest.mark.parametrize(
    "name", ["가" * 84 + ".md", " ", "a\nb", "-o"], ids=["as long as can be", "space", "line feed", "dash"]
)
def test_any_name_that_a_file_can_have_will_do(tmp_path: Path, name: str) -> None:
    with whole(tmp_path / name) as file:
        file.write(b"new")
    assert names(tmp_path) == [name]


def fail(file: IO[bytes]) -> None:
    file.write(b"half")
    raise Interruption


def test_several_files_appear_together(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"

    def write_b(file: IO[bytes]) -> None:
        assert not a.exists()
        file.write(b"of b")

    write_together({a: lambda file: file.write(b"of a"), b: write_b})
    assert (a.read_bytes(), b.read_bytes()) == (b"of a", b"of b")
    assert names(tmp_path) == ["a", "b"]


def test_none_of_several_files_appears_when_one_fails(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(Interruption):
        write_together({tmp_path / "a": lambda file: file.write(b"of a"), tmp_path / "b": fail, tmp_path / "c": fail})
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_none_of_several_files_appears_when_one_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(BadInput, match="folder"):
        write_together({tmp_path / "a": lambda file: file.write(b"of a"), tmp_path / "b": fail})
    assert names(tmp_path) == ["b"]


def test_a_file_of_its_own_kind_stands_beside_another() -> None:
    assert beside(Path("there/x.npy"), ".json") == Path("there/x.npy.json")
