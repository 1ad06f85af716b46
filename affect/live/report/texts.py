"""All texts of the report in English and Spanish; `affect.live.report.writing` fills {placeholders}.

The suffix _one marks the singular form, _many the plural.
"""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, dict[str, str]]] = {
    # numbers and dates
    "decimal_mark": {"en": ".", "es": ","},
    "thousands_mark": {"en": ",", "es": "\u202f"},
    "points": {"en": "{number} points", "es": "{number} puntos"},
    "date": {"en": "{day} {month} {year}, {time}", "es": "{day} de {month} de {year}, {time}"},
    "months": {
        "en": "January February March April May June July August September October November December",
        "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    },
    "list_and": {"en": "{first} and {last}", "es": "{first} y {last}"},
    # the page
    "title": {"en": "Session report", "es": "Informe de sesión"},
    "title_comparison": {"en": "Sessions compared", "es": "Comparación de sesiones"},
    "caveat": {
        "en": "Perceived expressions, estimated by a program. Not felt emotions, not a diagnosis.",
        "es": "Expresiones percibidas, estimadas por un programa. No son emociones sentidas ni un diagnóstico.",
    },
    "made": {
        "en": "Report made on {when} with affect {version}.",
        "es": "Informe hecho el {when} con affect {version}.",
    },
    "private": {
        "en": "This page holds health data about a person. Keep it as you keep their file.",
        "es": "Esta página contiene datos de salud de una persona. Guárdela como guarda su historia clínica.",
    },
    # warnings
    "cut_off": {
        "en": "The recording was cut off (the program was stopped or power was lost). What was measured until then is "
        "here; at most about the last second is missing.",
        "es": "El registro se interrumpió (el programa se detuvo o faltó la corriente). Aquí está lo medido hasta "
        "entonces; falta como mucho el último segundo.",
    },
    "incomplete": {
        "en": "Not everything of this session could be saved (the disk was full, or its files were moved or changed "
        "meanwhile). What was saved is here; measurements, markers or the end may be missing.",
        "es": "No se pudo guardar toda esta sesión (el disco estaba lleno, o sus archivos se movieron o modificaron "
        "entretanto). Aquí está lo que se guardó; pueden faltar mediciones, marcas o el final.",
    },
    "never_seen": {
        "en": "No face was seen in this session, so there is nothing to show but how the time was spent.",
        "es": "En esta sesión no se vio ninguna cara, así que solo se puede mostrar cómo transcurrió el tiempo.",
    },
    "damaged_one": {
        "en": "1 line of the record could not be read and is left out.",
        "es": "1 línea del registro no se pudo leer y se ha omitido.",
    },
    "damaged_many": {
        "en": "{count} lines of the record could not be read and are left out.",
        "es": "{count} líneas del registro no se pudieron leer y se han omitido.",
    },
    "changed": {
        "en": "A table of this session was saved by another program, such as a spreadsheet. It could be read, but its "
        "numbers may not be the recorded ones: make the report from the original.",
        "es": "Una tabla de esta sesión la ha guardado otro programa, como una hoja de cálculo. Se pudo leer, pero sus "
        "números pueden no ser los registrados: prepare el informe a partir del original.",
    },
    "baseline_warning": {
        "en": "A neutral baseline was set for part of this session: in that part, expressions are relative to this "
        "person’s face at rest.",
        "es": "En parte de esta sesión se usó una línea base neutral: en esa parte, las expresiones son relativas a "
        "la cara de esta persona en reposo.",
    },
    # facts about source, model and settings
    "measured": {"en": "What was measured, and by what", "es": "Qué se midió y con qué"},
    "when": {"en": "date", "es": "fecha"},
    "duration": {"en": "duration", "es": "duración"},
    "source": {"en": "Source", "es": "Fuente"},
    "source_camera": {"en": "camera", "es": "cámara"},
    "source_video": {"en": "video file", "es": "archivo de vídeo"},
    "source_image": {"en": "image file", "es": "archivo de imagen"},
    "source_stream": {"en": "network stream", "es": "transmisión por red"},
    "source_screen": {"en": "part of the screen", "es": "parte de la pantalla"},
    "source_demo": {
        "en": "built-in demonstration (a NASA portrait)",
        "es": "demostración incluida (un retrato de la NASA)",
    },
    "clock_source": {"en": "Times are the video’s own.", "es": "Los tiempos son los del propio vídeo."},
    "model": {"en": "Model", "es": "Modelo"},
    "fingerprint": {"en": "SHA-256 {short}", "es": "SHA-256 {short}"},
    "followed": {"en": "Faces followed", "es": "Caras seguidas"},
    "followed_one": {"en": "the largest one at each moment", "es": "la mayor en cada momento"},
    "followed_many": {"en": "up to {count} at a time", "es": "hasta {count} a la vez"},
    "consent": {"en": "Consent", "es": "Consentimiento"},
    "consent_asked": {"en": "confirmed at {when}, when asked", "es": "confirmado a las {when}, al preguntarlo"},
    "consent_option": {
        "en": "stated in advance at the start ({how}, {when})",
        "es": "declarado de antemano al iniciar ({how}, {when})",
    },
    "settings": {"en": "Settings", "es": "Ajustes"},
    "detector": {"en": "face detector {name}", "es": "detector de caras {name}"},
    "backend": {"en": "run by {name}", "es": "ejecutado con {name}"},
    "sensitivity": {"en": "sensitivity {name}", "es": "sensibilidad {name}"},
    "temperature": {"en": "temperature {value}", "es": "temperatura {value}"},
    "technical": {"en": "Technical facts", "es": "Datos técnicos"},
    "versions": {"en": "Versions", "es": "Versiones"},
    # summary in words
    "summary": {"en": "In words", "es": "En palabras"},
    "summary_seen": {
        "en": "A face was seen for {seen} of the {analysed} analysed ({percent}).",
        "es": "Se vio una cara durante {seen} de los {analysed} analizados ({percent}).",
    },
    "summary_paused": {"en": "The analysis was paused for {paused}.", "es": "El análisis estuvo en pausa {paused}."},
    "summary_lost": {
        "en": "For {lost} the source gave no picture, or only a black or frozen one.",
        "es": "Durante {lost} la fuente no dio imagen, o solo una negra o congelada.",
    },
    "summary_unrecorded": {
        "en": "For {unrecorded} no picture was analysed.",
        "es": "Durante {unrecorded} no se analizó ninguna imagen.",
    },
    "summary_excluded": {"en": "{excluded} were excluded afterwards.", "es": "Después se excluyeron {excluded}."},
    "summary_person": {"en": "Face {face}, seen for {seen}.", "es": "Cara {face}, vista durante {seen}."},
    "summary_read": {
        "en": "The expression was read as {list} of the time seen.",
        "es": "La expresión se leyó como {list} del tiempo en que se vio.",
    },
    "summary_part": {"en": "{name} for {percent}", "es": "{name} en el {percent}"},
    "summary_uncertain": {
        "en": "For {percent} no expression won clearly, or the mouth seemed covered (uncertain).",
        "es": "En el {percent} ninguna destacó con claridad, o la boca parecía tapada (incierto).",
    },
    "episodes_one": {"en": "There is 1\u00a0episode.", "es": "Hay 1\u00a0episodio."},
    "episodes_many": {"en": "There are {count}\u00a0episodes.", "es": "Hay {count}\u00a0episodios."},
    "markers_set_one": {"en": "1\u00a0marker was set.", "es": "Se puso 1\u00a0marca."},
    "markers_set_many": {"en": "{count}\u00a0markers were set.", "es": "Se pusieron {count}\u00a0marcas."},
    # several people
    "people": {"en": "People", "es": "Personas"},
    "face": {"en": "Face {face}", "es": "Cara {face}"},
    "seen_for": {"en": "seen for", "es": "vista durante"},
    "of_analysed": {"en": "of the time analysed", "es": "del tiempo analizado"},
    "mostly": {"en": "mostly", "es": "sobre todo"},
    "people_how": {
        "en": "Faces are numbered as they appear. Somebody who comes back after more than half a minute, elsewhere in "
        "the picture or after a cut gets a new number, so two numbers may be one person.",
        "es": "Las caras se numeran según aparecen. Quien vuelve después de más de medio minuto, en otro lugar de la "
        "imagen o tras un corte recibe otro número, de modo que dos números pueden ser la misma persona.",
    },
    "passing_one": {
        "en": "1 face passed by (seen for {time}): less than 2 s or less than 1% of the time analysed. It is not "
        "shown.",
        "es": "1 cara estuvo solo de paso (vista {time}): menos de 2 s o menos del 1\u202f% del tiempo analizado. No "
        "se muestra.",
    },
    "passing_many": {
        "en": "{count} faces passed by (seen for {time} together): each less than 2 s or less than 1% of the time "
        "analysed. They are not shown.",
        "es": "{count} caras estuvieron solo de paso (vistas {time} en total): cada una menos de 2 s o menos del "
        "1\u202f% del tiempo analizado. No se muestran.",
    },
    "not_drawn": {
        "en": "The sections below show the {count} faces that were seen longest.",
        "es": "Los apartados siguientes muestran las {count} caras que se vieron más tiempo.",
    },
    # timeline
    "timeline": {"en": "Timeline", "es": "Línea de tiempo"},
    "timeline_how": {
        "en": "The band shows the expression that was read; below, the probability of each, from 0 to 100% (thin "
        "line: 50%).",
        "es": "La banda muestra la expresión leída; debajo, la probabilidad de cada una, de 0 a 100\u202f% (línea "
        "fina: 50\u202f%).",
    },
    "timeline_columns": {
        "en": "Each point stands for {span}: solid, its mean; pale, its highest value.",
        "es": "Cada punto representa {span}: en color pleno, la media; en pálido, el valor más alto.",
    },
    "band": {"en": "read as", "es": "lectura"},
    "markers_row": {"en": "markers", "es": "marcas"},
    "baseline_row": {"en": "baseline", "es": "línea base"},
    "time_axis": {"en": "time", "es": "tiempo"},
    "legend_uncertain": {
        "en": "uncertain: none wins clearly, or the mouth seems covered",
        "es": "incierto: ninguna destaca con claridad, o la boca parece tapada",
    },
    "legend_none": {"en": "no face", "es": "ninguna cara"},
    "legend_paused": {"en": "paused", "es": "en pausa"},
    "legend_lost": {"en": "no usable picture", "es": "sin imagen útil"},
    "legend_excluded": {"en": "excluded", "es": "excluido"},
    "legend_unrecorded": {"en": "not recorded", "es": "sin registrar"},
    "gaps_label": {"en": "Without a reading: {list}.", "es": "Sin lectura: {list}."},
    "legend_baseline": {"en": "baseline applied", "es": "línea base aplicada"},
    "plot_label": {
        "en": "{name}: probability over time; mean {mean}, highest {highest}",
        "es": "{name}: probabilidad a lo largo del tiempo; media {mean}, máxima {highest}",
    },
    "band_label": {
        "en": "Expression read over time; the table of shares has the numbers.",
        "es": "Expresión leída a lo largo del tiempo; las cifras están en la tabla.",
    },
    # valence
    "valence_row": {"en": "valence", "es": "valencia"},
    "valence": {"en": "Valence (derived)", "es": "Valencia (derivada)"},
    "valence_told": {
        "en": "From −1 (unpleasant) to 1 (pleasant): {mean} on average; above 0 for {above} of the time, below 0 for "
        "{below}.",
        "es": "De −1 (desagradable) a 1 (agradable): {mean} de media; mayor que 0 en el {above} del tiempo, menor que "
        "0 en el {below}.",
    },
    "valence_how": {
        "en": "It is not measured but derived from the probabilities above: that of happy minus the largest of anger, "
        "contempt, disgust, fear and sad. Surprise counts as neither.",
        "es": "No se mide, se deriva de las probabilidades de arriba: la de alegría menos la mayor de enfado, "
        "desprecio, asco, miedo y tristeza. La sorpresa no cuenta como ninguna de las dos.",
    },
    "valence_label": {
        "en": "derived valence over time, from −1 to 1",
        "es": "valencia derivada a lo largo del tiempo, de −1 a 1",
    },
    "third": {"en": "third of the session", "es": "tercio de la sesión"},
    "mean_valence": {"en": "mean valence", "es": "valencia media"},
    # shares
    "shares": {"en": "Share of time", "es": "Reparto del tiempo"},
    "shares_how": {
        "en": "Of the time in which the face was seen ({seen}). The mean probability also counts what never won.",
        "es": "Del tiempo en que se vio la cara ({seen}). La probabilidad media cuenta también lo que nunca destacó.",
    },
    "shares_doubtful": {
        "en": "For {time} ({percent}) the picture was too dark, small or blurred, or the face too far turned, to be "
        "believed; that time is left out of shares, means and valence.",
        "es": "Durante {time} ({percent}) la imagen era demasiado oscura, pequeña o borrosa, o la cara estaba "
        "demasiado girada, para fiarse de ella; ese tiempo no cuenta en el reparto, las medias ni la valencia.",
    },
    "expression": {"en": "expression", "es": "expresión"},
    "share": {"en": "share", "es": "porcentaje"},
    "time": {"en": "time", "es": "tiempo"},
    "episodes_column": {"en": "episodes", "es": "episodios"},
    "mean_probability": {"en": "mean probability", "es": "probabilidad media"},
    "weak_note": {
        "en": "The model seldom finds {list}: there may have been more than is counted here.",
        "es": "El modelo rara vez encuentra {list}: puede que hubiera más de lo que aquí se cuenta.",
    },
    # episodes
    "episodes": {"en": "Episodes", "es": "Episodios"},
    "episodes_how": {
        "en": "An episode is one expression for at least half a second; interruptions shorter than that are bridged, "
        "and “uncertain” is no episode.",
        "es": "Un episodio es una misma expresión durante al menos medio segundo; las interrupciones más breves se "
        "pasan por alto, e «incierto» no es un episodio.",
    },
    "episodes_cut": {
        "en": "The table has {shown} of {all}: the five longest of each expression. Every frame is in emotions.csv.",
        "es": "La tabla recoge {shown} de {all}: los cinco más largos de cada expresión. Cada fotograma está en "
        "emotions.csv.",
    },
    "no_episodes": {"en": "There is no episode.", "es": "No hay ningún episodio."},
    "start": {"en": "start", "es": "inicio"},
    "end": {"en": "end", "es": "fin"},
    "length": {"en": "length", "es": "duración"},
    "confidence": {"en": "mean confidence", "es": "confianza media"},
    # markers
    "markers": {"en": "Markers", "es": "Marcas"},
    "markers_how": {
        "en": "What was read in the ten seconds before and after each; changes are of the mean probability.",
        "es": "Lo leído en los diez segundos antes y después de cada una; los cambios son de la probabilidad media.",
    },
    "no_text": {"en": "(no text)", "es": "(sin texto)"},
    "before": {"en": "before", "es": "antes"},
    "after": {"en": "after", "es": "después"},
    "markers_set_none": {"en": "No face was seen at this moment.", "es": "En este momento no se veía la cara."},
    "markers_set_paused": {"en": "Set while the analysis was paused.", "es": "Puesta con el análisis en pausa."},
    "markers_set_lost": {
        "en": "Set while there was no usable picture.",
        "es": "Puesta mientras no había imagen útil.",
    },
    "markers_set_unrecorded": {
        "en": "Set while no picture was analysed.",
        "es": "Puesta mientras no se analizaba ninguna imagen.",
    },
    "markers_set_excluded": {"en": "In a stretch that was excluded.", "es": "En un tramo excluido."},
    "no_change": {"en": "hardly any change", "es": "apenas hubo cambio"},
    "around_label": {
        "en": "Probabilities from ten seconds before to ten seconds after the marker, stacked.",
        "es": "Probabilidades apiladas, de diez segundos antes a diez segundos después de la marca.",
    },
    # coverage
    "coverage": {"en": "Coverage", "es": "Cobertura"},
    "coverage_face": {"en": "with a face", "es": "con una cara"},
    "coverage_none": {"en": "without a face", "es": "sin ninguna cara"},
    "coverage_paused": {"en": "paused", "es": "en pausa"},
    "coverage_lost": {"en": "without a usable picture", "es": "sin imagen útil"},
    "coverage_excluded": {"en": "excluded", "es": "excluido"},
    "coverage_unrecorded": {"en": "not recorded", "es": "sin registrar"},
    "unrecorded_how": {
        "en": "Not recorded: no picture of that time was analysed. The video has none there, or the computer was too "
        "busy or asleep. It says nothing of the face.",
        "es": "Sin registrar: no se analizó ninguna imagen de ese tiempo. El vídeo no tiene ninguna ahí, o el "
        "ordenador estaba demasiado ocupado o en reposo. No dice nada de la cara.",
    },
    "interrupted_signal_lost": {"en": "Without a picture: {list}.", "es": "Sin imagen: {list}."},
    "interrupted_black": {
        "en": "The picture was black: {list}. Nothing of that time is counted.",
        "es": "La imagen estaba en negro: {list}. Nada de ese tiempo se cuenta.",
    },
    "interrupted_frozen": {
        "en": "The picture was frozen: {list}. What was read in it is not counted.",
        "es": "La imagen estaba congelada: {list}. Lo que se leyó en ella no se cuenta.",
    },
    "cuts": {
        "en": "The picture changed to another at {list}. Faces are numbered anew after that: they may be other people.",
        "es": "La imagen cambió a otra en {list}. A partir de ahí las caras se numeran de nuevo: pueden ser otras "
        "personas.",
    },
    "cuts_warning": {
        "en": "The picture changed to another during this session (cuts; their times are under Coverage). After a cut "
        "the face that was followed may be another person’s.",
        "es": "Durante esta sesión la imagen cambió a otra (cortes; sus momentos están en Cobertura). Después de un "
        "corte, la cara seguida puede ser la de otra persona.",
    },
    "coverage_frames_one": {
        "en": "1 frame analysed, {with_face} with a face.",
        "es": "1 fotograma analizado, {with_face} con una cara.",
    },
    "coverage_frames_many": {
        "en": "{count} frames analysed, {with_face} of them with a face.",
        "es": "{count} fotogramas analizados, {with_face} de ellos con una cara.",
    },
    "coverage_how": {
        "en": "Faces that are turned away, covered or far off are missed; a face missed for under half a second "
        "counts as seen.",
        "es": "Las caras giradas, tapadas o lejanas se pierden; una cara perdida menos de medio segundo cuenta como "
        "vista.",
    },
    "snapshots": {"en": "Snapshots taken: {list}.", "es": "Capturas tomadas: {list}."},
    "excluded_list": {
        "en": "Excluded by hand (exclude.csv), and counted nowhere: {list}.",
        "es": "Excluido a mano (exclude.csv), y no cuenta en ninguna parte: {list}.",
    },
    # for one's own file
    "own_file": {"en": "For your own file", "es": "Para su propia historia"},
    "own_file_how": {
        "en": "A text to paste. Read it before you use it: a program wrote it.",
        "es": "Un texto para pegar. Léalo antes de usarlo: lo escribió un programa.",
    },
    "copy": {"en": "Copy", "es": "Copiar"},
    "comment": {"en": "Your comment", "es": "Su comentario"},
    "comment_how": {
        "en": "Saved as comment.txt among your downloads: move it into this session’s folder and make the report "
        "again.",
        "es": "Se guarda como comment.txt en sus descargas: muévalo a la carpeta de esta sesión y prepare de nuevo el "
        "informe.",
    },
    "keep": {"en": "Save the comment", "es": "Guardar el comentario"},
    "exclude": {"en": "Leave a stretch out", "es": "Excluir un tramo"},
    "exclude_how": {
        "en": "Times as on this page (1:05). Saved as exclude.csv among your downloads: move it into this session’s "
        "folder and make the report again. What is excluded is listed and counted nowhere; nothing is deleted.",
        "es": "Tiempos como en esta página (1:05). Se guarda como exclude.csv en sus descargas: muévalo a la carpeta "
        "de esta sesión y prepare de nuevo el informe. Lo excluido se enumera y no cuenta en ninguna parte; no se "
        "borra nada.",
    },
    "exclude_from": {"en": "from", "es": "de"},
    "exclude_to": {"en": "to", "es": "a"},
    "exclude_reason": {"en": "reason", "es": "motivo"},
    "again": {"en": "The command: {command}", "es": "La orden: {command}"},
    # baseline
    "baseline": {"en": "Baseline", "es": "Línea base"},
    "baseline_how": {
        "en": "Measured from {start} to {end} ({frames}) on a face at rest. After that, the probabilities and "
        "labels of this face are relative to it.",
        "es": "Medida de {start} a {end} ({frames}) con la cara en reposo. Después, las probabilidades y "
        "lecturas de esta cara son relativas a ella.",
    },
    "baseline_earlier": {
        "en": "The one of this code that was measured on {date} ({frames}), in use from {start}: from then on, the "
        "probabilities and labels of this face are relative to it.",
        "es": "La de este código, medida el {date} ({frames}), en uso desde {start}: a partir de ahí, las "
        "probabilidades y lecturas de esta cara son relativas a ella.",
    },
    "baseline_kept": {
        "en": "It is kept for the next sessions of {code}.",
        "es": "Se guarda para las próximas sesiones de {code}.",
    },
    "frames_one": {"en": "1 frame", "es": "1 fotograma"},
    "frames_many": {"en": "{count} frames", "es": "{count} fotogramas"},
    "baseline_acted": {
        "en": "Of the {seen} in which a face was seen while it was set, it acted for {acted} ({percent}): only while "
        "the face that was measured was in view.",
        "es": "De los {seen} en que se vio una cara mientras estaba puesta, tuvo efecto durante {acted} ({percent}): "
        "solo mientras la cara medida estaba a la vista.",
    },
    "baseline_undone": {"en": "It was undone at {time}.", "es": "Se deshizo en {time}."},
    "baseline_shift": {
        "en": "What the probability of each expression is multiplied by before the eight are brought to 100% again: "
        "below 1, the program takes back what this face seems to show at rest.",
        "es": "Por cuánto se multiplica la probabilidad de cada expresión antes de volver a sumar el 100\u202f%: por "
        "debajo de 1, el programa descuenta lo que esta cara parece mostrar en reposo.",
    },
    # model quality
    "worth": {"en": "What these numbers are worth", "es": "Qué valor tienen estas cifras"},
    "worth_perceived": {
        "en": "The program estimates which expression other people would see in a face. It does not know what a "
        "person feels: feelings need not show, and what shows need not be felt.",
        "es": "El programa estima qué expresión verían otras personas en una cara. No sabe lo que la persona siente: "
        "lo que se siente puede no verse, y lo que se ve puede no sentirse.",
    },
    "worth_device": {
        "en": "This is no diagnosis, and the program is no medical device. No decision about a person may rest on "
        "these numbers.",
        "es": "Esto no es un diagnóstico, y el programa no es un producto sanitario. Ninguna decisión sobre una "
        "persona puede basarse en estas cifras.",
    },
    "worth_accuracy": {
        "en": "On {n} pictures that it was measured on ({data}, {split}), the model {file} agreed with human "
        "annotators in {accuracy} of them. Mean F1 over the eight expressions: {f1}. On other cameras, light and "
        "people it may do worse.",
        "es": "En las {n} imágenes con que se midió ({data}, {split}), el modelo {file} coincidió con los anotadores "
        "humanos en el {accuracy}. F1 media de las ocho expresiones: {f1}. Con otras cámaras, luz y personas puede "
        "hacerlo peor.",
    },
    "worth_weak": {
        "en": "It is weak on {list}: it found fewer than half of such faces (recall below 0.5). That it does not "
        "report them means little.",
        "es": "Es débil en {list}: encontró menos de la mitad de esas caras (sensibilidad inferior a 0,5). Que no las "
        "señale significa poco.",
    },
    "worth_few": {
        "en": "Few pictures stand behind the figures of {list}.",
        "es": "Las cifras de {list} se apoyan en pocas imágenes.",
    },
    "worth_calibration": {
        "en": "Probabilities are calibrated: on those pictures, stated confidence and agreement differed by {ece} on "
        "average. That was measured there, not on this person.",
        "es": "Las probabilidades están calibradas: en esas imágenes, la confianza declarada y la coincidencia "
        "difirieron en {ece} de media. Se midió allí, no con esta persona.",
    },
    "worth_unknown": {
        "en": "No figures come with the model {file}: how good it is, and whether its probabilities are calibrated, "
        "is not known here.",
        "es": "El modelo {file} viene sin cifras: aquí no se sabe lo bueno que es ni si sus probabilidades están "
        "calibradas.",
    },
    "worth_untested": {
        "en": "Do not expect these figures for children, or for people whose faces move differently (facial palsy, "
        "Parkinson’s disease, autism).",
        "es": "No espere estas cifras en niños ni en personas cuya cara se mueve de otra manera (parálisis facial, "
        "enfermedad de Parkinson, autismo).",
    },
    "worth_smoothing": {
        "en": "Probabilities are smoothed over {smoothing}.",
        "es": "Las probabilidades se suavizan sobre {smoothing}.",
    },
    "label_rule": {
        "en": "An expression is shown once it has at least {least} and leads every other one by {lead}. It stays while "
        "it is the most probable one, or was within the last {hold}, as long as it has at least {keeps} and no other "
        "one leads it by {lead}. Otherwise the label is “uncertain”, as it is while the mouth seems covered.",
        "es": "Una expresión se muestra cuando alcanza al menos el {least} y aventaja a todas las demás en {lead}. Se "
        "mantiene mientras es la más probable, o lo ha sido en los últimos {hold}, siempre que tenga al menos el "
        "{keeps} y ninguna otra la aventaje en {lead}. Si no, la etiqueta es «incierto», como también mientras la boca "
        "parece tapada.",
    },
    "figures": {"en": "The model’s own figures", "es": "Las cifras del propio modelo"},
    "recall": {"en": "recall (sensitivity)", "es": "sensibilidad (recall)"},
    "precision": {"en": "precision (PPV)", "es": "precisión (VPP)"},
    "f1": {"en": "F1", "es": "F1"},
    "support": {"en": "pictures", "es": "imágenes"},
    "weak": {"en": "weak", "es": "débil"},
    "figures_how": {
        "en": "Recall: of the faces that people called so, the share the model found. Precision: of those it called "
        "so, the share people agreed with.",
        "es": "Sensibilidad: de las caras que las personas llamaron así, la parte que el modelo encontró. Precisión: "
        "de las que él llamó así, la parte en que las personas coincidieron.",
    },
    # comparison
    "comparison_how": {
        "en": "{count} sessions in order of date, all on the same scales. A difference between two sessions may come "
        "from light, camera or posture as well as from the person.",
        "es": "{count} sesiones por orden de fecha, todas en las mismas escalas. Una diferencia entre dos sesiones "
        "puede deberse a la luz, la cámara o la postura tanto como a la persona.",
    },
    "other_models": {
        "en": "The sessions were measured with different models: differences may be the models’.",
        "es": "Las sesiones se midieron con modelos distintos: las diferencias pueden deberse a los modelos.",
    },
    "other_people": {
        "en": "The sessions have different codes, {list}: they may be of different people.",
        "es": "Las sesiones tienen códigos distintos, {list}: pueden ser de personas diferentes.",
    },
    "one_scale": {
        "en": "All are relative to the baseline of {code} of {date}: where another one acted, or none, the "
        "probabilities were converted, and the labels chosen anew.",
        "es": "Todas son relativas a la línea base de {code} del {date}: donde tuvo efecto otra, o ninguna, las "
        "probabilidades se convirtieron y las etiquetas se eligieron de nuevo.",
    },
    "measured_with": {"en": "baseline of {dates}", "es": "línea base del {dates}"},
    "person_code": {"en": "Code", "es": "Código"},
    "some_baseline_one": {
        "en": "A baseline was used in session {list} only: its expressions are relative to it, the others’ are not.",
        "es": "Solo en la sesión {list} se usó una línea base: sus expresiones son relativas a ella; las demás, no.",
    },
    "some_baseline_many": {
        "en": "A baseline was used in sessions {list} only: their expressions are relative to it, the others’ are not.",
        "es": "Solo en las sesiones {list} se usó una línea base: sus expresiones son relativas a ella; las demás, no.",
    },
    "some_cut_off_one": {
        "en": "The recording of session {list} was cut off.",
        "es": "El registro de la sesión {list} se interrumpió.",
    },
    "some_cut_off_many": {
        "en": "The recordings of sessions {list} were cut off.",
        "es": "Los registros de las sesiones {list} se interrumpieron.",
    },
    "some_people_one": {
        "en": "Several faces were seen in session {list}; the one seen longest is compared.",
        "es": "En la sesión {list} se vieron varias caras; se compara la que se vio más tiempo.",
    },
    "some_people_many": {
        "en": "Several faces were seen in each of the sessions {list}; the one seen longest is compared.",
        "es": "En cada una de las sesiones {list} se vieron varias caras; se compara la que se vio más tiempo.",
    },
    "some_unseen_one": {
        "en": "No face was seen in session {list}.",
        "es": "En la sesión {list} no se vio ninguna cara.",
    },
    "some_unseen_many": {
        "en": "No face was seen in sessions {list}.",
        "es": "En las sesiones {list} no se vio ninguna cara.",
    },
    "analysed": {"en": "Analysed", "es": "Analizado"},
    "analysed_on": {"en": "analysed on {date}", "es": "analizado el {date}"},
    "sessions": {"en": "Sessions", "es": "Sesiones"},
    "session": {"en": "session", "es": "sesión"},
    "face_share": {"en": "face seen", "es": "cara vista"},
    "rate": {"en": "episodes a minute", "es": "episodios por minuto"},
    "bands": {"en": "Expressions over time", "es": "Expresiones a lo largo del tiempo"},
    "bands_how": {
        "en": "One scale of time for all sessions.",
        "es": "Una misma escala de tiempo para todas las sesiones.",
    },
    "shares_compared": {
        "en": "Of the time in which the face was seen; bars from 0 to {top}.",
        "es": "Del tiempo en que se vio la cara; barras de 0 a {top}.",
    },
    "change": {"en": "last against first: {change}", "es": "última frente a primera: {change}"},
    "rates": {"en": "Episodes a minute", "es": "Episodios por minuto"},
    "rates_how": {"en": "For each minute in which the face was seen.", "es": "Por cada minuto en que se vio la cara."},
    "all": {"en": "all", "es": "todas"},
}
