"""What must never come in: code that runs data, and checks that are switched off. Ruff guards what it knows of."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SCRIPTS = sorted(
    p for pattern in ("*.py", "affect/**/*.py", "benchmarks/**/*.py", "tests/**/*.py") for p in REPOSITORY.glob(pattern)
)
NOTEBOOKS = sorted(REPOSITORY.glob("*.ipynb"))
UNREAD = {"eval", "exec", "compile", "__import__", "execfile"}
RUNS_DATA = {
    "pickle.load",
    "pickle.loads",
    "pickle.Unpickler",
    "marshal.load",
    "marshal.loads",
    "shelve.open",
    "joblib.load",
    "dill.load",
    "cloudpickle.load",
    "pd.read_pickle",
    "pandas.read_pickle",
    "torch.jit.load",
    "torch.hub.load",
    "torch.package.PackageImporter",
    "torch.serialization.add_safe_globals",
    "torch.serialization.safe_globals",
    "yaml.load",
    "yaml.unsafe_load",
    "os.system",
    "os.popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "shutil.unpack_archive",
}
MUST_CHECK = {"get_state_dict": {"check_hash": True, "weights_only": True}, "torch.load": {"weights_only": True}}
FORBIDDEN = {"shell": False, "allow_pickle": False, "weights_only": True, "check_hash": True, "verify": True}


def misdeeds(code: str, name: str) -> list[str]:
    """The calls in a program that run data as code, or switch a check off."""
    found = []
    for node in ast.walk(ast.parse(code, name)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        given = {k.arg: k.value.value if isinstance(k.value, ast.Constant) else ... for k in node.keywords if k.arg}
        wrong = {k for k, wanted in FORBIDDEN.items() if k in given and given[k] is not wanted}
        needed = next((v for k, v in MUST_CHECK.items() if called == k or called.endswith(f".{k}")), {})
        if called in UNREAD | RUNS_DATA or called.endswith((".extractall", ".extract")) or wrong:
            found.append(f"{name}:{node.lineno}: {ast.unparse(node)[:80]}")
        elif any(given.get(k) is not v for k, v in needed.items()):
            found.append(f"{name}:{node.lineno}: {called} without {needed}")
    return found


def notebook_code(path: Path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    lines = "".join("".join(c["source"]) + "\n" for c in cells if c["cell_type"] == "code").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("%"))


def test_nothing_in_the_package_runs_data_or_switches_a_check_off() -> None:
    inside = [p for p in SCRIPTS if "tests" not in p.relative_to(REPOSITORY).parts]
    assert len(inside) > 60
    for path in inside:
        assert not misdeeds(path.read_text(encoding="utf-8"), path.name)


def test_nothing_in_the_notebooks_does() -> None:
    assert len(NOTEBOOKS) == 5
    for path in NOTEBOOKS:
        assert not misdeeds(notebook_code(path), path.name)


def test_the_tests_load_no_checkpoint_without_the_guard() -> None:
    for path in SCRIPTS:
        assert not [m for m in misdeeds(path.read_text(encoding="utf-8"), path.name) if "torch.load" in m]


@pytest.mark.parametrize(
    "code",
    [
        "eval(text)",
        "exec(text)",
        "pickle.loads(data)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.load(path, weights_only=flag)",
        "torch.jit.load(path)",
        "np.load(path, allow_pickle=True)",
        "subprocess.run(command, shell=True)",
        "subprocess.Popen(command, shell=wanted)",
        "os.system(command)",
        "weights.get_state_dict(progress=True)",
        "weights.get_state_dict(progress=True, check_hash=True)",
        "archive.extractall(folder)",
        "torch.serialization.add_safe_globals([x])",
        "requests.get(url, verify=False)",
    ],
)
def test_each_misdeed_would_be_seen(code: str) -> None:
    assert misdeeds(code, "x.py")


@pytest.mark.parametrize(
    "code", ["torch.load(f, weights_only=True)", "np.load(f, allow_pickle=False)", "re.compile(x)", "model.eval()"]
)
def test_what_is_harmless_is_left_alone(code: str) -> None:
    assert not misdeeds(code, "x.py")


@pytest.mark.skipif(shutil.which("ruff") is None, reason="ruff is not installed")
@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("import pickle\n\npickle.loads(b'')\n", "S301"),
        ("import marshal\n\nmarshal.loads(b'')\n", "S302"),
        ("eval('1')\n", "S307"),
        ("exec('1')\n", "S102"),
        ("import subprocess\n\nsubprocess.run('ls', shell=True)\n", "S602"),
        ("import os\n\nos.system('ls')\n", "S605"),
        ("import tarfile\n\ntarfile.open('x').extractall()\n", "S202"),
        ("import tempfile\n\ntempfile.mktemp()\n", "S306"),
    ],
)
def test_ruff_refuses_it_in_the_package(code: str, rule: str) -> None:
    command = ["ruff", "check", "--output-format", "concise", "--stdin-filename", "affect/new.py", "-"]
    done = subprocess.run(command, input=code, capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == 1
    assert f" {rule} " in done.stdout


def test_no_rule_against_running_data_is_silenced() -> None:
    for path in SCRIPTS:
        if "tests" in path.relative_to(REPOSITORY).parts:
            continue
        for silenced in re.findall(r"#\s*noqa\b(.*)", path.read_text(encoding="utf-8")):
            rules = re.findall(r"\b[A-Z]+\d+\b", silenced)
            assert rules, f"{path.name} silences everything"
            assert not [r for r in rules if re.fullmatch("S102|S202|S3(?!11)..|S60[245]|S612", r)], path


@pytest.mark.skipif(sys.platform == "win32" or shutil.which("bash") is None, reason="CI runs on bash")
@pytest.mark.parametrize(
    ("audit", "code", "words"),
    [
        ('echo \'{"dependencies": [{"vulns": []}, {"vulns": []}]}\' > "$6"', 0, "no known holes in the 2 packages"),
        ('echo \'{"dependencies": [{"vulns": ["PYSEC-1"]}]}\' > "$6"; exit 1', 1, "PYSEC-1"),
        ('echo \'{"dependencies": [{"skip_reason": "not found"}]}\' > "$6"', 0, "looked at nothing"),
        ("exit 1", 0, "looked at nothing"),
    ],
    ids=["nothing found", "found", "all passed over", "no network"],
)
def test_ci_fails_for_a_known_hole_and_not_for_a_missing_network(
    tmp_path: Path, audit: str, code: int, words: str
) -> None:
    ci = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    function = re.search(r"^audit\(\) \{.*?^\}", ci, re.M | re.S)
    assert function is not None
    assert re.search(r'^audit >.* &\naudit=.*^ended "\$audit" audit$', ci, re.M | re.S)
    (tmp_path / "bin").mkdir()
    for name, body in (("pip", "exit 0"), ("pip-audit", audit)):
        (tmp_path / "bin" / name).write_text(f"#!/bin/bash\n{body}\n")
        (tmp_path / "bin" / name).chmod(0o700)
    script = f"set -euo pipefail\nenvironment={tmp_path}\npython3() {{ :; }}\n{function[0]}\naudit\n"
    script = script.replace("$environment/auditor", "$environment")
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == code, done.stderr
    assert words in done.stdout + done.stderr
