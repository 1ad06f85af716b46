from __future__ import annotations

import errno
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from affect import files
from affect.errors import AffectError
from affect.files import (
    atomic_path,
    cache_folder,
    expanded,
    home_folder,
    is_still_at,
    only_one,
    remove_leftovers,
    same_file,
    settle_home,
    sha256_of,
    try_folder,
)
from tests.tools.lock_holder import holder


def test_the_new_file_takes_the_place_of_the_old_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "file.txt"
    with atomic_path(path) as part:
        part.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"


def test_a_folder_that_is_gone_is_made_again_only_where_that_is_wanted(tmp_path: Path) -> None:
    with (
        pytest.raises(FileNotFoundError),
        atomic_path(tmp_path / "sub" / "file.txt", make_folder=False) as part,
    ):
        part.write_text("new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a file that is open")
def test_an_open_file_is_at_its_path_until_it_is_deleted_or_another_is_put_there(tmp_path: Path) -> None:
    path, other = tmp_path / "file.txt", tmp_path / "other.txt"
    with path.open("wb") as file:
        assert is_still_at(path, file.fileno())
        other.hardlink_to(path)
        assert is_still_at(other, file.fileno())
        path.unlink()
        assert not is_still_at(path, file.fileno())
        path.write_text("another's")
        assert not is_still_at(path, file.fileno())


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="half-way"), atomic_path(path) as part:
        part.write_text("half")
        raise RuntimeError("half-way")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_another_program_holds_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, replace, refusals = tmp_path / "file.txt", Path.replace, [PermissionError(13, "Permission denied")] * 4

    def refused(part: Path, to: Path) -> Path:
        """As on Windows, for some tries."""
        if refusals:
            raise refusals.pop()
        return replace(part, to)

    path.write_text("old")
    monkeypatch.setattr(files, "RETRY_S", 0.01)
    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(PermissionError), atomic_path(path) as part:
        part.write_text("not waited for")
    assert (len(refusals), path.read_text()) == (3, "old")
    with atomic_path(path, patience_s=60) as part:
        part.write_text("new")
    assert (len(refusals), path.read_text()) == (0, "new")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_file_can_be_its_owners_alone(tmp_path: Path) -> None:
    for name, arguments, mode in (("all.txt", (), 0o644), ("own.txt", (0o600,), 0o600)):
        with atomic_path(tmp_path / name, *arguments) as part:
            part.write_text("text")
        assert (tmp_path / name).stat().st_mode & 0o777 == mode


def test_two_paths_to_one_file_are_known_whether_it_is_there_or_not(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    roundabout = tmp_path / "sub" / ".." / "a.avi"
    (tmp_path / "sub").mkdir()
    assert same_file(path, roundabout)
    assert not same_file(path, tmp_path / "b.avi")
    path.touch()
    (tmp_path / "b.avi").hardlink_to(path)
    assert same_file(path, roundabout)
    assert same_file(path, tmp_path / "b.avi")
    assert not same_file(path, tmp_path / "c.avi")


def test_the_hash_is_sha256(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"affect" * 1_000_000)
    assert sha256_of(path) == hashlib.sha256(b"affect" * 1_000_000).hexdigest()


def test_only_a_run_s_own_leftovers_are_removed(tmp_path: Path) -> None:
    own, others = tmp_path / ".a.pt.x1.part", [tmp_path / ".b.pt.x1.part", tmp_path / "a.pt", tmp_path / ".a.pt"]
    for path in (own, *others):
        path.write_bytes(b"")
    remove_leftovers(tmp_path / "a.pt")
    assert sorted(tmp_path.iterdir()) == sorted(others)


def test_what_another_process_may_be_writing_is_left(tmp_path: Path) -> None:
    old, new = tmp_path / ".a.npy.x1.part", tmp_path / ".a.npy.x2.part"
    for path in (old, new):
        path.write_bytes(b"")
    os.utime(old, (0, 0))
    remove_leftovers(tmp_path / "a.npy", older_than_s=60)
    assert list(tmp_path.iterdir()) == [new]


def test_there_is_one_cache_folder_and_it_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFFECT_CACHE", str(tmp_path / "named"))
    assert cache_folder() == tmp_path / "named"


@pytest.mark.skipif(sys.platform != "linux", reason="each system has its own place")
def test_unnamed_it_is_where_linux_keeps_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AFFECT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "affect"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "affect"


def test_the_home_folder_is_one_that_is_there_and_takes_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    assert home_folder() == tmp_path
    assert settle_home() is None
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "nonexistent"))
    assert home_folder() is None


def test_a_home_folder_that_takes_nothing_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for missing in (os.W_OK, os.X_OK):  # as root is never refused, the system is asked for another
        monkeypatch.setattr(os, "access", lambda path, mode, no=missing: Path(path).exists() and not mode & no)
        assert home_folder() is None


