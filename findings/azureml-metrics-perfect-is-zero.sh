#!/usr/bin/env bash
# azureml-metrics 0.0.91, Azure ML's package of metrics, gives a classifier that is always right an accuracy of 0 if it says 1.0 for 1.
#
# Labels are compared as texts: 1.0 and True are not 1, and "1" is. A column of labels that once had a gap in pandas is one
# of 1.0. Columns of probabilities are read in the sorted order of class_labels, whatever order is given: with "yes" before
# "no" a perfect classifier has an AUC of 0. norm_macro_recall is of the probabilities, recall_score_macro of y_pred. In a
# regression, a row whose target is 0 counts nothing in the mean absolute percentage error, r2_score ends at -1, and a
# constant prediction has the rank correlation of a reversed one. Nothing is raised.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "azureml-metrics[tabular]==0.0.91" setuptools==79.0.1 \
    numpy==2.0.0 pandas==2.3.3 scikit-learn==1.9.1

cat > "$folder/expected.txt" <<'TEXT'
labels 0 and 1, the same as integers: accuracy 1.00, f1_score_macro 1.00
labels 0 and 1, the same as texts: accuracy 1.00, f1_score_macro 1.00
labels 0 and 1, the same as floats: accuracy 0.00, f1_score_macro 0.00
labels 0 and 1, the same as booleans: accuracy 0.00, f1_score_macro 0.00
always right, class_labels and columns in the order no, yes: accuracy 1.00, AUC_binary 1.00, recall_score_macro 1.00, norm_macro_recall 1.00
always right, class_labels and columns in the order yes, no: accuracy 1.00, AUC_binary 0.00, recall_score_macro 1.00, norm_macro_recall 0.00
0, 2, 3, 4 predicted as 9, 2, 3, 4: mean_absolute_percentage_error 0.00, r2_score -1.00
1, 2, 3, 4 predicted as 9, 2, 3, 4: mean_absolute_percentage_error 200.00, r2_score -1.00
1, 2, 3, 4 predicted as [3.0, 3.0, 3.0, 3.0]: spearman_correlation -1.00
1, 2, 3, 4 predicted as [4.0, 3.0, 2.0, 1.0]: spearman_correlation -1.00
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > log 2>&1) <<'PYTHON'
from pathlib import Path

import numpy
from azureml.metrics import compute_metrics

seen = []


def tell(title, names, task="classification", **given):
    arrays = {name: numpy.array(values) for name, values in given.items()}
    found = compute_metrics(task_type=task, **arrays)["metrics"]
    seen.append(f"{title}: " + ", ".join(f"{name} {float(found[name]):.2f}" for name in names.split()))


right = [0, 1, 0, 1]
for title, predicted in ("integers", right), ("texts", ["0", "1", "0", "1"]), ("floats", [0.0, 1.0, 0.0, 1.0]):
    tell(f"labels 0 and 1, the same as {title}", "accuracy f1_score_macro", y_test=right, y_pred=predicted)
tell("labels 0 and 1, the same as booleans", "accuracy f1_score_macro", y_test=right, y_pred=[False, True, False, True])

answers = ["no", "no", "yes", "yes"]
sure = numpy.array([[0.8, 0.2], [0.6, 0.4], [0.3, 0.7], [0.1, 0.9]])  # columns: no, yes
for labels, columns in (["no", "yes"], sure), (["yes", "no"], sure[:, ::-1]):
    title = f"always right, class_labels and columns in the order {', '.join(labels)}"
    names = "accuracy AUC_binary recall_score_macro norm_macro_recall"
    tell(title, names, y_test=answers, y_pred=answers, y_pred_proba=columns, class_labels=labels, train_labels=labels)

percentage = "mean_absolute_percentage_error r2_score"
tell("0, 2, 3, 4 predicted as 9, 2, 3, 4", percentage, "regression", y_test=[0.0, 2, 3, 4], y_pred=[9.0, 2, 3, 4])
tell("1, 2, 3, 4 predicted as 9, 2, 3, 4", percentage, "regression", y_test=[1.0, 2, 3, 4], y_pred=[9.0, 2, 3, 4])
for predicted in [3.0, 3.0, 3.0, 3.0], [4.0, 3.0, 2.0, 1.0]:
    title = f"1, 2, 3, 4 predicted as {predicted}"
    tell(title, "spearman_correlation", "regression", y_test=[1.0, 2, 3, 4], y_pred=predicted)
Path("seen.txt").write_text("".join(line + "\n" for line in seen))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what azureml-metrics 0.0.91 makes of labels, columns and zeros."
