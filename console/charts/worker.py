"""The process that draws: specifications as lines of JSON on standard input, SVG as lines of JSON on standard output.

It ends when its standard input does: whoever started it is gone then. It alone imports Vega-Lite.
"""

import json
import os
import sys
from typing import Any, Final

import vl_convert

_GRAMMAR: Final = "5.20"


def main() -> None:
    """Say that it is warm, then answer each line with the SVG of its specifications, or with none of them."""
    # Libraries that print to standard output must not come between the lines.
    lines = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    svg_of({"mark": "bar", "data": {"values": []}})
    lines.write("{}\n")
    for line in sys.stdin.buffer:
        lines.write(json.dumps({"drawn": _drawn(json.loads(line))}) + "\n")


def svg_of(spec: dict[str, Any]) -> str:
    """Return a specification as SVG, the same each time. Nothing is loaded from anywhere."""
    return str(vl_convert.vegalite_to_svg(spec, vl_version=_GRAMMAR, allowed_base_urls=[]))


def _drawn(specs: list[dict[str, Any]]) -> list[str] | None:
    try:
        return [svg_of(spec) for spec in specs]
    except ValueError as error:
        print(f"a specification is refused: {error}", file=sys.stderr)
        return None


if __name__ == "__main__":
    main()
