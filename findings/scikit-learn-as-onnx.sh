#!/usr/bin/env bash
# scikit-learn's models and their steps answer otherwise as ONNX, without a word, where values are missing and by some settings: skl2onnx 1.20.0.
#
# Trees, alone or in a forest, send a missing value where scikit-learn does not, PowerTransformer makes 0 of it before it
# scales, OrdinalEncoder calls it unknown though it was learned, and SimpleImputer's add_indicator brings no column: the next
# step is given the others. Of two classes LinearDiscriminantAnalysis has other probabilities, by its defaults; isotonic
# calibration takes steps instead of a line; neighbours weighted by distance do not count a row as its own; bagged
# classifiers without probabilities give as many answers as there are classifiers, however many rows are asked for.
# OneHotEncoder cuts fractions off, Normalizer("max") changes signs, MaxAbsScaler does not clip.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check skl2onnx==1.20.0 onnx==1.23.2 \
    onnxruntime==1.32.0 scikit-learn==1.9.1 numpy==2.5.5

cat > "$folder/expected.txt" <<'TEXT'
with missing values
StandardScaler(): the same
PowerTransformer(): 58 of 400 rows, none 1.00 gives none -1.82 and as ONNX -2.12 -1.82
PowerTransformer(standardize=False): 58 of 400 rows, none 1.00 gives none 0.90 and as ONNX 0.00 0.90
SimpleImputer(): the same
SimpleImputer(add_indicator=True): gives 400 rows of 3 and as ONNX 400 rows of 2
OrdinalEncoder(): 58 of 400 rows, none 0.00 gives none 0.00 and as ONNX -1.00 0.00
OrdinalEncoder(encoded_missing_value=9, handle_unknown='use_encoded_value', unknown_value=-1): 58 of 400 rows, none 0.00 gives 9.00 0.00 and as ONNX -1.00 0.00
DecisionTreeRegressor(max_depth=4): 29 of 400 rows, none 15.00 gives 26.48 and as ONNX 38.45
RandomForestClassifier(n_estimators=5, random_state=0): 58 of 400 rows, none 10.00 gives 0.77 0.23 and as ONNX 0.00 1.00
RandomForestClassifier(n_estimators=5, random_state=0), learned without gaps: 58 of 400 rows, none 19.00 gives 0.80 0.20 and as ONNX 0.00 1.00
ExtraTreesRegressor(n_estimators=5, random_state=0): 58 of 400 rows, none 8.00 gives 11.02 and as ONNX 30.00
without
RandomForestClassifier(n_estimators=5, random_state=0): the same
LinearDiscriminantAnalysis(): 240 of 400 rows, 11.00 1.00 gives 0.35 0.65 and as ONNX 0.23 0.77
LinearDiscriminantAnalysis(), three classes: the same
CalibratedClassifierCV(estimator=GaussianNB()): the same
CalibratedClassifierCV(estimator=GaussianNB(), method='isotonic'): 160 of 400 rows, 10.00 5.00 gives 0.74 0.26 and as ONNX 1.00 0.00
KNeighborsRegressor(weights='distance'): 142 of 400 rows, 20.00 11.00 gives 40.00 and as ONNX 35.60
BaggingClassifier(estimator=LogisticRegression(), n_estimators=3, random_state=0): the same
BaggingClassifier(estimator=LinearSVC(random_state=0), n_estimators=3, random_state=0): gives 400 rows of 2 and as ONNX 3 rows of 2
OneVsRestClassifier(estimator=LogisticRegression()): the same
OneVsRestClassifier(estimator=LinearSVC(random_state=0)): 20 of 400 rows, 11.00 1.00 gives 1.00 and as ONNX 0.00
OrdinalEncoder(handle_unknown='use_encoded_value', unknown_value=-1): the same
OneHotEncoder(handle_unknown='ignore'): 400 of 400 rows, 0.50 0.50 gives 0.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00 and as ONNX 1.00 0.00 0.00 0.00 1.00 0.00 0.00 0.00
Normalizer(norm='max'): 400 of 400 rows, -1.00 -20.00 gives -0.05 -1.00 and as ONNX 1.00 20.00
Normalizer(norm='l1'): the same
MaxAbsScaler(clip=True): 300 of 400 rows, 2.00 40.00 gives 0.10 1.00 and as ONNX 0.10 2.00
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import numpy
import onnxruntime
from skl2onnx import to_onnx
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import BaggingClassifier, ExtraTreesRegressor, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import MaxAbsScaler, Normalizer, OneHotEncoder, OrdinalEncoder, PowerTransformer, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeRegressor

rows = numpy.array([[a, b] for a in range(20) for b in range(20)], dtype=numpy.float32) + 1
gaps = rows.copy()
gaps[::7, 0] = numpy.nan
two = (rows[:, 0] > 10).astype(int)
three = two + (rows[:, 1] > 10)
amounts = three * 10.0 + rows[:, 0]
few = rows // 6
few_with_gaps = gaps // 6


def write(values):
    return " ".join(f"{value:.2f}".replace("nan", "none") for value in numpy.ravel(values))


def tell(model, learn, target=None, ask=None, words=""):
    """Compares what the model and its ONNX make of rows, and prints the one where they are furthest apart."""
    ask = learn if ask is None else ask
    model.fit(learn, target)
    classifies = hasattr(model, "classes_")
    made = to_onnx(model, learn[:1], options={id(model): {"zipmap": False}} if classifies else None)
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    found = session.run(None, {"X": ask})
    probable = hasattr(model, "predict_proba")
    other = found[1] if probable else found[0]
    own = model.predict_proba(ask) if probable else model.predict(ask) if hasattr(model, "predict") else model.transform(ask)
    own = numpy.asarray(own.toarray() if hasattr(own, "toarray") else own)
    name = " ".join(repr(model).split()) + words
    if own.size != other.size:
        sizes = [f"{len(values)} rows of {values.size // len(values)}" for values in (own, other)]
        print(f"{name}: gives {sizes[0]} and as ONNX {sizes[1]}")
        return
    other = other.reshape(own.shape)
    apart = numpy.where(numpy.isnan(own) & numpy.isnan(other), 0, numpy.abs(own - other))
    apart = numpy.nan_to_num(apart, nan=numpy.inf).reshape(len(ask), -1).max(axis=1)
    if apart.max() < 1e-3:
        print(f"{name}: the same")
        return
    row = apart.argmax()
    print(f"{name}: {(apart >= 1e-3).sum()} of {len(ask)} rows, {write(ask[row])} gives {write(own[row])} and as ONNX {write(other[row])}")


print("with missing values")
for model in StandardScaler(), PowerTransformer(), PowerTransformer(standardize=False), SimpleImputer():
    tell(model, gaps)
tell(SimpleImputer(add_indicator=True), gaps)
tell(OrdinalEncoder(), few_with_gaps)
tell(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=9), few_with_gaps)
tell(DecisionTreeRegressor(max_depth=4), gaps, amounts)
tell(RandomForestClassifier(5, random_state=0), gaps, two)
tell(RandomForestClassifier(5, random_state=0), rows, two, gaps, ", learned without gaps")
tell(ExtraTreesRegressor(5, random_state=0), gaps, amounts)

print("without")
tell(RandomForestClassifier(5, random_state=0), rows, two)
tell(LinearDiscriminantAnalysis(), rows, two)
tell(LinearDiscriminantAnalysis(), rows, three, words=", three classes")
tell(CalibratedClassifierCV(GaussianNB()), rows, two)
tell(CalibratedClassifierCV(GaussianNB(), method="isotonic"), rows, two)
tell(KNeighborsRegressor(weights="distance"), rows, amounts)
tell(BaggingClassifier(LogisticRegression(), n_estimators=3, random_state=0), rows, two)
tell(BaggingClassifier(LinearSVC(random_state=0), n_estimators=3, random_state=0), rows, two)
tell(OneVsRestClassifier(LogisticRegression()), rows, two)
tell(OneVsRestClassifier(LinearSVC(random_state=0)), rows, two)
tell(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), few, ask=few + 0.5)
tell(OneHotEncoder(handle_unknown="ignore"), few, ask=few + 0.5)
tell(Normalizer("max"), -rows)
tell(Normalizer("l1"), -rows)
tell(MaxAbsScaler(clip=True), rows, ask=rows * 2)
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: which models of scikit-learn answer otherwise as ONNX."
