"""What a job reads and writes, by the names that OpenLineage has for data in Azure."""
