"""Words for models, and for kinds of things that are no subject."""
