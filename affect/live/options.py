"""Command-line options of the webcam program, and the checks of what they ask for together."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from affect import __version__
from affect.command_line import CommandParser, person_code, positive
from affect.emotions import LANGUAGES
from affect.errors import AffectError
from affect.files import is_file, may_replace, same_file, try_folder
from affect.live.bundled import BUNDLED, TRAINED
from affect.live.texts import default_language, text
from affect.model.calibration import SENSITIVITIES
from affect.spoken import said

# What an output may replace: a table of this program's, whatever its name, and a video of the same format.
TABLE = re.compile(rb"(\xef\xbb\xbf)?\"?timestamp_s\b")
VIDEOS = {".mp4": re.compile(rb"....ftyp", re.DOTALL), ".avi": re.compile(rb"RIFF....AVI ", re.DOTALL)}


def parser(language: str | None = None) -> argparse.ArgumentParser:
    """Create the argument parser of the webcam program.   language: of its texts; None: the computer's language."""
    language = language or default_language()

    def told(name: str, **values: str) -> str:
        return text(f"option_{name}", language, **values)

    made = CommandParser(
        language=language,
        prog="affectnet_webcam_detector.py",
        description=told("program"),
        epilog=told("examples"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--source", nargs="+", default=["0"], metavar="SRC", help=told("source"))
    names = {"trained": TRAINED.name, "bundled": BUNDLED.name}
    made.add_argument("--model", type=Path, metavar="FILE.pt", help=told("model", **names))
    made.add_argument("--headless", action="store_true", help=told("headless"))
    made.add_argument("--csv", type=Path, metavar="FILE", help=told("csv"))
    made.add_argument("--save-video", type=Path, metavar="FILE", help=told("save_video"))
    made.add_argument("--max-frames", type=positive, metavar="N", help=told("max_frames"))
    made.add_argument("--record", type=Path, metavar="DIR", help=told("record"))
    made.add_argument("--consent", action="store_true", help=told("consent"))
    made.add_argument("--lang", choices=LANGUAGES, default=language, help=told("lang"))
    made.add_argument("--faces", type=positive, default=1, metavar="N", help=told("faces"))
    made.add_argument("--sensitivity", choices=SENSITIVITIES, default="normal", help=told("sensitivity"))
    made.add_argument("--detector", choices=("haar", "yunet"), default="haar", help=told("detector"))
    made.add_argument("--detector-model", type=Path, metavar="FILE.onnx", help=told("detector_model"))
    made.add_argument("--backend", choices=("onnx", "torch"), default="onnx", help=told("backend"))
    made.add_argument("--jobs", type=positive, metavar="N", help=told("jobs"))
    made.add_argument("--lsl", action="store_true", help=told("lsl"))
    made.add_argument("--person", type=person_code, metavar="CODE", help=told("person"))
    made.set_defaults(folder=None, asked=False)  # set by the start window
    made.add_argument("--version", action="version", version=f"affect {__version__}", help=told("version"))
    return made


def check(options: argparse.Namespace, pictures: bool) -> None:
    """Check the options before anything starts. Raises AffectError for conflicts or an unwritable folder.

    pictures: the sources are a folder of pictures, or several of them.
    """
    if (quoted := _quoted(options.source)) is not None:
        raise AffectError(said("A name with spaces needs quotation marks: {quoted}", quoted=f"--source {quoted}"))
    if pictures and options.save_video:
        raise AffectError(text("pictures_no_video", options.lang))
    if options.person and (pictures or options.faces > 1):
        raise AffectError(text("person_is_one", options.lang))
    if len(options.source) > 1 and options.record is None and not pictures:
        raise AffectError(text("several_need_record", options.lang, quoted=f'"{" ".join(options.source)}"'))
    if options.lsl and len(options.source) > 1:
        raise AffectError(text("lsl_needs_one", options.lang))
    if len(options.source) > 1 and (options.csv or options.save_video) and not pictures:
        raise AffectError(text("several_into_one", options.lang))
    _check_outputs(options)
    if options.record is not None:
        try:
            try_folder(options.record)
        except OSError as error:
            reason = error.strerror or error
            raise AffectError(text("folder_unwritable", options.lang, folder=options.record, reason=reason)) from error


def _check_outputs(options: argparse.Namespace) -> None:
    """Raise AffectError if an output would replace a source, a session, or a file of another kind."""
    outputs = {"--csv": options.csv, "--save-video": options.save_video}
    for option, path in outputs.items():
        if path is None or not is_file(path):
            continue
        if any(is_file(Path(name)) and same_file(path, Path(name)) for name in options.source):
            raise AffectError(text("overwrites_source", options.lang, option=option, path=path))
        kind = VIDEOS.get(path.suffix.lower()) if option == "--save-video" else TABLE
        if kind is not None and not may_replace(path, kind):  # None: a video's name that is refused later
            raise AffectError(text("replaces_other", options.lang, option=option, path=path))
        if is_file(path.parent / "session.json"):
            raise AffectError(text("overwrites_session", options.lang, option=option, path=path))
    if all(outputs.values()) and same_file(options.csv, options.save_video):
        raise AffectError(text("outputs_in_one", options.lang, path=options.csv))


def _quoted(sources: list[str]) -> str | None:
    """Suggest quotation marks if several arguments together are one file's name; None if they are not."""
    typed, start, joined = [], 0, False
    while start < len(sources):
        ends = range(len(sources), start + 1, -1)
        whole = [
            end for end in ends if not is_file(Path(sources[start])) and is_file(Path(" ".join(sources[start:end])))
        ]
        end = whole[0] if whole else start + 1
        name = " ".join(sources[start:end])
        typed.append(f'"{name}"' if " " in name else name)
        joined, start = joined or bool(whole), end
    return " ".join(typed) if joined else None
