"""Sphinx configuration."""

project = "bptt_check"
author = "The bptt_check developers"
copyright = "2026, The bptt_check developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4
suppress_warnings = ["myst.xref_missing", "myst.header", "ref.python"]
html_theme = "furo"
html_title = "bptt_check"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = True
exclude_patterns = ["_build"]
default_role = "code"
autodoc_mock_imports = ["jax", "torch"]
