#!/usr/bin/env bash
# With pandas 3.1.1, rdt 1.19.0 turns dates of a CSV into days of 1970, pyreadstat 1.3.8 those of whole seconds, and scikit-learn 1.9.1 takes one date for another.
#
# Dates are in microseconds now where they were in nanoseconds: of a CSV, of texts, of SQL. Of polars' dates they are in
# milliseconds, of numpy's days in seconds, of a Parquet file of an older pandas in nanoseconds as before. The transformers of
# rdt, which is what SDV makes synthetic tables with, are there and back again in 1970 with each unit but nanoseconds, and
# pyreadstat writes datetime64[s] as 1970 to SPSS, Stata and SAS. A tree, a pipeline or bins of scikit-learn that learned
# dates as numbers of one unit answer for the same dates of another as if all were before the first, or after the last, of
# training. Nothing is raised or warned of.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check rdt==1.19.0 pyreadstat==1.3.8 scikit-learn==1.9.1 \
    pandas==3.1.1 polars==2.1.0 pyarrow==25.0.1 numpy==2.1.3

cat > "$folder/expected.txt" <<'TEXT'
units of dates
  read_csv: us, polars: ms, numpy's days: s, Parquet of nanoseconds: ns
rdt, 1 January to 20 June 2024, there and back
  UnixTimestampEncoder, ns: 2024-01-01 to 2024-06-20
  UnixTimestampEncoder, us: 1970-01-20 to 1970-01-20
  UnixTimestampEncoder, ms: 1970-01-01 to 1970-01-01
  UnixTimestampEncoder, s: 1970-01-01 to 1970-01-01
  OptimizedTimestampEncoder, ns: 2024-01-01 to 2024-06-20
  OptimizedTimestampEncoder, us: 1970-01-20 to 1970-01-20
  OptimizedTimestampEncoder, ms: 1970-01-01 to 1970-01-01
  OptimizedTimestampEncoder, s: 1970-01-01 to 1970-01-01
  HyperTransformer of a CSV as detected: 1970-01-20 to 1970-01-20
pyreadstat, written and read
  SPSS: ns 2024, us 2024, ms 2024, s 1970
  Stata: ns 2024, us 2024, ms 2024, s 1970
  SAS: ns 2024, us 2024, ms 2024, s 1970
scikit-learn, trained with dates of which the last 72 of 172 are sales
  DecisionTreeClassifier of us: 172 of ns are sales, 72 of us, 0 of ms, 0 of s
  DecisionTreeClassifier of ns: 72 of ns are sales, 0 of us, 0 of ms, 0 of s
  StandardScaler and LogisticRegression of us: 172 of ns are sales, 72 of us, 0 of ms, 0 of s
  StandardScaler and LogisticRegression of ns: 72 of ns are sales, 0 of us, 0 of ms, 0 of s
  KBinsDiscretizer of us in fifths, bins used: 1 of ns, 5 of us, 1 of ms, 1 of s
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import numpy
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pyreadstat
from rdt import HyperTransformer
from rdt.transformers.datetime import OptimizedTimestampEncoder, UnixTimestampEncoder
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

UNITS = "ns", "us", "ms", "s"
days = numpy.arange("2024-01-01", "2024-06-21", dtype="datetime64[D]")
of_days = pandas.DataFrame({"day": days})
of_days.to_csv("days.csv", index=False)
of_csv = pandas.read_csv("days.csv", parse_dates=["day"])
of_polars = polars.DataFrame({"day": days.astype(object).tolist()}).to_pandas()
pyarrow.parquet.write_table(pyarrow.table({"day": days.astype("datetime64[ns]")}), "days.parquet")
of_parquet = pandas.read_parquet("days.parquet")


def unit(frame):
    return numpy.datetime_data(frame["day"].dtype)[0]


print("units of dates")
found = [unit(frame) for frame in (of_csv, of_polars, of_days, of_parquet)]
print("  read_csv: {}, polars: {}, numpy's days: {}, Parquet of nanoseconds: {}".format(*found))
frames = {name: of_days.astype({"day": f"datetime64[{name}]"}) for name in UNITS}
for other in of_csv, of_polars, of_parquet:
    assert other.equals(frames[unit(other)])


def span(frame):
    return f"{frame['day'].iloc[0]:%Y-%m-%d} to {frame['day'].iloc[-1]:%Y-%m-%d}"


print("rdt, 1 January to 20 June 2024, there and back")
for kind in UnixTimestampEncoder, OptimizedTimestampEncoder:
    for name, frame in frames.items():
        encoder = kind()
        print(f"  {kind.__name__}, {name}: {span(encoder.reverse_transform(encoder.fit_transform(frame.copy(), 'day')))}")
whole = HyperTransformer()
whole.detect_initial_config(of_csv)
print(f"  HyperTransformer of a CSV as detected: {span(whole.reverse_transform(whole.fit_transform(of_csv)))}")

print("pyreadstat, written and read")
FORMATS = {
    "SPSS": (pyreadstat.write_sav, pyreadstat.read_sav, "days.sav"),
    "Stata": (pyreadstat.write_dta, pyreadstat.read_dta, "days.dta"),
    "SAS": (pyreadstat.write_xport, pyreadstat.read_xport, "days.xpt"),
}
for title, (write, read, file) in FORMATS.items():
    years = {}
    for name, frame in frames.items():
        write(frame, file)
        (years[name],) = set(pandas.to_datetime(read(file)[0]["day"]).dt.year)
    print(f"  {title}: {', '.join(f'{name} {year}' for name, year in years.items())}")

sold = numpy.arange(len(days)) >= 100
print(f"scikit-learn, trained with dates of which the last {sold.sum()} of {len(days)} are sales")


def scaled():
    return make_pipeline(make_column_transformer((StandardScaler(), ["day"])), LogisticRegression(C=1e6))


for title, make in {"DecisionTreeClassifier": DecisionTreeClassifier, "StandardScaler and LogisticRegression": scaled}.items():
    for name in "us", "ns":
        model = make().fit(frames[name], sold)
        (ns, *others) = [f"{model.predict(frame).sum()} of {asked}" for asked, frame in frames.items()]
        print(f"  {title} of {name}: {ns} are sales, {', '.join(others)}")
bins = KBinsDiscretizer(5, encode="ordinal", quantile_method="linear").fit(of_csv)
used = [f"{len(numpy.unique(bins.transform(frame)))} of {name}" for name, frame in frames.items()]
print(f"  KBinsDiscretizer of us in fifths, bins used: {', '.join(used)}")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what becomes of dates in another unit."
