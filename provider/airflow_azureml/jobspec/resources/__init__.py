"""Other files of the CLI: online endpoints, computes, schedules; and the table of all resources."""
