"""One task, one job: how a job is named, found again, submitted, waited for and reported. Pure flows and records."""
