#!/usr/bin/env bash
# treelite 4.8.1 takes LightGBM's `zero_as_missing` for plain zeros, and scikit-learn's exponential loss for the logistic one: other scores, and no error.
#
# It takes over the trees and not the models: of each row with a zero another branch, of each row another probability. The class
# stays the same for the exponential loss, so that a test which looks at classes or at the AUC sees nothing; what is decided
# by a threshold, or multiplied by an amount, is wrong. LightGBM's linear trees and XGBoost's categories of a pandas frame are
# refused by an error. The other losses, and LightGBM's with missing values as NaN, answer the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check treelite==4.8.1 lightgbm==4.7.0 xgboost==3.2.0 \
    scikit-learn==1.9.1 pandas==3.1.1 numpy==2.4.6

cat > "$folder/expected.txt" <<'TEXT'
LightGBM, of 100 rows of which 24 have a zero
  LGBMRegressor(): 0 rows have another score
  LGBMRegressor() with NaN for zeros: 0 rows have another score
  LGBMRegressor(zero_as_missing=True): some with a zero have another score, none without
  LGBMRegressor(linear_tree=True): TreeliteError
  LGBMClassifier(sigmoid=2.0): 0 rows have another score
XGBoost
  XGBRegressor(booster='dart'): 0 rows have another score
  XGBRegressor(enable_categorical=True): TreeliteError
scikit-learn
  GradientBoostingClassifier(): 0 rows have another score
  GradientBoostingClassifier(loss='exponential'): all rows have another score, 0 another class
  HistGradientBoostingRegressor(loss='poisson'): 0 rows have another score
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import numpy
import pandas
import treelite
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingRegressor
from treelite.frontend import from_lightgbm, from_xgboost
from xgboost import XGBRegressor

table = numpy.array([(a, c) for a in range(20) for c in range(5)] * 5, dtype=float)
price = table[:, 0] + table[:, 1] % 2 * 50
dear = price > 30
zero = (table[:100] == 0).any(axis=1)


def answer(model, rows):
    return model.predict_proba(rows)[:, 1] if hasattr(model, "predict_proba") else model.predict(rows)


def tell(title, model, load, goal, rows=table):
    model.fit(rows, goal)
    own = answer(model, rows[:100])
    try:
        # 32 bits but for HistGradientBoosting, whose thresholds treelite reads as of 64
        kind = numpy.float64 if title.startswith("Hist") else numpy.float32
        found = treelite.gtil.predict(load(model), numpy.asarray(rows[:100], kind)).ravel()
    except Exception as error:
        print(f"  {title}: {type(error).__name__}")
        return
    other = abs(found - own) > 1e-3
    if other.all():
        print(f"  {title}: all rows have another score, {((found > 0.5) != (own > 0.5)).sum()} another class")
    elif other.any():
        assert not other[~zero].any()
        print(f"  {title}: some with a zero have another score, none without")
    else:
        print(f"  {title}: 0 rows have another score")


def lightgbm(model):
    return from_lightgbm(model.booster_)


def xgboost(model):
    return from_xgboost(model.get_booster())


sklearn = treelite.sklearn.import_model
quiet = {"verbose": -1, "n_estimators": 20}
print(f"LightGBM, of 100 rows of which {zero.sum()} have a zero")
tell("LGBMRegressor()", LGBMRegressor(**quiet), lightgbm, price)
tell("LGBMRegressor() with NaN for zeros", LGBMRegressor(**quiet), lightgbm, price, numpy.where(table == 0, numpy.nan, table))
tell("LGBMRegressor(zero_as_missing=True)", LGBMRegressor(zero_as_missing=True, **quiet), lightgbm, price)
tell("LGBMRegressor(linear_tree=True)", LGBMRegressor(linear_tree=True, **quiet), lightgbm, price)
tell("LGBMClassifier(sigmoid=2.0)", LGBMClassifier(sigmoid=2.0, **quiet), lightgbm, dear)
print("XGBoost")
tell("XGBRegressor(booster='dart')", XGBRegressor(booster="dart", rate_drop=0.5, n_estimators=20), xgboost, price)
frame = pandas.DataFrame(table, columns=["age", "plan"]).astype({"plan": int}).astype({"plan": "category"})
tell("XGBRegressor(enable_categorical=True)", XGBRegressor(enable_categorical=True, n_estimators=20), xgboost, price, frame)
print("scikit-learn")
tell("GradientBoostingClassifier()", GradientBoostingClassifier(n_estimators=20), sklearn, dear)
tell("GradientBoostingClassifier(loss='exponential')", GradientBoostingClassifier(n_estimators=20, loss="exponential"), sklearn, dear)
tell("HistGradientBoostingRegressor(loss='poisson')", HistGradientBoostingRegressor(loss="poisson", max_iter=20), sklearn, price)
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: which models treelite scores as they score themselves."