@pytest.mark.parametrize("home", [None, "/nonexistent", ".", "~"])
def test_who_has_no_home_folder_gets_one_for_a_while(
    home: str | None, homeless: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AFFECT_CACHE")
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    if home is not None:
        monkeypatch.setenv("HOME", home)
    folder = settle_home()
    assert folder is not None
    assert Path.home() == folder
    assert cache_folder().is_relative_to(folder)
    assert home_folder() is None  # it does not last, so no recording goes there
    assert settle_home() is None
    assert list(tmp_path.iterdir()) == []  # no folder called ~


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has /proc")
def test_without_a_place_for_a_temporary_folder_nothing_is_settled(
    homeless: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files.tempfile, "tempdir", "/proc/nowhere")
    assert settle_home() is None


def test_a_tilde_is_the_home_folder_where_that_is_known(homeless: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("~/data", "~nobody-of-that-name/data", "data"):
        assert expanded(path) == Path(path)
    monkeypatch.setenv("HOME", "/home/ana")
    monkeypatch.setenv("USERPROFILE", "/home/ana")
    assert expanded("~/data") == Path("/home/ana/data")


def test_a_folder_is_tried_and_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, tmp_path / "a" / "b" / "c", Path("relative"), Path()):
        try_folder(folder)
        assert list(tmp_path.iterdir()) == []
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "kept").touch()
    try_folder(tmp_path / "there")
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["kept"]


@pytest.mark.parametrize("kind", ["a file", "below a file", "a dead link", "a name too long", "a full disk"])
def test_a_folder_that_takes_nothing_is_refused_and_nothing_stays(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "gone" / "far")
    before = sorted(tmp_path.iterdir())
    names = {"a file": "file", "below a file": "file/a/b", "a dead link": "link", "a name too long": "x/" + "y" * 300}

    def full(path: Path, content: bytes) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    if kind == "a full disk":
        monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError) as refusal:  # noqa: PT011 - its kind differs
        try_folder(tmp_path / names.get(kind, "new/er"))
    told = {"a file": "Not a directory", "below a file": "Not a directory", "a full disk": "No space left on device"}
    assert refusal.value.strerror
    assert told.get(kind) in (None, refusal.value.strerror)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(sys.platform != "linux", reason="even root cannot write to /proc")
def test_a_folder_of_a_read_only_system_is_refused() -> None:
    for folder in ("/proc", "/proc/new/er", "/sys/kernel"):
        with pytest.raises(OSError):  # noqa: PT011 - its kind differs
            try_folder(Path(folder))


@pytest.fixture(params=[0o077, 0o022, 0o002])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.skipif(sys.platform == "win32", reason="no umask there")
def test_a_file_has_the_rights_that_the_umask_gives_a_new_one(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "file.txt"
    for _ in range(2):  # where there was none, and in an old one's place
        with atomic_path(path) as part:
            part.write_text("new")
            assert part.stat().st_mode & 0o777 == 0o666 & ~umask
        assert path.stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.skipif(sys.platform == "win32", reason="no umask there")
def test_rights_that_are_asked_for_do_not_depend_on_the_umask(tmp_path: Path, umask: int) -> None:
    with atomic_path(tmp_path / "mine.txt", mode=0o600) as part:
        part.write_text("mine")
        assert part.stat().st_mode & 0o077 == 0
    assert (tmp_path / "mine.txt").stat().st_mode & 0o777 == 0o600
    with atomic_path(tmp_path / "ours.txt", mode=0o664) as part:
        part.write_text("ours")
    assert (tmp_path / "ours.txt").stat().st_mode & 0o777 == 0o664


@pytest.mark.skipif(sys.platform == "win32", reason="killpg")
def test_a_lock_has_one_owner_and_ends_with_it_but_not_with_its_children(tmp_path: Path) -> None:
    path = tmp_path / "sub" / ".lock"
    with holder(path, "fork") as process:
        with pytest.raises(BlockingIOError), only_one(path):
            pass
        assert path.is_file()
        process.kill()
        process.wait()
        with only_one(path):  # though its child goes on
            assert path.is_file()
        assert not path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no open file")
def test_a_lock_whose_file_its_owner_removes_meanwhile_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, locked = tmp_path / ".lock", files._locked

    def late(path: Path) -> int:
        handle = locked(path)
        path.unlink()
        monkeypatch.setattr(files, "_locked", locked)
        return handle

    monkeypatch.setattr(files, "_locked", late)
    with only_one(path):
        assert path.is_file()


def test_all_leftovers_of_a_folder_are_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in (".a.png.0123456789abcdef.part", ".b.csv.0123456789abcdef.part", "a.png", ".c.part.txt", "d.part"):
        (tmp_path / name).write_text("")
    remove_leftovers(tmp_path / "*")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".c.part.txt", "a.png", "d.part"]


@pytest.mark.parametrize("text", ["", "begin\nold\n", "old\nend\n", "end\nold\nbegin\n"])
def test_without_both_markers_in_order_nothing_is_written_between_them(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(AffectError, match="has no place for figures"):
        files.write_between(page, "begin", "end", lambda old: "new")
    assert page.read_text() == text


def test_what_is_between_two_markers_is_renewed_from_what_was_there(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Before.\nbegin\nold\nend\nAfter.\n")
    files.write_between(page, "begin", "end", lambda old: old.strip() + " and new")
    assert page.read_text() == "Before.\nbegin\nold and new\nend\nAfter.\n"
