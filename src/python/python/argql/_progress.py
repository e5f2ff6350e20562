"""How far the reading of files is, as bars of tqdm."""

from __future__ import annotations

import warnings
from contextlib import suppress
from typing import Any

# Seconds that a query takes before there is anything to see.
_DELAY = 0.5


class Bars:
    """A bar for each table that is read; nothing is shown where tqdm is not installed."""

    def __init__(self) -> None:
        self._make: Any = None
        with warnings.catch_warnings(), suppress(ImportError):
            # In a notebook without widgets tqdm warns of it, and draws with characters.
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm

            self._make = tqdm
        self._bars: dict[str, Any] = {}

    def __call__(self, table: str, done: int, total: int, rows: int) -> None:
        if self._make is None:
            return
        bar = self._bars.get(table)
        if bar is None:
            bar = self._make(total=total, desc=table, unit="B", unit_scale=True, leave=False, delay=_DELAY)
            self._bars[table] = bar
        bar.total = total
        bar.update(done - bar.n)
        bar.set_postfix_str(f"{rows:,} rows", refresh=False)

    def close(self) -> None:
        for bar in self._bars.values():
            bar.close()
        self._bars.clear()


def bar() -> Bars:
    """What `progress=True` stands for."""
    return Bars()
