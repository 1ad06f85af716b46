"""What the windows remember between two starts: choices and positions, in one JSON file; nothing about persons."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from platformdirs import user_config_path

from affect.files import write_text


@dataclass
class Settings:
    """Choices of the start window and of the live window.

    language, sensitivity, model, folder: as on the command line; "" for the default.   camera: its number.
    kind:     "camera", "screen", "files" or "demo".   on_top: the compact window stays above the others.
    places:   [x, y, width, height] of the window's frame in Qt's pixels, by form ("compact", "full").
    """

    language: str = ""
    kind: str = "camera"
    camera: int = 0
    model: str = ""
    folder: str = ""
    sensitivity: str = "normal"
    on_top: bool = True
    places: dict[str, list[int]] = field(default_factory=dict)

    def save(self) -> None:
        """Write them for the next start; where that is not possible, they are forgotten."""
        with suppress(OSError):
            write_text(settings_file(), json.dumps(asdict(self)), mode=0o600)


def settings_file() -> Path:
    """Path of the settings: `window.json` in the user's configuration folder."""
    return user_config_path("affect") / "window.json"


def load() -> Settings:
    """Read the settings; what is missing, damaged or of another type has its default."""
    settings = Settings()
    with suppress(OSError, ValueError, RecursionError):
        kept = json.loads(settings_file().read_text(encoding="utf-8"))
        for known in fields(settings) if isinstance(kept, dict) else ():
            if type(kept.get(known.name)) is type(getattr(settings, known.name)):
                setattr(settings, known.name, kept[known.name])
    settings.places = {
        form: place
        for form, place in settings.places.items()
        if isinstance(place, list) and len(place) == 4 and all(type(value) is int for value in place)
    }
    return settings
