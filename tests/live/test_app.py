"""The program from its command line on, in this process: what is asked, recorded and told."""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

from affect.emotions import LANGUAGES
from affect.faces.preprocessing import Image
from affect.live import display
from affect.live.app import main
from affect.live.bundled import BUNDLED
from affect.live.control import Adjustable, Command, Controller
from affect.live.frame import FaceResult
from affect.live.recording import recorder
from affect.live.sources.files import DemoSource
from affect.live.sources.region import Region
from affect.live.start import progress, window
from affect.live.texts import text
from affect.live.window import app as window_module
from tests.conftest import REPOSITORY
from tests.tools.fake_camera import FakeCamera
from tests.tools.reports import Reports


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


class Person:
    """In front of the window: does something before each frame that is shown. `acts`: what, by the frame's number."""

    acts: dict[int, Callable[[Controller], None]]
    seen: list[int]  # how many faces each frame showed
    classifier: Adjustable

    def __init__(self, controller: Controller, classifier: Adjustable, watched: Region | None = None) -> None:
        self.controller = controller
        Person.classifier = classifier
        self.left = threading.Event()
        Person.seen = []

    def offer(self, picture: Image, results: list[FaceResult]) -> None:
        Person.acts.get(len(Person.seen), lambda _: None)(self.controller)
        Person.seen.append(len(results))

    def run(self, work: Callable[[], None], stop: Callable[[], None], stays: bool) -> None:
        work()
        stop()


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> type[Person]:
    monkeypatch.setattr(window_module, "LiveWindow", Person)
    monkeypatch.setattr(display, "no_window", lambda language="en": None)
    return Person


@pytest.mark.parametrize(("language", "letter"), [("en", "y\n"), ("es", "s\n"), ("es", "Sí\n")])
def test_a_run_without_a_window_asks_on_the_terminal(
    language: str, letter: str, tmp_path: Path, reports: Reports, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "stdin", Terminal(letter))
    arguments = ["--source", "demo", "--headless", "--max-frames", "3", "--lang", language]
    assert main([*arguments, "--record", str(tmp_path / "out")]) == 0
    (folder,) = (tmp_path / "out").iterdir()
    told = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    assert told["consent"]["how"] == "asked"
    assert (told["state"], told["frames"], told["settings"]["language"]) == ("finished", 3, language)
    assert reports.asked == [([folder], language)]
    out, err = capfd.readouterr()
    assert {"en": "[y/n]", "es": "[s/n]"}[language] in err
    assert {"en": "3 frames of demo", "es": "3 fotogramas de demo"}[language] in out


@pytest.mark.parametrize("letter", ["n\n", "\n", ""])
def test_a_no_on_the_terminal_ends_it(
    letter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(letter))
    assert main(["--source", "demo", "--headless", "--lang", "en", "--record", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()
    assert "Without consent nothing is recorded." in capfd.readouterr().err


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "No session can be recorded in"), ("es", "No se puede registrar ninguna sesión en")],
)
def test_a_folder_that_cannot_be_written_ends_a_run_without_a_window(
    language: str, sentence: str, tmp_path: Path, reports: Reports, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("a file")
    arguments = ["--source", "demo", "--headless", "--lang", language, "--consent"]
    assert main([*arguments, "--record", str(tmp_path / "out")]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"error: {sentence} {tmp_path / 'out'} (")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("kind", ["a file", "below a file", "a dead link", "no such drive"])
@pytest.mark.parametrize("windowed", [True, False])
@pytest.mark.parametrize("source", ["demo", "video"])
def test_a_folder_that_cannot_be_recorded_into_is_refused_before_anybody_is_asked(
    kind: str, windowed: bool, source: str, person: type[Person], portrait_video: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "gone" / "far")
    if kind == "no such drive" and sys.platform != "linux":
        pytest.skip("a path below which nobody can make a folder, on Linux")
    names = {"below a file": "file/a/b", "a dead link": "link", "no such drive": "/proc/drive/sessions"}
    folder = tmp_path / names.get(kind, "file")
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    given = "demo" if source == "demo" else str(portrait_video)
    arguments = ["--source", given, "--lang", "en", *([] if windowed else ["--headless"])]
    Person.seen = []
    assert main([*arguments, "--record", str(folder)]) == 2
    out, err = capfd.readouterr()
    assert (out, Person.seen) == ("", [])
    assert err.startswith(f"error: No session can be recorded in {folder} (")
    assert err.endswith("Choose another folder with --record.\n")
    assert len(err.splitlines()) == 1
    assert sys.stdin.read() == "y\n"


@pytest.mark.parametrize("folder", ["new", "new/er/est", "there", "with space"])
def test_a_folder_that_can_be_made_is_no_obstacle_and_is_not_made_without_consent(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "there").mkdir()
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert main(["--source", "demo", "--headless", "--lang", "en", "--record", str(tmp_path / folder)]) == 2
    assert "Without consent" in capfd.readouterr().err
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]


