"""Reader of a session's tables, as the program wrote them or as a spreadsheet has saved them. For `session_folder`."""

from __future__ import annotations

import codecs
import csv
import re
import reprlib
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TextIO

from affect.live.texts import TextError

MARK: Final = "\ufeff"  # byte-order mark, which the program does not write
LONGEST_LINE: Final = 1 << 20  # characters; of a longer line only the end is read, which fits no header
ORIGINAL_TIME: Final = re.compile(r"\d+\.\d{3}")  # as the program writes it; spreadsheets drop zeros and change points


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """Open a text file of a session in UTF-8, or in UTF-16 with its MARK, which stays at the beginning.

    Raises AffectError if it is missing, no regular file (a pipe would be waited for), or may not be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise FileNotFoundError
        with path.open("rb") as raw:
            mark = raw.read(2)
        encoding = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(mark, "utf-8")
        file = path.open(encoding=encoding, errors="replace", newline="")
    except FileNotFoundError:
        raise TextError("session_file_missing", path=path) from None
    except OSError as error:
        raise TextError("session_file_forbidden", path=path, reason=error.strerror) from error
    with file:
        yield file


class Table:
    """A CSV file whose columns are found by name, in any order, between commas, semicolons or tabs.

    An incomplete last line is dropped; a file without any line is an empty table.
    columns: names that must be in the header once, that of the time first.   optional: names that older files lack.
    whole_row: name of a column; a line whose cell there is empty holds nothing, and is left out.
    empty: not even a header.   changed: another program has saved the file.
    damaged: number of lines that `rows` has left out.
    Raises AffectError if a column is missing or ambiguous.
    """

    def __init__(
        self,
        path: Path,
        file: TextIO,
        columns: Sequence[str],
        optional: Sequence[str] = (),
        whole_row: str | None = None,
    ) -> None:
        self._path = path
        # with the line's end, which a last line that was cut short lacks
        self._lines = (line for line in iter(lambda: file.readline(LONGEST_LINE), "") if line[-1] in "\r\n")
        line = next(self._lines, "")
        first = line.removeprefix(MARK)
        self._delimiter = next((sign for sign in ",;\t" if set(columns) <= set(_cells(first, sign))), ",")
        self._header = _cells(first, self._delimiter)
        if first and any(self._header.count(name) != 1 for name in columns):
            raise TextError("session_columns", path=path)
        self._at = [self._header.index(name) for name in columns if first]
        as_written = line == first and "\r" not in line and self._at == sorted(self._at)
        present = [name for name in optional if name in self._header]
        self._at += [self._header.index(name) for name in present]
        self._columns = [*columns, *present]
        self._whole_row = self._header.index(whole_row) if first and whole_row else None
        self.empty = not first
        self.changed = not self.empty and not (as_written and self._delimiter == ",")
        self.damaged = 0
        self._fault: tuple[int, str] | None = None  # number of the first such line, and what is wrong in it

    def rows(self, converters: Sequence[Callable[[str], Any]], multiline: bool = False) -> Iterator[list[Any]]:
        """Yield the values of each line, in the order of `columns`; lines that cannot be are left out and counted.

        converters: for each column, the optional ones last; they raise ValueError or KeyError for what the program does
                    not write. A column that the file lacks has no value.
        multiline:  cells between quotation marks may hold line ends; else such a mark spoils only its own line.
        Raises AffectError at the end if most lines were left out: the others are not to be trusted then.
        """
        lines = self._records() if multiline else (_cells(line, self._delimiter) for line in self._lines)
        good = 0
        for count, cells in enumerate(lines, 2):
            values: list[Any] = []
            try:
                if len(cells) != len(self._header):
                    raise ValueError
                if self._whole_row is not None and not cells[self._whole_row]:
                    continue
                for place, convert in zip(self._at, converters, strict=False):  # those of optional columns come last
                    values.append(convert(cells[place]))
            except (KeyError, ValueError):
                self.damaged += 1
                self._fault = self._fault or (count, self._told(cells, len(values)))
                continue
            good += 1
            self.changed = self.changed or not ORIGINAL_TIME.fullmatch(cells[self._at[0]])
            yield values
        if self._fault is not None and self.damaged > good:
            raise TextError("session_changed", path=self._path, line=self._fault[0], cell=self._fault[1])

    def _told(self, cells: list[str], column: int) -> str:
        """What is wrong in a line, for a message: the cell that could not be converted, or the whole line."""
        if len(cells) != len(self._header):
            return reprlib.repr(self._delimiter.join(cells))
        return f"{self._columns[column]} = {reprlib.repr(cells[self._at[column]])}"

    def _records(self) -> Iterator[list[str]]:
        reader = csv.reader(self._lines, delimiter=self._delimiter)
        while True:
            try:
                yield next(reader)
            except csv.Error:  # a cell of more than 131,072 characters; Python 3.10: a zero byte
                yield []
            except StopIteration:
                return


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def number(low: float, high: float) -> Callable[[str], float]:
    """Converter for numbers in a range, with a decimal point or a decimal comma. It raises ValueError for others."""

    def convert(cell: str) -> float:
        value = float(cell.replace(",", ".") if "," in cell else cell)
        if not low <= value <= high:  # NaN as well
            raise ValueError(cell)
        return value

    return convert


def time(cell: str) -> float:
    """Convert a time that a person wrote to seconds: 65, 65.5, 65,5, 1:05, 1:05.5 or 1:01:05. Raises ValueError."""
    *minutes, seconds = cell.strip().split(":")
    if len(minutes) > 2:
        raise ValueError(cell)
    total_s = 0.0
    for part in (*minutes, seconds):
        total_s = 60 * total_s + number(0, 1e9)(part)
    return total_s
