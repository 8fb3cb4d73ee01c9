#!/usr/bin/env bash
# A LogisticRegression of three classes and an XGBClassifier have, by their defaults, other probabilities as tensors of hummingbird-ml 0.4.12.
#
# scikit-learn 1.9.1 has no `multi_class` any more, and Hummingbird makes three single models of three classes, without a word;
# xgboost 3.2.0 takes its `base_score` from the data, and Hummingbird leaves it out of a classifier, while a regressor is a
# ValueError. Of LightGBM and HistGradientBoosting the exponent of Poisson is lost, of LightGBM's forest the mean; a row with a gap
# goes down another branch. m2cgen 0.10.0 is right with gaps in rows of LightGBM and XGBoost, and leaves out XGBoost's exponent,
# the weights of dart and LightGBM's linear trees. XGBoost's defaults it refuses; with base_score=0.5 a classifier is right by both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check hummingbird-ml==0.4.12 m2cgen==0.10.0 \
    torch==2.13.0 lightgbm==4.7.0 xgboost==3.2.0 scikit-learn==1.9.1 pandas==3.1.1 numpy==2.4.6

cat > "$folder/expected.txt" <<'TEXT'
by Hummingbird | by m2cgen
as its defaults are
  LogisticRegression of two: the same | the same
  LogisticRegression of three: all rows, 0.81 0.16 0.03 is 0.56 0.33 0.11 | the same
  GradientBoostingClassifier: the same | NotImplementedError
  RandomForestClassifier: the same | the same
  LGBMClassifier: the same | the same
  XGBClassifier of two: all rows, 0.95 0.05 is 0.53 0.47 | TypeError
  XGBClassifier of three: all rows, 0.01 0.98 0.00 is 0.02 0.98 0.01 | TypeError
  XGBRegressor: ValueError | NameError
by its settings
  XGBClassifier(base_score=0.5): the same | the same
  XGBRegressor(base_score=0.5): ValueError | the same
  XGBRegressor(count:poisson): ValueError | all rows, 33.34 is 4.70
  XGBRegressor(dart): ValueError | all rows, 96.38 is 359.00
  LGBMRegressor(poisson): all rows, 92.79 is 4.53 | the same
  LGBMRegressor(tweedie): the same | the same
  LGBMRegressor(linear_tree): some rows, 99.43 is 104.62 | some rows, 26.36 is 21.17
  LGBMRegressor(rf): all rows, 97.78 is 1955.50 | the same
  HistGradientBoostingRegressor(poisson): all rows, 106.24 is 4.67 | NotImplementedError
  GradientBoostingClassifier(exponential): all rows, 0.46 0.54 is 0.79 0.21 | NotImplementedError
with gaps
  LGBMRegressor: only rows with a gap, 18.33 is 19.40 | the same
  XGBRegressor(base_score=0.5): ValueError | the same
  HistGradientBoostingRegressor: only rows with a gap, 18.33 is 19.40 | NotImplementedError
  ExtraTreesRegressor: only rows with a gap, 47.25 is 46.00 | only rows with a gap, 17.25 is 16.00
  RandomForestClassifier: the same | the same
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import hummingbird.ml
import m2cgen
import numpy
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from xgboost import XGBClassifier, XGBRegressor

table = numpy.array([(a, c) for a in range(20) for c in range(5)] * 5, dtype=float)
price = table[:, 0] * 3 + table[:, 1] % 2 * 50 + 10
dear = (price > 110).astype(int)
three = numpy.digitize(price, [40, 80])
gaps = table.copy()
gaps[::10, 1] = numpy.nan


def answer(model, rows):
    return numpy.asarray(model.predict_proba(rows) if hasattr(model, "predict_proba") else model.predict(rows), float)


def tensors(model, rows):
    return answer(hummingbird.ml.convert(model, "torch", rows[:1]), rows)


def code(model, rows):
    found = {}
    exec(m2cgen.export_to_python(model), found)
    return numpy.array([found["score"](list(row)) for row in rows])


