"""Every package that a default install brings is under a licence that a shop may use freely."""

import importlib.metadata
import re

from packaging.requirements import Requirement

ALLOWED = re.compile(r"Apache|BSD|MIT|ISC|PSF|Python Software|Mozilla|MPL", re.IGNORECASE)
PROPRIETARY = re.compile(r"nvidia|nccl|proprietary", re.IGNORECASE)


def licence(name: str) -> str:
    """Return the licence that a package states: as an expression, a classifier or a name."""
    facts = importlib.metadata.metadata(name)
    classes = [c for c in facts.get_all("Classifier", []) if c.startswith("License ::")]
    return facts.get("License-Expression") or "; ".join(classes) or facts.get("License") or ""


def default_install() -> set[str]:
    """Return the packages that segpredict needs without extras, and what they need in turn."""
    found, waiting = set[str](), ["segpredict"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for text in importlib.metadata.requires(name) or []:
            need = Requirement(text)
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                waiting.append(need.name.lower())
    return found


def test_a_default_install_has_free_licences_and_nothing_proprietary() -> None:
    packages = sorted(default_install())
    assert "xgboost-cpu" in packages or "xgboost" in packages
    assert [name for name in packages if PROPRIETARY.search(name)] == []
    stated = {name: licence(name) for name in packages}
    assert {name: text for name, text in stated.items() if not ALLOWED.search(text)} == {}
