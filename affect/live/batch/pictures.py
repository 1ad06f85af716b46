"""Batch analysis of pictures: a folder, or several files, into one table with a row per face and the picture's path."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from tqdm import tqdm

from affect.errors import AffectError
from affect.faces.pictures import is_picture
from affect.files import is_file, is_folder
from affect.live.batch.videos import tell_above_bar
from affect.live.pipeline.classifier import load_classifier
from affect.live.pipeline.pipeline import Pipeline
from affect.live.pipeline.search import create_search
from affect.live.recording.sinks import CsvSink
from affect.live.sources.files import ImageSource
from affect.live.sources.upright import Upright
from affect.live.summary import Summary
from affect.live.terminal import tell, tell_terms
from affect.live.texts import text, told


def pictures_of(sources: Sequence[str]) -> list[Path] | None:
    """Find the pictures that sources stand for; None unless they are a folder of pictures, or several of both.

    A folder stands for all pictures in it and its subfolders, in order of their names.
    """
    paths = [Path(name) for name in sources]
    found = [
        sorted(inside for inside in path.rglob("*") if is_picture(inside)) if is_folder(path) else [path]
        for path in paths
    ]
    pictures = [picture for pictures in found for picture in pictures]
    single = len(paths) == 1 and not is_folder(paths[0])
    if single or not all(found) or not all(is_file(path) and is_picture(path) for path in pictures):
        return None
    return pictures


def analyse_pictures(options: argparse.Namespace, model: Path, pictures: Sequence[Path], summary: Summary) -> int:
    """Analyse pictures, each by itself, with progress on the terminal. Returns the exit code: 2 if one is damaged.

    options: the command line's; with `--csv`, the table has a row for each face, and one for a picture without a face
    or one that cannot be read, which is also told.   Raises AffectError if the table cannot be written.
    """
    classifier = load_classifier(model, options.backend, tell, options.lang, options.sensitivity)
    tell_terms(model, options.lang)
    summary.start(text("pictures", options.lang, count=len(pictures)), classifier.description)
    code = 0
    bar = tqdm(pictures[: options.max_frames], desc=text("pictures_bar", options.lang), unit="")
    with CsvSink(options.csv, paths=True) if options.csv else nullcontext() as table:
        for path in bar:
            search = create_search(options.detector, options.detector_model, still=True)
            pipeline = Pipeline(search, classifier, options.faces)
            try:
                source = ImageSource(path, options.lang)
            except AffectError as error:
                tell_above_bar(f"error: {told(error, options.lang)}")
                code = 2
                if table is not None:
                    table.write(None, [], path)
                continue
            upright = Upright(source, options.lang, partial(_tell_of, path), lambda degrees: None)
            for frame in upright.frames(source.frames()):
                results = pipeline.process(frame)
                upright.saw(bool(results))
                summary.add(frame, results)
                if table is not None:
                    table.write(frame, results, path)
    return code


def _tell_of(path: Path, line: str) -> None:
    tell_above_bar(f"{path}: {line}")
