"""Peers' own fast code from the package index, each against a plain version of its own.

A module is an adapter: `kernel`, `reference` and `INPUTS`, as `bptt_check.verify_against` takes
them, `PACKAGE`, the distribution that both come from, and `DTYPES` where it cannot have all.
"""
