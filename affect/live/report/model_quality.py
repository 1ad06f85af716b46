"""The plain statement of what the numbers are worth, from the model's own figures."""

from __future__ import annotations

from typing import Any, Final

from affect.emotions import EMOTIONS
from affect.live.report.measures import weak_classes
from affect.live.report.writing import Words

FEW: Final = 100  # pictures of a class, below which its figures are uncertain by several points


def worth_view(told: dict[str, Any], words: Words) -> dict[str, Any]:
    """Sentences, and rows of the table of the model's figures (none where the model came without).

    told: a session's session.json.
    """
    model, settings = told["model"], told["settings"]
    figures = model.get("figures")
    if figures is None:
        measured = [words.text("worth_unknown", file=model["file"])]
    else:
        measured = _measured(figures, model["file"], words)
    sentences = [words.text("worth_perceived"), words.text("worth_device"), *measured, words.text("worth_untested")]
    if "smoothing_s" in settings:
        sentences.append(words.text("worth_smoothing", smoothing=words.span(settings["smoothing_s"])))
    if {"label_lead", "label_least", "label_keeps", "label_hold_s"} <= settings.keys():  # older versions had no hold
        sentences.append(label_rule(settings, words))
    return {"sentences": sentences, "rows": [] if figures is None else _rows(figures, words)}


def label_rule(settings: dict[str, Any], words: Words) -> str:
    """When an expression is shown, and when "uncertain": the rule of `affect.live.pipeline.smoothing.LabelChooser`."""
    return words.text(
        "label_rule",
        least=words.percent(settings["label_least"]),
        lead=words.points(settings["label_lead"]).lstrip("+"),
        keeps=words.percent(settings["label_keeps"]),
        hold=words.span(settings["label_hold_s"]),
    )


def weak_note(told: dict[str, Any], words: Words) -> str:
    """A line to stand by the shares of time: what the model seldom finds; "" where its figures show no weakness."""
    figures = told["model"].get("figures")
    weak = weak_classes(figures["per_class"]) if figures else []
    return words.text("weak_note", list=words.names(weak)) if weak else ""


def _measured(figures: dict[str, Any], file: str, words: Words) -> list[str]:
    per_class = figures["per_class"]
    sentences = [
        words.text(
            "worth_accuracy",
            n=words.number(figures["n"]),
            data=figures["data"],
            split=figures["split"],
            file=file,
            accuracy=words.percent(figures["accuracy"]),
            f1=words.number(figures["f1_macro"], 2),
        )
    ]
    if weak := weak_classes(per_class):
        found = [f"{words.name(name)} ({words.percent(per_class[name]['recall'])})" for name in weak]
        sentences.append(words.text("worth_weak", list=words.row(found)))
    if few := [name for name in EMOTIONS if name in per_class and per_class[name]["support"] < FEW]:
        counted = [f"{words.name(name)} ({words.number(per_class[name]['support'])})" for name in few]
        sentences.append(words.text("worth_few", list=words.row(counted)))
    ece = words.text("points", number=words.number(100 * figures["ece"], 1))
    return [*sentences, words.text("worth_calibration", ece=ece)]


def _rows(figures: dict[str, Any], words: Words) -> list[dict[str, Any]]:
    weak = weak_classes(figures["per_class"])
    return [
        {
            "label": name,
            "recall": words.percent(row["recall"]),
            "precision": words.percent(row["precision"]),
            "f1": words.number(row["f1"], 2),
            "support": words.number(row["support"]),
            "weak": name in weak,
        }
        for name, row in figures["per_class"].items()
        if name in EMOTIONS
    ]
