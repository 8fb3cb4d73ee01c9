#!/usr/bin/env bash
# LightGBM 4.7.0 that is trained on with data of one category more, or one less, takes each category for its neighbour, without a word.
#
# A prediction looks categories of pandas up by their names. A training that goes on from a model (init_model, of the object or
# of its file) and refit take their numbers instead, as the new data counts them, and the model keeps the new count: the old
# trees speak of other categories from then on. Categories are counted in the order of the alphabet, so that one new customer
# moves all that come after it; where it is the last one, nothing is moved. The set of the old categories with the new one
# after them, given to cat.set_categories, is right. XGBoost 3.4.1 goes on by names,
# and refuses a new one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check lightgbm==4.7.0 xgboost==3.4.1 \
    scikit-learn==1.9.1 pandas==3.1.1 numpy==2.5.5

cat > "$folder/expected.txt" <<'TEXT'
minutes: Aachen 40, Berlin 10, Cologne 20, Dresden 30, Essen 50
LightGBM: Berlin 10, Cologne 20, Dresden 30
then Cologne, Dresden
  LightGBM, predicts: Cologne 20, Dresden 30
  LightGBM, fit with init_model: Cologne 10, Dresden 20
  LightGBM, train with a file as init_model: Cologne 10, Dresden 20
  LightGBM, refit that keeps all values: Cologne 10, Dresden 20
  LightGBM, fit with init_model, old categories first: Cologne 20, Dresden 30
  XGBoost, fit with xgb_model: Cologne 20, Dresden 30
then Aachen, Berlin, Cologne, Dresden
  LightGBM, predicts: Aachen 30, Berlin 10, Cologne 20, Dresden 30
  LightGBM, fit with init_model: Aachen 18, Berlin 17, Cologne 27, Dresden 30
  LightGBM, train with a file as init_model: Aachen 18, Berlin 17, Cologne 27, Dresden 30
  LightGBM, refit that keeps all values: Aachen 10, Berlin 20, Cologne 30, Dresden 30
  LightGBM, fit with init_model, old categories first: Aachen 33, Berlin 10, Cologne 20, Dresden 30
  XGBoost, fit with xgb_model: XGBoostError
then Berlin, Cologne, Dresden, Essen
  LightGBM, predicts: Berlin 10, Cologne 20, Dresden 30, Essen 30
  LightGBM, fit with init_model: Berlin 10, Cologne 20, Dresden 30, Essen 35
  LightGBM, train with a file as init_model: Berlin 10, Cologne 20, Dresden 30, Essen 35
  LightGBM, refit that keeps all values: Berlin 10, Cologne 20, Dresden 30, Essen 30
  LightGBM, fit with init_model, old categories first: Berlin 10, Cologne 20, Dresden 30, Essen 35
  XGBoost, fit with xgb_model: XGBoostError
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt) <<'PYTHON'
import lightgbm
import pandas
import xgboost

minutes = {"Aachen": 40.0, "Berlin": 10.0, "Cologne": 20.0, "Dresden": 30.0, "Essen": 50.0}


def month(cities):
    """A hundred rows of each city, of which each takes the city's minutes, and what they take."""
    names = [city for city in cities for _ in range(100)]
    rows = pandas.DataFrame({"city": pandas.Series(names).astype("category"), "hour": list(range(100)) * len(cities)})
    return rows, [minutes[name] for name in names]


def tell(title, model, rows):
    means = pandas.Series(model.predict(rows)).groupby(rows["city"].astype(str)).mean()
    print(f"{title}: {', '.join(f'{city} {mean:.0f}' for city, mean in means.items())}")


light = {"learning_rate": 0.3, "verbose": -1, "n_jobs": 1}
first = month(["Berlin", "Cologne", "Dresden"])
old = lightgbm.LGBMRegressor(n_estimators=50, **light).fit(*first)
old.booster_.save_model("model.txt")
other = xgboost.XGBRegressor(n_estimators=50, enable_categorical=True, n_jobs=1).fit(*first)
known = first[0]["city"].cat.categories
print("minutes: " + ", ".join(f"{city} {taken:.0f}" for city, taken in minutes.items()))
tell("LightGBM", old, first[0])
for cities in ["Cologne", "Dresden"], ["Aachen", "Berlin", "Cologne", "Dresden"], ["Berlin", "Cologne", "Dresden", "Essen"]:
    rows, taken = month(cities)
    print(f"then {', '.join(cities)}")
    tell("  LightGBM, predicts", old, rows)
    settings = {"n_estimators": 1, **light}
    tell("  LightGBM, fit with init_model", lightgbm.LGBMRegressor(**settings).fit(rows, taken, init_model=old), rows)
    went_on = lightgbm.train(light, lightgbm.Dataset(rows, taken), 1, init_model="model.txt")
    tell("  LightGBM, train with a file as init_model", went_on, rows)
    tell("  LightGBM, refit that keeps all values", old.booster_.refit(rows, taken, decay_rate=1.0), rows)
    ordered = rows.assign(city=rows["city"].cat.set_categories(list(dict.fromkeys([*known, *cities]))))
    model = lightgbm.LGBMRegressor(**settings).fit(ordered, taken, init_model=old)
    tell("  LightGBM, fit with init_model, old categories first", model, ordered)
    went_on = xgboost.XGBRegressor(n_estimators=1, enable_categorical=True, n_jobs=1)
    try:
        tell("  XGBoost, fit with xgb_model", went_on.fit(rows, taken, xgb_model=other), rows)
    except xgboost.core.XGBoostError:
        print("  XGBoost, fit with xgb_model: XGBoostError")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: which categories a LightGBM model takes for which once it is trained on."
