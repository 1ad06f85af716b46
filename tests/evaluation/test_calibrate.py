from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import softmax

from affect.emotions import EMOTIONS
from affect.evaluation.calibrate import main
from affect.evaluation.measure import evaluate_logits, write_metrics
from affect.evaluation.metrics import metrics_of
from affect.evaluation.operating_point import (
    chosen_confidence,
    chosen_shares,
    chosen_strength,
    fitted_temperature,
    risk_coverage,
    strength_curve,
)
from affect.evaluation.results import Results, read_results
from affect.faces.preprocessing import Preprocessing
from affect.files import sha256_of
from affect.live.pipeline.classifier import load_classifier
from affect.live.pipeline.pipeline import Pipeline
from affect.live.pipeline.search import AroundKnown
from affect.model.calibration import Calibration
from affect.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from affect.model.onnx import onnx_export

PRIOR = (0.1, 0.02, 0.03, 0.05, 0.25, 0.35, 0.1, 0.1)
TRUE = 1.7  # temperature of the drawn logits


def drawn(shares: tuple[float, ...], n: int = 4000, seed: int = 0, strength: float = 2.0, name: str = "a") -> Results:
    """Logits of balanced softmax: log-likelihood ratios without the class shares, times TRUE."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(8, n, p=shares)
    evidence = rng.normal(0, 1, (n, 8)) * np.sqrt(strength)
    evidence[np.arange(n), labels] += strength
    rows = pd.DataFrame({"label": [EMOTIONS[i] for i in labels]})
    return Results(rows, (TRUE * evidence).astype(np.float32), {"data": name, "split": "val"})


@pytest.fixture
def model(tmp_path: Path, random_model: torch.nn.Module) -> Path:
    path = tmp_path / "m.pt"
    weights = dict(random_model.state_dict())
    save_checkpoint(path, Checkpoint(weights, Preprocessing(image_size=64), 1.0, {"seed": 1}, prior=PRIOR))
    return path


def written(results: Results, folder: Path, model: Path) -> Path:
    """The folder that `affect.evaluation --out` writes of these logits."""
    name, calibration = results.told["data"], load_checkpoint(model).calibration
    rows = results.rows.assign(pth=[f"{i}.png" for i in range(len(results.rows))])
    found = evaluate_logits(
        results.logits, rows, calibration=calibration, model=model.name, data=name, split="val", resamples=5
    )
    told = {"crop": "as-live", "model_sha256": sha256_of(model)}
    write_metrics(replace(found, metrics=found.metrics | told), folder / name)
    return folder / name


def test_the_temperature_is_that_of_the_drawn_logits_under_the_assumed_shares() -> None:
    assumed = Calibration(prior=PRIOR)
    assert fitted_temperature([drawn(PRIOR)], assumed) == pytest.approx(TRUE, abs=0.08)
    assert fitted_temperature([drawn(PRIOR)], replace(assumed, prior=PRIOR[::-1])) < TRUE - 0.3


def test_each_set_weighs_the_same_however_many_pictures_it_has() -> None:
    sharp, blunt = drawn(PRIOR, 4000), drawn(PRIOR, 400)
    blunt = replace(blunt, logits=3 * blunt.logits)
    assumed = Calibration(prior=PRIOR)
    both = fitted_temperature([sharp, blunt], assumed)
    assert both == pytest.approx(fitted_temperature([sharp, *[blunt] * 1], assumed))
    twice = replace(sharp, rows=pd.concat([sharp.rows] * 2), logits=np.concatenate([sharp.logits] * 2))
    assert both == pytest.approx(fitted_temperature([twice, blunt], assumed), abs=1e-4)
    assert both > 1.2 * TRUE


def test_a_partial_label_counts_with_the_sum_of_its_classes() -> None:
    """Where the model cannot tell sad and disgust apart, their sum is as sure as one class."""
    n = 3000
    plain = drawn(tuple(np.full(8, 1 / 8)), n, strength=3)
    either = plain.rows["label"].isin(["sad", "disgust"])
    rows = plain.rows.assign(either=np.where(either, "sad/disgust", "")).assign(
        label=np.where(either, "sad", plain.rows["label"])
    )
    partial = replace(plain, rows=rows)
    assert fitted_temperature([partial], Calibration()) == pytest.approx(TRUE, abs=0.1)
    as_sad = replace(partial, rows=rows[["label"]])
    assert fitted_temperature([as_sad], Calibration()) > 1.3 * TRUE


def test_the_strength_is_the_best_one_among_those_that_keep_neutral() -> None:
    curve = pd.DataFrame(
        {
            "strength": [0.0, 0.0, 0.5, 0.5, 1.0, 1.0],
            "set": ["a", "b"] * 3,
            "balanced_accuracy": [0.9, 0.7, 0.7, 0.6, 0.5, 0.4],
            "neutral_recall": [0.6, np.nan, 0.8, np.nan, 0.9, np.nan],
        }
    )
    assert chosen_strength(curve, 0.75) == (0.5, True)
    assert chosen_strength(curve, 0.55) == (0.0, True)
    assert chosen_strength(curve, 0.95) == (1.0, False)
    every_set = curve.assign(neutral_recall=[0.6, 0.9, 0.8, 0.7, 0.9, 0.76])
    assert chosen_strength(every_set, 0.75) == (1.0, True)
    assert chosen_strength(curve.assign(neutral_recall=np.nan), 0.99) == (0.0, True)


def test_assumed_shares_raise_the_recall_of_neutral_and_lower_balanced_accuracy() -> None:
    curve = strength_curve([drawn(PRIOR, 1000), drawn(PRIOR, 1000, 1, name="b")], PRIOR)
    assert list(curve["set"].unique()) == ["a val", "b val"]
    ends = curve.groupby("strength").mean(numeric_only=True).iloc[[0, -1]]
    assert ends["neutral_recall"].diff().iloc[1] > 0.1
    assert ends["balanced_accuracy"].diff().iloc[1] < -0.05
    assert ends["temperature"].iloc[1] == pytest.approx(TRUE, abs=0.15)


def test_the_confidence_is_the_lowest_from_which_enough_is_right_on_every_set() -> None:
    sets = [drawn(PRIOR), drawn(PRIOR, seed=1, strength=4, name="b")]
    table = risk_coverage(sets, Calibration(TRUE, PRIOR))
    chosen = chosen_confidence(table, 0.85)
    assert chosen is not None
    for measured in sets:
        probabilities = measured.probabilities(Calibration(TRUE, PRIOR))
        sure = probabilities.max(1) >= chosen
        right = probabilities.argmax(1) == measured.labels
        assert right[sure].mean() >= 0.85
        row = table[(table["set"] == measured.name) & (table["confidence"] == chosen)].iloc[0]
        assert (row["answered"], row["accuracy"]) == (sure.mean(), right[sure].mean())
    before = table[table["confidence"] == round(chosen - 0.01, 2)]
    assert before["accuracy"].min() < 0.85


def test_a_confidence_that_fewer_than_thirty_pictures_reach_is_none() -> None:
    def table(n: int) -> pd.DataFrame:
        rows = {"confidence": [0.0, 0.5], "set": "a val", "n": 1000, "answered": [1.0, n / 1000], "accuracy": [0.5, 1]}
        return pd.DataFrame(rows)

    assert chosen_confidence(table(29), 0.85) is None
    assert chosen_confidence(table(30), 0.85) == 0.5
    assert chosen_confidence(table(0).assign(accuracy=[0.5, np.nan]), 0.85) is None


def test_the_command_sets_the_checkpoint_its_export_and_writes_what_it_chose_from(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model.with_suffix(".onnx").write_bytes(onnx_export(load_checkpoint(model), sha256_of(model)))
    before, old = load_checkpoint(model), sha256_of(model)
    folders = [
        written(drawn(PRIOR, 1000, strength=4), tmp_path, model),
        written(drawn(PRIOR, 900, 1, 5, "b"), tmp_path, model),
    ]
    out = tmp_path / "out"
    assert main(["--model", str(model), "--results", *map(str, folders), "--out", str(out)]) == 0
    after, told = load_checkpoint(model), capsys.readouterr()
    assert set(after.state_dict) == set(before.state_dict)
    assert all(torch.equal(after.state_dict[k], before.state_dict[k]) for k in before.state_dict)
    assert after.prior == PRIOR
    curve = pd.read_csv(out / "prior_strength.csv")
    assert after.prior_strength == chosen_strength(curve, 0.75)[0]
    assert curve.loc[curve["strength"] == after.prior_strength, "neutral_recall"].min() >= 0.75
    assert after.temperature == pytest.approx(
        curve.set_index("strength")["temperature"][after.prior_strength].iloc[0], 1e-4
    )
    coverage = pd.read_csv(out / "risk_coverage.csv")
    assert after.sure_from == chosen_confidence(coverage, 0.85) is not None
    assert {p.name for p in out.glob("*.png")} == {"prior_strength.png", "risk_coverage.png"}
    assert after.provenance["seed"] == 1
    used = after.provenance["calibrated_on"]["results"]
    assert used[1] == {"data": "b", "split": "val", "crop": "as-live", "n": 900, "model_sha256": old}
    assert f"{sha256_of(model)}  {model}" in told.out
    assert f"{sha256_of(model.with_suffix('.onnx'))}  " in told.out
    assert "PINNED_EXPORTS" in told.err
    classifier = load_classifier(model, "onnx", lambda _: None)
    assert classifier.calibration == after.calibration
    labels = Pipeline(AroundKnown(), classifier).labels
    assert (labels.least, labels.keeps) == (after.sure_from, pytest.approx(after.sure_from - 0.1))


def test_results_of_another_file_are_refused_and_so_are_the_ones_before_a_calibration(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(drawn(PRIOR, 300), tmp_path, model)
    arguments = ["--model", str(model), "--results", str(folder)]
    assert main(arguments) == 0
    content = model.read_bytes()
    assert main(arguments) == 2
    assert "metrics.json was measured on another model" in capsys.readouterr().err
    assert model.read_bytes() == content


@pytest.mark.parametrize("harm", ["no logits", "a row less", "no number", "no predictions", "mirrored"])
def test_results_that_do_not_hold_the_logits_are_refused(
    harm: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(drawn(PRIOR, 300), tmp_path, model)
    path, content = folder / "predictions.csv", model.read_bytes()
    table = pd.read_csv(path)
    if harm == "no logits":
        table = table.drop(columns="z_sad")
    elif harm == "a row less":
        table = table.iloc[1:]
    elif harm == "no number":
        table.loc[3, "z_sad"] = np.nan
    table.to_csv(path, index=False)
    if harm == "no predictions":
        path.unlink()
    if harm == "mirrored":
        told = json.loads((folder / "metrics.json").read_text())
        (folder / "metrics.json").write_text(json.dumps(told | {"model": "m.pt with mirror images"}))
    assert main(["--model", str(model), "--results", str(folder)]) == 2
    assert "error: " in capsys.readouterr().err
    assert model.read_bytes() == content


def test_logits_and_partial_labels_are_read_as_they_were_measured(model: Path, tmp_path: Path) -> None:
    plain = drawn(PRIOR, 300)
    partial = replace(plain, rows=plain.rows.assign(either=np.where(plain.rows["label"] == "sad", "sad/disgust", "")))
    found = read_results(written(partial, tmp_path, model), model)
    np.testing.assert_array_equal(found.logits, plain.logits)
    assert list(found.rows["either"]) == list(partial.rows["either"])
    assert (
        "either"
        not in read_results(written(replace(plain, told={"data": "p", "split": "val"}), tmp_path, model), model).rows
    )


@pytest.mark.usefixtures("undrawn")
def test_a_plain_model_gives_its_shares_away_and_at_strength_one_is_what_it_was(
    tmp_path: Path, random_model: torch.nn.Module, capsys: pytest.CaptureFixture[str]
) -> None:
    path, weights = tmp_path / "plain.pt", dict(random_model.state_dict())
    save_checkpoint(path, Checkpoint(weights, Preprocessing(image_size=64), TRUE))
    free = drawn(PRIOR, 1000)
    learned = replace(free, logits=free.logits + np.float32(TRUE * np.log(PRIOR)))
    folder = written(learned, tmp_path, path)
    shares = ["--shares", *map(str, PRIOR)]
    assert main(["--model", str(path), "--results", str(folder), "--out", str(tmp_path / "out"), *shares]) == 0
    after = load_checkpoint(path)
    change = (weights["classifier.1.bias"] - after.state_dict["classifier.1.bias"]).numpy()
    np.testing.assert_allclose(change, TRUE * np.log(PRIOR), atol=1e-5)
    np.testing.assert_allclose(after.prior, PRIOR)
    np.testing.assert_allclose(
        Calibration(TRUE, after.prior, 1.0).probabilities(learned.logits - change),
        softmax(learned.logits / TRUE, axis=1),
        atol=1e-6,
    )
    assert after.temperature == pytest.approx(TRUE, abs=0.3)  # of the free logits
    curve = pd.read_csv(tmp_path / "out" / "prior_strength.csv").set_index("strength")
    assert curve["neutral_recall"][0.0] < curve["neutral_recall"][1.0] - 0.1
    shown = pd.read_csv(tmp_path / "out" / "risk_coverage.csv")
    pd.testing.assert_frame_equal(shown, risk_coverage([free], after.calibration), atol=0.005)
    again = written(free, tmp_path, path)
    assert main(["--model", str(path), "--results", str(again), *shares]) == 2
    assert "assumes class shares already" in capsys.readouterr().err


def test_a_model_without_shares_gets_a_temperature_and_a_threshold(
    tmp_path: Path, random_model: torch.nn.Module
) -> None:
    path = tmp_path / "plain.pt"
    save_checkpoint(path, Checkpoint(dict(random_model.state_dict()), Preprocessing(image_size=64)))
    folder = written(drawn(tuple(np.full(8, 1 / 8))), tmp_path, path)
    assert main(["--model", str(path), "--results", str(folder), "--out", str(tmp_path / "out")]) == 0
    after = load_checkpoint(path)
    assert after.prior is None
    assert after.temperature == pytest.approx(TRUE, abs=0.08)
    assert after.sure_from is not None
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"risk_coverage.csv", "risk_coverage.png"}


@pytest.mark.usefixtures("undrawn")
def test_what_no_setting_reaches_is_told(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(drawn(PRIOR, 400, strength=0.05), tmp_path, model)
    arguments = ["--neutral-recall", "0.999", "--right", "0.99", "--out", str(tmp_path / "out")]
    assert main(["--model", str(model), "--results", str(folder), *arguments]) == 0
    told = capsys.readouterr().err
    assert "No strength reaches a recall of neutral of 0.999 on every set" in told
    assert "No confidence makes 99% of the answers right on every set" in told
    assert load_checkpoint(model).sure_from is None
    assert load_checkpoint(model).prior_strength > 0.5


@pytest.mark.usefixtures("undrawn")
def test_as_it_is_the_file_stays_and_the_tables_are_its_own(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, content, out = (
        written(drawn(PRIOR, 1000, strength=4), tmp_path, model),
        model.read_bytes(),
        tmp_path / "out",
    )
    assert main(["--model", str(model), "--results", str(folder), "--as-is", "--out", str(out)]) == 0
    assert model.read_bytes() == content
    told = capsys.readouterr()
    assert "PINNED_EXPORTS" not in told.err
    assert "temperature     1.000  (before: 1.000)" in told.out
    expected = risk_coverage([read_results(folder, model)], load_checkpoint(model).calibration)
    pd.testing.assert_frame_equal(pd.read_csv(out / "risk_coverage.csv"), expected, rtol=1e-5)
    assert (out / "prior_strength.csv").is_file()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--shares", *["0.2"] * 8], "the shares add up to 1.600"),
        (["--shares", *["0"] * 8], "0 is no share"),
        (["--neutral-recall", "75"], "75 is no share"),
        (["--right", "much"], "much is no share"),
        (["--results", *"abcde", "--out", "o"], "a figure can tell 4 data sets apart, not 5"),
    ],
)
def test_arguments_that_mean_nothing_are_told(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--model", "m.pt", "--results", "a", *arguments])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_chosen_shares_raise_the_mean_balanced_accuracy_and_keep_the_recall_of_neutral() -> None:
    """A model that says "fear" too readily on every set is freed of that; neutral keeps what is asked for."""
    even = tuple([1 / 8] * 8)
    sets = [drawn(even, 3000, seed, name=name) for seed, name in ((1, "a"), (2, "b"))]
    bias = np.zeros(8, np.float32)
    bias[EMOTIONS.index("fear")], bias[EMOTIONS.index("neutral")] = 3.0, -2.0
    sets = [replace(s, logits=s.logits + bias) for s in sets]
    before = Calibration(temperature=TRUE, prior=PRIOR, prior_strength=0.5)
    shares, enough = chosen_shares(sets, before, 0.5)
    after = replace(before, prior=shares)
    gain = [metrics_of(s.probabilities(c), s.labels)["balanced_accuracy"] for c in (before, after) for s in sets]
    assert enough
    assert sum(gain[2:]) > sum(gain[:2]) + 0.1
    assert sum(shares) == pytest.approx(1)
    assert min(shares) == shares[EMOTIONS.index("fear")]
    raised, enough = chosen_shares(sets, before, 0.85)
    recalls = [
        metrics_of(s.probabilities(replace(before, prior=raised)), s.labels)["per_class"]["neutral"]["recall"]
        for s in sets
    ]
    assert enough == (min(recalls) >= 0.85)
    assert min(recalls) >= 0.845
    assert raised[EMOTIONS.index("neutral")] > shares[EMOTIONS.index("neutral")]


def test_shares_are_chosen_by_the_command_and_told(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = load_checkpoint(model)
    folder = written(drawn(PRIOR, 600), tmp_path, model)
    assert main(["--model", str(model), "--results", str(folder), "--choose-shares"]) == 0
    now = load_checkpoint(model)
    assert now.prior is not None
    assert now.prior != before.prior
    assert now.provenance["calibrated_on"]["shares"] == "chosen"
    assert f"neutral {now.prior[EMOTIONS.index('neutral')]:.3f}" in capsys.readouterr().out
    for other in (["--as-is"], ["--shares", *["0.125"] * 8]):
        with pytest.raises(SystemExit):
            main(["--model", str(model), "--results", str(folder), "--choose-shares", *other])
        assert "--choose-shares" in capsys.readouterr().err


def test_a_partial_label_counts_as_right_where_shares_are_chosen() -> None:
    """Sad faces that are read as disgust: only where they may be either does nothing need to change."""
    given = drawn(tuple([1 / 8] * 8), 2000, 3)
    sad, disgust = EMOTIONS.index("sad"), EMOTIONS.index("disgust")
    logits = given.logits.copy()
    logits[given.labels == sad] = logits[given.labels == sad][:, [0, 1, sad, 3, 4, 5, disgust, 7]]
    rows = given.rows[given.rows["label"] != "disgust"].reset_index(drop=True)
    logits = logits[given.labels != disgust]
    before = Calibration(temperature=TRUE, prior=tuple([1 / 8] * 8), prior_strength=0.5)
    either = rows.assign(either=["sad/disgust" if x == "sad" else "" for x in rows["label"]])
    shares = {
        name: chosen_shares([replace(given, rows=table, logits=logits)], before, 0.0)[0]
        for name, table in (("plain", rows), ("either", either))
    }
    assert shares["plain"][disgust] < 0.5 * shares["either"][disgust]
