#!/usr/bin/env bash
# Days that xarray 2026.9.0 appends to a zarr store with to_zarr(append_dim="day") give the days before them other stations, if their order differs.
#
# Values are appended by position and the new labels take the place of the old ones, so that yesterday's temperature of Oslo becomes
# that of Rome; with other stations all of yesterday's are theirs. With mode="a-" the old labels stay, and it is the new values
# that get them. Only region="auto" compares labels, and that appends nothing. Numbers are fitted into the type of the first day:
# 3,000,000,000 after numbers of 32 bits, and 5000 after values that are packed as int16 with a scale, are other numbers, without
# a word; 0.75 after whole numbers is 1 and a missing value -9223372036854775808, with a warning; so are 12 hours, after whole
# days, 12 days. Of texts alone another length is a ValueError.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check xarray==2026.9.0 zarr==3.1.6 numpy==2.4.6 pandas==3.1.1

cat > "$folder/expected.txt" <<'TEXT'
Oslo 1 and Rome 31 on the first day, Oslo 2 and Rome 32 on the second
  appended in the same order: Oslo 1, 2; Rome 31, 32
  appended as Rome, Oslo: Rome 1, 32; Oslo 31, 2
  appended as Rome, Oslo, with mode="a-": Oslo 1, 32; Rome 31, 2
  appended as Bern, Wien: Bern 1, 2; Wien 31, 32
  Rome, Oslo into the region of the second day: ValueError
what is appended, and what is read
  to 1 of int32, 3000000000: -1294967296
  to 1.0 packed as int16 by tenths, 5000.0: -1553.6
  to 1.0 packed as uint8, 300.0: 44.0
  to True, 0.5: True
  to 1, 0.75: 1, SerializationWarning
  to 1, nan: -9223372036854775808, RuntimeWarning, SerializationWarning
  to 1 days, 0 days 12:00:00: 12 days 00:00:00, UserWarning
  to ab, abc: ValueError
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python - > seen.txt 2> log) <<'PYTHON'
import tempfile
import warnings

import numpy
import pandas
import xarray


def day(number, stations, values):
    sizes = {"warmth": (("day", "station"), numpy.array([values]))}
    return xarray.Dataset(sizes, coords={"day": [number], "station": numpy.array(stations, object)})


first = day(1, ["Oslo", "Rome"], [1, 31])
turned = day(2, ["Rome", "Oslo"], [32, 2])


def tell(title, second, **how):
    with tempfile.TemporaryDirectory() as store:
        first.to_zarr(store, mode="w", consolidated=False)
        try:
            second.to_zarr(store, consolidated=False, **how)
        except ValueError as error:
            print(f"  {title}: {type(error).__name__}")
            return
        found = xarray.open_zarr(store, consolidated=False).load()
    rows = [f"{name} {', '.join(map(str, found['warmth'].sel(station=name).values))}" for name in found["station"].values]
    print(f"  {title}: {'; '.join(rows)}")


print("Oslo 1 and Rome 31 on the first day, Oslo 2 and Rome 32 on the second")
append = {"append_dim": "day"}
tell("appended in the same order", day(2, ["Oslo", "Rome"], [2, 32]), **append)
tell("appended as Rome, Oslo", turned, **append)
tell('appended as Rome, Oslo, with mode="a-"', turned, mode="a-", **append)
tell("appended as Bern, Wien", day(2, ["Bern", "Wien"], [2, 32]), **append)
first = xarray.concat([first, first.assign_coords(day=[2])], "day", data_vars="minimal")
tell("Rome, Oslo into the region of the second day", turned, region="auto")


def values(title, old, new, **encoding):
    old, new = numpy.array([old]) if not isinstance(old, pandas.Index) else old, new if isinstance(new, pandas.Index) else numpy.array([new])
    with tempfile.TemporaryDirectory() as store, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        xarray.Dataset({"value": ("row", old)}).to_zarr(store, mode="w", consolidated=False, encoding={"value": encoding})
        said.clear()
        try:
            xarray.Dataset({"value": ("row", new)}).to_zarr(store, append_dim="row", consolidated=False)
        except ValueError as error:
            print(f"  to {title}, {new[0]}: {type(error).__name__}")
            return
        # what zarr says of the type of its own arrays is about other libraries
        words = sorted({warning.category.__name__ for warning in said} - {"UnstableSpecificationWarning"})
        read = pandas.Series(xarray.open_zarr(store, consolidated=False)["value"].values)
    last = round(read.iloc[1], 1) if read.dtype.kind == "f" else read.iloc[1]
    print(f"  to {title}, {new[0]}: {', '.join([str(last), *words])}")


print("what is appended, and what is read")
values("1 of int32", numpy.int32(1), 3_000_000_000)
values("1.0 packed as int16 by tenths", 1.0, 5000.0, dtype="int16", scale_factor=0.1, _FillValue=-32768)
values("1.0 packed as uint8", 1.0, 300.0, dtype="uint8", _FillValue=255)
values("True", True, 0.5)
values("1", 1, 0.75)
values("1", 1, numpy.nan)
values("1 days", pandas.to_timedelta(["1D"]), pandas.to_timedelta(["12h"]))
values("ab", "ab", "abc")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what becomes of labels and numbers when days are appended."
