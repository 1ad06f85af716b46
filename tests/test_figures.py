"""Every figure is drawn, is not blank, and says which data it shows and how many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image
from scipy.special import softmax

from affect import figure_style
from affect.comparison import figures as comparison_figures
from affect.comparison.original_results import MODELS
from affect.data import figures as data_figures
from affect.emotions import COLORS, EMOTIONS
from affect.evaluation import figures as evaluation_figures
from affect.evaluation.metrics import intervals_of, metrics_of
from affect.notebooks import figures
from affect.training import figures as training_figures

N = 400
ORIGIN = "drawn val, n = 400"
RNG = np.random.default_rng(0)
LABELS = np.concatenate([np.full(21, 1), RNG.choice([0, 2, 3, 4, 5, 6, 7], N - 21)])
LOGITS = RNG.normal(0, 1, (N, 8)) + 2 * np.eye(8)[LABELS]
PROBABILITIES = softmax(LOGITS, axis=1)
PICTURES = RNG.integers(0, 256, (N, 16, 16, 1), dtype=np.uint8)
NAMES = pd.Series([EMOTIONS[c] for c in LABELS])
VOTES = pd.DataFrame(RNG.multinomial(10, [1 / 8] * 8, N), columns=[f"votes_{e}" for e in EMOTIONS])
MAPS = RNG.random((8, 16, 16)).astype(np.float32)
HISTORY = pd.DataFrame(
    {
        "stage": ["frozen"] * 3 + ["finetuned"] * 3,
        "epoch": [1, 2, 3, 1, 2, 3],
        "train_loss": [2.0, 1.8, 1.7, 1.5, 1.2, 0.9],
        "val_loss": [1.9, 1.7, 1.75, 1.6, 1.4, 1.45],
        "val_accuracy": [0.30, 0.42, 0.40, 0.50, 0.61, 0.60],
        "val_f1_macro": [0.20, 0.31, 0.30, 0.41, 0.52, 0.53],
    }
)


def metrics() -> dict[str, object]:
    return {**metrics_of(PROBABILITIES, LABELS), "intervals": intervals_of(PROBABILITIES, LABELS, 200)}


def six(measured: int) -> pd.DataFrame:
    """A comparison in which only the first models are measured."""
    rows = []
    for i, model in enumerate(MODELS):
        value = 0.4 + 0.05 * i if i < measured else np.nan
        row = {"model": model.name, "n": N, "accuracy_shared": value, "n_shared": N}
        for name in ("accuracy", "f1_weighted", "auc_macro"):
            row |= {name: value, f"{name}_low": value - 0.02, f"{name}_high": value + 0.02}
            row[f"readme_{name}"] = getattr(model, name)
        row |= dict(zip(("printed_accuracy", "printed_f1_weighted"), model.printed, strict=True))
        rows.append(row)
    return pd.DataFrame(rows)


def corrupted() -> pd.DataFrame:
    """Two models, clean and under two corruptions."""
    rows: list[dict[str, object]] = [{"corruption": "clean", "measure": "", "strength": 0, "setting": ""}]
    for name in ("blur", "noise"):
        rows += [{"corruption": name, "measure": "sigma", "strength": s, "setting": f"{4 * s}"} for s in (1, 2, 3)]
    return pd.DataFrame(rows).assign(n=N, first=np.linspace(0.8, 0.5, 7), second=np.linspace(0.7, 0.6, 7))


def mistakes(difference: float) -> pd.DataFrame:
    row: dict[str, object] = {"experiment": "v2", "mistake": "augmentation-lost", "stage": "finetuned", "n": N}
    for metric in ("accuracy", "f1_macro"):
        for kind, value in {"corrected": 0.6, "mistake": 0.6 - difference, "difference": difference}.items():
            row |= {f"{metric}_{kind}": value}
            row |= {f"{metric}_{kind}_low": value - 0.02, f"{metric}_{kind}_high": value + 0.02}
    return pd.DataFrame([row])


FIGURES: dict[str, Callable[[], Figure]] = {
    "learning_curves": lambda: training_figures.learning_curves(HISTORY, ORIGIN),
    "confusion": lambda: evaluation_figures.confusion(LABELS, LOGITS.argmax(1), ORIGIN),
    "roc": lambda: evaluation_figures.roc(PROBABILITIES, LABELS, ORIGIN),
    "reliability": lambda: evaluation_figures.reliability(PROBABILITIES, LABELS, ORIGIN),
    "reliability_before_and_after": lambda: evaluation_figures.reliability(
        PROBABILITIES, LABELS, ORIGIN, uncalibrated=softmax(3 * LOGITS, axis=1)
    ),
    "f1_bars": lambda: evaluation_figures.f1_bars(metrics(), ORIGIN),
    "class_balance": lambda: data_figures.class_balance(
        pd.DataFrame({"label": NAMES, "split": ["train", "train", "val", "test"] * (N // 4)}), "drawn"
    ),
    "faces_found": lambda: data_figures.faces_found(pd.Series(LABELS % 3 > 0), pd.Series(NAMES), ORIGIN),
    "variations": lambda: data_figures.variations(PICTURES, PICTURES[:, ::-1], LABELS, ORIGIN),
    "mean_faces": lambda: data_figures.mean_faces(PICTURES, LABELS, ORIGIN),
    "picture_statistics": lambda: data_figures.picture_statistics(
        pd.DataFrame(RNG.random((N, 3)) * 100 + 1, columns=["brightness", "contrast", "sharpness"]), LABELS, ORIGIN
    ),
    "picture_sizes": lambda: data_figures.picture_sizes(
        pd.DataFrame({"width": RNG.integers(375, 628, N), "height": 500}), ORIGIN
    ),
    "label_disagreement": lambda: data_figures.label_disagreement(NAMES, NAMES.iloc[::-1], ORIGIN),
    "annotator_agreement": lambda: data_figures.annotator_agreement(VOTES, LABELS, ORIGIN),
    "gradcam_maps": lambda: evaluation_figures.gradcam_maps(MAPS, PICTURES, LABELS, ORIGIN),
    "faces": lambda: evaluation_figures.faces(
        PICTURES[:7], pd.DataFrame({"label": NAMES[:7], "predicted": "sad", "confidence": 0.9}), ORIGIN
    ),
    "six_models": lambda: comparison_figures.six_models(six(4), ORIGIN),
    "mistakes_cost": lambda: comparison_figures.mistakes_cost(mistakes(0.05), ORIGIN),
    "robustness": lambda: evaluation_figures.robustness(corrupted(), ORIGIN),
}


def title(figure: Figure) -> str:
    assert figure.get_suptitle()
    return figure.get_suptitle()


def words(figure: Figure) -> list[str]:
    """Every text inside the axes."""
    return [t.get_text() for axes in figure.axes for t in axes.texts]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_and_names_its_data_and_n(name: str, tmp_path: Path) -> None:
    figure = FIGURES[name]()
    figure_style.save(figure, tmp_path / "figure.png")
    picture = np.asarray(Image.open(tmp_path / "figure.png").convert("L"))
    assert picture.std() > 5
    assert min(picture.shape) > 80
    finding, origin = title(figure).split("\n")
    assert "drawn" in origin
    assert "n = 400" in origin
    assert finding
    drawn = [axes for axes in figure.axes if axes.lines or axes.containers]
    assert not drawn or any(axes.get_xlabel() or axes.get_xticklabels() for axes in drawn)
    assert not drawn or any(axes.get_ylabel() or axes.get_yticklabels() for axes in drawn)


def test_every_exported_figure_is_tested() -> None:
    assert {n.removesuffix("_before_and_after") for n in FIGURES} == set(figures.__all__) - {"save"}


def test_the_best_epoch_of_each_stage_is_marked_and_the_title_names_the_best_of_all() -> None:
    figure = training_figures.learning_curves(HISTORY, ORIGIN)
    dotted = [line.get_xdata()[0] for line in figure.axes[1].lines if line.get_linestyle() == ":"]
    assert dotted == [2, 5]
    assert title(figure).startswith("Best at epoch 2 of stage 'finetuned': 61.0%")
    by_loss = training_figures.learning_curves(HISTORY.assign(val_loss=[1, 2, 3, 4, 5, 6]), ORIGIN, best_by="val_loss")
    assert title(by_loss).startswith("Lowest held-out loss 1.000 at epoch 1 of stage 'frozen'")


def test_the_best_epoch_of_a_stage_is_by_what_chose_it() -> None:
    history = HISTORY.assign(val_loss=[1.9, 1.7, 1.65, 1.6, 1.4, 1.45])
    figure = training_figures.learning_curves(history, ORIGIN, {"frozen": "val_loss", "finetuned": "val_accuracy"})
    dotted = [line.get_xdata()[0] for line in figure.axes[1].lines if line.get_linestyle() == ":"]
    assert dotted == [3, 5]
    assert title(figure).startswith("Best at epoch 2 of stage 'finetuned': 61.0%")


def test_training_accuracy_is_drawn_where_it_was_measured() -> None:
    with_it = training_figures.learning_curves(HISTORY.assign(train_accuracy=0.5), ORIGIN)
    labels = with_it.axes[1].get_legend_handles_labels()[1]
    assert "train accuracy (augmented)" in labels
    assert (
        "train accuracy (augmented)"
        not in training_figures.learning_curves(HISTORY, ORIGIN).axes[1].get_legend_handles_labels()[1]
    )


def test_a_tick_says_where_it_is() -> None:
    history = HISTORY.assign(val_accuracy=np.linspace(0.84, 0.877, 6), val_f1_macro=0.711)
    axis = training_figures.learning_curves(history, ORIGIN).axes[1].yaxis
    places = axis.get_majorticklocs()
    assert any(round(100 * at) != pytest.approx(100 * at) for at in places)
    told = [float(label.removesuffix("%")) for label in axis.get_major_formatter().format_ticks(places)]
    assert told == pytest.approx(100 * places)


def test_a_run_of_one_epoch_and_one_stage_is_drawn_too(tmp_path: Path) -> None:
    figure_style.save(training_figures.learning_curves(HISTORY.head(1), ORIGIN), tmp_path / "one.png")
    with pytest.raises(ValueError, match="no epochs"):
        training_figures.learning_curves(HISTORY.head(0), ORIGIN)


def test_the_confusion_names_the_largest_mix_up() -> None:
    labels = np.array([0] * 4 + [6] * 10)
    predicted = np.array([0, 0, 0, 6] + [0] * 4 + [6] * 6)
    assert "40% of sad is taken for anger" in title(evaluation_figures.confusion(labels, predicted, ORIGIN))
    assert title(evaluation_figures.confusion(labels, labels, ORIGIN)).startswith("100.0% are right\n")


def test_roc_curves_have_the_classes_colours_and_leave_out_what_does_not_occur() -> None:
    two = np.array([4, 4, 5, 5])
    figure = evaluation_figures.roc(np.eye(8)[two], two, "drawn, n = 4")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    assert [label.split(":")[0] for label in labels] == ["happy", "neutral", "mean", "chance"]
    assert handles[0].get_color() == COLORS["happy"]
    with pytest.raises(ValueError, match="at least two"):
        evaluation_figures.roc(np.eye(8)[[4]], np.array([4]), ORIGIN)


def test_the_mean_of_few_faces_is_not_shown() -> None:
    few = np.array([0] * 19 + [4] * 20)
    figure = data_figures.mean_faces(PICTURES[:39], few, "drawn, n = 39")
    assert sum("too few" in text for text in words(figure)) == 7
    assert [len(axes.images) for axes in figure.axes] == [0, 0, 0, 0, 1, 0, 0, 0]
    maps = evaluation_figures.gradcam_maps(MAPS, PICTURES[:39], few, "drawn, n = 39")
    assert sum("too few" in text for text in words(maps)) == 7
    with pytest.raises(ValueError, match="39 pictures but 400 labels"):
        data_figures.mean_faces(PICTURES[:39], LABELS, ORIGIN)


def test_the_map_title_says_where_the_model_looks() -> None:
    maps = np.zeros((8, 16, 16), np.float32)
    for c in range(8):
        maps[c, c + 2] = 1
    assert "highest for anger (16% from the top), lowest for surprise (59%)" in title(
        evaluation_figures.gradcam_maps(maps, PICTURES, LABELS, ORIGIN)
    )


def test_colour_pictures_can_be_shown() -> None:
    colour = np.repeat(PICTURES, 3, axis=-1)
    assert data_figures.mean_faces(colour, LABELS, ORIGIN).axes[0].images[0].get_array().shape == (16, 16, 3)


def test_pictures_of_one_size_have_a_figure() -> None:
    figure = data_figures.picture_sizes(pd.DataFrame({"width": [48] * 9, "height": [48] * 9}), "drawn, n = 9")
    assert title(figure).startswith("Longer side 48 px; 100.0% are square")


def test_labels_outside_the_eight_are_left_out_of_the_disagreement() -> None:
    first, second = pd.Series(["happy", "happy", "sad"]), pd.Series(["happy", "sad", "bored"])
    assert "agree on 50.0%; 50% of happy is sad" in title(
        data_figures.label_disagreement(first, second, "drawn, n = 2")
    )
    with pytest.raises(ValueError, match="3 labels but 1"):
        data_figures.label_disagreement(first, second.head(1), ORIGIN)


def test_agreement_that_can_be_done_by_hand() -> None:
    votes = pd.DataFrame(0, index=range(3), columns=VOTES.columns)
    votes.loc[0, "votes_happy"] = 10
    votes.loc[1, ["votes_sad", "votes_fear"]] = 5  # the third has no vote
    figure = data_figures.annotator_agreement(votes, np.array([4, 6, 5]), "drawn, n = 3")
    assert title(figure).startswith("75% of the votes agree on average; in 50% of the pictures half or fewer")
    with pytest.raises(ValueError, match="No picture has votes"):
        data_figures.annotator_agreement(votes.tail(1), np.array([5]), ORIGIN)


def test_measured_and_reported_are_told_apart_and_the_missing_says_so() -> None:
    figure = comparison_figures.six_models(six(4), ORIGIN)
    names = [t.get_text() for t in figure.legends[0].get_texts()]
    assert names == [
        "measured on the data set above",
        "AffectNet, first version's README",
        "AffectNet, printed by its notebook, where it differs",
    ]
    printed = figure.axes[0].lines[-1].get_xdata()
    assert np.nan_to_num(np.asarray(printed, float)).tolist() == [0, 0, 0, 0.60, 0.63, 0]
    assert words(figure).count("not measured yet") == 2 * 3
    assert "the 4 measured so far" in title(figure)
    assert title(comparison_figures.six_models(six(0), ORIGIN)).startswith("None of the six models is measured yet")


def test_ones_own_model_stands_below_the_six_without_reported_figures() -> None:
    own = six(6).tail(1).assign(model="mylr finetuned")
    own[[c for c in own if c.startswith(("readme", "printed"))]] = np.nan
    figure = comparison_figures.six_models(pd.concat([six(6), own], ignore_index=True), ORIGIN)
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()][-1] == "mylr finetuned"
    assert "all 7" in title(figure)
    assert not [word for word in words(figure) if "nan" in word]


def test_bars_of_classes_have_their_intervals_and_numbers() -> None:
    axes = figure_style.new_figure(6, 4).subplots()
    values = np.array([0.5, np.nan, 0.25, *[np.nan] * 5])
    figure_style.class_bars(axes, values, "{:.0%}", {0: (0.4, 0.75)})
    assert [bar.get_height() for bar in axes.patches] == [0.5, 0.25]
    lines = [segment[:, 1].tolist() for lines in axes.collections for segment in lines.get_segments()]  # type: ignore[attr-defined]
    assert lines == [[0.4, 0.75], [0.25, 0.25]]
    assert [(text.get_text(), text.get_position()[1]) for text in axes.texts] == [("50%", 0.765), ("25%", 0.265)]


def test_figures_of_four_classes_name_those_that_do_not_occur(tmp_path: Path) -> None:
    labels = np.repeat([0, 4, 5, 6], 25)
    probabilities = np.eye(8)[np.where(np.arange(100) % 5, labels, 4)] * 0.9 + 0.0125
    found = {**metrics_of(probabilities, labels), "intervals": intervals_of(probabilities, labels, 50)}
    figure = evaluation_figures.f1_bars(found, ORIGIN)
    assert words(figure).count("does not\noccur") == 4
    assert title(figure).startswith("F1 from 0.77 (happy) to 0.89 (anger)")
    assert figure.axes[0].get_legend_handles_labels()[1] == [f"mean of 4 classes: {found['f1_macro']:.2f}"]
    light = pd.DataFrame(RNG.random((100, 3)) * 100 + 1, columns=["brightness", "contrast", "sharpness"])
    for drawn in (
        figure, evaluation_figures.confusion(labels, probabilities.argmax(1), ORIGIN),
        evaluation_figures.roc(probabilities, labels, ORIGIN),
        data_figures.class_balance(pd.DataFrame({"label": np.asarray(EMOTIONS)[labels], "split": "val"}), "drawn"),
        data_figures.picture_statistics(light, labels, ORIGIN),
    ):  # fmt: skip
        figure_style.save(drawn, tmp_path / "figure.png")


@pytest.mark.parametrize(
    ("difference", "finding"),
    [
        (0.05, "The costliest: augmentation-lost (v2), 5.0 points of accuracy"),
        (0.01, "The costliest: augmentation-lost (v2), 1.0 points of accuracy (the interval includes zero)"),
        (-0.05, "No mistake cost accuracy here"),
    ],
)
def test_the_cost_of_a_mistake_is_said_as_it_is(difference: float, finding: str) -> None:
    assert title(comparison_figures.mistakes_cost(mistakes(difference), ORIGIN)).split("\n")[0] == finding


def test_nothing_to_show_is_refused() -> None:
    with pytest.raises(ValueError, match="no mistakes"):
        comparison_figures.mistakes_cost(mistakes(0.1).head(0), ORIGIN)
    with pytest.raises(ValueError, match="need as many"):
        evaluation_figures.faces(PICTURES[:2], pd.DataFrame({"label": []}), ORIGIN)


def test_no_figure_touches_pyplot() -> None:
    import matplotlib.pyplot as plt

    FIGURES["confusion"]()
    assert plt.get_fignums() == []


def test_found_faces_name_the_class_with_the_fewest() -> None:
    labels = pd.Series(np.repeat(EMOTIONS, 10))
    found = pd.Series(labels != "sad")
    assert "from 0% (sad)" in data_figures.faces_found(found, labels, "d").get_suptitle()
    assert (
        data_figures.faces_found(pd.Series([True] * 80), labels, "d").get_suptitle()
        == "A face is found in 100% of the pictures\nd"
    )


def test_variations_stand_below_their_pictures() -> None:
    pictures = np.zeros((8, 16, 16, 1), np.uint8)
    figure = data_figures.variations(pictures, pictures + 255, np.arange(8), "d", each=1)
    above, below = figure.axes[0], figure.axes[8]
    assert above.get_title() == "anger"
    assert above.images[0].get_array().max() == 0
    assert below.images[0].get_array().min() == 255


def test_classes_of_the_same_size_are_called_so() -> None:
    table = pd.DataFrame({"label": list(EMOTIONS), "split": "train"})
    assert "All classes are equally frequent" in data_figures.class_balance(table, "d").get_suptitle()
