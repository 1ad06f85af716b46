"""Texts of the live program's and the report's command line in English and Spanish: help, and errors of folders."""

from __future__ import annotations

from typing import Final

COMMAND_TEXTS: Final[dict[str, dict[str, str]]] = {
    # the webcam program's --help
    "option_program": {
        "en": "Recognise facial expressions live: a camera, a file or a stream in, eight probabilities for each face "
        "out.\nThe labels are perceived expressions, not felt emotions, and no diagnosis.",
        "es": "Reconoce expresiones faciales en directo: entra una cámara, un archivo o una transmisión, y salen ocho\n"
        "probabilidades por cara. Son expresiones percibidas, no emociones sentidas, y no un diagnóstico.",
    },
    "option_examples": {
        "en": """\
examples:
  python affectnet_webcam_detector.py                          the first camera, in a window (q or Esc leaves)
  python affectnet_webcam_detector.py --source demo            without a camera
  python affectnet_webcam_detector.py --record sessions        asks for consent, then records numbers, and a report
  python affectnet_webcam_detector.py --source a.mp4 b.mp4 --record sessions --consent
  python affectnet_webcam_detector.py --source talk.mp4 --headless --csv talk.csv
exit codes: 0 done, 2 wrong arguments or an unusable model or source, 130 Ctrl-C (everything is written)""",
        "es": """\
ejemplos:
  python affectnet_webcam_detector.py                          la primera cámara, en una ventana (q o Esc: salir)
  python affectnet_webcam_detector.py --source demo            sin cámara
  python affectnet_webcam_detector.py --record sesiones        pregunta por el consentimiento; números y un informe
  python affectnet_webcam_detector.py --source a.mp4 b.mp4 --record sesiones --consent
  python affectnet_webcam_detector.py --source charla.mp4 --headless --csv charla.csv
códigos de salida: 0 hecho, 2 opciones erróneas, o modelo o fuente inservibles, 130 Ctrl-C (todo queda escrito)""",
    },
    "option_source": {
        "en": "camera number (default 0), video or image file, rtsp:// or http:// address, demo, or screen (the part "
        "of it that you draw once; screen:new draws anew, screen:X,Y,W,H names it); a folder of pictures, or several; "
        "with --record, several video files",
        "es": "número de cámara (si no se indica, 0), archivo de vídeo o de imagen, dirección rtsp:// o http://, demo, "
        "o screen (la parte de la pantalla que se dibuja una vez; screen:new la dibuja de nuevo, screen:X,Y,W,H la "
        "indica); una carpeta de imágenes o varias imágenes; con --record, varios archivos de vídeo",
    },
    "option_model": {
        "en": "checkpoint (default: models/{trained} if it is there, else the bundled models/{bundled})",
        "es": "modelo entrenado (si no se indica: models/{trained} si existe; si no, el incluido models/{bundled})",
    },
    "option_headless": {
        "en": "no window: a line a second and a summary on stdout",
        "es": "sin ventana: una línea por segundo y un resumen en la salida estándar",
    },
    "option_csv": {
        "en": "a row per face and frame (replaces the file)",
        "es": "una fila por cara y fotograma (sustituye el archivo)",
    },
    "option_save_video": {"en": "the annotated video, .mp4 or .avi", "es": "el vídeo con anotaciones, .mp4 o .avi"},
    "option_max_frames": {"en": "stop after N frames", "es": "termina tras N fotogramas"},
    "option_record": {
        "en": "record a session into a folder of its own in DIR: numbers only, and a report; video files are analysed "
        "without a window",
        "es": "registra una sesión en una carpeta propia dentro de DIR: solo números, y un informe; los archivos de "
        "vídeo se analizan sin ventana",
    },
    "option_consent": {
        "en": "the person has agreed to be recorded: do not ask",
        "es": "la persona ha aceptado que se la registre: no preguntar",
    },
    "option_lang": {"en": "language (default: the computer's)", "es": "idioma (si no se indica, el del ordenador)"},
    "option_faces": {"en": "the N largest faces (default 1)", "es": "las N caras mayores (si no se indica, 1)"},
    "option_jobs": {
        "en": "analyse up to N of several video files at the same time (default: half as many as there are cores)",
        "es": "analiza a la vez hasta N de varios vídeos (si no se indica, la mitad de los núcleos que haya)",
    },
    "option_lsl": {
        "en": "send the values of each frame and the markers over Lab Streaming Layer, and record markers that other "
        "programs send; opens a service on the local network; needs: pip install pylsl",
        "es": "envía los valores de cada fotograma y las marcas por Lab Streaming Layer, y registra las marcas que "
        "envían otros programas; abre un servicio en la red local; requiere: pip install pylsl",
    },
    "option_person": {
        "en": "a code of your choosing for the person, such as K07, never a name: the neutral baseline (b) is kept "
        "under it beside the recordings, and applies from the first second of the next sessions",
        "es": "un código que usted elige para la persona, como K07, nunca un nombre: la línea base neutral (b) se "
        "guarda con él junto a los registros, y vale desde el primer segundo de las próximas sesiones",
    },
    "person_is_one": {
        "en": "--person is for one face at a time in a live picture or a video: leave --faces and pictures out.",
        "es": "--person vale para una sola cara a la vez, en directo o en vídeo: no lo use con --faces ni imágenes.",
    },
    "lsl_missing": {
        "en": "--lsl needs pylsl, which is not installed here. Install it: pip install pylsl",
        "es": "--lsl requiere pylsl, que no está instalado aquí. Instálelo: pip install pylsl",
    },
    "lsl_needs_one": {
        "en": "--lsl sends one source as it is analysed. Name one --source.",
        "es": "--lsl envía una fuente mientras se analiza. Indique una sola --source.",
    },
    "option_sensitivity": {
        "en": "how readily rare expressions are named, as contempt, disgust or fear (default normal); low: fewer false "
        "alarms, high: fewer are missed",
        "es": "con qué facilidad se nombran las expresiones raras, como desprecio, asco o miedo (si no se indica, "
        "normal); low: menos falsas alarmas, high: se pierden menos",
    },
    "option_detector": {"en": "face detector (default haar)", "es": "detector de caras (si no se indica, haar)"},
    "option_detector_model": {
        "en": "YuNet's file, for --detector yunet",
        "es": "archivo de YuNet, para --detector yunet",
    },
    "option_backend": {
        "en": "what runs the model (default onnx)",
        "es": "qué ejecuta el modelo (si no se indica, onnx)",
    },
    "option_version": {"en": "show the version and exit", "es": "muestra la versión y termina"},
    # the report's --help
    "option_report": {
        "en": "Make the report of recorded sessions: one HTML file that needs no network and prints on A4.",
        "es": "Prepara el informe de sesiones registradas: un archivo HTML que no necesita red y se imprime en A4.",
    },
    "option_report_examples": {
        "en": """\
examples:
  python -m affect.live.report sessions/2026-11-25_10-00-00           report.html in that folder
  python -m affect.live.report sessions --lang es                     a report in each session's folder
  python -m affect.live.report sessions/K07 --compare --out all.html  one person's sessions side by side
  python -m affect.live.report sessions --table --out study.csv       a row per session, for R, SPSS or pandas
exit codes: 0 done, 2 a folder that is no recorded session, or a file that cannot be written""",
        "es": """\
ejemplos:
  python -m affect.live.report sesiones/2026-11-25_10-00-00               report.html en esa carpeta
  python -m affect.live.report sesiones --lang es                         un informe en la carpeta de cada sesión
  python -m affect.live.report sesiones/K07 --compare --out todas.html    las sesiones de una persona, juntas
  python -m affect.live.report sesiones --table --out estudio.csv         una fila por sesión, para R, SPSS o pandas
códigos de salida: 0 hecho, 2 una carpeta sin sesión registrada o un archivo que no se puede escribir""",
    },
    "exclude_unreadable": {
        "en": "{path} cannot be read to its end. Its columns are start, end and reason; times as the report shows them "
        "(1:05 or 65), each end after its start.",
        "es": "No se puede leer {path} hasta el final. Sus columnas son start, end y reason; los tiempos, como los "
        "muestra el informe (1:05 o 65), cada final después de su inicio.",
    },
    "option_report_table": {
        "en": "instead of reports, a table for statistics: a row per session, and one per marker text in it; on the "
        "terminal or into --out",
        "es": "en lugar de informes, una tabla para estadística: una fila por sesión y otra por texto de marca; en el "
        "terminal o en --out",
    },
    "option_report_folders": {
        "en": "a session's folder, or one that holds several of them",
        "es": "la carpeta de una sesión, o una que contenga varias",
    },
    "option_report_compare": {
        "en": "one page with all sessions side by side, by date",
        "es": "una página con todas las sesiones juntas, por fecha",
    },
    "option_report_out": {
        "en": "the file to write (default: in the session's folder)",
        "es": "el archivo que se escribe (si no se indica, en la carpeta de la sesión)",
    },
    # errors of the report
    "compare_needs_two": {
        "en": "--compare needs two sessions or more. Name their folders.",
        "es": "--compare necesita al menos dos sesiones. Indique sus carpetas.",
    },
    "out_names_one": {
        "en": "--out names one file, but there are {count} sessions. Add --compare for one page.",
        "es": "--out indica un solo archivo, pero hay {count} sesiones. Añada --compare para una sola página.",
    },
    "report_unwritable": {
        "en": "{path} cannot be written ({reason}). Name another file with --out.",
        "es": "No se puede escribir {path} ({reason}). Indique otro archivo con --out.",
    },
    "report_replaces": {
        "en": "{path} is there already and is no report. Name another file with --out.",
        "es": "{path} ya existe y no es un informe. Indique otro archivo con --out.",
    },
    "no_folder": {
        "en": "{folder} is not a folder. Name the folder of a recorded session.",
        "es": "{folder} no es una carpeta. Indique la carpeta de una sesión registrada.",
    },
    "no_session": {
        "en": "{folder} has no session.json, nor has a folder inside it. Name the folder of a recorded session.",
        "es": "En {folder} no hay session.json, ni en ninguna carpeta de dentro. Indique la carpeta de una sesión "
        "registrada.",
    },
    "session_file_missing": {
        "en": "{path} is missing. Name the folder of a recorded session.",
        "es": "Falta {path}. Indique la carpeta de una sesión registrada.",
    },
    "session_file_unreadable": {
        "en": "{path} cannot be read ({reason}). Name the folder of a recorded session.",
        "es": "No se puede leer {path} ({reason}). Indique la carpeta de una sesión registrada.",
    },
    "session_file_forbidden": {
        "en": "{path} cannot be read ({reason}). Check that you may open it.",
        "es": "No se puede leer {path} ({reason}). Compruebe que puede abrirlo.",
    },
    "session_damaged": {
        "en": "{path} is damaged: {reason}. No report can be made; the numbers are in emotions.csv.",
        "es": "{path} está dañado: {reason}. No se puede preparar el informe; los números están en emotions.csv.",
    },
    "session_format": {
        "en": "{path} is not in format {format} of recorded sessions. Make the report with the version that recorded "
        "it.",
        "es": "{path} no tiene el formato {format} de las sesiones registradas. Prepare el informe con la versión que "
        "la registró.",
    },
    "session_lacks": {
        "en": "{path} lacks {keys}. Name the folder of a recorded session.",
        "es": "En {path} falta {keys}. Indique la carpeta de una sesión registrada.",
    },
    "session_changed": {
        "en": "{path} was damaged, or changed by another program such as a spreadsheet (line {line}: "
        "{cell}). Put the original back, and edit copies only.",
        "es": "{path} está dañado o lo ha modificado otro programa, como una hoja de cálculo (línea "
        "{line}: {cell}). Recupere el original y modifique solo copias.",
    },
    "session_columns": {
        "en": "{path} does not have the columns of a recorded session. If it was edited, put the original back.",
        "es": "{path} no tiene las columnas de una sesión registrada. Si se modificó, recupere el original.",
    },
}
