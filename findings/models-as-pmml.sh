#!/usr/bin/env bash
# One PMML file of scikit-learn's forest has three scores for one row, by jpmml-evaluator 0.16.0, pypmml 1.5.8 and sklearn-pmml-model 1.0.8.
#
# scikit-learn keeps "all that is no missing value" as a threshold of infinity, which the file has as INF. For pypmml no number is less
# than that, so that rows without any missing value get other probabilities as well, or none; sklearn-pmml-model sends rows with a
# missing value down other branches. jpmml-evaluator is right once the pipeline was configured with allow_missing=True.
# sklearn2pmml 0.133.1 itself leaves something out of other models, and the evaluators agree on the wrong number: the logarithm of
# HistGradientBoosting's Poisson loss (5 instead of 211), LightGBM's reg_sqrt, and of a calibration both probabilities (0, or none).
# sklearn-pmml-model passes over a StandardScaler: a linear model answers as if the columns were scaled already. Nothing is raised.
# pipeline.verify(rows), which the log of sklearn2pmml asks for, keeps answers of the model in the file to compare with.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check sklearn2pmml==0.133.1 jpmml-evaluator==0.16.0 \
    pypmml==1.5.8 sklearn-pmml-model==1.0.8 scikit-learn==1.9.0 lightgbm==4.7.0 pandas==3.1.1 numpy==2.4.6 setuptools==65.5.0

cat > "$folder/expected.txt" <<'TEXT'
which of 200 rows have another score than by the model itself
RandomForestClassifier()
  jpmml-evaluator: none
  pypmml: none
  sklearn-pmml-model: none
RandomForestClassifier() of missing values
  jpmml-evaluator: none; of those with missing values none, no score for all
  pypmml: some; of those with missing values some
  sklearn-pmml-model: none; of those with missing values some
RandomForestClassifier() of missing values, allow_missing=True
  jpmml-evaluator: none; of those with missing values none
  pypmml: some; of those with missing values some
  sklearn-pmml-model: none; of those with missing values some
  three scores of one row: some
HistGradientBoostingClassifier() of missing values
  jpmml-evaluator: none; of those with missing values none
  pypmml: none, no score for some; of those with missing values none, no score for some
  sklearn-pmml-model: ValueError
HistGradientBoostingRegressor()
  jpmml-evaluator: none
  pypmml: none
  sklearn-pmml-model: some
HistGradientBoostingRegressor(loss='poisson')
  jpmml-evaluator: all
  pypmml: all
  sklearn-pmml-model: all
LGBMRegressor(reg_sqrt=True)
  jpmml-evaluator: all
  pypmml: all
  sklearn-pmml-model: AttributeError
LGBMRegressor(linear_tree=True)
  jpmml-evaluator: some
  pypmml: all
  sklearn-pmml-model: AttributeError
CalibratedClassifierCV(DecisionTreeClassifier())
  jpmml-evaluator: all
  pypmml: none, no score for all
  sklearn-pmml-model: Exception
LogisticRegression()
  jpmml-evaluator: none
  pypmml: none
  sklearn-pmml-model: none
StandardScaler(), LogisticRegression()
  jpmml-evaluator: none
  pypmml: none
  sklearn-pmml-model: all
StandardScaler(), Ridge()
  jpmml-evaluator: none
  pypmml: none
  sklearn-pmml-model: all
AdaBoostClassifier()
  jpmml-evaluator: none
  pypmml: none
  sklearn-pmml-model: all
GradientBoostingClassifier() of two classes
  jpmml-evaluator: none
  pypmml: none
  sklearn-pmml-model: none
GradientBoostingClassifier() of three classes
  jpmml-evaluator: none
  pypmml: none
  sklearn-pmml-model: all
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > log 2>&1) <<'PYTHON'
from itertools import combinations
from pathlib import Path

import numpy
import pandas
from jpmml_evaluator import make_evaluator
from lightgbm import LGBMRegressor
from pypmml import Model
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn2pmml import sklearn2pmml
from sklearn2pmml.pipeline import PMMLPipeline
from sklearn_pmml_model.auto_detect import auto_detect_estimator

seen = ["which of 200 rows have another score than by the model itself"]
random = numpy.random.default_rng(0)
count = 400
rows = pandas.DataFrame({"age": random.integers(18, 80, count).astype(float), "amount": random.exponential(100, count).round(2)})
leaves = ((rows["age"] > 40) ^ (rows["amount"] > 80)).astype(int)
price = rows["age"] * 1.5 + rows["amount"]
level = (rows["age"] > 60).astype(int) + (rows["amount"] > 80)
holes = rows.mask(random.random(rows.shape) < 0.2)


