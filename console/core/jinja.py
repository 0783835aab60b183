"""Renders templates: one environment for all packages, with the words and links that templates use."""

from typing import Any

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader

from console.core import words
from console.core.assets import CONSOLE, Assets


def environment(assets: Assets) -> Environment:
    """Return the environment: each package's `templates` folder, and the macros of nhsuk-frontend under `nhsuk/`."""
    folders = [FileSystemLoader(folder) for folder in sorted(CONSOLE.glob("*/templates"))]
    made = Environment(
        loader=ChoiceLoader([*folders, PackageLoader("nhsuk_frontend_jinja")]),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    made.globals["asset"] = assets.path
    shared = (
        "day",
        "instant",
        "clock",
        "pounds",
        "gbp",
        "number",
        "percent",
        "words",
        "event",
        "month",
        "plural",
        "source",
        "prose",
    )
    for name in shared:
        made.filters[name] = getattr(words, name)
    return made


def rendered(env: Environment, template: str, context: dict[str, Any]) -> str:
    """Return a template's text."""
    return env.get_template(template).render(context)
