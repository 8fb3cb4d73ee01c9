#!/usr/bin/env bash
# SMOTE of imbalanced-learn 0.14.2 makes customers of no plan, or of two, of pandas 3.1.1's get_dummies: which, another column's type decides.
#
# get_dummies makes boolean columns. A new row lies between two others, and its dummies, as 0.3, are booleans again: of a frame
# whose other columns are whole numbers all but 1 become False, of one that has a float all but 0 become True. So half of the
# class that are members are a quarter of the new rows, or three quarters of them, and a price that is given in euros instead of
# cents turns the one into the other. With dtype=float the values stay between; of SMOTENC, with plan and member as categories,
# each new row has one plan. A frame of nothing but booleans is a TypeError of numpy.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check imbalanced-learn==0.14.2 scikit-learn==1.9.1 \
    pandas==3.1.1 numpy==2.4.6

cat > "$folder/expected.txt" <<'TEXT'
400 customers, 1 in 10 of them leaves; of those who leave 2 in 4 are members, and each has one plan
price in cents, get_dummies
  SMOTE: 1 in 4 members, 3 in 4 without a plan, 0 in 4 with two
  BorderlineSMOTE: 1 in 4 members, 3 in 4 without a plan, 0 in 4 with two
  SVMSMOTE: 1 in 4 members, 3 in 4 without a plan, 0 in 4 with two
  ADASYN: 1 in 4 members, 3 in 4 without a plan, 0 in 4 with two
price in euros, get_dummies
  SMOTE: 3 in 4 members, 0 in 4 without a plan, 3 in 4 with two
  BorderlineSMOTE: 3 in 4 members, 0 in 4 without a plan, 3 in 4 with two
  SVMSMOTE: 3 in 4 members, 0 in 4 without a plan, 3 in 4 with two
  ADASYN: 3 in 4 members, 0 in 4 without a plan, 3 in 4 with two
price in euros, plan and member as categories
  SMOTENC: 2 in 4 members, 0 in 4 without a plan, 0 in 4 with two
price in euros, get_dummies(dtype=float)
  SMOTE: 2 in 4 members, plans that add up to 1 in each row
nothing but dummies
  SMOTE: TypeError
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt) <<'PYTHON'
import numpy
import pandas
from imblearn.over_sampling import ADASYN, SMOTE, SMOTENC, SVMSMOTE, BorderlineSMOTE

random = numpy.random.default_rng(0)
count = 400
rows = pandas.DataFrame(
    {"price": random.integers(500, 9000, count), "plan": random.choice(["a", "b", "c"], count), "member": random.random(count) < 0.5}
)
leaves = (random.random(count) < 0.1).astype(int)
PLANS = ["plan_a", "plan_b", "plan_c"]


def quarters(share):
    return f"{round(float(share) * 4)} in 4"


def made(sampler, frame):
    """The rows that the sampler has added to the frame."""
    return sampler.fit_resample(frame, leaves)[0][count:]


def tell(sampler, frame):
    new = made(sampler, frame)
    plans = new[PLANS].sum(axis=1)
    shares = f"{quarters(new['member'].mean())} members, {quarters((plans == 0).mean())} without a plan"
    print(f"  {type(sampler).__name__}: {shares}, {quarters((plans > 1).mean())} with two")


cents = pandas.get_dummies(rows, columns=["plan"])
euros = cents.assign(price=cents["price"] / 100)
gone = cents[leaves == 1]
assert (gone[PLANS].sum(axis=1) == 1).all()
print(f"{count} customers, {round(leaves.mean() * 10)} in 10 of them leaves; of those who leave", end=" ")
print(f"{quarters(gone['member'].mean())} are members, and each has one plan")
for title, frame in {"price in cents, get_dummies": cents, "price in euros, get_dummies": euros}.items():
    print(title)
    for sampler in SMOTE, BorderlineSMOTE, SVMSMOTE, ADASYN:
        tell(sampler(random_state=0), frame)
print("price in euros, plan and member as categories")
categories = rows.assign(price=rows["price"] / 100).astype({"plan": "category", "member": "category"})
new = made(SMOTENC("auto", random_state=0), categories)
plans = pandas.get_dummies(new["plan"]).sum(axis=1)
shares = f"{quarters(new['member'].astype(bool).mean())} members, {quarters((plans == 0).mean())} without a plan"
print(f"  SMOTENC: {shares}, {quarters((plans > 1).mean())} with two")
print("price in euros, get_dummies(dtype=float)")
between = made(SMOTE(random_state=0), euros.astype(float))
assert numpy.allclose(between[PLANS].sum(axis=1), 1)
print(f"  SMOTE: {quarters(between['member'].mean())} members, plans that add up to 1 in each row")
print("nothing but dummies")
try:
    print("  SMOTE:", len(made(SMOTE(random_state=0), cents.drop(columns="price"))), "rows")
except TypeError as error:
    print("  SMOTE:", type(error).__name__)
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what SMOTE makes of dummies."
