"""The local disk: folders to upload and the git checkout they lie in. Standard library and pathspec."""
