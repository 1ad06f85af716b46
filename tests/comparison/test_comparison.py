from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from affect.comparison import compare_mistakes, compare_models
from affect.comparison.__main__ import main
from affect.comparison.measured import copied_from_train
from affect.comparison.models import REPORTED, best_model
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.evaluation.measure import Evaluation, evaluate_logits, predictions_table
from affect.evaluation.metrics import RESAMPLES
from affect.model.calibration import Calibration
from tests.conftest import REPOSITORY
from tests.tools.repeats import repeats

N = 600
LABELS = np.random.default_rng(0).integers(0, 8, N)


def evaluation(strength: float, split: str = "test") -> Evaluation:
    """A model as good as `strength`, on the same pictures and with the same noise as any other."""
    names = [EMOTIONS[c] for c in LABELS]
    rows = pd.DataFrame({"pth": [f"{name}/{i}.png" for i, name in enumerate(names)], "label": names})
    logits = np.random.default_rng(1).normal(0, 1, (N, 8)).astype(np.float32)
    logits[np.arange(N), LABELS] += strength
    return evaluate_logits(
        logits, rows, calibration=Calibration(1.0), model="a.pt", data="drawn", split=split, resamples=200
    )


def write(folder: Path, result: Evaluation) -> None:
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps(result.metrics))
    predictions_table(result).to_csv(folder / "predictions.csv", index=False)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Two of the six models, and one of them again with a mistake."""
    root = tmp_path / "drawn"
    write(root / "v1" / "frozen", evaluation(1.0))
    write(root / "v4" / "finetuned", evaluation(2.0))
    write(root / "mistakes" / "v4__augmentation-lost" / "finetuned", evaluation(1.5))
    return root


def test_what_is_measured_stands_beside_what_was_reported(results: Path) -> None:
    comparison = compare_models(results)
    table = comparison.table.set_index("model")
    assert len(table) == 6
    assert table.loc["v4 finetuned", "accuracy"] == pytest.approx(evaluation(2.0).metrics["accuracy"])
    assert table.loc["v4 finetuned", "accuracy_low"] < table.loc["v4 finetuned", "accuracy"]
    assert table.loc["v2 finetuned", ["readme_accuracy", "printed_accuracy"]].tolist() == [0.62, 0.60]
    assert table.loc["v3 finetuned", ["readme_accuracy", "printed_accuracy"]].tolist() == [0.62, 0.63]
    assert table.loc["v4 finetuned", "best_epoch_accuracy"] == 0.6805
    assert comparison.origin == "drawn test, n = 600"


def test_models_are_ranked_on_the_pictures_that_all_of_them_saw(results: Path) -> None:
    """A model that leaves out its hard pictures is not better for it."""
    write(results / "v3" / "finetuned", evaluation(1.6))
    easy = np.flatnonzero(evaluation(1.0).predicted == LABELS)
    path = results / "v1" / "frozen" / "predictions.csv"
    pd.read_csv(path).iloc[easy].to_csv(path, index=False)
    (results / "v1" / "frozen" / "metrics.json").write_text(
        json.dumps({"accuracy": 1.0, "n": len(easy), "data": "drawn", "split": "test"})
    )
    comparison = compare_models(results)
    table = comparison.table.set_index("model")
    expected = (evaluation(1.6).predicted == LABELS)[easy].mean()
    assert table.loc["v3 finetuned", "accuracy_shared"] == pytest.approx(expected)
    assert set(table["n_shared"].dropna()) == {len(easy)}
    assert table["accuracy"].idxmax() == "v1 frozen"
    assert best_model(comparison.table) == ("v1 frozen", 1.0, len(easy), True)
    (results / "v3" / "finetuned" / "predictions.csv").unlink()
    assert best_model(compare_models(results).table) == ("v1 frozen", 1.0, len(easy), False)


def test_a_model_that_is_not_there_is_named_and_nothing_is_made_up_for_it(results: Path) -> None:
    comparison = compare_models(results)
    row = comparison.table.set_index("model").loc["v3 finetuned"]
    measured = row.drop(["checkpoint", "reported_n", *REPORTED.values()])
    assert measured.isna().all()
    assert "v3 finetuned (v3/finetuned/metrics.json)" in comparison.missing
    assert len(comparison.missing) == 4


def test_ones_own_model_stands_below_the_six(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(results / "mylr" / "finetuned", evaluation(2.5))
    note_settings(results / "mylr" / "finetuned", 112, 3)  # nobody knows how many epochs it was to have
    note_settings(results / "v4" / "finetuned", 112, 20)
    assert main(["--results", str(results)]) == 0
    assert "different settings" not in capsys.readouterr().err
    comparison = compare_models(results)
    row = comparison.table.set_index("model").loc["mylr finetuned"]
    assert row["accuracy"] == pytest.approx(evaluation(2.5).metrics["accuracy"])
    assert row["n_shared"] == N
    assert row[["reported_n", *REPORTED.values()]].isna().all()
    assert best_model(comparison.table)[0] == "mylr finetuned"  # type: ignore[index]
    text = (results / "comparison.md").read_text(encoding="utf-8")
    assert text.startswith("# Six models and 1 more on drawn test")
    (line,) = (line for line in text.splitlines() if line.startswith("| mylr finetuned |"))
    assert line.endswith("| - | - | - | - | - | - | - |")


@pytest.mark.parametrize("where", ["starter_ferplus/as_live", "mine/elsewhere"])
def test_what_one_model_is_on_another_data_set_is_no_model_of_its_own(results: Path, where: str) -> None:
    """A model's folder may hold what it is on other data, as the cards read it."""
    alone = compare_models(results).table
    write((results / where).parent, evaluation(2.5))
    write(results / where, evaluation(2.5, split="val"))
    pd.testing.assert_frame_equal(compare_models(results).table, alone)


