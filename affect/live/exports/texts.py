"""All texts of the exports in English and Spanish."""

from __future__ import annotations

from typing import Final

EXPORT_TEXTS: Final[dict[str, dict[str, str]]] = {
    # sheets
    "summary": {"en": "summary", "es": "resumen"},
    "seconds": {"en": "per second", "es": "por segundo"},
    "markers": {"en": "markers", "es": "marcas"},
    "notes": {"en": "notes", "es": "notas"},
    # columns
    "time": {"en": "time", "es": "tiempo"},
    "clock_time": {"en": "clock time", "es": "hora"},
    "face": {"en": "face", "es": "cara"},
    "state": {"en": "state", "es": "estado"},
    "expression": {"en": "expression", "es": "expresión"},
    "confidence": {"en": "confidence", "es": "confianza"},
    "valence": {"en": "valence (derived)", "es": "valencia (derivada)"},
    "quality": {"en": "quality", "es": "calidad"},
    "marker": {"en": "marker", "es": "marca"},
    "number": {"en": "number", "es": "número"},
    "note": {"en": "note", "es": "nota"},
    "label_before": {"en": "expression in the 10 s before", "es": "expresión en los 10 s anteriores"},
    "share_before": {"en": "its share of the time", "es": "su parte del tiempo"},
    "valence_before": {"en": "valence before", "es": "valencia antes"},
    "label_after": {"en": "expression in the 10 s after", "es": "expresión en los 10 s posteriores"},
    "share_after": {"en": "its share of the time", "es": "su parte del tiempo"},
    "valence_after": {"en": "valence after", "es": "valencia después"},
    # states of a second
    "seen": {"en": "face seen", "es": "cara vista"},
    "none": {"en": "no face", "es": "sin cara"},
    "paused": {"en": "paused", "es": "en pausa"},
    "lost": {"en": "no signal", "es": "sin señal"},
    "unrecorded": {"en": "not analysed", "es": "sin analizar"},
    "excluded": {"en": "excluded", "es": "excluido"},
    # summary
    "file": {"en": "file", "es": "archivo"},
    "date": {"en": "date", "es": "fecha"},
    "duration": {"en": "duration", "es": "duración"},
    "seen_for": {"en": "seen for", "es": "vista durante"},
    "mean_valence": {"en": "mean valence (derived)", "es": "valencia media (derivada)"},
    "pleasant": {"en": "time with valence above 0", "es": "tiempo con valencia mayor que 0"},
    "unpleasant": {"en": "time with valence below 0", "es": "tiempo con valencia menor que 0"},
    "doubtful": {"en": "time of low quality", "es": "tiempo de calidad baja"},
    "share": {"en": "share of the time seen", "es": "parte del tiempo en que se vio"},
    "mean": {"en": "mean probability", "es": "probabilidad media"},
    "model": {"en": "model", "es": "modelo"},
    # tiers
    "expressions": {"en": "expressions", "es": "expresiones"},
    "low_quality": {"en": "low quality", "es": "calidad baja"},
    # the sheet of notes
    "about": {
        "en": "Perceived expressions, estimated by a program. Not felt emotions, not a diagnosis.",
        "es": "Expresiones percibidas, estimadas por un programa. No son emociones sentidas ni un diagnóstico.",
    },
    "about_seconds": {
        "en": "A row per second and face: the expression shown longest in that second, the mean of its probability "
        "(confidence) and the means of all eight. A session of more than two hours has a row per several seconds.",
        "es": "Una fila por segundo y cara: la expresión mostrada más tiempo en ese segundo, la media de su "
        "probabilidad (confianza) y las medias de las ocho. Una sesión de más de dos horas tiene una fila cada varios "
        "segundos.",
    },
    "about_uncertain": {
        "en": "“Uncertain” means that no expression won clearly, or that the mouth seemed covered.",
        "es": "«Incierto» significa que ninguna expresión destacó con claridad, o que la boca parecía tapada.",
    },
    "about_valence": {
        "en": "Valence is derived, not measured: the probability of happy minus the largest of anger, contempt, "
        "disgust, fear and sad, from −1 (unpleasant) to 1 (pleasant).",
        "es": "La valencia es derivada, no medida: la probabilidad de alegría menos la mayor de enfado, desprecio, "
        "asco, miedo y tristeza, de −1 (desagradable) a 1 (agradable).",
    },
    "about_quality": {
        "en": "Quality tells from the picture how far a reading can be trusted, from 0 to 1. It is low below {least}.",
        "es": "La calidad indica, a partir de la imagen, hasta qué punto es fiable una lectura, de 0 a 1. Es baja por "
        "debajo de {least}.",
    },
    "about_times": {
        "en": "Times count from the start of the recording; for a video file they are the file’s own.",
        "es": "Los tiempos cuentan desde el inicio del registro; en un archivo de vídeo son los del archivo.",
    },
    "private": {
        "en": "This file holds health data about a person. Keep it as you keep their file.",
        "es": "Este archivo contiene datos de salud de una persona. Guárdelo como guarda su historia clínica.",
    },
}


def export_text(key: str, language: str, **values: object) -> str:
    """Text of EXPORT_TEXTS with its {placeholders} filled. Raises KeyError for an unknown key."""
    return EXPORT_TEXTS[key][language].format(**values)
