"""Texts about input, output and model files in English and Spanish."""

from __future__ import annotations

from typing import Final

FILE_TEXTS: Final[dict[str, dict[str, str]]] = {
    # conflicting file options
    "several_need_record": {
        "en": "Several sources are analysed one after the other into sessions: name a folder for them with --record. "
        "If this is one name, it needs quotation marks: --source {quoted}",
        "es": "Varias fuentes se analizan una tras otra en sesiones: indique una carpeta para ellas con --record. Si "
        "es un solo nombre, necesita comillas: --source {quoted}",
    },
    "several_into_one": {
        "en": "--csv and --save-video take one source. Leave them away: each session has its own emotions.csv.",
        "es": "--csv y --save-video admiten una sola fuente. Quítelas: cada sesión tiene su propio emotions.csv.",
    },
    "pictures_no_video": {
        "en": "Pictures make no video. Leave --save-video away; --csv takes what was read.",
        "es": "Unas imágenes no hacen un vídeo. Quite --save-video; --csv recoge lo que se leyó.",
    },
    "no_video": {
        "en": "{source} is no video file. Several sources can only be video files: leave it away.",
        "es": "{source} no es un archivo de vídeo. Varias fuentes solo pueden ser archivos de vídeo: quítelo.",
    },
    "overwrites_source": {
        "en": "{option} {path} is a source: it would be written over. Nothing was started. Name another file with "
        "{option}.",
        "es": "{option} {path} es una de las fuentes: se sobrescribiría. No se ha iniciado nada. Indique otro archivo "
        "con {option}.",
    },
    "replaces_other": {
        "en": "{option} {path} is there already and is something else than what would be written. Nothing was started. "
        "Name another file with {option}.",
        "es": "{option} {path} ya existe y es otra cosa que lo que se escribiría. No se ha iniciado nada. Indique otro "
        "archivo con {option}.",
    },
    "overwrites_session": {
        "en": "{option} {path} lies in a recorded session and belongs to it. Nothing was started. Name another file "
        "with {option}.",
        "es": "{option} {path} está en una sesión registrada y forma parte de ella. No se ha iniciado nada. Indique "
        "otro archivo con {option}.",
    },
    "outputs_in_one": {
        "en": "--csv and --save-video name the same file, {path}. Give each a file of its own.",
        "es": "--csv y --save-video indican el mismo archivo, {path}. Dé a cada una un archivo propio.",
    },
    # files that cannot be written or used
    "recording_unwritable": {
        "en": "{path} cannot be written ({reason}). What was recorded before is whole. Make room, close the file where "
        "it is open in another program, or choose another folder with --record.",
        "es": "No se puede escribir {path} ({reason}). Lo registrado hasta ahora está completo. Libere espacio, cierre "
        "el archivo si está abierto en otro programa o elija otra carpeta con --record.",
    },
    "output_gone": {
        "en": "{path} cannot be written any more: it was deleted, moved or changed meanwhile. Leave it as it is until "
        "the end, and start anew.",
        "es": "Ya no se puede escribir {path}: se ha borrado, movido o modificado entretanto. Déjelo como está hasta "
        "el final y empiece de nuevo.",
    },
    "ending_broken_off": {
        "en": "The recording was interrupted while it was being finished: its end and its report may be missing. Make "
        "the report with python -m affect.live.report {folder}",
        "es": "El registro se interrumpió mientras se terminaba de guardar: pueden faltar el final y el informe. "
        "Prepare el informe con python -m affect.live.report {folder}",
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
    "no_shares": {
        "en": "{name} assumes no class shares, so its sensitivity cannot be changed. Leave --sensitivity away.",
        "es": "{name} no supone frecuencias de las expresiones, así que su sensibilidad no se puede cambiar. No "
        "indique --sensitivity.",
    },
    "torch_missing": {
        "en": "{name} cannot be used without PyTorch, which is not installed. A model of your own needs it at its "
        "first start, and --backend torch always. Install it: pip install -r requirements.txt; or leave --model and "
        "--backend away.",
        "es": "{name} no se puede usar sin PyTorch, que no está instalado. Un modelo propio lo necesita la primera vez "
        "que se usa, y --backend torch siempre. Instálelo: pip install -r requirements.txt; o no indique --model ni "
        "--backend.",
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
}
