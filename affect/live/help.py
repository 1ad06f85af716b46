"""The help page: every key, and what the labels are."""

from __future__ import annotations

from functools import lru_cache

from affect.live.bar import NAMES, SHOWN
from affect.live.lettering import DIM, GROUND, INK, Bgr, beside, key_cap, line, plain, put, put_row, rows, space, words
from affect.live.texts import text
from affect.preprocessing import Image


@lru_cache(maxsize=2)
def help_page(language: str, width: int, height: int, size: int) -> Image:
    """The page, uint8 BGR (height, width, 3).   size: of the letters, in pixels; smaller where not all fits in."""
    page = plain(height, width, GROUND)
    content = _content(language, width, size)
    while content.shape[0] > height and size > 8:
        size -= 1
        content = _content(language, width, size)
    put(page, content, (width - content.shape[1]) // 2, max(0, (height - content.shape[0]) // 2))
    return page


def _content(language: str, width: int, size: int) -> Image:
    column = min(width - 2 * size, 46 * size)
    caps = {name: key_cap(NAMES[name], size, GROUND) for name in SHOWN}
    other = {"pause": text("space", language), "leave": "Esc"}
    caps |= {n: beside([caps[n], key_cap(o, size, GROUND)], size // 3, GROUND) for n, o in other.items()}
    indent = max(cap.shape[1] for cap in caps.values()) + size
    row, gap = round(size * 1.8), space(size)
    blocks: list[tuple[Image | None, list[list[Image]]]] = [
        (None, [[line(text("help_title", language), round(size * 1.5), INK, GROUND, bold=True)]])
    ]
    for name in SHOWN:
        said = _said(text(f"help_{name}", language), column - indent, size, INK)
        blocks.append((caps[name], said))
    for key in ("help_meaning", "help_close"):
        ink = INK if key == "help_meaning" else DIM
        blocks.append((None, _said(text(key, language), column, size, ink)))
    made = plain(sum(len(said) for _, said in blocks) * row + (len(blocks) + 1) * size // 2, column, GROUND)
    y = size // 2
    for cap, said in blocks:
        if cap is not None:
            put(made, cap, 0, y + (row - cap.shape[0]) // 2)
        for line_ in said:
            put_row(made, line_, 0 if cap is None else indent, y, row, gap)
            y += row
        y += size // 2
    return made


def _said(sentence: str, width: int, size: int, ink: Bgr) -> list[list[Image]]:
    return rows(words(sentence, width, size, ink, GROUND), width, space(size))