@repeats(20, RESAMPLES)
def test_the_saved_tables_are_those_of_the_saved_results(repeats: int) -> None:
    saved = REPOSITORY / "results" / "ferplus"
    made = {"comparison": compare_models(saved), "mistakes": compare_mistakes(saved, repeats)}
    for name, comparison in made.items():
        kept = pd.read_csv(saved / f"{name}.csv")
        if name == "mistakes" and repeats != RESAMPLES:  # the ends of the intervals are others
            kept = kept[[c for c in kept if not c.endswith(("_low", "_high"))]]
        pd.testing.assert_frame_equal(comparison.table[kept.columns], kept, atol=1e-5, check_dtype=False)


def test_the_cost_of_a_mistake_is_paired_over_the_same_pictures(results: Path) -> None:
    row = compare_mistakes(results, resamples=500).table.iloc[0]
    assert (row["experiment"], row["mistake"], row["stage"], row["n"]) == ("v4", "augmentation-lost", "finetuned", N)
    good, bad = evaluation(2.0), evaluation(1.5)
    assert row["accuracy_difference"] == pytest.approx(good.metrics["accuracy"] - bad.metrics["accuracy"])
    assert row["f1_macro_corrected"] == pytest.approx(good.metrics["f1_macro"])
    # each picture's gain is -1, 0 or 1, so the paired interval is about 1.96 standard errors of their mean
    gain = (good.predicted == LABELS).astype(float) - (bad.predicted == LABELS)
    width = row["accuracy_difference_high"] - row["accuracy_difference_low"]
    assert width == pytest.approx(2 * 1.96 * gain.std() / np.sqrt(N), rel=0.2)
    unpaired = np.hypot(*(row[f"accuracy_{k}_high"] - row[f"accuracy_{k}_low"] for k in ("corrected", "mistake")))
    assert width < 0.8 * unpaired


def test_only_pictures_that_both_saw_count(results: Path) -> None:
    path = results / "mistakes" / "v4__augmentation-lost" / "finetuned" / "predictions.csv"
    shuffled = pd.read_csv(path).sample(frac=0.5, random_state=0)
    shuffled.to_csv(path, index=False)
    row = compare_mistakes(results, resamples=200).table.iloc[0]
    assert row["n"] == N // 2
    kept = shuffled.index
    right = (evaluation(2.0).predicted == LABELS)[kept].mean()
    assert row["accuracy_corrected"] == pytest.approx(right)


