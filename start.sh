#!/bin/sh
# Starts the program on Linux: double-click it, or run ./start.sh. The first start sets it up; options are passed on.
cd "$(dirname "$0")" || exit 1
spanish() { case "${LC_ALL:-${LC_MESSAGES:-$LANG}}" in es*) true ;; *) false ;; esac; }
say() { if spanish; then echo "$2"; else echo "$1"; fi; }
fail() {
  say "$1" "$2"
  say "Press Enter to close." "Pulse Intro para cerrar."
  read -r _
  exit 1
}

if ! cmp -s requirements-live.txt .venv/installed.txt; then
  if [ ! -t 1 ] && [ -z "$AFFECT_IN_TERMINAL" ] && [ -n "$DISPLAY$WAYLAND_DISPLAY" ]; then # show the progress
    export AFFECT_IN_TERMINAL=1
    for terminal in x-terminal-emulator konsole xfce4-terminal xterm; do
      command -v "$terminal" >/dev/null && exec "$terminal" -e "$PWD/start.sh"
    done
  fi
  python=""
  for name in python3.13 python3.12 python3.11 python3.10 python3 python; do
    if "$name" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' 2>/dev/null; then
      python=$name
      break
    fi
  done
  [ -n "$python" ] || fail "Python 3.10 to 3.13 is not installed. Install it from https://www.python.org/downloads/ and start again." \
    "No está instalado Python 3.10 a 3.13. Instálelo desde https://www.python.org/downloads/ y vuelva a empezar."
  say "First start: the program is being set up, once. This takes some minutes and needs the internet." \
    "Primer inicio: se prepara el programa, una sola vez. Tarda unos minutos y necesita internet."
  "$python" -m venv .venv || fail "The folder .venv could not be made. On Debian and Ubuntu: sudo apt install python3-venv; then start again." \
    "No se ha podido crear la carpeta .venv. En Debian y Ubuntu: sudo apt install python3-venv; después vuelva a empezar."
  .venv/bin/python -m pip install --disable-pip-version-check --progress-bar on -r requirements-live.txt ||
    fail "The installation broke off. Check the internet connection and the room on the disk, and start again: it goes on." \
      "La instalación se ha interrumpido. Compruebe la conexión a internet y el espacio en el disco, y vuelva a empezar: continuará."
  cp requirements-live.txt .venv/installed.txt
fi
.venv/bin/python affectnet_webcam_detector.py "$@"
code=$?
[ "$code" = 0 ] || [ "$code" = 130 ] || fail "The program has ended with an error; the lines above say which." \
  "El programa ha terminado con un error; las líneas de arriba dicen cuál."
