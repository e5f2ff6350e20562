"""How far the reading of files is, as bars of tqdm."""

from __future__ import annotations

from typing import Any


class Bars:
    """A bar for each table that is read; nothing is shown where tqdm is not installed."""

    def __init__(self) -> None:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            self._make: Any = None
        else:
            self._make = tqdm
        self._bars: dict[str, Any] = {}

    def __call__(self, table: str, done: int, total: int, rows: int) -> None:
        if self._make is None:
            return
        bar = self._bars.get(table)
        if bar is None:
            bar = self._make(total=total, desc=table, unit="B", unit_scale=True, leave=False)
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
