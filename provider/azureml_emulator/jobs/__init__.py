"""Jobs: their records, the checks of a submission, and the life that all kinds of job share."""
