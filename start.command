#!/bin/sh
# Starts the program on a Mac: double-click it.
exec "$(dirname "$0")/start.sh" "$@"
