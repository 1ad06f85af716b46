"""Report section on model quality: accuracy and weaknesses, from the metrics on the model card."""

from __future__ import annotations

from typing import Any, Final

from affect.emotions import EMOTIONS
from affect.live.report.measures import weak_classes
from affect.live.report.writing import Writer

FEW: Final = 100  # support of a class below which its metrics are uncertain by several percentage points


def model_quality_view(told: dict[str, Any], writer: Writer) -> dict[str, Any]:
    """Template values for the section: sentences, and rows of the metrics table (empty for a model without metrics).

    told: content of a session's session.json.
    """
    model, settings = told["model"], told["settings"]
    figures = model.get("figures")
    if figures is None:
        measured = [writer.text("worth_unknown", file=model["file"])]
    else:
        measured = _measured(figures, model["file"], writer)
    sentences = [writer.text("worth_perceived"), writer.text("worth_device"), *measured, writer.text("worth_untested")]
    if "smoothing_s" in settings:
        sentences.append(writer.text("worth_smoothing", smoothing=writer.span(settings["smoothing_s"])))
    if {"label_lead", "label_least", "label_keeps", "label_hold_s"} <= settings.keys():  # older versions lack hold_s
        sentences.append(label_rule(settings, writer))
    return {"sentences": sentences, "rows": [] if figures is None else _rows(figures, writer)}


def label_rule(settings: dict[str, Any], writer: Writer) -> str:
    """Describe the label rule of `affect.live.pipeline.smoothing.LabelChooser` with a session's settings."""
    return writer.text(
        "label_rule",
        least=writer.percent(settings["label_least"]),
        lead=writer.points(settings["label_lead"]).lstrip("+"),
        keeps=writer.percent(settings["label_keeps"]),
        hold=writer.span(settings["label_hold_s"]),
    )


def weak_note(told: dict[str, Any], writer: Writer) -> str:
    """Note for the table of shares on expressions with low recall; "" if there are none, or no metrics."""
    figures = told["model"].get("figures")
    weak = weak_classes(figures["per_class"]) if figures else []
    return writer.text("weak_note", list=writer.names(weak)) if weak else ""


def _measured(figures: dict[str, Any], file: str, writer: Writer) -> list[str]:
    per_class = figures["per_class"]
    sentences = [
        writer.text(
            "worth_accuracy",
            n=writer.number(figures["n"]),
            data=figures["data"],
            split=figures["split"],
            file=file,
            accuracy=writer.percent(figures["accuracy"]),
            f1=writer.number(figures["f1_macro"], 2),
        )
    ]
    if weak := weak_classes(per_class):
        found = [f"{writer.name(name)} ({writer.percent(per_class[name]['recall'])})" for name in weak]
        sentences.append(writer.text("worth_weak", list=writer.row(found)))
    if few := [name for name in EMOTIONS if name in per_class and per_class[name]["support"] < FEW]:
        counted = [f"{writer.name(name)} ({writer.number(per_class[name]['support'])})" for name in few]
        sentences.append(writer.text("worth_few", list=writer.row(counted)))
    ece = writer.text("points", number=writer.number(100 * figures["ece"], 1))
    return [*sentences, writer.text("worth_calibration", ece=ece)]


def _rows(figures: dict[str, Any], writer: Writer) -> list[dict[str, Any]]:
    weak = weak_classes(figures["per_class"])
    return [
        {
            "label": name,
            "recall": writer.percent(row["recall"]),
            "precision": writer.percent(row["precision"]),
            "f1": writer.number(row["f1"], 2),
            "support": writer.number(row["support"]),
            "weak": name in weak,
        }
        for name, row in figures["per_class"].items()
        if name in EMOTIONS
    ]
