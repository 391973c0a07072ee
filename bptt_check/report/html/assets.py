"""Style, scripts and vendored libraries of a page, each known to its security policy by its hash.

Nothing is loaded from outside. The libraries are embedded deflated, as data, and become scripts
when they are first needed; the policy has the hash of what they inflate to, so it needs neither
`unsafe-inline` nor `unsafe-eval`.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import zlib
from dataclasses import dataclass
from importlib.resources import files

SCRIPTS = (
    "core.js",
    "columns.js",
    "overview.js",
    "rows.js",
    "charts.js",
    "gradient.js",
    "start.js",
)
"""Our own scripts, in the order in which they run."""


@dataclass(frozen=True)
class Vendored:
    """A library of others, embedded: `deflated` is its deflated text in base64."""

    id: str
    package: str
    version: str
    licence: str
    text: str

    @functools.cached_property
    def deflated(self) -> str:
        """What stands in the page."""
        return deflated(self.text.encode())


@dataclass(frozen=True)
class Assets:
    """What every page of ours has."""

    style: str
    script: str
    vendored: tuple[Vendored, ...]

    @functools.cached_property
    def policy(self) -> str:
        """The content security policy: these scripts, this style, and nothing else."""
        scripts = " ".join(_hash(text) for text in (self.script, *(v.text for v in self.vendored)))
        return (
            f"default-src 'none'; script-src {scripts}; style-src {_hash(self.style)}; "
            "img-src data: blob:; base-uri 'none'; form-action 'none'"
        )

    @functools.cached_property
    def quiet_policy(self) -> str:
        """The policy of a page without any script."""
        return policy_without_script(self.style)


def policy_without_script(style: str) -> str:
    """The content security policy of a page that has this style and nothing else."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@functools.cache
def assets() -> Assets:
    """The assets of a page, read once."""
    script = "\n".join(asset_text("scripts", name) for name in SCRIPTS)
    return Assets(asset_text("templates", "style.css"), script, vendored())


@functools.cache
def vendored() -> tuple[Vendored, ...]:
    """The libraries that `vendored.json` names."""
    return tuple(
        Vendored(
            id=one["package"].partition(".")[0],
            package=one["package"],
            version=one["version"],
            licence=one["licence"],
            text=asset_text("vendor", one["files"][0]["name"]),
        )
        for one in json.loads(asset_text("vendor", "vendored.json"))
    )


def deflated(data: bytes) -> str:
    """Bytes as the page embeds them: deflated, in base64, so that nothing in them is markup."""
    return base64.b64encode(zlib.compress(data, 9)).decode()


def asset_text(folder: str, name: str) -> str:
    """A text file of this package."""
    return files("bptt_check.report.html").joinpath(folder, name).read_bytes().decode()


def _hash(content: str) -> str:
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"
