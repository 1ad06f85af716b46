"""The report's numbers against sessions that were worked out by hand."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from affect.emotions import EMOTIONS, UNCERTAIN
from affect.live.report import timeline
from affect.live.report.measures import (
    LISTED,
    LISTED_EACH,
    Episode,
    around,
    coverage,
    episodes,
    gaps_around,
    listed,
    mean_probabilities,
    shares,
    thirds,
    valence,
    weak_classes,
)
from affect.live.report.session_folder import LABELS, Session, read_session
from affect.live.report.timeline import NONE, Timeline, clock_of, people_of, seen_by_anyone
from tests.live.report.session_folders import Row, drawn_rows, one_hot, write_session

SEVERAL = {"faces": 4, "language": "en", "detector": "haar", "backend": "onnx"}


def rows_of(parts: Sequence[tuple[float, float, str]], face: int = 1, rate: float = 10.0) -> list[Row]:
    """Rows at an even rate.   parts: from, to, label."""
    rows: list[Row] = []
    for start, end, label in parts:
        p = one_hot(label) if label != UNCERTAIN else [0.125] * 8
        rows += [(float(t), face, label, p) for t in np.arange(round(start * rate), round(end * rate)) / rate]
    return rows


# Worked out by hand: 4 s neutral, 2 s happy, 1 s nothing, 3 s paused, 2 s happy of which 0.3 s uncertain, 1 s sad.
TINY = [(0, 4, "neutral"), (4, 6, "happy"), (10, 11, "happy"), (11, 11.3, UNCERTAIN), (11.3, 12, "happy")]
TINY_EVENTS = [(5.0, "marker", "smiles"), (7.0, "pause", ""), (10.0, "resume", ""), (12.0, "marker", "")]


@pytest.fixture
def tiny(tmp_path: Path) -> Session:
    rows = rows_of([*TINY, (12, 13, "sad")])
    return read_session(write_session(tmp_path / "tiny", rows, TINY_EVENTS, 13.0))


@pytest.fixture
def only(tiny: Session) -> Timeline:
    """The one face of the tiny session."""
    return people_of(tiny, clock_of(tiny)).timelines[0]


def test_time_is_with_a_face_without_one_paused_or_without_a_picture(tiny: Session) -> None:
    clock = clock_of(tiny)
    spent = coverage(seen_by_anyone(tiny, clock), clock)
    assert (spent.face_s, spent.gaps_s["none"], spent.gaps_s["paused"], spent.gaps_s["lost"]) == pytest.approx(
        (9.0, 1.0, 3.0, 0.0)
    )
    assert spent.total_s == pytest.approx(13.0)


def test_shares_are_of_the_time_in_which_the_face_was_seen(only: Timeline) -> None:
    found = shares(only)
    assert found["neutral"] == pytest.approx(4 / 9)
    assert found["happy"] == pytest.approx(3.7 / 9)
    assert found["sad"] == pytest.approx(1 / 9)
    assert found[UNCERTAIN] == pytest.approx(0.3 / 9)
    assert sum(found.values()) == pytest.approx(1)
    assert found["fear"] == 0


def test_mean_probabilities_count_what_never_won(only: Timeline) -> None:
    found = mean_probabilities(only)
    assert found["happy"] == pytest.approx((3.7 * 0.86 + 0.3 * 0.125 + 5 * 0.02) / 9)
    assert found["fear"] == pytest.approx((8.7 * 0.02 + 0.3 * 0.125) / 9)
    assert sum(found.values()) == pytest.approx(1)


def test_valence_is_pleasant_minus_unpleasant_over_the_time_seen(only: Timeline) -> None:
    found = valence(only)  # 3.7 s happy, 1 s sad, each at 0.86 against 0.02; the rest is even
    assert found is not None
    assert found.mean == pytest.approx((37 * 0.84 - 10 * 0.84) / 90)
    assert (found.above, found.below) == (pytest.approx(37 / 90), pytest.approx(10 / 90))
    assert valence(Timeline.unseen(5)) is None


def test_what_cannot_be_believed_is_left_out_of_shares_means_and_valence(only: Timeline) -> None:
    happy = only.labels == LABELS.index("happy")
    doubtful = Timeline(only.labels, only.probabilities, np.where(happy, 0.1, only.quality))
    assert doubtful.doubtful.sum() == 37
    parts, means, found = shares(doubtful), mean_probabilities(doubtful), valence(doubtful)
    assert (parts["happy"], sum(parts.values())) == (0, pytest.approx(1))
    assert parts["sad"] == pytest.approx(10 / 53)
    assert means["happy"] < 0.05
    assert found is not None
    assert found.above == 0
    assert doubtful.seen_s == only.seen_s
    assert len(episodes(doubtful)) == len(episodes(only))


def test_an_older_recording_without_quality_is_counted(only: Timeline) -> None:
    older = Timeline(only.labels, only.probabilities, np.full(len(only.labels), np.nan))
    assert shares(older) == shares(only)


def test_thirds_are_equal_parts_that_leave_nothing_out(only: Timeline) -> None:
    first, second, third = thirds(only)
    assert [len(part.labels) for part in (first, second, third)] == [43, 44, 43]
    assert shares(first)["neutral"] > 0.9
    assert shares(third)["sad"] > 0.3
    assert sum(part.seen_s for part in (first, second, third)) == pytest.approx(only.seen_s)
    assert [len(part.labels) for part in thirds(only.part(slice(0, 2)))] == [1, 1]


def test_episodes_bridge_short_interruptions_and_not_gaps(only: Timeline) -> None:
    found = episodes(only)
    assert [e.label for e in found] == ["neutral", "happy", "happy", "sad"]
    bounds = [(e.start_s, e.end_s) for e in found]
    assert bounds == [pytest.approx(b) for b in [(0, 4), (4, 6), (10, 12), (12, 13)]]
    assert found[0].confidence == pytest.approx(0.86)
    assert found[2].confidence == pytest.approx((1.7 * 0.86 + 0.3 * 0.125) / 2)


def test_an_expression_of_less_than_half_a_second_is_no_episode(tmp_path: Path) -> None:
    rows = rows_of([(0, 2, "neutral"), (2, 2.4, "fear"), (2.4, 4, "neutral"), (4, 4.5, "anger")])
    session = read_session(write_session(tmp_path / "s", rows, duration_s=4.5))
    found = episodes(people_of(session, clock_of(session)).timelines[0])
    assert [(e.label, e.start_s, e.end_s) for e in found] == [("neutral", 0.0, 4.0), ("anger", 4.0, 4.5)]


def test_a_long_session_lists_the_longest_episodes_of_each_expression() -> None:
    found = [
        Episode("neutral" if i % 2 else "happy", float(10 * i), 10 * i + 1 + i / 100, 0.8) for i in range(LISTED + 1)
    ]
    kept = listed([*found, Episode("fear", 9999.0, 9999.5, 0.5)])
    assert len(kept) == 2 * LISTED_EACH + 1
    assert kept[:-1] == found[-2 * LISTED_EACH :]
    assert kept[-1].label == "fear"
    assert listed(found[:LISTED]) == found[:LISTED]


def test_the_ten_seconds_around_a_marker_are_compared(only: Timeline) -> None:
    seen = around(only, 5.0)
    assert seen.before is not None
    assert seen.after is not None
    assert (seen.before.label, seen.before.share) == ("neutral", pytest.approx(0.8))
    # after: 1 s happy, 1 s nothing, 3 s paused, 1.7 s happy and 0.3 s uncertain, 1 s sad
    assert (seen.after.label, seen.after.share) == ("happy", pytest.approx(2.7 / 4))
    rise, fall = seen.changes
    happy_after = (2.7 * 0.86 + 0.3 * 0.125 + 0.02) / 4
    assert rise == ("happy", pytest.approx(happy_after - (0.86 + 4 * 0.02) / 5))
    assert fall == ("neutral", pytest.approx((3.7 * 0.02 + 0.3 * 0.125) / 4 - (4 * 0.86 + 0.02) / 5))


def test_nothing_is_said_of_a_side_with_hardly_a_face(only: Timeline) -> None:
    at_start = around(only, 0.5)
    assert at_start.before is None
    assert at_start.after is not None
    assert at_start.changes == ()


def test_no_change_is_no_change(tmp_path: Path) -> None:
    session = read_session(write_session(tmp_path / "s", rows_of([(0, 20, "neutral")]), duration_s=20))
    assert around(people_of(session, clock_of(session)).timelines[0], 10).changes == ()


@pytest.mark.parametrize(("rate", "missed_s", "seen_s"), [(30, 0.4, 10.0), (30, 1.0, 9.0), (2, 0.6, 10.0)])
def test_a_face_that_is_missed_for_a_moment_counts_as_seen(
    tmp_path: Path, rate: float, missed_s: float, seen_s: float
) -> None:
    rows = [row for row in rows_of([(0, 10, "sad")], rate=rate) if not 4 <= row[0] < 4 + missed_s]
    session = read_session(write_session(tmp_path / "s", rows, duration_s=10))
    assert people_of(session, clock_of(session)).timelines[0].seen_s == pytest.approx(seen_s, abs=0.11)


def test_one_followed_face_is_one_person_whatever_its_ids(tmp_path: Path) -> None:
    rows = [*rows_of([(0, 3, "sad")], 1), *rows_of([(5, 9, "happy")], 2)]
    session = read_session(write_session(tmp_path / "s", rows, duration_s=10))
    people = people_of(session, clock_of(session))
    assert list(people.timelines) == [0]
    assert people.timelines[0].seen_s == pytest.approx(7.0)


def test_people_are_told_apart_and_those_who_pass_are_summed(tmp_path: Path) -> None:
    rows = rows_of([(0, 100, "sad")], 7) + rows_of([(0, 50, "happy")], 2)
    rows += rows_of([(60, 61.5, "fear")], 3) + rows_of([(70, 71.9, "fear")], 9)
    session = read_session(
        write_session(tmp_path / "s", sorted(rows, key=lambda row: row[0]), duration_s=100, settings=SEVERAL)
    )
    people = people_of(session, clock_of(session))
    assert list(people.timelines) == [7, 2]
    assert shares(people.timelines[2])["happy"] == 1
    assert people.passing == 2
    assert people.passing_s == pytest.approx(3.4)


def test_in_a_long_session_passing_is_a_share_of_it(tmp_path: Path) -> None:
    rows = rows_of([(0, 500, "sad")], 1) + rows_of([(0, 4, "happy")], 2)
    session = read_session(
        write_session(tmp_path / "s", sorted(rows, key=lambda row: row[0]), duration_s=500, settings=SEVERAL)
    )
    assert people_of(session, clock_of(session)).passing == 1


def test_thousands_who_pass_in_a_working_day_take_no_memory_each(tmp_path: Path) -> None:
    rows = [(i * 25 + k / 10, i + 2, "happy", one_hot("happy")) for i in range(1000) for k in range(10)]
    rows += [(i * 0.4, 1, "sad", one_hot("sad")) for i in range(2000)]
    session = read_session(write_session(tmp_path / "s", rows, [], 28_800.0, settings=SEVERAL))
    clock = clock_of(session)
    tracemalloc.start()
    people = people_of(session, clock)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (list(people.timelines), people.passing) == ([1], 1000)
    assert people.passing_s == pytest.approx(1000, rel=0.1)
    assert peak < 100e6


def test_somebody_is_shown_even_where_all_only_passed(tmp_path: Path) -> None:
    session = read_session(write_session(tmp_path / "s", rows_of([(0, 1, "sad")], 4), duration_s=60, settings=SEVERAL))
    assert list(people_of(session, clock_of(session)).timelines) == [4]


def test_a_pause_or_lost_signal_that_never_ended_goes_on_to_the_end(tmp_path: Path) -> None:
    events = [(4.0, "signal_lost", ""), (6.0, "signal_back", ""), (8.0, "pause", "")]
    session = read_session(write_session(tmp_path / "s", rows_of([(0, 10, "sad")]), events, 10.0))
    clock = clock_of(session)
    spent = coverage(seen_by_anyone(session, clock), clock)
    assert (spent.face_s, spent.gaps_s["none"], spent.gaps_s["paused"], spent.gaps_s["lost"]) == pytest.approx(
        (6.0, 0.0, 2.0, 2.0)
    )


def test_a_time_in_which_no_frame_was_analysed_is_neither_the_last_label_s_nor_without_a_face(tmp_path: Path) -> None:
    rows = [row for row in rows_of([(0, 10, "sad")], rate=30) if not 4 <= row[0] < 7.5]
    session = read_session(write_session(tmp_path / "s", rows, duration_s=10, not_analysed=[[4.467, 7.5]]))
    clock = clock_of(session)
    spent = coverage(seen_by_anyone(session, clock), clock)
    assert (spent.face_s, spent.gaps_s["none"], spent.gaps_s["unrecorded"]) == pytest.approx((7.0, 0.0, 3.0), abs=0.11)
    assert spent.total_s == pytest.approx(10)
    found = episodes(people_of(session, clock).timelines[0])
    assert [(e.start_s, e.end_s) for e in found] == [pytest.approx((0, 4.5)), pytest.approx((7.5, 10))]


def test_a_time_lapse_s_labels_stand_for_half_a_second_each(tmp_path: Path) -> None:
    rows = [(60.0 * i, 1, "happy" if i < 3 else "sad", one_hot("happy" if i < 3 else "sad")) for i in range(4)]
    gaps = [[60.0 * i + 0.5, 60.0 * (i + 1)] for i in range(3)]
    session = read_session(write_session(tmp_path / "s", rows, duration_s=180.5, not_analysed=gaps))
    clock = clock_of(session)
    spent = coverage(seen_by_anyone(session, clock), clock)
    assert (spent.face_s, spent.gaps_s["none"]) == pytest.approx((2.0, 0.0))
    assert spent.gaps_s["unrecorded"] == pytest.approx(178.5)
    assert shares(people_of(session, clock).timelines[0])["happy"] == pytest.approx(0.75)


def test_a_label_of_an_older_recording_never_stands_for_minutes(tmp_path: Path) -> None:
    rows = [(60.0 * i, 1, "happy", one_hot("happy")) for i in range(4)]
    session = read_session(write_session(tmp_path / "s", rows, duration_s=200))
    assert people_of(session, clock_of(session)).timelines[0].seen_s == pytest.approx(4 * 2.0)


def test_a_step_is_paused_or_lost_or_not_recorded_and_never_two_of_them(tmp_path: Path) -> None:
    events = [(2.0, "signal_lost", ""), (4.0, "pause", ""), (5.0, "signal_back", ""), (6.0, "resume", "")]
    events += [(8.0, "black", ""), (10.0, "black_end", "")]
    told = {"not_analysed": [[1.0, 3.0], [5.5, 6.5], [7.0, 9.0], [9.5, 12.0]], "clock": "source", "start_s": 0.0}
    folder = write_session(tmp_path / "s", rows_of([(0, 1, "sad")]), events, 14.0, **told)
    (folder / "exclude.csv").write_text("start,end,reason\n11,13,\n", encoding="utf-8")
    session = read_session(folder)
    clock = clock_of(session)
    gaps = clock.gaps(seen_by_anyone(session, clock))
    lengths = {name: float(mask.sum()) / 10 for name, mask in gaps.items()}
    assert lengths == pytest.approx({"none": 1.5, "paused": 2.0, "lost": 4.0, "unrecorded": 3.5, "excluded": 2.0})
    assert not (sum(mask.astype(int) for mask in gaps.values()) > 1).any()
    spent = coverage(seen_by_anyone(session, clock), clock)
    assert spent.total_s == pytest.approx(14.0)


def test_gaps_are_counted_from_the_session_s_start_as_rows_are(tmp_path: Path) -> None:
    rows = [(1.5 + row[0], *row[1:]) for row in rows_of([(0, 2, "sad"), (5, 6, "sad")])]
    told = {"not_analysed": [[3.9, 6.5]], "clock": "source", "start_s": 1.5}
    session = read_session(write_session(tmp_path / "s", rows, duration_s=6.0, **told))
    clock = clock_of(session)
    assert np.flatnonzero(clock.unrecorded).tolist() == list(range(24, 50))
    assert coverage(seen_by_anyone(session, clock), clock).gaps_s["none"] == pytest.approx(0.0)


def test_around_a_marker_each_step_without_a_reading_has_its_reason(tiny: Session) -> None:
    clock = clock_of(tiny)
    gaps = clock.gaps(seen_by_anyone(tiny, clock))
    near = gaps_around(gaps, 12.0)  # 3 s paused, 1 s nothing before; the session ends 1 s after
    lengths = {name: (mask[:100].sum() / 10, mask[100:].sum() / 10) for name, mask in near.items()}
    assert lengths == {"none": (1, 0), "paused": (3, 0), "lost": (0, 0), "unrecorded": (0, 9), "excluded": (0, 0)}


@pytest.mark.parametrize(
    ("at_s", "before_s", "after_s"),
    [(0.0, 10, 0), (0.04, 10, 0), (6.5, 3.5, 3.5), (12.0, 0, 9), (12.96, 0, 10), (13.0, 0, 10)],
)
def test_what_is_before_the_recording_or_after_it_is_not_recorded(
    at_s: float, before_s: float, after_s: float, tiny: Session
) -> None:
    clock = clock_of(tiny)
    near = gaps_around(clock.gaps(seen_by_anyone(tiny, clock)), at_s)
    assert [len(mask) for mask in near.values()] == [200] * 5
    outside = near["unrecorded"]
    assert (outside[:100].sum() / 10, outside[100:].sum() / 10) == (before_s, after_s)


def test_how_many_steps_are_looked_at_together_makes_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = drawn_rows(60, 5, away=[(7, 9), (30, 31)])
    session = read_session(write_session(tmp_path / "s", rows[::3], [(40.0, "pause", ""), (45.0, "resume", "")], 60.0))
    whole = timeline.sample(session.rows, clock_of(session).analysed)
    for block in (1, 7, 599, 600, 601):
        monkeypatch.setattr(timeline, "BLOCK", block)
        again = timeline.sample(session.rows, clock_of(session).analysed)
        np.testing.assert_array_equal(again.labels, whole.labels)
        np.testing.assert_array_equal(again.probabilities, whole.probabilities)
    assert (whole.labels != -1).sum() > 300


def test_rows_out_of_order_are_sorted_by_time_with_all_that_belongs_to_them(tmp_path: Path) -> None:
    rows = drawn_rows(20, 5)
    straight = read_session(write_session(tmp_path / "a", rows, [], 20.0)).rows
    turned = read_session(write_session(tmp_path / "b", rows[::-1], [], 20.0)).rows
    for name in ("times_s", "faces", "labels", "probabilities", "quality"):
        np.testing.assert_array_equal(getattr(turned, name), getattr(straight, name))


def test_a_session_without_a_face_has_nobody(tmp_path: Path) -> None:
    session = read_session(write_session(tmp_path / "s", [], duration_s=5))
    clock = clock_of(session)
    assert people_of(session, clock).timelines == {}
    assert coverage(seen_by_anyone(session, clock), clock).gaps_s["none"] == pytest.approx(5)


def test_weak_classes_come_from_the_models_own_figures() -> None:
    per_class = {name: {"recall": 0.9} for name in EMOTIONS} | {"fear": {"recall": 0.49}, "contempt": {"recall": 0.0}}
    assert weak_classes(per_class) == ["contempt", "fear"]
    assert weak_classes({name: {"recall": 0.5} for name in EMOTIONS}) == []


def test_labels_end_with_uncertain_and_nothing_is_none_of_them() -> None:
    assert LABELS[:-1] == EMOTIONS
    assert NONE not in range(len(LABELS))
