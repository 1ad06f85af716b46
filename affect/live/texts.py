"""Every sentence that a psychologist reads in the window or on the terminal, in English and Spanish."""

from __future__ import annotations

import locale
import os
from typing import Final

from affect.emotions import LANGUAGES

TEXTS: Final[dict[str, dict[str, str]]] = {
    "no_face": {"en": "no face", "es": "ninguna cara"},
    # the window: bar, help, prompts
    # the session: messages, questions, summary
    "consent_question": {
        "en": "Has the person agreed to be recorded? Only numbers are stored, no picture and no sound.",
        "es": "¿La persona ha aceptado que se la registre? Solo se guardan números, ni imágenes ni sonido.",
    },
    "yes_no": {"en": "y/n", "es": "s/n"},
    "no_consent": {
        "en": "--record needs to know that the person agreed. Ask the person, and add --consent.",
        "es": "--record necesita saber que la persona está de acuerdo. Pregúntele y añada --consent.",
    },
    "consent_declined": {
        "en": "Without consent nothing is recorded. Run without --record to watch only.",
        "es": "Sin consentimiento no se registra nada. Ejecute el programa sin --record para solo mirar.",
    },
    "not_recorded": {"en": "Nothing is recorded.", "es": "No se registra nada."},
    "recording_started": {"en": "Recording into {folder}", "es": "Registrando en {folder}"},
    "recording_ended": {
        "en": "The recording has ended. The report is being made …",
        "es": "El registro ha terminado. Se está preparando el informe …",
    },
    "report_made": {"en": "Report: {path}", "es": "Informe: {path}"},
    "report_failed": {
        "en": "The report could not be made ({reason}). The recording is whole: {folder}",
        "es": "No se ha podido preparar el informe ({reason}). El registro está completo: {folder}",
    },
    "recording_failed": {
        "en": "The recording has stopped. {reason}",
        "es": "El registro se ha detenido. {reason}",
    },
    "needs_recording": {
        "en": "Nothing is being recorded. Press r to start.",
        "es": "No se está registrando nada. Pulse r para empezar.",
    },
    "source_ended": {
        "en": "The source has ended: nothing more is analysed.",
        "es": "La fuente ha terminado: ya no se analiza nada más.",
    },
    "needs_picture": {"en": "There is no picture yet.", "es": "Todavía no hay imagen."},
    "needs_analysis": {
        "en": "Nothing is analysed during a pause. Press p to go on.",
        "es": "Durante una pausa no se analiza nada. Pulse p para continuar.",
    },
    "marker_question": {
        "en": "Marker at {time}. A note, if you like:",
        "es": "Marca en {time}. Una nota, si quiere:",
    },
    "marked": {"en": "Marker at {time}", "es": "Marca en {time}"},
    "baseline_begun": {
        "en": "Baseline: ten seconds with a relaxed, neutral face. b stops it.",
        "es": "Línea base: diez segundos con la cara relajada, neutral. b la detiene.",
    },
    "baseline_no_face": {
        "en": "No face is in view: a baseline needs one.",
        "es": "No hay ninguna cara a la vista: la línea base necesita una.",
    },
    "baseline_too_few": {
        "en": "No baseline: the face was not in view for long enough. Try again.",
        "es": "Sin línea base: la cara no ha estado a la vista el tiempo suficiente. Inténtelo otra vez.",
    },
    "baseline_applied": {
        "en": "Baseline in use. At rest now {changes}. b undoes it.",
        "es": "Línea base en uso. En reposo, ahora {changes}. b la deshace.",
    },
    "baseline_not_neutral": {
        "en": "Baseline in use, but this face did not look neutral: {changes}. b undoes it.",
        "es": "Línea base en uso, pero esta cara no parecía neutral: {changes}. b la deshace.",
    },
    "baseline_unmoved": {
        "en": "Baseline in use: the face at rest was read as neutral already. b undoes it.",
        "es": "Línea base en uso: la cara en reposo ya se leía como neutral. b la deshace.",
    },
    "baseline_stopped": {"en": "Baseline stopped.", "es": "Línea base detenida."},
    "baseline_undone": {"en": "Baseline undone.", "es": "Línea base deshecha."},
    "baseline_gone": {
        "en": "The face of the baseline has gone: the baseline is undone.",
        "es": "La cara de la línea base ya no está: la línea base se ha deshecho.",
    },
    "snapshot_question": {
        "en": "Store pictures of the person in this recording? s then takes one each time.",
        "es": "¿Guardar imágenes de la persona en este registro? Después, s guarda una cada vez.",
    },
    "snapshot_stored": {"en": "Picture stored: {name}", "es": "Imagen guardada: {name}"},
    "signal_lost": {"en": "The source gives no picture.", "es": "La fuente no da imagen."},
    "model_and_source": {
        "en": "Model: {model}. Source: {source}.",
        "es": "Modelo: {model}. Fuente: {source}.",
    },
    "headless": {"en": "No window: {reason}. Running headless.", "es": "Sin ventana: {reason}. Se sigue sin ella."},
    "interrupted": {
        "en": "interrupted; everything up to here is written",
        "es": "interrumpido; todo lo anterior está guardado",
    },
    "summary_line": {
        "en": "{time:8.1f} s  frame {frame:6d}{rate}  {faces}",
        "es": "{time:8.1f} s  imagen {frame:6d}{rate}  {faces}",
    },
    "summary_rate": {"en": "  {fps:5.1f} fps", "es": "  {fps:5.1f} img/s"},
    "summary_face": {"en": "face {id} {label}", "es": "cara {id} {label}"},
    "summary_frames": {
        "en": "{frames} frames of {source} in {took:.1f} s ({rate:.1f} a second)",
        "es": "{frames} imágenes de {source} en {took:.1f} s ({rate:.1f} por segundo)",
    },
    "summary_model": {"en": "model: {model}", "es": "modelo: {model}"},
    "summary_share": {
        "en": "a face in {share:.0%} of the frames",
        "es": "una cara en el {share:.0%} de las imágenes",
    },
    "summary_worth": {
        "en": "These are perceived expressions, not felt emotions.",
        "es": "Son expresiones percibidas, no emociones sentidas.",
    },
    "several_need_record": {
        "en": "Several sources are analysed one after the other into sessions: name a folder for them with --record.",
        "es": "Varias fuentes se analizan una tras otra en sesiones: indique una carpeta para ellas con --record.",
    },
    "several_into_one": {
        "en": "--csv and --save-video take one source. Each session has its own emotions.csv.",
        "es": "--csv y --save-video admiten una sola fuente. Cada sesión tiene su propio emotions.csv.",
    },
    "no_video": {
        "en": "{source} is no video file. Several sources can only be video files.",
        "es": "{source} no es un archivo de vídeo. Varias fuentes solo pueden ser archivos de vídeo.",
    },
    "frames": {"en": "frames", "es": "imágenes"},
    "cut_short": {
        "en": "{source} could be read only up to {read:.0f} s of about {whole:.0f} s: the file is damaged there.",
        "es": "{source} solo se ha podido leer hasta {read:.0f} s de unos {whole:.0f} s: el archivo está dañado ahí.",
    },
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
