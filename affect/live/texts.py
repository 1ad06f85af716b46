"""Every sentence that a psychologist reads in the window or on the terminal, in English and Spanish."""

from __future__ import annotations

import locale
import os
from typing import Final

from affect.emotions import LANGUAGES

TEXTS: Final[dict[str, dict[str, str]]] = {
    "no_face": {"en": "no face", "es": "ninguna cara"},
    # the window: bar, help, prompts
    "key_mark": {"en": "marker", "es": "marca"},
    "key_pause": {"en": "pause", "es": "pausa"},
    "key_resume": {"en": "go on", "es": "seguir"},
    "key_baseline": {"en": "baseline", "es": "línea base"},
    "key_baseline_undo": {"en": "undo baseline", "es": "quitar línea base"},
    "key_record": {"en": "record", "es": "registrar"},
    "key_record_end": {"en": "end recording", "es": "terminar registro"},
    "key_snapshot": {"en": "snapshot", "es": "captura"},
    "key_language": {"en": "language", "es": "idioma"},
    "key_help": {"en": "help", "es": "ayuda"},
    "key_leave": {"en": "leave", "es": "salir"},
    "key_yes": {"en": "yes", "es": "sí"},
    "key_no": {"en": "no", "es": "no"},
    "key_done": {"en": "done", "es": "listo"},
    "key_skip": {"en": "skip", "es": "omitir"},
    "enter": {"en": "Enter", "es": "Intro"},
    "space": {"en": "space", "es": "espacio"},
    "not_recording": {"en": "not recording", "es": "sin registro"},
    "paused": {"en": "Paused", "es": "En pausa"},
    "paused_means": {"en": "Nothing is analysed.", "es": "No se analiza nada."},
    "baseline_running": {"en": "baseline", "es": "línea base"},
    "baseline_on": {"en": "baseline applied", "es": "línea base aplicada"},
    "perceived": {"en": "Perceived expression, not felt emotion", "es": "Expresión percibida, no emoción sentida"},
    "help_title": {"en": "Keys", "es": "Teclas"},
    "help_mark": {
        "en": "Marks this moment in the record; a few words can be added.",
        "es": "Marca este momento en el registro; se pueden añadir unas palabras.",
    },
    "help_pause": {
        "en": "Pauses the analysis and goes on; the gap is in the record.",
        "es": "Detiene el análisis y lo reanuda; la pausa consta en el registro.",
    },
    "help_baseline": {
        "en": "Takes ten seconds of this person's neutral face as the baseline; again undoes it.",
        "es": "Toma diez segundos de la cara neutra de esta persona como línea base; otra vez, la quita.",
    },
    "help_record": {
        "en": "Records the session, numbers only, once consent is confirmed; again ends it.",
        "es": "Registra la sesión, solo números, tras confirmar el consentimiento; otra vez, termina el registro.",
    },
    "help_snapshot": {
        "en": "Saves one picture of this moment, after asking.",
        "es": "Guarda una imagen de este momento, previa pregunta.",
    },
    "help_language": {"en": "Cambia a español.", "es": "Switches to English."},
    "help_help": {"en": "Shows this page.", "es": "Muestra esta página."},
    "help_leave": {"en": "Leaves; what was recorded is kept.", "es": "Sale; lo registrado se conserva."},
    "help_meaning": {
        "en": "The labels are expressions as an observer would perceive them in the face, with the model's "
        "calibrated probability; they are not the emotions that the person feels. They are no diagnosis, and no "
        "substitute for your own judgement.",
        "es": "Las etiquetas son expresiones tal como las percibiría un observador en el rostro, con la probabilidad "
        "calibrada del modelo; no son las emociones que la persona siente. No son un diagnóstico ni sustituyen su "
        "juicio profesional.",
    },
    "help_close": {"en": "Any key closes this page.", "es": "Cualquier tecla cierra esta página."},
    # the session: messages, questions, summary
}


def text(key: str, language: str, **values: object) -> str:
    """A sentence of TEXTS in a language, with its {placeholders} filled. Raises KeyError for an unknown one."""
    return TEXTS[key][language].format(**values)


def default_language() -> str:
    """The language of the user's locale where it is one of ours, else English."""
    told = next((os.environ[n] for n in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(n)), None)
    if told is None:  # Windows tells it another way
        told = locale.getlocale()[0] or ""
    code = "es" if told.lower().startswith(("es_", "es-", "spanish")) or told.lower() == "es" else "en"
    return code if code in LANGUAGES else "en"
