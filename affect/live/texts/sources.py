"""Texts about sources in English and Spanish: cameras, files, streams, the screen."""

from __future__ import annotations

from typing import Final

SOURCE_TEXTS: Final[dict[str, dict[str, str]]] = {
    # the sources: cameras, files, streams
    "source_unknown": {
        "en": "There is no source {spec!r}. Name a camera (0, 1, …), a video or image file, "
        "an rtsp:// or http:// address, screen, or demo.",
        "es": "No existe la fuente {spec!r}. Indique una cámara (0, 1, …), un archivo de vídeo o de imagen, "
        "una dirección rtsp:// o http://, screen (la pantalla) o demo.",
    },
    "source_folder": {
        "en": "{spec} is a folder without pictures. Name a video in it; several videos, one after the other: "
        "--source FILE1 FILE2 … --record FOLDER.",
        "es": "{spec} es una carpeta sin imágenes. Indique un vídeo que contenga; varios vídeos, uno tras "
        "otro: --source ARCHIVO1 ARCHIVO2 … --record CARPETA.",
    },
    "camera": {"en": "camera {index}", "es": "cámara {index}"},
    "camera_missing": {
        "en": "No camera answers at index {index}. {others} Plug one in, allow this program to use it, or close the "
        "program that holds it; --source demo runs without one.",
        "es": "No responde ninguna cámara con el número {index}. {others} Conecte una, permita que este programa la "
        "use o cierre el programa que la ocupa; --source demo funciona sin cámara.",
    },
    "camera_silent": {
        "en": "The camera at index {index} opens but gives no picture: another program may be using it. "
        "Close that program, or choose another camera. {others}",
        "es": "La cámara número {index} se abre pero no da imagen: quizá la esté usando otro programa. "
        "Ciérrelo o elija otra cámara. {others}",
    },
    "cameras_answering": {"en": "Cameras that do answer: {cameras}.", "es": "Cámaras que sí responden: {cameras}."},
    "cameras_none": {"en": "No other camera answers.", "es": "No responde ninguna otra cámara."},
    "stream": {"en": "stream", "es": "transmisión"},
    "stream_missing": {
        "en": "The stream {address} does not answer or is no video. Check the address, the network and the login.",
        "es": "La transmisión {address} no responde o no es un vídeo. Compruebe la dirección, la red y la contraseña.",
    },
    "stream_cut": {
        "en": "The video at {address} broke off after {read_s:.0f} s of about {whole_s:.0f} s, and cannot go on from "
        "there. Download it, and analyse the file.",
        "es": "El vídeo de {address} se ha cortado a los {read_s:.0f} s de unos {whole_s:.0f} s y no puede seguir "
        "desde ahí. Descárguelo y analice el archivo.",
    },
    "video": {"en": "video {name}", "es": "vídeo {name}"},
    "video_unreadable": {
        "en": "{path} cannot be read as a video or an image. Check that it plays elsewhere, "
        "or convert it to MP4 (H.264).",
        "es": "No se puede leer {path} como vídeo ni como imagen. Compruebe que se abre con otro programa "
        "o conviértalo a MP4 (H.264).",
    },
    "pictures": {"en": "{count} pictures", "es": "{count} imágenes"},
    "pictures_one": {"en": "1 picture", "es": "1 imagen"},
    "pictures_bar": {"en": "pictures", "es": "imágenes"},
    "image": {"en": "image {name}", "es": "imagen {name}"},
    "image_unreadable": {
        "en": "{path} cannot be read as an image. Check that it opens elsewhere.",
        "es": "No se puede leer {path} como imagen. Compruebe que se abre con otro programa.",
    },
    "demo": {"en": "demo clip (NASA portrait)", "es": "demostración (retrato de la NASA)"},
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
        "you log in, or show the call through OBS Studio's virtual camera, set up as docs/guide.md says: --source 10.",
        "es": "Este escritorio funciona con Wayland, que no deja que un programa vea las demás ventanas. Elija una "
        "sesión Xorg al entrar, o pase la videollamada por la cámara virtual de OBS Studio, preparada como dice "
        "docs/guide.es.md: --source 10.",
    },
    "screen_forbidden": {
        "en": "macOS does not let this program see the screen. Allow it for the application you start it from "
        "(Terminal, for example) under System Settings > Privacy & Security > Screen & System Audio Recording, quit "
        "that application, open it again, and start once more.",
        "es": "macOS no permite que este programa vea la pantalla. Autorice la aplicación desde la que lo inicia "
        "(por ejemplo, Terminal) en Ajustes del Sistema > Privacidad y seguridad > Grabación de pantalla y audio del "
        "sistema, ciérrela, ábrala de nuevo y vuelva a empezar.",
    },
    "screen_locked": {
        "en": "The screen cannot be read ({reason}). Unlock it, and start again from the desktop that shows the call.",
        "es": "No se puede leer la pantalla ({reason}). Desbloquéela y vuelva a empezar desde el escritorio en el que "
        "se ve la videollamada.",
    },
    "screen_no_monitor": {
        "en": "No monitor is found ({reason}). Connect one and switch it on; on a remote computer, keep its desktop "
        "open. Then start again.",
        "es": "No se encuentra ningún monitor ({reason}). Conecte uno y enciéndalo; en un ordenador remoto, mantenga "
        "abierto su escritorio. Después vuelva a empezar.",
    },
    "screen_colours": {
        "en": "The colours of this screen cannot be read ({reason}). Set the display to 24 or 32 bits a pixel (true "
        "colour), also that of a remote or virtual desktop, and start again.",
        "es": "No se pueden leer los colores de esta pantalla ({reason}). Ponga la pantalla a 24 o 32 bits por píxel "
        "(color verdadero), también la de un escritorio remoto o virtual, y vuelva a empezar.",
    },
    "screen_unreadable": {
        "en": "The screen cannot be read ({reason}). Start again from the desktop that shows the call; if that does "
        "not help, show the call through OBS Studio's virtual camera, as docs/guide.md says.",
        "es": "No se puede leer la pantalla ({reason}). Vuelva a empezar desde el escritorio en el que se ve la "
        "videollamada; si no sirve, pase la videollamada por la cámara virtual de OBS Studio, como dice "
        "docs/guide.es.md.",
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
    # signal problems of a live source during a session
    "signal_lost": {"en": "The source gives no picture.", "es": "La fuente no da imagen."},
    "signal_lost_camera": {
        "en": "The camera gives no picture: check its cable. The session goes on when it returns.",
        "es": "La cámara no da imagen: compruebe el cable. La sesión sigue en cuanto vuelva.",
    },
    "signal_lost_stream": {
        "en": "The stream gives no picture: check the network. The session goes on when it returns.",
        "es": "La transmisión no da imagen: compruebe la red. La sesión sigue en cuanto vuelva.",
    },
    "signal_lost_screen": {
        "en": "The screen cannot be read. The session goes on when it can; if a monitor was changed, leave and choose "
        "the rectangle anew: --source screen:new.",
        "es": "No se puede leer la pantalla. La sesión sigue en cuanto se pueda; si ha cambiado un monitor, salga y "
        "elija de nuevo el rectángulo: --source screen:new.",
    },
    "signal_back": {
        "en": "The picture is back after {seconds:.0f} s.",
        "es": "Vuelve a haber imagen, tras {seconds:.0f} s.",
    },
    "black": {
        "en": "The picture is black: is the lens covered, or the light off?",
        "es": "La imagen está en negro: ¿está tapado el objetivo o apagada la luz?",
    },
    "black_screen": {
        "en": "The chosen part of the screen is black: is the call's window there, and the patient's camera on?",
        "es": "La parte elegida de la pantalla está en negro: ¿está ahí la ventana de la videollamada y encendida la "
        "cámara del paciente?",
    },
    "frozen": {
        "en": "The picture is frozen: it has stopped changing, and what is read in it is of that moment. Check the "
        "camera or the call.",
        "es": "La imagen está congelada: ha dejado de cambiar, y lo que se lee en ella es de ese momento. Compruebe la "
        "cámara o la llamada.",
    },
    "picture_back": {"en": "The picture is all right again.", "es": "La imagen vuelve a estar bien."},
    "turned_left": {
        "en": "The picture lies on its side: it is turned by a quarter to the left.",
        "es": "La imagen está tumbada: se gira un cuarto de vuelta a la izquierda.",
    },
    "turned_right": {
        "en": "The picture lies on its side: it is turned by a quarter to the right.",
        "es": "La imagen está tumbada: se gira un cuarto de vuelta a la derecha.",
    },
    "turned_over": {
        "en": "The picture is upside down: it is turned by half.",
        "es": "La imagen está del revés: se gira media vuelta.",
    },
    "pictures_unusable_one": {
        "en": "One of the source's pictures could not be used and was left out.",
        "es": "Una imagen de la fuente no se pudo usar y se ha omitido.",
    },
    "pictures_unusable": {
        "en": "Left out because they could not be used: {count} of the source's pictures.",
        "es": "Imágenes de la fuente que no se pudieron usar y se han omitido: {count}.",
    },
}
