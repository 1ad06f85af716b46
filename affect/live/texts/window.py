"""Texts of the program and its window in English and Spanish; `affect.live.texts` fills {placeholders}."""

from __future__ import annotations

from typing import Final

WINDOW_TEXTS: Final[dict[str, dict[str, str]]] = {
    "no_face": {"en": "no face", "es": "ninguna cara"},
    "no_face_help": {
        "en": "nearer, light from the front, straight into the camera",
        "es": "más cerca, luz desde delante, de frente a la cámara",
    },
    "no_picture": {"en": "no usable picture", "es": "sin imagen útil"},
    # the window: bar, help, prompts
    "key_mark": {"en": "marker", "es": "marca"},
    "key_pause": {"en": "pause", "es": "pausa"},
    "key_resume": {"en": "go on", "es": "seguir"},
    "key_baseline": {"en": "baseline", "es": "línea base"},
    "key_baseline_undo": {"en": "undo baseline", "es": "quitar línea base"},
    "key_record": {"en": "record", "es": "registrar"},
    "key_record_end": {"en": "end", "es": "terminar"},
    "key_snapshot": {"en": "snapshot", "es": "captura"},
    "key_language": {"en": "language", "es": "idioma"},
    "key_help": {"en": "help", "es": "ayuda"},
    "key_leave": {"en": "leave", "es": "salir"},
    "key_yes": {"en": "yes", "es": "sí"},
    "key_no": {"en": "no", "es": "no"},
    "key_done": {"en": "done", "es": "listo"},
    "key_skip": {"en": "skip", "es": "omitir"},
    "not_recording": {"en": "not recording", "es": "sin registro"},
    "paused": {"en": "Paused", "es": "En pausa"},
    "baseline_running": {"en": "baseline", "es": "línea base"},
    "baseline_on": {"en": "baseline applied", "es": "línea base aplicada"},
    "baseline_on_of": {"en": "baseline of {date} applied", "es": "línea base del {date} aplicada"},
    "baseline_off": {"en": "baseline without effect: face not in view", "es": "línea base sin efecto: cara no visible"},
    "perceived": {"en": "Perceived expression, not felt emotion", "es": "Expresión percibida, no emoción sentida"},
    "valence": {"en": "valence (derived)", "es": "valencia (derivada)"},
    "valence_how": {
        "en": "From −1 (unpleasant) to 1 (pleasant). Not measured but derived: the probability of happy minus the "
        "largest of anger, contempt, disgust, fear and sad.",
        "es": "De −1 (desagradable) a 1 (agradable). No se mide, se deriva: la probabilidad de alegría menos la mayor "
        "de enfado, desprecio, asco, miedo y tristeza.",
    },
    "menu": {"en": "More", "es": "Más"},
    "menu_full": {"en": "Large form, with the picture", "es": "Forma grande, con la imagen"},
    "menu_compact": {"en": "Small form, beside a call", "es": "Forma pequeña, junto a la videollamada"},
    "menu_top": {"en": "Always on top", "es": "Siempre visible"},
    "menu_sensitivity": {"en": "Sensitivity to rare expressions", "es": "Sensibilidad a expresiones raras"},
    "sensitivity_low": {"en": "low: fewer false alarms", "es": "baja: menos falsas alarmas"},
    "sensitivity_normal": {"en": "normal", "es": "normal"},
    "sensitivity_high": {"en": "high: fewer are missed", "es": "alta: se pierden menos"},
    "open_report": {"en": "Open the report", "es": "Abrir el informe"},
    "end_question": {
        "en": "End the recording? Its report is made then.",
        "es": "¿Terminar el registro? Después se prepara el informe.",
    },
    "picture": {"en": "the picture that is analysed", "es": "la imagen que se analiza"},
    "history": {"en": "expressions of the last two minutes", "es": "expresiones de los dos últimos minutos"},
    "ago": {"en": "{time} ago", "es": "hace {time}"},
    "face_number": {
        "en": "Face {number} from the left; in the record, face {id}",
        "es": "Cara {number} desde la izquierda; en el registro, cara {id}",
    },
    "quality_small": {"en": "hard to read: the face is too small", "es": "difícil de leer: la cara es muy pequeña"},
    "quality_blurred": {"en": "hard to read: the picture is blurred", "es": "difícil de leer: imagen borrosa"},
    "quality_light": {
        "en": "hard to read: too dark, or too little contrast",
        "es": "difícil de leer: muy oscuro o con poco contraste",
    },
    "quality_turned": {
        "en": "hard to read: the face is turned, or lit from one side",
        "es": "difícil de leer: cara girada o iluminada de un lado",
    },
    "received": {"en": "Received at {time}: {text}", "es": "Recibido en {time}: {text}"},
    "quality_covered": {"en": "not read: the mouth seems covered", "es": "no se lee: la boca parece cubierta"},
    "help_title": {"en": "Keys", "es": "Teclas"},
    "help_mark": {
        "en": "Marks this moment in the record; a few words can be added.",
        "es": "Marca este momento en el registro; se pueden añadir unas palabras.",
    },
    "help_pause": {
        "en": "Pauses the analysis and goes on, as the space bar does; the gap is in the record.",
        "es": "Detiene el análisis y lo reanuda, igual que la barra espaciadora; la pausa consta en el registro.",
    },
    "help_baseline": {
        "en": "Takes ten seconds of this person's neutral face as the baseline; again undoes it.",
        "es": "Toma diez segundos de la cara neutral de esta persona como línea base; otra vez, la quita.",
    },
    "help_record": {
        "en": "Records the session, numbers only, once consent is confirmed; again ends it, after asking.",
        "es": "Registra la sesión, solo números, tras confirmar el consentimiento; otra vez, lo termina, previa "
        "pregunta.",
    },
    "help_snapshot": {
        "en": "Saves one picture of this moment, after asking.",
        "es": "Guarda una imagen de este momento, previa pregunta.",
    },
    "help_language": {"en": "Cambia a español.", "es": "Switches to English."},
    "help_help": {"en": "Shows this page.", "es": "Muestra esta página."},
    "help_leave": {
        "en": "Leaves, as Esc does; what was recorded is kept.",
        "es": "Sale, igual que Esc; lo registrado se conserva.",
    },
    "help_meaning": {
        "en": "The labels are expressions as an observer would perceive them in the face, with the model's "
        "calibrated probability; they are not the emotions that the person feels. They are no diagnosis, and no "
        "substitute for your own judgement.",
        "es": "Las etiquetas son expresiones tal como las percibiría un observador en el rostro, con la probabilidad "
        "calibrada del modelo; no son las emociones que la persona siente. No son un diagnóstico ni sustituyen su "
        "juicio profesional.",
    },
    "help_close": {"en": "Any key closes this page.", "es": "Cualquier tecla cierra esta página."},
    # the start window
    "start_title": {"en": "What do you want to watch?", "es": "¿Qué quiere observar?"},
    "start_camera": {"en": "A camera", "es": "Una cámara"},
    "start_screen": {"en": "The patient in a video call", "es": "El paciente en una videollamada"},
    "start_files": {"en": "Video files", "es": "Archivos de vídeo"},
    "start_demo": {"en": "A demonstration", "es": "Una demostración"},
    "start_go": {"en": "Start", "es": "Empezar"},
    "start_again": {"en": "Look again", "es": "Buscar otra vez"},
    "start_looking": {"en": "Looking for cameras …", "es": "Buscando cámaras …"},
    "start_no_camera": {
        "en": "No camera answers. Plug one in, allow this program to use it, or close the program that holds it.",
        "es": "No responde ninguna cámara. Conecte una, permita que este programa la use o cierre el programa que la "
        "ocupa.",
    },
    "start_screen_told": {
        "en": "Begin the call, enlarge the patient's picture, and draw a rectangle around it once. It is remembered.",
        "es": "Empiece la videollamada, amplíe la imagen del paciente y dibuje una vez un rectángulo a su alrededor. "
        "Se recuerda.",
    },
    "start_remembered": {
        "en": "The rectangle of last time is used, unless you draw another.",
        "es": "Se usa el rectángulo de la última vez, salvo que dibuje otro.",
    },
    "start_draw": {"en": "Draw the rectangle …", "es": "Dibujar el rectángulo …"},
    "start_some": {"en": "Choose files …", "es": "Elegir archivos …"},
    "start_all": {"en": "Choose a folder …", "es": "Elegir una carpeta …"},
    "start_reports": {
        "en": "Make a report of each, as fast as the computer can, without showing it",
        "es": "Preparar un informe de cada uno, tan rápido como pueda el ordenador, sin mostrarlo",
    },
    "start_demo_told": {
        "en": "NASA's portrait of Eileen Collins, whose expression the program changes, to try everything without a "
        "camera. It goes round until you leave.",
        "es": "El retrato de Eileen Collins, de la NASA, cuya expresión cambia el programa, para probarlo todo sin "
        "cámara. Se repite hasta que usted sale.",
    },
    "start_language": {"en": "Language", "es": "Idioma"},
    "start_model": {"en": "Model", "es": "Modelo"},
    "start_other": {"en": "Another file …", "es": "Otro archivo …"},
    "start_terms": {"en": "Its terms", "es": "Sus condiciones"},
    "start_sensitivity": {"en": "Sensitivity", "es": "Sensibilidad"},
    "start_person": {"en": "Code of the person", "es": "Código de la persona"},
    "start_person_told": {
        "en": "if you like, such as K07; no name",
        "es": "si quiere, por ejemplo K07; ningún nombre",
    },
    "start_folder": {"en": "Recordings go to", "es": "Los registros van a"},
    "start_analysing": {"en": "Analysing …", "es": "Analizando …"},
    "start_cancel": {"en": "Cancel", "es": "Cancelar"},
    "start_analysed": {"en": "Done. The reports are in {folder}", "es": "Listo. Los informes están en {folder}"},
    "start_show": {"en": "Show the folder", "es": "Mostrar la carpeta"},
    "terms_own": {
        "en": "Your own model: the terms of the data that it learned from hold.",
        "es": "Modelo propio: valen las condiciones de los datos con los que aprendió.",
    },
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
    "recording_failed": {"en": "The recording has stopped. {reason}", "es": "El registro se ha detenido. {reason}"},
    "folder_question": {
        "en": "No session can be recorded in {folder} ({reason}). Another folder:",
        "es": "No se puede registrar ninguna sesión en {folder} ({reason}). Otra carpeta:",
    },
    "stdout_unwritable": {
        "en": "Not all that was printed could be written ({reason}). The analysis went on without it.",
        "es": "No se pudo escribir todo lo mostrado ({reason}). El análisis siguió sin ello.",
    },
    "needs_recording": {
        "en": "Nothing is being recorded. Press r to start.",
        "es": "No se está registrando nada. Pulse r para empezar.",
    },
    # errors of the display
    "display_unset": {"en": "there is no display (DISPLAY is not set)", "es": "no hay pantalla (falta DISPLAY)"},
    "display_missing": {"en": "the display {name} does not exist", "es": "la pantalla {name} no existe"},
    "display_silent": {"en": "the display {name} does not answer", "es": "la pantalla {name} no responde"},
    "qt_missing": {
        "en": "PySide6 is not installed; pip install -r requirements-live.txt brings it",
        "es": "PySide6 no está instalado; lo trae pip install -r requirements-live.txt",
    },
    "qt_libraries": {
        "en": "a library for windows is missing ({reason}); install it: sudo apt-get install libegl1 libgl1 "
        "libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0",
        "es": "falta una biblioteca para las ventanas ({reason}); instálela: sudo apt-get install libegl1 libgl1 "
        "libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0",
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
    "baseline_too_little_face": {
        "en": "No baseline: the face was not in view for long enough ({seen:.0f} of {passed:.0f} s). Try again.",
        "es": "Sin línea base: la cara no ha estado a la vista el tiempo suficiente ({seen:.0f} de {passed:.0f} s). "
        "Inténtelo otra vez.",
    },
    "baseline_too_little_picture": {
        "en": "No baseline: there were too few pictures ({seen:.0f} of {passed:.0f} s measured). Try again when the "
        "picture moves smoothly.",
        "es": "Sin línea base: ha habido muy pocas imágenes ({seen:.0f} de {passed:.0f} s medidos). Inténtelo otra "
        "vez cuando la imagen vaya fluida.",
    },
    "baseline_applied": {
        "en": "Baseline in use. At rest now {changes}. b undoes it.{kept}",
        "es": "Línea base en uso. En reposo, ahora {changes}. b la deshace.{kept}",
    },
    "baseline_not_neutral": {
        "en": "Baseline in use, but this face did not look neutral: {changes}. b undoes it.",
        "es": "Línea base en uso, pero esta cara no parecía neutral: {changes}. b la deshace.",
    },
    "baseline_unmoved": {
        "en": "Baseline in use: the face at rest was read as neutral already. b undoes it.{kept}",
        "es": "Línea base en uso: la cara en reposo ya se leía como neutral. b la deshace.{kept}",
    },
    "baseline_earlier": {
        "en": "The baseline of {code} of {date} is in use. b undoes it; b again measures a new one.",
        "es": "La línea base de {code} del {date} está en uso. b la deshace; otra vez b mide una nueva.",
    },
    "baseline_kept": {"en": "It is kept for {code}.", "es": "Se guarda para {code}."},
    "baseline_kept_instead": {
        "en": "It is kept for {code}, in place of that of {date}.",
        "es": "Se guarda para {code}, en lugar de la del {date}.",
    },
    "baseline_none_kept": {
        "en": "No baseline of {code} is kept in {folder}. b measures one, which is kept for the next sessions.",
        "es": "En {folder} no hay ninguna línea base de {code}. b mide una, que se guarda para las próximas sesiones.",
    },
    "baseline_of_other_model": {
        "en": "The kept baseline of {date} is not used: it was measured with another model or sensitivity. b measures "
        "a new one, which replaces it.",
        "es": "La línea base guardada del {date} no se usa: se midió con otro modelo u otra sensibilidad. b mide una "
        "nueva, que la sustituye.",
    },
    "baseline_file_unusable": {
        "en": "The kept baseline cannot be used: {path} is damaged ({reason}). The session goes on without it; delete "
        "the file, or let b measure a new one, which replaces it.",
        "es": "La línea base guardada no se puede usar: {path} está dañado ({reason}). La sesión sigue sin ella; borre "
        "el archivo, o mida con b una nueva, que la sustituye.",
    },
    "baseline_not_kept": {
        "en": "It could not be kept: {path} cannot be written ({reason}).",
        "es": "No se ha podido guardar: no se puede escribir {path} ({reason}).",
    },
    "baseline_stopped": {"en": "Baseline stopped.", "es": "Línea base detenida."},
    "baseline_undone": {"en": "Baseline undone.", "es": "Línea base deshecha."},
    "baseline_gone": {
        "en": "The face of the baseline has gone: the baseline is undone.",
        "es": "La cara de la línea base ya no está: la línea base se ha deshecho.",
    },
    "baseline_away": {
        "en": "The face of the baseline is not in view: the baseline has no effect until it is back. b undoes it.",
        "es": "La cara de la línea base no está a la vista: no tiene efecto hasta que vuelva. b la deshace.",
    },
    "baseline_cut": {
        "en": "The picture has changed to another: the baseline is undone. Press b to measure it again.",
        "es": "La imagen ha cambiado a otra: la línea base se ha deshecho. Pulse b para medirla otra vez.",
    },
    "snapshot_question": {
        "en": "Store pictures of the person in this recording? s then takes one each time.",
        "es": "¿Guardar imágenes de la persona en este registro? Después, s guarda una cada vez.",
    },
    "snapshot_stored": {"en": "Picture stored: {name}", "es": "Imagen guardada: {name}"},
    "model_and_source": {"en": "Model: {model}. Source: {source}.", "es": "Modelo: {model}. Fuente: {source}."},
    "terms_research": {
        "en": "This model learned from AffectNet too: it may be used for research, not commercially. "
        "models/starter_ferplus.pt may be used for anything (MIT).",
        "es": "Este modelo aprendió también de AffectNet: se puede usar para investigar, no con fines comerciales. "
        "models/starter_ferplus.pt se puede usar para todo (MIT).",
    },
    "terms_mit": {
        "en": "This model may be used for anything (MIT).",
        "es": "Este modelo se puede usar para todo (MIT).",
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
    "summary_frames_one": {
        "en": "1 frame of {source} in {took:.1f} s ({rate:.1f} a second)",
        "es": "1 fotograma de {source} en {took:.1f} s ({rate:.1f} por segundo)",
    },
    "summary_frames": {
        "en": "{count} frames of {source} in {took:.1f} s ({rate:.1f} a second)",
        "es": "{count} fotogramas de {source} en {took:.1f} s ({rate:.1f} por segundo)",
    },
    "summary_model": {"en": "model: {model}", "es": "modelo: {model}"},
    "summary_share": {"en": "a face in {share} of the frames", "es": "una cara en el {share} de los fotogramas"},
    "summary_labels": {"en": "read as, in frames:", "es": "leída como, en fotogramas:"},
    "summary_paused": {"en": "paused for {seconds:.0f} s", "es": "en pausa {seconds:.0f} s"},
    "summary_lost": {
        "en": "no usable picture for {seconds:.0f} s; its frames are not counted",
        "es": "sin imagen útil durante {seconds:.0f} s; sus fotogramas no se cuentan",
    },
    "too_dark": {
        "en": "too dark: in {share} of the frames the picture was too dark to find a face; light the face from the "
        "front, or brighten the video",
        "es": "demasiado oscuro: en el {share} de los fotogramas la imagen era demasiado oscura para encontrar una "
        "cara; ilumine la cara de frente o aclare el vídeo",
    },
    "summary_worth": {
        "en": "These are perceived expressions, not felt emotions.",
        "es": "Son expresiones percibidas, no emociones sentidas.",
    },
    "frames": {"en": "fr.", "es": "fot."},  # the same for singular and plural
    "cut_short": {
        "en": "{source} could be read only up to {read_s:.0f} s of about {whole_s:.0f} s: the file is damaged there. "
        "What comes before was analysed. For the rest, copy or convert the file, and start again.",
        "es": "{source} solo se ha podido leer hasta {read_s:.0f} s de unos {whole_s:.0f} s: el archivo está dañado "
        "ahí. Lo anterior se ha analizado. Para el resto, copie o convierta el archivo y empiece de nuevo.",
    },
    "cut_somewhere": {
        "en": "{source} could be read only up to {read_s:.0f} s: the file breaks off or is damaged there. What comes "
        "before was analysed. For the rest, copy or convert the file, and start again.",
        "es": "{source} solo se ha podido leer hasta {read_s:.0f} s: el archivo se corta o está dañado ahí. Lo "
        "anterior se ha analizado. Para el resto, copie o convierta el archivo y empiece de nuevo.",
    },
    "video_black": {
        "en": "All pictures of {source} are black: nothing can be read in them. See in a video player whether the file "
        "shows anything; if it does, convert it to MP4 (H.264).",
        "es": "Todas las imágenes de {source} están en negro: no se puede leer nada en ellas. Compruebe en un "
        "reproductor si el archivo muestra algo; si es así, conviértalo a MP4 (H.264).",
    },
}
