"""A case in writing: the line of its spec, lines of Python, what to type to see it again."""