def compare(make, model, rows):
    # of a linear model m2cgen promises its decision function, not its probabilities
    own = model.decision_function(rows) if make is code and isinstance(model, LogisticRegression) else answer(model, rows)
    try:
        found = make(model, rows).reshape(own.shape)
    except Exception as error:
        return type(error).__name__
    # trees of 32 bits add up otherwise in the seventh place
    other = ~numpy.isclose(own, found, rtol=1e-3, atol=1e-3)
    rows_of = other.reshape(len(rows), -1).any(axis=1)
    if not rows_of.any():
        return "the same"
    text = "all rows" if rows_of.all() else "only rows with a gap" if numpy.isnan(rows[rows_of]).any(axis=1).all() else "some rows"
    worst = int(numpy.abs(own - found).reshape(len(rows), -1).max(axis=1).argmax())
    numbers = [" ".join(f"{value:.2f}" for value in numpy.atleast_1d(values[worst])) for values in (own, found)]
    return f"{text}, {numbers[0]} is {numbers[1]}"


def tell(title, model, rows, goal):
    model.fit(rows, goal)
    print(f"  {title}: {compare(tensors, model, rows[:100])} | {compare(code, model, rows[:100])}")


few = {"n_estimators": 20}
quiet = {"verbose": -1, **few}
fixed = {"base_score": 0.5, **few}
print("by Hummingbird | by m2cgen")
print("as its defaults are")
tell("LogisticRegression of two", LogisticRegression(), table, dear)
tell("LogisticRegression of three", LogisticRegression(), table, three)
tell("GradientBoostingClassifier", GradientBoostingClassifier(n_estimators=20), table, three)
tell("RandomForestClassifier", RandomForestClassifier(random_state=0, **few), table, three)
tell("LGBMClassifier", LGBMClassifier(**quiet), table, three)
tell("XGBClassifier of two", XGBClassifier(**few), table, dear)
tell("XGBClassifier of three", XGBClassifier(**few), table, three)
tell("XGBRegressor", XGBRegressor(**few), table, price)
print("by its settings")
tell("XGBClassifier(base_score=0.5)", XGBClassifier(**fixed), table, dear)
tell("XGBRegressor(base_score=0.5)", XGBRegressor(**fixed), table, price)
tell("XGBRegressor(count:poisson)", XGBRegressor(objective="count:poisson", **fixed), table, price)
tell("XGBRegressor(dart)", XGBRegressor(booster="dart", rate_drop=0.5, **fixed), table, price)
tell("LGBMRegressor(poisson)", LGBMRegressor(objective="poisson", **quiet), table, price)
tell("LGBMRegressor(tweedie)", LGBMRegressor(objective="tweedie", **quiet), table, price)
tell("LGBMRegressor(linear_tree)", LGBMRegressor(linear_tree=True, **quiet), table, price)
forest = LGBMRegressor(boosting_type="rf", bagging_freq=1, bagging_fraction=0.5, **quiet)
tell("LGBMRegressor(rf)", forest, table, price)
tell("HistGradientBoostingRegressor(poisson)", HistGradientBoostingRegressor(loss="poisson", max_iter=20), table, price)
exponential = GradientBoostingClassifier(loss="exponential", n_estimators=20)
tell("GradientBoostingClassifier(exponential)", exponential, table, dear)
print("with gaps")
tell("LGBMRegressor", LGBMRegressor(**quiet), gaps, price)
tell("XGBRegressor(base_score=0.5)", XGBRegressor(**fixed), gaps, price)
tell("HistGradientBoostingRegressor", HistGradientBoostingRegressor(max_iter=20), gaps, price)
tell("ExtraTreesRegressor", ExtraTreesRegressor(random_state=0, **few), gaps, price)
tell("RandomForestClassifier", RandomForestClassifier(random_state=0, **few), gaps, dear)
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: which models score otherwise as tensors and as code."
