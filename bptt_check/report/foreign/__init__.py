"""Records that come from elsewhere: a file, another process."""
