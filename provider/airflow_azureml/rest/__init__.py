"""The Azure ML service, described: requests and answers as plain values. Standard library only; no I/O happens here."""
