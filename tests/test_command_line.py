"""Numbers on the command lines: what cannot be meant ends the command before it begins."""

from __future__ import annotations

import argparse
import errno
import io
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tqdm import tqdm

from affect.command_line import (
    CommandParser,
    exit_code_of,
    lost_output,
    positive,
    seed_number,
    steady_streams,
    takes_output,
)
from affect.datasets import sample
from affect.training.__main__ import main as training_main
from tests.conftest import REPOSITORY


def test_a_count_is_one_or_more() -> None:
    assert [positive(text) for text in ("1", " 12 ", "3000")] == [1, 12, 3000]
    for text in ("0", "-3", "1.5", "many", ""):
        with pytest.raises(argparse.ArgumentTypeError, match="no whole number of 1 or more"):
            positive(text)


def test_a_seed_is_what_every_generator_takes() -> None:
    assert [seed_number(text) for text in ("0", "42", "4294967295")] == [0, 42, 2**32 - 1]
    for text in ("-1", "4294967296", "0.5", "random"):
        with pytest.raises(argparse.ArgumentTypeError, match="is no seed: give a whole number from 0 to 4294967295"):
            seed_number(text)


@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (training_main, ["v1", "--epochs", "0"]),
        (training_main, ["v1", "--epochs", "-1"]),
        (training_main, ["v1", "--limit", "0"]),
        (training_main, ["v1", "--image-size", "-64"]),
        (training_main, ["v1", "--seed", "-1"]),
        (sample.main, ["faces", "--train", "0"]),
        (sample.main, ["faces", "--val", "-1"]),
        (sample.main, ["faces", "--size", "0"]),
        (sample.main, ["faces", "--seed", "-1"]),
    ],
)
def test_a_research_command_refuses_a_number_that_cannot_be_meant(
    main: Callable[[list[str]], int], arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    assert leaving.value.code == 2
    assert f"{arguments[-1]} is no " in capsys.readouterr().err


def test_every_command_has_the_parser_that_makes_ready_for_any_terminal() -> None:
    sources = [path for room in ("affect", "benchmarks") for path in (REPOSITORY / room).rglob("*.py")]
    texts = {path: path.read_text(encoding="utf-8") for path in sources}
    assert sum(" = CommandParser(" in text for text in texts.values()) > 15
    assert [path for path, text in texts.items() if " = argparse.ArgumentParser(" in text] == []


def told_by(given: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    parser = CommandParser(prog="p")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--flag", action="store_true")
    parser.add_argument("folder", nargs="?")
    with pytest.raises(SystemExit) as leaving:
        parser.parse_args(given)
    assert leaving.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("given", "piece"),
    [
        (["f", "--data", "my", "pictures"], '--data "my pictures"'),
        (["f", "--data", "my", "own", "pictures", "--flag"], '--data "my own pictures"'),
        (["my", "folder"], '"my folder"'),
    ],
)
def test_unquoted_words_are_shown_as_they_should_be_typed(
    given: list[str], piece: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told_by(given, capsys).endswith(f". A name with spaces needs quotation marks: {piece}")


def test_an_unknown_option_is_no_name_with_spaces(capsys: pytest.CaptureFixture[str]) -> None:
    assert told_by(["f", "--dta", "x"], capsys) == "p: error: unknown arguments: --dta x"


def test_what_stands_on_a_command_line_does_not_colour_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert told_by(["f", "\x1b[31m\udcff"], capsys).startswith("p: error: unknown arguments: \\x1b[31m\\xff")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437", "utf-8", "utf-16"])
def test_any_text_goes_out_in_any_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding) for name in ("stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    steady_streams()
    told = "línea\N{NO-BREAK SPACE}… 会話 \N{MINUS SIGN}3 \udcff \N{GRINNING FACE}"
    for stream in streams.values():
        print(told, file=stream, flush=True)
        shown = stream.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
        assert "\\xff" in shown
        if encoding == "ascii":
            assert shown.rstrip() == "linea ... \\u4f1a\\u8a71 \\u22123 \\xff \\U0001f600"
        if encoding.startswith("utf"):
            assert shown.rstrip() == told.replace("\udcff", "\\xff")


@pytest.mark.parametrize("closed", [("stdout",), ("stderr",), ("stdin", "stdout", "stderr")])
def test_closed_streams_are_none_to_stumble_over(closed: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in closed:
        monkeypatch.setattr(sys, name, None)
    steady_streams()
    print("to nobody")
    print("to nobody", file=sys.stderr, flush=True)
    assert all(getattr(sys, name) is not None for name in closed)
    if "stdin" in closed:
        assert sys.stdin.read() == ""


def test_a_typed_answer_that_the_encoding_cannot_read_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("sí\n".encode()), "ascii"))
    steady_streams()
    assert sys.stdin.readline() == "s\ufffd\ufffd\n"


def to_full_disk(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Make stdout or stderr files on a full disk, and steady."""
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    for name in names:
        stream = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115
        monkeypatch.setattr(sys, name, stream)
        monkeypatch.setattr(sys, f"__{name}__", stream)
    steady_streams()


def test_output_on_a_full_disk_is_dropped_and_the_error_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    to_full_disk(monkeypatch, "stdout", "stderr")
    assert lost_output() is None
    print("x" * 100_000, flush=True)
    for _ in tqdm(range(3), file=sys.stderr):
        print("y", file=sys.stderr)
    lost = lost_output()
    assert lost is not None
    assert lost.errno == errno.ENOSPC


def test_a_result_that_stdout_did_not_take_is_no_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    to_full_disk(monkeypatch, "stdout")
    done = []

    def work() -> None:
        print("a table")  # written by Python only at the end
        done.append("what comes after it")

    assert exit_code_of(work, "try again") == 2
    assert done == ["what comes after it"]
    assert capsys.readouterr().err.startswith("error: the disk is full, not everything can be written.")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of Unix")
def test_a_pipe_that_nobody_reads_on_takes_no_output() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "w") as stream:
        assert takes_output(stream)
        os.set_blocking(writing, False)
        with suppress(BlockingIOError):
            while os.write(writing, bytes(4096)):
                pass
        assert not takes_output(stream)
    assert takes_output(io.StringIO())
    assert takes_output(stream)  # closed


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of Unix")
def test_a_full_pipe_that_does_not_wait_loses_the_line_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while os.write(writing, bytes(4096)):
            pass
    with os.fdopen(reading), os.fdopen(writing, "w") as stream:
        for name in ("stdout", "__stdout__"):
            monkeypatch.setattr(sys, name, stream)
        steady_streams()
        print("x", flush=True)
        assert isinstance(lost_output(), BlockingIOError)


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe of Unix")
def test_a_reader_that_goes_away_leaves_no_complaint_at_the_end() -> None:
    program = (
        "import sys; from affect.command_line import steady_streams; steady_streams(); sys.stdin.read(); print('x')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=REPOSITORY, env={k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"},
    ) as process:  # fmt: skip
        process.stdout.close()
        process.stdin.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""


def test_a_command_of_somebody_without_a_home_folder_says_so_once(
    homeless: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        CommandParser(prog="p").parse_args([])
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert told[0].startswith(f"There is no home folder to write to: {Path.home()} takes its place")
