"""Download AffectNet's public copy from the Hugging Face Hub: `python -m affect.datasets.download --out data`.

About 8 GB in one zip. An interrupted download resumes (huggingface_hub's own starts again), and the file gets its name
only when it is complete.
"""

from __future__ import annotations

import errno
import re
import shutil
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

from affect.command_line import CommandParser, exit_code_of
from affect.errors import AffectError, as_shown
from affect.files import expanded, sha256_of

REPOSITORY = "chitradrishti/AffectNet"
FILE = "affectnet.zip"


def download(out: str | Path = "data") -> Path:
    """Download `affectnet.zip` into the folder `out`, unless it is there, and return its path.

    Uses the login of `hf auth login` or HF_TOKEN, if any. The file is verified with the Hub's SHA-256.
    Raises AffectError if there is no connection, no access, no such file, or too little disk space.
    """
    target = expanded(str(out)) / FILE
    if zipfile.is_zipfile(target):
        return target
    # imported here, since it reads HF_ENDPOINT and HF_HUB_OFFLINE at import, and is slow to import
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError, HTTPError
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        url = hf_hub_url(REPOSITORY, FILE, repo_type="dataset")
        remote = get_hf_file_metadata(url)
        etag = remote.etag or ""
        if not re.fullmatch("[0-9a-f]{64}", etag):  # the Hub's ETag of a large file is its SHA-256
            raise AffectError(f"The Hub does not tell the SHA-256 of {FILE}: it could not be checked. Try again later.")
        part = target.with_name(f".{FILE}.{etag[:16]}.part")  # one for each version of the file
        there = part.stat().st_size if part.exists() else 0
        _check_room(target.parent, (remote.size or 0) - there)
        headers = build_hf_headers()
        if urlsplit(remote.location).netloc != urlsplit(url).netloc:
            headers.pop("authorization", None)  # the CDN's URL is signed, and the CDN must not see the token
        with part.open("ab") as file:
            http_get(
                remote.location,
                file,
                resume_size=there,
                headers=headers,
                expected_size=remote.size,
                displayed_filename=FILE,
            )
    except HfHubHTTPError as error:
        raise AffectError(_refusal(error.response.status_code)) from error
    except (HTTPError, OSError) as error:
        raise AffectError(_interruption(error, target)) from error
    _check_content(part, etag)
    part.replace(target)
    return target


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise AffectError(
            f"{folder} has room for {free / 1e9:.1f} GB, {FILE} needs {needed / 1e9:.1f} GB. "
            "Make room, or choose another disk with --out."
        )


def _check_content(part: Path, etag: str) -> None:
    if sha256_of(part) != etag:
        part.unlink()
        raise AffectError(f"{FILE} arrived damaged and was removed. Run the download again.")
    if not zipfile.is_zipfile(part):
        part.unlink()
        raise AffectError(f"What arrived as {FILE} is not a zip and was removed. Check the network (a login page?).")


def _refusal(status: int) -> str:
    page = f"https://huggingface.co/datasets/{REPOSITORY}"
    if status in (401, 403):
        return (
            f"The Hub refuses {REPOSITORY} ({status}): you have no access to it, or its terms are not accepted. "
            f"Open {page}, then log in with 'hf auth login' or set HF_TOKEN."
        )
    if status == 404:
        return f"There is no {FILE} in the data set {REPOSITORY} any more (404). Look at {page}."
    return f"The Hub answered with an error ({status}). Try again later; what has arrived is kept."


def _interruption(error: Exception, target: Path) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"The disk of {target.parent} is full. Make room and run the download again: it goes on where it stopped."
        )
    if isinstance(error, OSError) and error.filename:
        return f"{target.parent} cannot be written to ({error.strerror}). Choose another folder with --out."
    reason = " ".join(str(error).split()) or type(error).__name__
    return (
        f"The download of {FILE} was cut off, or there is no connection ({reason[:160]}). "
        "Check the network and run it again: what has arrived is kept."
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code: 0 done, 2 error, 130 interrupted."""
    parser = CommandParser(
        prog="python -m affect.datasets.download",
        description=f"Fetch {FILE} (about 8 GB) from the Hugging Face data set {REPOSITORY}.",
        epilog="An interrupted download goes on where it stopped. AffectNet's terms of use apply to the pictures.",
    )
    parser.add_argument("--out", type=Path, default=Path("data"), metavar="DIR", help="folder for it (default: data)")
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: print(as_shown(str(download(options.out)))), "run it again to go on where it stopped")


if __name__ == "__main__":
    sys.exit(main())
