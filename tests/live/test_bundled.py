"""What comes with the program is there, is what the code says it is, and may be passed on."""

from __future__ import annotations

from pathlib import Path

import pytest

from affect.faces.preprocessing import Image
from affect.files import sha256_of
from affect.live import bundled
from affect.live.recording.lettering import font
from affect.live.sources.files import DemoSource
from affect.live.sources.portrait import Portrait
from affect.live.terminal import tell_terms


def test_every_bundled_checkpoint_has_its_pinned_export_beside_it() -> None:
    checkpoints = sorted(bundled.models_folder().glob("starter*.pt"))
    beside = {sha256_of(path): sha256_of(path.with_suffix(".onnx")) for path in checkpoints}
    assert bundled.BUNDLED in checkpoints
    assert beside == bundled.PINNED_EXPORTS, "see PINNED_EXPORTS for how to make the export again"


def test_an_installed_package_has_its_models_inside_and_a_checkout_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "_LIVE", tmp_path / "affect" / "live")
    assert bundled.models_folder() == tmp_path / "models"
    (tmp_path / "affect" / "models").mkdir(parents=True)
    assert bundled.models_folder() == tmp_path / "affect" / "models"


def test_a_model_of_ones_own_comes_before_the_bundled_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "TRAINED", tmp_path / "best_model_finetuned_affectnet_v4.pt")
    assert bundled.default_model() == bundled.BUNDLED
    bundled.TRAINED.write_bytes(b"weights")
    assert bundled.default_model() == bundled.TRAINED


def test_the_model_for_research_is_the_default_and_either_tells_its_terms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bundled, "_LIVE", tmp_path / "affect" / "live")
    research, free = (tmp_path / "models" / f"starter_{name}.pt" for name in ("faces", "ferplus"))
    free.parent.mkdir()
    free.write_bytes(b"weights")
    assert bundled.bundled_models() == [free]
    research.write_bytes(b"weights")
    assert bundled.bundled_models() == [research, free]
    monkeypatch.chdir(tmp_path)
    for model in (research, free, Path("models/starter_ferplus.pt"), tmp_path / "starter_faces.pt"):
        tell_terms(model, "en")
        told = capsys.readouterr().err
        assert ("not commercially" in told, "MIT" in told) == (model == research, model != tmp_path / model.name)


def test_the_demo_shows_the_portrait_as_it_is(portrait: Image) -> None:
    whole, cut = DemoSource(), DemoSource()
    whole._portrait = Portrait(portrait)
    for time_s in range(0, DemoSource.SECONDS, 2):
        assert (whole.picture(time_s) == cut.picture(time_s)).all()


def test_the_font_has_the_letters_of_both_languages_and_its_licence_beside_it() -> None:
    for bold in (False, True):
        missing = font(20, bold).getmask("\uffff").getbbox(), bytes(font(20, bold).getmask("\uffff"))
        for letter in "añéíóúü¿¡…–×→":
            mask = font(20, bold).getmask(letter)
            assert (mask.getbbox(), bytes(mask)) != missing
    assert "Bitstream Vera" in (bundled.MEDIA / "LICENSE_DEJAVU.txt").read_text(encoding="utf-8")
