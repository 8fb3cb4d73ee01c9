#!/usr/bin/env bash
# A day that is missing, or there twice, moves each forecast of statsforecast 2.1.1 to another weekday, and so does an update of mlforecast 1.1.0.
#
# Rows are counted, not days, while the forecasts are written beside the right dates. MLForecast.fit raises where a day is
# missing or there twice; MLForecast.update, by which a model is given new days without another training, takes everything: a
# retried task that updates a model once more has each of its days twice, and forecasts what is as many days later. Columns of
# statsforecast's X_df are taken by position: in another order than those of df they are exchanged, and its dates are not
# looked at. mlforecast takes the columns by name and the dates as they are.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check statsforecast==2.1.1 mlforecast==1.1.0 \
    pandas==2.3.3 scikit-learn==1.9.1 numpy==2.5.5

cat > "$folder/expected.txt" <<'TEXT'
four weeks in which Monday is 1 and Sunday is 7
  statsforecast, as they are: Mon 02 Feb 1, Tue 03 Feb 2, Wed 04 Feb 3
  mlforecast, as they are: Mon 02 Feb 1, Tue 03 Feb 2, Wed 04 Feb 3
  statsforecast, in another order: Mon 02 Feb 1, Tue 03 Feb 2, Wed 04 Feb 3
  mlforecast, in another order: Mon 02 Feb 1, Tue 03 Feb 2, Wed 04 Feb 3
  statsforecast, one day is missing: Mon 02 Feb 7, Tue 03 Feb 1, Wed 04 Feb 2
  mlforecast, one day is missing: ValueError
  statsforecast, the last day is there twice: Mon 02 Feb 2, Tue 03 Feb 3, Wed 04 Feb 4
  mlforecast, the last day is there twice: ValueError
mlforecast that is updated with Monday 2 and Tuesday 3 February
  once: Wed 04 Feb 3, Thu 05 Feb 4, Fri 06 Feb 5
  twice, as by a retry: Wed 04 Feb 5, Thu 05 Feb 6, Fri 06 Feb 7
  with Sunday again: Wed 04 Feb 4, Thu 05 Feb 5, Fri 06 Feb 6
  without Monday: Wed 04 Feb 2, Thu 05 Feb 3, Fri 06 Feb 4
a column `open` of which y is ten times, and a column `rain` that counts nothing
  statsforecast, open, rain: Mon 02 Feb 0, Tue 03 Feb 10
  mlforecast, open, rain: Mon 02 Feb 0, Tue 03 Feb 10
  statsforecast, rain, open: Mon 02 Feb 5, Tue 03 Feb 5
  mlforecast, rain, open: Mon 02 Feb 0, Tue 03 Feb 10
  statsforecast, open, rain, of last year: Mon 02 Feb 0, Tue 03 Feb 10
  mlforecast, open, rain, of last year: ValueError
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt) <<'PYTHON'
import pandas
from mlforecast import MLForecast
from sklearn.linear_model import LinearRegression
from statsforecast import StatsForecast
from statsforecast.models import AutoARIMA, SeasonalNaive

dates = pandas.date_range("2026-01-05", periods=28)
rows = pandas.DataFrame({"unique_id": "shop", "ds": dates, "y": dates.dayofweek + 1.0})
after = pandas.date_range("2026-02-02", periods=2)
new = pandas.DataFrame({"unique_id": "shop", "ds": after, "y": after.dayofweek + 1.0})


def write(found):
    """The dates and what is forecast for them; each day's right value is the number of its weekday."""
    column = found.columns[-1]
    return ", ".join(f"{day:%a %d %b} {value:.0f}" for day, value in zip(found["ds"], found[column], strict=True))


def tell(title, forecast):
    try:
        print(f"  {title}: {write(forecast())}")
    except ValueError as error:
        print(f"  {title}: {type(error).__name__}")


def stats(given):
    return lambda: StatsForecast([SeasonalNaive(7)], freq="D").forecast(h=3, df=given)


def learn(given):
    model = MLForecast(LinearRegression(), freq="D", lags=[7])
    model.fit(given, static_features=[])
    return model


def updated(*batches):
    def forecast():
        model = learn(rows)
        for batch in batches:
            model.update(batch)
        return model.predict(3)

    return forecast


print("four weeks in which Monday is 1 and Sunday is 7")
missing = rows.drop(index=[23])
twice = pandas.concat([rows, rows[-1:]])
cases = {"as they are": rows, "in another order": rows[::-1], "one day is missing": missing, "the last day is there twice": twice}
for title, given in cases.items():
    tell(f"statsforecast, {title}", stats(given))
    tell(f"mlforecast, {title}", lambda given=given: learn(given).predict(3))
print("mlforecast that is updated with Monday 2 and Tuesday 3 February")
tell("once", updated(new))
tell("twice, as by a retry", updated(new, new))
tell("with Sunday again", updated(pandas.concat([rows[-1:], new])))
tell("without Monday", updated(new[1:]))

print("a column `open` of which y is ten times, and a column `rain` that counts nothing")
more = rows.assign(open=dates.dayofyear * 7 % 10 / 10.0, rain=dates.dayofyear * 3 % 10 / 10.0)
more["y"] = more["open"] * 10
ahead = new.drop(columns="y").assign(open=[0.0, 1.0], rain=[0.5, 0.5])
other = ahead[["unique_id", "ds", "rain", "open"]]
arima = AutoARIMA(max_p=0, max_q=0, max_d=0, seasonal=False)
linear = MLForecast(LinearRegression(), freq="D", lags=[7])
linear.fit(more, static_features=[])
old = ahead.assign(ds=after - pandas.Timedelta("365D"))
for title, frame in {"open, rain": ahead, "rain, open": other, "open, rain, of last year": old}.items():
    tell(f"statsforecast, {title}", lambda frame=frame: StatsForecast([arima], freq="D").forecast(h=2, df=more, X_df=frame))
    tell(f"mlforecast, {title}", lambda frame=frame: linear.predict(2, X_df=frame))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: which day is forecast for which."
