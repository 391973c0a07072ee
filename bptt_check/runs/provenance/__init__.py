"""When, where and from which sources a run was made, and with which versions."""
