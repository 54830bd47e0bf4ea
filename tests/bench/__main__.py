"""`make bench`: prints every row. Name parts to measure only those: `python -m tests.bench line safety`."""

from __future__ import annotations

import importlib
import sys
import time
from typing import Any

PARTS = ("line", "safety", "nlu", "scheduling", "directory", "delivery", "console", "chat", "pipelines")


def text(value: Any) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def main() -> int:
    """Measures the named parts (all without names). A part that cannot be measured says why; the others go on."""
    wanted = sys.argv[1:] or PARTS
    unknown = set(wanted) - set(PARTS)
    if unknown:
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    failed = 0
    for part in wanted:
        began = time.monotonic()
        print(f"\n{part}", flush=True)
        try:
            for row in importlib.import_module(f"tests.bench.{part}").rows():
                figures = "  ".join(f"{name} {text(value)}" for name, value in row.items() if name != "what")
                print(f"  {row['what']:<68} {figures}", flush=True)
        except Exception as error:  # noqa: BLE001 - one part that fails must not hide the others' figures
            print(f"  could not be measured: {type(error).__name__}: {error}")
            failed += 1
            continue
        print(f"  ({time.monotonic() - began:.0f} s)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
