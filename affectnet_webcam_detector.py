"""Recognise facial expressions live. `python affectnet_webcam_detector.py --help` tells how."""

import sys

from affect.live.app import main

if __name__ == "__main__":
    sys.exit(main())
