"""DAG bundles: runs whose files are of a commit, of a part of a repository, or of no version at all."""
