"""Files of a container one by one, as a file system asks for them."""