def numbers(frame):
    """The probabilities of an evaluator's answer, or its prediction."""
    names = [name for name in frame.columns if str(name).startswith("probability(")]
    return frame[names or frame.columns[:1]].to_numpy(float)


def python(table):
    model = auto_detect_estimator(pmml="model.pmml")
    try:
        return model.predict_proba(table)
    except AttributeError:
        return model.predict(table)


EVALUATORS = {
    "jpmml-evaluator": lambda table: numbers(make_evaluator("model.pmml").evaluateAll(table)),
    "pypmml": lambda table: numbers(Model.load("model.pmml").predict(table)),
    "sklearn-pmml-model": python,
}


def share(other):
    return "all" if other.all() else "some" if other.any() else "none"


def tell(title, table, goal, *steps, **options):
    pipeline = PMMLPipeline([(type(step).__name__, step) for step in steps]).fit(table, goal)
    pipeline.configure(**options)
    sklearn2pmml(pipeline, "model.pmml")
    table = table[:200]
    own = pipeline.predict_proba(table) if hasattr(steps[-1], "predict_proba") else pipeline.predict(table)
    own = own.reshape(len(table), -1)
    full = table.notna().all(axis=1).to_numpy()
    seen.append(title)
    answers = []
    for name, score in EVALUATORS.items():
        try:
            found = numpy.asarray(score(table), float).reshape(own.shape)
        except Exception as error:
            seen.append(f"  {name}: {type(error).__name__}")
            continue
        answers.append(found)
        gone = numpy.isnan(found).any(axis=1)
        other = ~gone & (abs(found - own) > 1e-3 * numpy.maximum(1, abs(own))).any(axis=1)
        said = []
        for kind, here in {"": full, "of those with missing values ": ~full}.items():
            if here.any():
                said.append(f"{kind}{share(other[here])}" + (f", no score for {share(gone[here])}" if gone[here].any() else ""))
        seen.append(f"  {name}: {'; '.join(said)}")
    pairs = [abs(one - two) > 1e-3 for one, two in combinations(answers, 2)]
    if len(answers) == 3 and numpy.all(pairs, axis=0).any():
        seen.append("  three scores of one row: " + share(numpy.all(pairs, axis=0).any(axis=1)))


forest = RandomForestClassifier(20, random_state=0)
tell("RandomForestClassifier()", rows, leaves, forest)
tell("RandomForestClassifier() of missing values", holes, leaves, forest)
tell("RandomForestClassifier() of missing values, allow_missing=True", holes, leaves, forest, allow_missing=True)
tell("HistGradientBoostingClassifier() of missing values", holes, leaves, HistGradientBoostingClassifier(max_iter=20))
tell("HistGradientBoostingRegressor()", rows, price, HistGradientBoostingRegressor(max_iter=20))
tell("HistGradientBoostingRegressor(loss='poisson')", rows, price, HistGradientBoostingRegressor(max_iter=20, loss="poisson"))
quiet = {"n_estimators": 20, "verbose": -1}
tell("LGBMRegressor(reg_sqrt=True)", rows, price, LGBMRegressor(reg_sqrt=True, **quiet))
tell("LGBMRegressor(linear_tree=True)", rows, price, LGBMRegressor(linear_tree=True, **quiet))
tell("CalibratedClassifierCV(DecisionTreeClassifier())", rows, leaves, CalibratedClassifierCV(DecisionTreeClassifier(max_depth=3)))
tell("LogisticRegression()", rows, leaves, LogisticRegression())
tell("StandardScaler(), LogisticRegression()", rows, leaves, StandardScaler(), LogisticRegression())
tell("StandardScaler(), Ridge()", rows, price, StandardScaler(), Ridge())
tell("AdaBoostClassifier()", rows, leaves, AdaBoostClassifier(n_estimators=10))
tell("GradientBoostingClassifier() of two classes", rows, leaves, GradientBoostingClassifier(n_estimators=10))
tell("GradientBoostingClassifier() of three classes", rows, level, GradientBoostingClassifier(n_estimators=10))
Path("seen.txt").write_text("".join(f"{line}\n" for line in seen))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: which scores of a PMML file are those of its model."
