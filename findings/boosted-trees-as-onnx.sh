#!/usr/bin/env bash
# Boosted trees that were converted to ONNX score otherwise, without a word, by some of their settings: onnxmltools 1.16.0, CatBoost 1.2.10.
#
# Of LightGBM, onnxmltools reads trees, objective and classes, and neither sigmoid, nor that one-against-all classes are no
# softmax, nor that reg_sqrt squares what comes out, nor that a random forest is a mean; of XGBoost's dart not the trees'
# weights. CatBoost's own export leaves out the exponent of Poisson and Tweedie, and makes a softmax of one-against-all. What
# else is refused, as objective="mape" and missing=0, is so with an error. The order of the scores may be the right one, as
# with Poisson and sigmoid: a comparison of labels or of an AUC shows nothing. Each default converts as it should.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check onnxmltools==1.16.0 skl2onnx==1.20.0 \
    onnx==1.23.2 onnxruntime==1.32.0 lightgbm==4.7.0 xgboost==3.4.1 catboost==1.2.10 scikit-learn==1.9.1 numpy==2.5.5

cat > "$folder/expected.txt" <<'TEXT'
LGBMClassifier(): the same
LGBMClassifier(boosting_type=dart): the same
LGBMClassifier(sigmoid=2.0): 0.07 0.93 is 0.21 0.79
LGBMClassifier(boosting_type=rf): 0.12 0.88 is 0.99 0.01
LGBMClassifier(): the same
LGBMClassifier(objective=multiclassova): 0.03 0.50 0.91 is 0.00 0.09 0.90
LGBMRegressor(): the same
LGBMRegressor(objective=poisson): the same
LGBMRegressor(reg_sqrt=True): 19.33 is 4.40
LGBMRegressor(boosting_type=rf): 21.00 is 4.20
XGBClassifier(): the same
XGBClassifier(booster=dart, rate_drop=0.5): 0.10 0.90 is 0.00 1.00
XGBRegressor(): the same
XGBRegressor(objective=count:poisson): the same
XGBRegressor(booster=dart, rate_drop=0.5): 20.16 is 47.25
CatBoostClassifier(): the same
CatBoostClassifier(loss_function=MultiClassOneVsAll): 0.32 0.32 0.68 is 0.16 0.16 0.69
CatBoostRegressor(): the same
CatBoostRegressor(loss_function=Poisson): 9.98 is 2.30
CatBoostRegressor(loss_function=Tweedie:variance_power=1.5): 2.71 is 1.00
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import catboost
import lightgbm
import numpy
import onnxruntime
import xgboost
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

rows = numpy.array([[a, b] for a in range(20) for b in range(20)], dtype=numpy.float32)
two = (rows[:, 0] > 9).astype(int)
three = two + (rows[:, 1] > 9)
amounts = three * 10.0 + 1
shape = [("rows", FloatTensorType([None, 2]))]
lightgbm_forest = {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.7}


def as_onnx(model):
    if isinstance(model, catboost.CatBoost):
        model.save_model("model.onnx", format="onnx")
        return "model.onnx"
    if isinstance(model, lightgbm.LGBMModel):
        more = {"zipmap": False} if isinstance(model, lightgbm.LGBMClassifier) else {}
        return convert_lightgbm(model, initial_types=shape, **more).SerializeToString()
    return convert_xgboost(model, initial_types=shape).SerializeToString()


def tell(kind, target, **settings):
    """Compares all scores, and prints those of the last row: its amount, or the probabilities of its classes."""
    if kind.__module__.startswith("catboost"):
        more = {"iterations": 20, "verbose": 0, "allow_writing_files": False, "thread_count": 1}
    else:
        more = {"n_estimators": 20, "n_jobs": 1, "random_state": 0}
    if kind.__module__.startswith("lightgbm"):
        more["verbose"] = -1
    model = kind(**more, **settings).fit(rows, target)
    session = onnxruntime.InferenceSession(as_onnx(model), providers=["CPUExecutionProvider"])
    found = session.run(None, {session.get_inputs()[0].name: rows})
    if hasattr(model, "predict_proba"):
        own, other = model.predict_proba(rows), found[1]
        if isinstance(other, list):
            other = numpy.array([[row[name] for name in sorted(row)] for row in other])
    else:
        own, other = model.predict(rows).reshape(-1, 1), found[0].reshape(-1, 1)
    same = own.shape == other.shape and numpy.allclose(own, other, rtol=1e-4, atol=1e-4)
    words = ", ".join(f"{name}={value}" for name, value in settings.items() if not name.startswith("bagging"))
    scores = "the same" if same else " is ".join(" ".join(f"{score:.2f}" for score in values[-1]) for values in (own, other))
    print(f"{kind.__name__}({words}): {scores}")


for settings in {}, {"boosting_type": "dart"}, {"sigmoid": 2.0}, lightgbm_forest:
    tell(lightgbm.LGBMClassifier, two, **settings)
for settings in {}, {"objective": "multiclassova"}:
    tell(lightgbm.LGBMClassifier, three, **settings)
for settings in {}, {"objective": "poisson"}, {"reg_sqrt": True}, lightgbm_forest:
    tell(lightgbm.LGBMRegressor, amounts, **settings)
for settings in {}, {"booster": "dart", "rate_drop": 0.5}:
    tell(xgboost.XGBClassifier, two, **settings)
for settings in {}, {"objective": "count:poisson"}, {"booster": "dart", "rate_drop": 0.5}:
    tell(xgboost.XGBRegressor, amounts, **settings)
for settings in {}, {"loss_function": "MultiClassOneVsAll"}:
    tell(catboost.CatBoostClassifier, three, **settings)
for settings in {}, {"loss_function": "Poisson"}, {"loss_function": "Tweedie:variance_power=1.5"}:
    tell(catboost.CatBoostRegressor, amounts, **settings)
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: which boosted trees score otherwise as ONNX."
