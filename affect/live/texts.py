"""Every sentence that a psychologist reads in the window or on the terminal, in English and Spanish."""

from __future__ import annotations

import locale
import os
from typing import Final

from affect.emotions import LANGUAGES
from affect.errors import AffectError

TEXTS: Final[dict[str, dict[str, str]]] = {
    # the sources: cameras, files, streams
    "source_unknown": {
        "en": "There is no source {spec!r}. Name a camera (0, 1, …), a video or image file, "
        "an rtsp:// or http:// address, screen, or demo.",
        "es": "No existe la fuente {spec!r}. Indique una cámara (0, 1, …), un archivo de vídeo o de imagen, "
        "una dirección rtsp:// o http://, screen (la pantalla) o demo.",
    },
    "camera": {"en": "camera {index}", "es": "cámara {index}"},
    "camera_missing": {
        "en": "No camera answers at index {index}. Plug one in, allow this program to use it, or close the "
        "program that holds it; another camera is --source 1, and --source demo runs without one.",
        "es": "No responde ninguna cámara con el número {index}. Conecte una, permita que este programa la use o "
        "cierre el programa que la ocupa; otra cámara se elige con --source 1, y --source demo funciona sin cámara.",
    },
    "camera_silent": {
        "en": "The camera at index {index} opens but gives no picture: another program may be using it. "
        "Close that program, or choose another camera with --source 1.",
        "es": "La cámara número {index} se abre pero no da imagen: quizá la esté usando otro programa. "
        "Ciérrelo o elija otra cámara con --source 1.",
    },
    "stream": {"en": "stream", "es": "transmisión"},
    "stream_missing": {
        "en": "The stream {address} does not answer or is no video. Check the address, the network and the login.",
        "es": "La transmisión {address} no responde o no es un vídeo. Compruebe la dirección, la red y la contraseña.",
    },
    "video": {"en": "video {name}", "es": "vídeo {name}"},
    "video_unreadable": {
        "en": "{path} cannot be read as a video or an image. Check that it plays elsewhere, "
        "or convert it to MP4 (H.264).",
        "es": "No se puede leer {path} como vídeo ni como imagen. Compruebe que se abre con otro programa "
        "o conviértalo a MP4 (H.264).",
    },
    "image": {"en": "image {name}", "es": "imagen {name}"},
    "image_unreadable": {
        "en": "{path} cannot be read as an image. Check that it opens elsewhere.",
        "es": "No se puede leer {path} como imagen. Compruebe que se abre con otro programa.",
    },
    "demo": {"en": "demo clip (NASA portrait)", "es": "demostración (retrato de la NASA)"},
    "source_lost": {
        "en": "The {description} stopped giving pictures after {seconds:.0f} s. "
        "Check the cable or the network and start again.",
        "es": "La fuente ({description}) dejó de dar imágenes a los {seconds:.0f} s. "
        "Compruebe el cable o la red y vuelva a empezar.",
    },
    # the screen as a source
    "screen": {"en": "screen {region}", "es": "pantalla {region}"},
    "screen_malformed": {
        "en": "{given!r} is no rectangle of the screen. Give its left edge, top edge, width and height in pixels, "
        "at least {smallest} wide and high: --source screen:100,200,640,480. To draw it: --source screen:new.",
        "es": "{given!r} no es un rectángulo de la pantalla. Indique su borde izquierdo, borde superior, ancho y alto "
        "en píxeles, con al menos {smallest} de ancho y de alto: --source screen:100,200,640,480. "
        "Para dibujarlo: --source screen:new.",
    },
    "screen_outside": {
        "en": "The rectangle {region} is not wholly on the screen. The desktop is {width}×{height} pixels "
        "(monitors: {monitors}). Give another, or draw it: --source screen:new.",
        "es": "El rectángulo {region} no está entero dentro de la pantalla. El escritorio mide {width}×{height} "
        "píxeles (monitores: {monitors}). Indique otro o dibújelo: --source screen:new.",
    },
    "screen_no_display": {
        "en": "There is no screen to read: this program runs without a display, or the display does not answer. "
        "Start it from the desktop on which the call is shown.",
        "es": "No hay pantalla que leer: este programa se ejecuta sin pantalla, o esta no responde. "
        "Inícielo desde el escritorio en el que se ve la videollamada.",
    },
    "screen_libraries": {
        "en": "The screen cannot be read: {reason}. Install what is missing: "
        "sudo apt-get install libxcb-randr0 libxcb-render0 libxcb-shm0 libxcb-xfixes0",
        "es": "No se puede leer la pantalla: {reason}. Instale lo que falta: "
        "sudo apt-get install libxcb-randr0 libxcb-render0 libxcb-shm0 libxcb-xfixes0",
    },
    "screen_wayland": {
        "en": "This desktop runs on Wayland, which lets no program see the other windows. Choose an Xorg session where "
        "you log in, or show the call through OBS Studio's virtual camera and name that camera: --source 1.",
        "es": "Este escritorio funciona con Wayland, que no deja que un programa vea las demás ventanas. Elija una "
        "sesión Xorg al entrar, o pase la videollamada por la cámara virtual de OBS Studio e indique esa cámara: "
        "--source 1.",
    },
    "screen_forbidden": {
        "en": "macOS does not let this program see the screen. Allow it for the application you start it from "
        "(Terminal, for example) under System Settings > Privacy & Security > Screen & System Audio Recording, quit "
        "that application, open it again, and start once more.",
        "es": "macOS no permite que este programa vea la pantalla. Autorice la aplicación desde la que lo inicia "
        "(por ejemplo, Terminal) en Ajustes del Sistema > Privacidad y seguridad > Grabación de pantalla y audio del "
        "sistema, ciérrela, ábrala de nuevo y vuelva a empezar.",
    },
    "screen_unreadable": {
        "en": "The screen cannot be read ({reason}). Unlock it, and start again from the desktop that shows the call.",
        "es": "No se puede leer la pantalla ({reason}). Desbloquéela y vuelva a empezar desde el escritorio en el que "
        "se ve la videollamada.",
    },
    "screen_lost": {
        "en": "The screen could not be read for {seconds:.0f} s ({reason}). If a monitor was changed, choose the "
        "rectangle anew: --source screen:new.",
        "es": "No se pudo leer la pantalla durante {seconds:.0f} s ({reason}). Si ha cambiado un monitor, elija de "
        "nuevo el rectángulo: --source screen:new.",
    },
    "screen_one_colour": {
        "en": "The chosen part of the screen shows a single colour. If it stays so, the call's window is somewhere "
        "else, minimised, or protected against being captured.",
        "es": "La parte elegida de la pantalla muestra un solo color. Si sigue así, la ventana de la videollamada está "
        "en otro sitio, minimizada o protegida contra capturas.",
    },
    "screen_remembered": {
        "en": "The part of the screen that was chosen last time is used: {region}. To choose anew: --source screen:new",
        "es": "Se usa la parte de la pantalla elegida la última vez: {region}. Para elegir otra: --source screen:new",
    },
    "screen_kept": {
        "en": "Chosen: {region}. It is remembered in {file}. To choose anew: --source screen:new",
        "es": "Elegido: {region}. Se recuerda en {file}. Para elegir otra parte: --source screen:new",
    },
    "screen_not_kept": {
        "en": "Chosen: {region}. It could not be remembered in {file} ({reason}); next time: --source screen:{region}",
        "es": "Elegido: {region}. No se pudo guardar en {file} ({reason}); la próxima vez: --source screen:{region}",
    },
    "screen_not_chosen": {
        "en": "No part of the screen was chosen, so nothing was started. Start again and draw the rectangle, or give "
        "it: --source screen:100,200,640,480.",
        "es": "No se eligió ninguna parte de la pantalla, así que no se ha iniciado nada. Vuelva a empezar y dibuje el "
        "rectángulo, o indíquelo: --source screen:100,200,640,480.",
    },
    "screen_hint_draw": {
        "en": "Draw a rectangle around the patient's picture with the mouse  ·  Esc: cancel",
        "es": "Dibuje con el ratón un rectángulo alrededor de la imagen del paciente  ·  Esc: cancelar",
    },
    "screen_hint_accept": {
        "en": "Enter or space: use this rectangle  ·  Draw again to change it  ·  Esc: cancel",
        "es": "Intro o espacio: usar este rectángulo  ·  Dibuje otra vez para cambiarlo  ·  Esc: cancelar",
    },
    "screen_hint_small": {
        "en": "This rectangle is too small: draw one of at least {smallest}×{smallest} pixels  ·  Esc: cancel",
        "es": "Este rectángulo es demasiado pequeño: dibuje uno de al menos {smallest}×{smallest} píxeles  ·  "
        "Esc: cancelar",
    },
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
    # files that cannot be written or used
    "recording_unwritable": {
        "en": "{path} cannot be written ({reason}). What was recorded before is whole. Make room, or choose another "
        "folder with --record.",
        "es": "No se puede escribir {path} ({reason}). Lo registrado hasta ahora está completo. Libere espacio o elija "
        "otra carpeta con --record.",
    },
    "folder_unwritable": {
        "en": "No session can be recorded in {folder} ({reason}). Choose another folder with --record.",
        "es": "No se puede registrar ninguna sesión en {folder} ({reason}). Elija otra carpeta con --record.",
    },
    "csv_unwritable": {
        "en": "{path} cannot be written ({reason}). Name another file with --csv.",
        "es": "No se puede escribir {path} ({reason}). Indique otro archivo con --csv.",
    },
    "video_unwritable": {
        "en": "{path} cannot be written ({reason}). Name another file with --save-video.",
        "es": "No se puede escribir {path} ({reason}). Indique otro archivo con --save-video.",
    },
    "video_ending": {
        "en": "--save-video {path}: the name must end in .mp4 or .avi.",
        "es": "--save-video {path}: el nombre debe terminar en .mp4 o .avi.",
    },
    "model_missing": {
        "en": "The model file {path} does not exist. Choose one with --model, or train it with "
        "python -m affect.training.",
        "es": "El archivo del modelo {path} no existe. Elija otro con --model o entrénelo con "
        "python -m affect.training.",
    },
    "model_unusable": {
        "en": "{reason}",
        "es": "No se puede usar este modelo. Elija otro con --model. Detalle técnico: {reason}",
    },
    "detector_unusable": {
        "en": "{reason}",
        "es": "No se puede usar este detector de caras. Detalle técnico: {reason}",
    },
    "preparing": {
        "en": "Preparing {name} for this computer (once) …",
        "es": "Preparando {name} para este ordenador (una sola vez) …",
    },
    "export_unknown": {
        "en": "{name} was not made on this computer, or has been changed since: it is not used. Preparing {model} "
        "anew (once) …",
        "es": "{name} no se creó en este ordenador o se ha modificado después: no se usa. Preparando {model} de nuevo "
        "(una sola vez) …",
    },
    "export_foreign": {
        "en": "{name} was not made by this program and is left as it is. Preparing {model} for this computer (once) …",
        "es": "{name} no lo ha creado este programa y se deja como está. Preparando {model} para este ordenador (una "
        "sola vez) …",
    },
    "export_unkept": {
        "en": "What was prepared cannot be kept in {folder} ({reason}): every start will take as long. Name another "
        "folder in the variable AFFECT_CACHE.",
        "es": "Lo preparado no se puede guardar en {folder} ({reason}): cada inicio tardará lo mismo. Indique otra "
        "carpeta en la variable AFFECT_CACHE.",
    },
    # why there is no window
    "display_unset": {"en": "there is no display (DISPLAY is not set)", "es": "no hay pantalla (falta DISPLAY)"},
    "display_missing": {"en": "the display {name} does not exist", "es": "la pantalla {name} no existe"},
    "display_silent": {"en": "the display {name} does not answer", "es": "la pantalla {name} no responde"},
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
        "es": "{time:8.1f} s  fotograma {frame:6d}{rate}  {faces}",
    },
    "summary_rate": {"en": "  {fps:5.1f} fps", "es": "  {fps:5.1f} fps"},
    "summary_face": {"en": "face {id} {label}", "es": "cara {id} {label}"},
    "summary_frames": {
        "en": "{frames} frames of {source} in {took:.1f} s ({rate:.1f} a second)",
        "es": "{frames} fotogramas de {source} en {took:.1f} s ({rate:.1f} por segundo)",
    },
    "summary_model": {"en": "model: {model}", "es": "modelo: {model}"},
    "summary_share": {
        "en": "a face in {share} of the frames",
        "es": "una cara en el {share} de los fotogramas",
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
    "frames": {"en": "frames", "es": "fotogramas"},
    "cut_short": {
        "en": "{source} could be read only up to {read:.0f} s of about {whole:.0f} s: the file is damaged there.",
        "es": "{source} solo se ha podido leer hasta {read:.0f} s de unos {whole:.0f} s: el archivo está dañado ahí.",
    },
}


def text(key: str, language: str, **values: object) -> str:
    """A sentence of TEXTS in a language, with its {placeholders} filled. Raises KeyError for an unknown one."""
    return TEXTS[key][language].format(**values)


class TextError(AffectError):
    """An error whose sentence is in TEXTS. As a string it is English; `told` gives it in the person's language."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(text(key, "en", **values))
        self.key, self.values = key, values


def told(error: BaseException, language: str) -> str:
    """An error for a person: in `language` where its sentence is in TEXTS, else as it is."""
    return text(error.key, language, **error.values) if isinstance(error, TextError) else str(error)


def percent(share: float, language: str) -> str:
    """A share, 0…1, in whole per cent: "82%", in Spanish "82 %" with a space that does not break."""
    return f"{share * 100:.0f}\N{NO-BREAK SPACE}%" if language == "es" else f"{share * 100:.0f}%"


def default_language() -> str:
    """The language of the user's locale where it is one of ours, else English."""
    told = next((os.environ[n] for n in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(n)), None)
    if told is None:  # Windows tells it another way
        told = locale.getlocale()[0] or ""
    code = "es" if told.lower().startswith(("es_", "es-", "spanish")) or told.lower() == "es" else "en"
    return code if code in LANGUAGES else "en"
