"""Analysis of several video files at the same time, each in a process of its own, with a progress bar for each."""

from __future__ import annotations

import argparse
import io
import multiprocessing
import queue
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tqdm import tqdm

from affect.command_line import end_if_asked
from affect.live.batch.videos import FORM, UNTIMED_FORM, analyse_files, tell_above_bar
from affect.live.recording.recording import Consent
from affect.live.sources.files import Source
from affect.live.terminal import tell_terms

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

REPORTED_S: Final = 0.2  # between two messages of a file's progress
POLL_S: Final = 0.1


def analyse_in_parallel(options: argparse.Namespace, model: Path, consent: Consent, jobs: int) -> int:
    """Analyse the files of `options.source`, up to `jobs` at the same time. Returns the exit code, as `analyse_files`.

    A signal ends all of them, each with a whole recording up to there, and raises KeyboardInterrupt here.
    """
    context = multiprocessing.get_context("spawn")
    messages, ending = context.Queue(), context.Event()
    waiting = list(enumerate(options.source))
    running: dict[int, SpawnProcess] = {}
    shown, code = _Shown(), 0
    tell_terms(model, options.lang)
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                number, _ = waiting.pop(0)
                made = context.Process(target=_analyse, args=(options, model, consent, number, messages, ending))
                made.start()
                running[number] = made
            shown.update(messages)
            end_if_asked()
            for number in [n for n, process in running.items() if not process.is_alive()]:
                code = max(code, running.pop(number).exitcode != 0 and 2)
        return code
    finally:
        ending.set()
        for process in running.values():
            while process.is_alive():
                shown.update(messages)
        shown.update(messages)
        shown.close()


def _analyse(
    options: argparse.Namespace, model: Path, consent: Consent, number: int, messages: Queue[Any], ending: Event
) -> None:
    """Analyse one file in a process of its own, which signals to the whole terminal do not interrupt."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    @contextmanager
    def bar_of(source: Source) -> Iterator[_Reported]:
        yield _Reported(getattr(source, "duration_s", None), source.description, number, messages, ending)

    code = 0
    with redirect_stdout(io.StringIO()) as printed, suppress(KeyboardInterrupt):
        code = analyse_files(
            options, model, consent, bar_of, lambda line: messages.put((number, "told", line)), [options.source[number]]
        )
    messages.put((number, "printed", printed.getvalue()))
    messages.close()
    messages.join_thread()
    sys.exit(code)


@dataclass
class _Reported:
    """A progress bar that sends its state to the process that shows it, and raises KeyboardInterrupt if asked to."""

    total: float | None
    name: str
    number: int
    messages: Queue[Any]
    ending: Event
    n: float = 0.0
    sent_at: float = 0.0

    def update(self, n: float) -> None:
        """See `videos.Bar.update`."""
        self.n += n
        parent = multiprocessing.parent_process()
        if self.ending.is_set() or (parent is not None and not parent.is_alive()):
            raise KeyboardInterrupt
        if time.monotonic() - self.sent_at >= REPORTED_S or self.n == self.total:
            self.sent_at = time.monotonic()
            self.messages.put((self.number, "at", (self.name, self.total, self.n)))


@dataclass
class _Shown:
    """The progress bars of all files, and what the processes tell."""

    bars: dict[int, tqdm] = field(default_factory=dict)

    def update(self, messages: Queue[Any]) -> None:
        """Show what has arrived, and what arrives within POLL_S."""
        with suppress(queue.Empty):
            while True:
                number, kind, value = messages.get(timeout=POLL_S)
                if kind == "told":
                    tell_above_bar(value)
                elif kind == "printed":
                    tqdm.write(value.rstrip("\n"), file=sys.stdout)
                else:
                    self._advance(number, *value)

    def _advance(self, number: int, name: str, total: float | None, n: float) -> None:
        if number not in self.bars:
            form = UNTIMED_FORM if total is None else FORM
            self.bars[number] = tqdm(total=total, desc=name, bar_format=form, position=len(self.bars))
        self.bars[number].update(n - self.bars[number].n)

    def close(self) -> None:
        """Leave the bars as they are."""
        for bar in self.bars.values():
            bar.close()