def test_twins_with_other_labels_or_other_pictures_are_refused(results: Path) -> None:
    path = results / "mistakes" / "v4__augmentation-lost" / "finetuned" / "predictions.csv"
    table = pd.read_csv(path)
    table.assign(label="happy").to_csv(path, index=False)
    with pytest.raises(AffectError, match="differ in their labels"):
        compare_mistakes(results)
    table.assign(pth="other/" + table["pth"]).to_csv(path, index=False)
    with pytest.raises(AffectError, match="share no picture"):
        compare_mistakes(results)


def test_models_measured_on_different_splits_are_not_put_side_by_side(results: Path) -> None:
    write(results / "v3" / "finetuned", evaluation(1.0, split="val"))
    with pytest.raises(AffectError, match="v3 finetuned: drawn val"):
        compare_models(results)


def test_the_command_line_writes_both_tables_and_names_what_is_missing(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--results", str(results)]) == 0
    printed = capsys.readouterr()
    assert "v2 finetuned (v2/finetuned/metrics.json)" in printed.err
    for name in ("comparison", "mistakes"):
        text = (results / f"{name}.md").read_text(encoding="utf-8")
        assert text in printed.out
        assert "drawn test, n = 600" in text
        assert str(results) not in text
        assert not pd.read_csv(results / f"{name}.csv").empty
        assert (results / f"{name}.png").stat().st_size > 10_000
    assert "| v3 finetuned | - | - |" in (results / "comparison.md").read_text(encoding="utf-8")


def test_a_mistake_without_its_corrected_twin_is_named(results: Path) -> None:
    write(results / "mistakes" / "v2__last-epoch" / "finetuned", evaluation(1.0))
    comparison = compare_mistakes(results, resamples=200)
    assert comparison.missing == ("v2__last-epoch finetuned (v2/finetuned/predictions.csv)",)
    assert len(comparison.table) == 1


def test_a_wrong_folder_or_a_file_of_something_else_is_one_line(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--results", str(results / "none")]) == 2
    assert "no folder" in capsys.readouterr().err
    (results / "v1" / "frozen" / "metrics.json").write_text('{"loss": 1}')
    assert main(["--results", str(results)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def note_settings(folder: Path, image_size: int, epochs: int, limit: int | None = None) -> None:
    """As a training notes them."""
    path = folder / "metrics.json"
    settings = {"image_size": image_size, "epochs": {folder.name: epochs}, "seed": 42, "limit": limit}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"settings": settings}))


def test_models_of_different_settings_are_told(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note_settings(results / "v4" / "finetuned", 112, 20)  # the experiment's own epochs
    compare_models(results)
    assert capsys.readouterr().err == ""  # nobody knows those of v1
    note_settings(results / "v1" / "frozen", 112, 3, limit=500)
    compare_models(results)
    (line,) = capsys.readouterr().err.splitlines()
    assert "different settings (v1 frozen: 112 px, 3 epochs, 500 pictures; v4 finetuned: 112 px, all epochs" in line


def test_a_mistake_of_other_settings_than_its_twin_is_told(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note_settings(results / "v4" / "finetuned", 112, 20)
    mistake = results / "mistakes" / "v4__augmentation-lost" / "finetuned"
    note_settings(mistake, 112, 20)
    compare_mistakes(results)
    assert capsys.readouterr().err == ""
    note_settings(mistake, 224, 20)
    compare_mistakes(results)
    assert "(v4: 112 px, all epochs, all pictures; v4__augmentation-lost: 224 px, " in capsys.readouterr().err


def test_a_val_picture_counts_as_copied_only_if_train_has_its_copy() -> None:
    table = pd.DataFrame(
        {
            "pth": ["t", "v", "v1", "v2"],
            "split": ["train", "val", "val", "val"],
            "near_group": [0, 0, 2, 2],
        }
    )
    assert copied_from_train(table) == {"v"}