def test_in_the_window_another_folder_can_be_typed_where_the_usual_one_takes_nothing(
    person: type[Person], tmp_path: Path, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    (tmp_path / "affect-sessions").touch()

    def type_another(controller: Controller) -> None:
        controller.command(Command.RECORD)
        controller.answer(controller.status().question.proposed + "2")

    person.acts = {1: type_another, 2: lambda c: c.answer("yes")}
    assert main(["--source", "demo", "--max-frames", "6", "--lang", "en"]) == 0
    (folder,) = (tmp_path / "affect-sessions2").iterdir()
    assert reports.asked == [([folder], "en")]


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize(
    ("files", "words", "typed"),
    [
        (["my talk.mp4"], ["my", "talk.mp4"], '"my talk.mp4"'),
        (["my own", "my own talk.mp4"], ["my", "own", "talk.mp4"], '"my own talk.mp4"'),
        (["a.mp4", "my talk.mp4"], ["a.mp4", "my", "talk.mp4"], 'a.mp4 "my talk.mp4"'),
        (["my talk.mp4", "b c.mp4"], ["my", "talk.mp4", "b", "c.mp4"], '"my talk.mp4" "b c.mp4"'),
        (["my talk 2/x.mp4"], ["my", "talk", "2/x.mp4"], '"my talk 2/x.mp4"'),
        (["0 1.mp4"], ["0", "1.mp4"], '"0 1.mp4"'),
    ],
)
def test_a_name_of_several_unquoted_words_is_shown_as_it_should_be_typed(
    recorded: bool, files: list[str], words: list[str], typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for name in files:
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    more = ["--record", "out", "--consent"] if recorded else ["--headless"]
    for language, sentence in (
        ("en", "A name with spaces needs quotation marks"),
        ("es", "Un nombre con espacios necesita comillas"),
    ):
        assert main(["--source", *words, *more, "--lang", language]) == 2
        assert capfd.readouterr().err == f"error: {sentence}: --source {typed}\n"
    assert not Path("out").exists()


def test_several_words_that_are_no_file_are_told_to_be_maybe_one_name(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--source", "my", "talk.mp4", "--headless", "--lang", "en"]) == 2
    assert 'one name, it needs quotation marks: --source "my talk.mp4"' in capfd.readouterr().err


def test_several_files_that_are_there_are_several_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "a b"):
        Path(name).touch()
    assert main(["--source", "a", "b", "--headless", "--lang", "en"]) == 2
    assert "name a folder for them with --record" in capfd.readouterr().err


@pytest.mark.parametrize("name", ["a\x1b[31m.mp4", "a\nb.mp4", "caf\udce9.mp4", "\u202e4pm"])
@pytest.mark.parametrize("option", ["--source", "--model", "--record", "--csv", "--save-video", "--faces"])
def test_no_option_s_value_reaches_the_terminal_as_it_is(
    name: str, option: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    value = name if option in ("--source", "--faces") else str(tmp_path / "file" / name)
    source = [] if option == "--source" else ["--source", "demo"]
    with suppress(SystemExit):
        assert main([*source, "--headless", "--lang", "en", "--max-frames", "1", option, value]) == 2
    err = capfd.readouterr().err
    assert "error: " in err
    assert not [sign for sign in err if sign in "\x1b\u202e" or "\ud800" <= sign <= "\udfff"]
    assert "\nb.mp4" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="names of bytes are Unix's")
def test_a_model_of_any_name_is_used_and_recorded_as_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(DemoSource, "SECONDS", 0.1)
    name = tmp_path / "=m\udcf3d \x1b[31m.pt"
    for ending in (".pt", ".onnx"):
        shutil.copy(BUNDLED.with_suffix(ending), name.with_suffix(ending))
    to = ["--record", str(tmp_path / "s\udcf3"), "--csv", str(tmp_path / "\udce9.csv"), "--save-video"]
    given = ["--source", "demo", "--headless", "--lang", "en", "--consent", "--model", str(name)]
    assert main([*given, *to, str(tmp_path / "\udce9.mp4")]) == 0
    (session,) = (tmp_path / "s\udcf3").iterdir()
    assert json.loads((session / "session.json").read_bytes())["model"]["file"] == r"=m\xf3d \x1b[31m.pt"
    assert r"=m\xf3d \x1b[31m.pt" in (session / "report.html").read_bytes().decode()
    assert all((tmp_path / output).stat().st_size for output in ("\udce9.csv", "\udce9.mp4"))
    assert "\x1b" not in "".join(capfd.readouterr())


@pytest.mark.skipif(sys.platform == "win32", reason="names of bytes are Unix's")
@pytest.mark.parametrize("content", [None, b"no network"])
def test_a_detector_of_any_name_is_told_as_text(
    content: bytes | None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    name = tmp_path / "d\udce9\x1b[31m.onnx"
    if content is not None:
        name.write_bytes(content)
    given = ["--detector", "yunet", "--detector-model", str(name)]
    assert main(["--source", "demo", "--headless", "--lang", "en", *given]) == 2
    err = capfd.readouterr().err
    assert r"d\xe9\x1b[31m.onnx" in err
    assert "\x1b" not in err


def test_the_help_and_the_mistakes_are_in_the_language_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    for more, words in (([], "opciones"), (["--lang", "en"], "options"), (["--lang=es"], "muestra la versión")):
        with pytest.raises(SystemExit):
            main(["--help", *more])
        assert words in capfd.readouterr().out
    for given, told in (
        (["--faces"], "falta su valor"),
        (["--faces", "--lang", "en"], "expected one argument"),
        (["--faces", "0", "--lang", "es"], "no es un número entero"),
        (["--lang", "fr"], "'fr' no vale"),
    ):
        with pytest.raises(SystemExit):
            main(given)
        assert told in capfd.readouterr().err


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_is_explained_and_the_help_fits_a_terminal(language: str) -> None:
    from affect.live.options import parser

    made = parser(language)
    assert all(action.help for action in made._actions)
    assert "{" not in re.sub(r"\{\w+(,\w+)+\}", "", made.format_help())  # nothing left to fill in but choices
    assert max(map(len, made.format_help().splitlines())) <= 120


def test_in_the_window_the_question_comes_first_and_a_yes_starts_the_recording(
    person: type[Person], tmp_path: Path, reports: Reports
) -> None:
    def agree(controller: Controller) -> None:
        assert controller.status().question.kind == "yes-no"
        assert controller.status().recording_s is None
        controller.answer("yes")

    def leave(controller: Controller) -> None:
        assert controller.status().recording_s > 0
        controller.command(Command.LEAVE)

    person.acts = {
        1: agree,
        5: lambda c: c.command(Command.MARK),
        6: lambda c: c.answer("smiles"),
        10: lambda c: c.command(Command.PAUSE),
        14: lambda c: c.command(Command.PAUSE),
        20: leave,
    }
    assert main(["--source", "demo", "--lang", "es", "--record", str(tmp_path / "out")]) == 0
    (folder,) = (tmp_path / "out").iterdir()
    told = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    assert (told["state"], told["consent"]["how"]) == ("finished", "asked")
    assert person.seen[11:14] == [0, 0, 0]
    assert len(person.seen) == 21
    with (folder / "events.csv").open(encoding="utf-8") as file:
        events = list(csv.DictReader(file))
    assert [(e["event"], e["text"]) for e in events] == [("marker", "smiles"), ("pause", ""), ("resume", "")]
    with (folder / "emotions.csv").open(encoding="utf-8") as file:
        frames = [int(r["frame"]) for r in csv.DictReader(file)]
    assert frames[0] == 2
    assert not {11, 12, 13, 14} & set(frames)
    assert reports.asked == [([folder], "es")]


@pytest.mark.parametrize("leaves", [True, False])
def test_a_note_that_is_being_typed_is_kept_where_the_window_is_closed_or_the_source_ends(
    leaves: bool, person: type[Person], tmp_path: Path, reports: Reports
) -> None:
    def type_and_leave(controller: Controller) -> None:
        for end in range(16):
            controller.draft("smiles, sits up"[:end])
        if leaves:
            controller.command(Command.LEAVE)

    person.acts = {2: lambda c: c.command(Command.MARK), 4: type_and_leave}
    arguments = ["--source", "demo", "--max-frames", "6", "--record", str(tmp_path / "out"), "--consent"]
    assert main(arguments) == 0
    (folder,) = (tmp_path / "out").iterdir()
    with (folder / "events.csv").open(encoding="utf-8") as file:
        assert [(e["event"], e["text"]) for e in csv.DictReader(file)] == [("marker", "smiles, sits up")]


def test_a_no_in_the_window_records_nothing_and_the_run_goes_on(
    person: type[Person], tmp_path: Path, reports: Reports
) -> None:
    person.acts = {1: lambda c: c.answer(None)}
    assert main(["--source", "demo", "--max-frames", "5", "--record", str(tmp_path / "out")]) == 0
    assert len(person.seen) == 5
    assert not (tmp_path / "out").exists()
    assert reports.asked == []


def test_without_a_folder_r_records_into_the_home_folder(
    person: type[Person], tmp_path: Path, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    person.acts = {1: lambda c: (c.command(Command.RECORD), c.answer("yes"))}
    assert main(["--source", "demo", "--max-frames", "5"]) == 0
    assert len(list((tmp_path / "affect-sessions").iterdir())) == 1


@pytest.mark.parametrize(("locale", "language"), [("es_MX.UTF-8", "es"), ("en_GB.UTF-8", "en"), ("C", "en")])
def test_the_language_is_that_of_the_computer(locale: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from affect.live.options import parser

    monkeypatch.setenv("LC_ALL", locale)
    assert parser().parse_args([]).lang == language
    assert parser().parse_args([]).faces == 1


def test_the_demo_goes_round_in_the_window_until_the_person_leaves(
    person: type[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DemoSource, "SECONDS", 0.2)
    person.acts = {15: lambda c: c.command(Command.LEAVE)}
    assert main(["--source", "demo"]) == 0
    assert len(person.seen) == 16


@pytest.mark.parametrize("option", ["--csv", "--save-video"])
@pytest.mark.parametrize(("language", "sentence"), [("en", "is a source"), ("es", "es una de las fuentes")])
@pytest.mark.parametrize("recorded", [False, True])
def test_the_source_is_never_written_over(
    option: str, language: str, sentence: str, recorded: bool,
    portrait_video: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    talk, link = tmp_path / "talk.avi", tmp_path / "link.avi"
    talk.write_bytes(portrait_video.read_bytes())
    link.symlink_to(talk)
    more = ["--record", str(tmp_path / "out"), "--consent"] if recorded else ["--headless"]
    for path in (talk, tmp_path / "sub" / ".." / "talk.avi", link):
        (tmp_path / "sub").mkdir(exist_ok=True)
        assert main(["--source", str(talk), option, str(path), "--lang", language, *more]) == 2
        assert f"{option} {path} {sentence}" in capfd.readouterr().err
    assert talk.read_bytes() == portrait_video.read_bytes()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    ("option", "name", "content"),
    [
        ("--csv", "model.pt", b"PK\x03\x04"), ("--csv", "notes.csv", b"name;date\n"),
        ("--csv", "a", b"<!doctype html>"),
        ("--csv", "talk.mp4", b"\0\0\0\x20ftypisom"), ("--csv", "x.csv", b"x,timestamp_s\n"),
        ("--save-video", "talk.mp4", b"timestamp_s,frame"), ("--save-video", "talk.avi", b"\0\0\0\x20ftypisom"),
        ("--save-video", "talk.mp4", b"RIFF\0\0\0\0AVI "), ("--save-video", "a.mp4", b"PK\x03\x04 ftyp"),
    ],
)  # fmt: skip
def test_no_output_replaces_a_file_of_another_kind(
    option: str, name: str, content: bytes, language: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert main(["--source", "demo", "--headless", "--lang", language, option, str(path)]) == 2
    sentence = {"en": "is there already and is something else", "es": "ya existe y es otra cosa"}[language]
    assert f"{option} {path} {sentence}" in capfd.readouterr().err
    assert path.read_bytes() == content


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_session_s_table_is_not_replaced(language: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "session.json").write_text("{}")
    (tmp_path / "emotions.csv").write_text("timestamp_s,frame\n1.0,2\n")
    outputs = ["--csv", str(tmp_path / "emotions.csv")]
    assert main(["--source", "demo", "--headless", "--lang", language, *outputs]) == 2
    assert {"en": "belongs to it", "es": "forma parte de ella"}[language] in capfd.readouterr().err
    assert (tmp_path / "emotions.csv").read_text() == "timestamp_s,frame\n1.0,2\n"


def test_an_earlier_output_and_an_empty_file_are_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DemoSource, "SECONDS", 0.1)
    table, video, empty = tmp_path / "a.csv", tmp_path / "a.mp4", tmp_path / "empty.csv"
    empty.touch()
    for path in (table, table, empty):
        assert main(["--source", "demo", "--headless", "--csv", str(path), "--save-video", str(video)]) == 0
        assert len(path.read_text().splitlines()) == 4
    table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes())  # saved by a spreadsheet
    assert main(["--source", "demo", "--headless", "--csv", str(table)]) == 0


@pytest.mark.parametrize(("language", "sentence"), [("en", "the same file"), ("es", "el mismo archivo")])
def test_table_and_video_do_not_go_into_one_file(
    language: str, sentence: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    outputs = ["--csv", str(tmp_path / "a.avi"), "--save-video", str(tmp_path / "sub" / ".." / "a.avi")]
    assert main(["--source", "demo", "--headless", "--lang", language, *outputs]) == 2
    assert sentence in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("changed", [True, False])
def test_a_sensitivity_that_is_changed_in_the_window_stands_in_the_next_recording(
    changed: bool, person: type[Person], tmp_path: Path, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.acts = {1: lambda c: Person.classifier.set_sensitivity("high") if changed else None}
    person.acts[2] = lambda c: (c.command(Command.RECORD), c.answer("yes"))
    monkeypatch.setattr(recorder, "home_folder", lambda: tmp_path)
    assert main(["--source", "demo", "--max-frames", "6"]) == 0
    (folder,) = (tmp_path / "affect-sessions").iterdir()
    told = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    assert told["settings"]["sensitivity"] == ("high" if changed else "normal")


def test_a_message_changes_its_language_with_everything_else(person: type[Person]) -> None:
    heard: list[str] = []

    def listen(controller: Controller) -> None:
        controller.command(Command.SNAPSHOT)
        for _ in LANGUAGES:
            heard.append(controller.status().message)
            controller.command(Command.LANGUAGE)

    person.acts = {2: listen}
    assert main(["--source", "demo", "--max-frames", "5", "--lang", "en"]) == 0
    assert heard == [text("needs_recording", "en"), text("needs_recording", "es")]


def test_a_question_changes_its_language_too_and_stays_open(person: type[Person]) -> None:
    heard: list[str] = []

    def listen(controller: Controller) -> None:
        controller.command(Command.RECORD)
        for _ in LANGUAGES:
            heard.append(controller.status().question.text)
            controller.command(Command.LANGUAGE)

    person.acts = {2: listen}
    assert main(["--source", "demo", "--max-frames", "5", "--lang", "en"]) == 0
    assert heard == [text("consent_question", "en"), text("consent_question", "es")]


def test_without_arguments_the_start_window_asks_and_an_error_leads_back_to_it(
    person: type[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    choices, errors = iter([["no such file.mp4"], ["demo"]]), list[str]()

    def ask(options: argparse.Namespace) -> bool:
        options.source, options.asked, options.max_frames = next(choices), True, 3
        return True

    person.acts = {}
    monkeypatch.setattr(window, "ask", ask)
    monkeypatch.setattr(progress, "show_error", errors.append)
    assert main([]) == 0
    assert len(Person.seen) == 3
    assert [error.split(".")[0] for error in errors] == ["There is no source 'no such file"]
    monkeypatch.setattr(window, "ask", lambda options: False)
    Person.seen = []
    assert main([]) == 0
    assert Person.seen == []


# --- a quick start ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [False, True])
def test_a_saved_video_has_every_picture_of_a_camera(camera: type[FakeCamera], kept: bool, tmp_path: Path) -> None:
    options = ["--save-video", str(tmp_path / "out.avi")] if kept else []
    assert main(["--source", "0", "--headless", "--max-frames", "10", *options]) == 0
    assert (camera.decoded == camera.grabbed) == kept


CAMERA = "import cv2; from tests.tools.fake_camera import FakeCamera as fake; cv2.VideoCapture = fake; "
CAMERA += "fake.plugged, fake.size, fake.opened, fake.released, fake.blocks = {0}, (48, 64), [], 0, None; "
CAMERA += "fake.grabbed = fake.decoded = 0"


def started(before: str, source: str) -> set[str]:
    """The slow modules, and Pillow's formats, that a process has imported by its first frame."""
    code = (
        f"import sys; {before}\n"
        "from affect.live.session import Session\n"
        "process = Session.process\n"
        "def first(self, frame, *rest):\n    result = process(self, frame, *rest); print(*sys.modules); return result\n"
        "Session.process = first\n"
        "from affect.live.app import main\n"
        f"main(['--source', {source!r}, '--headless', '--max-frames', '1'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    loaded = {*done.stdout.splitlines()[0].split()}
    assert {"cv2", "onnxruntime"} <= loaded
    heavy = {
        "PIL",
        "pillow_heif",
        "av",
        "jinja2",
        "tqdm",
        "mss",
        "PySide6",
        "torch",
        "pandas",
        "matplotlib",
        "scipy",
        "sklearn",
    }
    return (heavy & loaded) | {m for m in loaded if m.startswith("PIL.") and m.endswith("ImagePlugin")}


def test_a_start_imports_only_what_its_source_needs(portrait_video: Path) -> None:
    """Each of these libraries takes 0.02 to 0.2 s: the camera and the demo need none, a video needs PyAV."""
    assert started(CAMERA, "0") == set()
    assert started("", "demo") == set()
    assert started("", str(portrait_video)) == {"av"}


@pytest.mark.parametrize("more", [["--faces", "2"], ["--source", "PICTURES", "--csv", "CSV"]])
def test_a_code_is_of_one_person_in_one_live_picture_or_video(
    more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"PICTURES": str(tmp_path), "CSV": str(tmp_path / "out.csv")}
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((9, 9, 3), np.uint8))
    more = [places.get(word, word) for word in more]
    assert main(["--source", "demo", "--headless", "--person", "K07", "--lang", "en", *more]) == 2
    assert "--person is for one face at a time" in capsys.readouterr().err


def test_a_name_is_no_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--source", "demo", "--headless", "--person", "Ana María", "--lang", "es"])
    assert ended.value.code == 2
    assert "Ana María no es un código" in capsys.readouterr().err


def test_a_recording_has_the_code_and_the_program_says_that_nothing_is_kept_yet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], reports: Reports
) -> None:
    run = ["--source", "demo", "--headless", "--max-frames", "3", "--record", str(tmp_path), "--consent"]
    assert main([*run, "--person", "k07", "--lang", "en"]) == 0
    assert "No baseline of K07 is kept" in capsys.readouterr().err
    (folder,) = tmp_path.iterdir()
    assert json.loads((folder / "session.json").read_text(encoding="utf-8"))["person"] == "K07"


def test_several_files_cannot_be_streamed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--source", "a.mp4", "b.mp4", "--record", str(tmp_path), "--consent", "--lsl", "--lang", "en"]) == 2
    assert "--lsl sends one source" in capsys.readouterr().err


def test_the_program_streams_and_records_what_it_receives(tmp_path: Path) -> None:
    pylsl = pytest.importorskip("pylsl")
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo("experiment", "Markers", 1, 0, "string", "test_app"))
    sender = threading.Thread(
        target=lambda: outlet.wait_for_consumers(30) and outlet.push_sample(["stimulus"], pylsl.local_clock())
    )
    sender.start()
    options = ["--source", "demo", "--headless", "--max-frames", "300", "--record", str(tmp_path / "out"), "--consent"]
    assert main([*options, "--lsl"]) == 0
    sender.join()
    (folder,) = (tmp_path / "out").iterdir()
    told = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    assert told["lsl"]["streams"] == ["affect", "affect-markers"]
    assert "stimulus" in (folder / "events.csv").read_text(encoding="utf-8")
