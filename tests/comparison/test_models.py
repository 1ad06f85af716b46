from __future__ import annotations

import numpy as np
import pandas as pd

from affect.comparison.models import accuracies, best_model


def measured(**columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"model": ["v1", "v2"], "n": [100, 80], "n_shared": [80, 80], **columns})


def test_models_are_ranked_on_the_pictures_that_all_of_them_saw() -> None:
    table = measured(accuracy=[0.7, 0.8], accuracy_shared=[0.9, 0.8])
    assert accuracies(table).to_dict() == {"v1": 0.9, "v2": 0.8}
    assert best_model(table) == ("v1", 0.9, 80, True)


def test_where_that_is_not_known_each_counts_on_its_own_pictures() -> None:
    table = measured(accuracy=[0.7, 0.8], accuracy_shared=[np.nan, 0.8])
    assert best_model(table) == ("v2", 0.8, 80, False)


def test_of_models_that_are_not_measured_none_is_the_best() -> None:
    assert best_model(measured(accuracy=[np.nan, np.nan], accuracy_shared=[np.nan, np.nan])) is None
