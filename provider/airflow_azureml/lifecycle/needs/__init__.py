"""What a job needs beside its request: uploads, versions, registrations, and whether an earlier job had the same."""
