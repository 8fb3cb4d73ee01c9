"""Blobs and all that is kept with them: files, records, blocks, appended data, leases, tags. No HTTP."""
