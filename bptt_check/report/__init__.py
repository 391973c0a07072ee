"""A recorded run for readers: terminal, JSON, Parquet, Markdown, pytest and pages."""

from .report import Report

__all__ = ["Report"]
