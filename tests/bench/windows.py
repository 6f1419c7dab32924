"""What a longer window saves and costs: `python -m tests.bench.windows` prints the table of SPEC.

Transfers come at random (Poisson). A window of K home blocks of one second is cut into batches of at most 128. Gas is
that of the committed figures, to existing holders, 5 of 7: a line through one message and 128. A message waits for the
end of its window, (K - 1) / 2 blocks on average and K - 1 at most; everything after that is the same for every K.
"""

from math import ceil
from typing import Final

from tests.bench.gas import gas_figures

RATES: Final = (0.1, 1.0, 10.0, 50.0)
WINDOWS: Final = (1, 10, 60)
MAX_BATCH: Final = 128
FILE: Final = "deliver-5-of-7"
NEGLIGIBLE: Final = 12
"""Standard deviations beyond which a Poisson count is not looked at."""


def table() -> str:
    """Return the table in Markdown."""
    lines = ["| transfers per second | " + " | ".join(f"K = {window}" for window in WINDOWS) + " |"]
    lines.append("|--:|" + "--:|" * len(WINDOWS))
    lines += [
        f"| {rate:g} | " + " | ".join(f"{gas_per_transfer(rate, window):,.0f}" for window in WINDOWS) + " |"
        for rate in RATES
    ]
    lines.append("| wait for the window, mean (most) | " + " | ".join(map(_wait, WINDOWS)) + " |")
    return "\n".join(lines)


def gas_per_transfer(rate: float, window: int) -> float:
    """Return the expected gas of all deliveries of a window divided by its expected transfers."""
    figures = gas_figures()[FILE]
    each = (figures["128 existing"] - figures["1 existing"]) / (MAX_BATCH - 1)
    fixed = figures["1 existing"] - each
    mean = rate * window
    batches = sum(chance * ceil(count / MAX_BATCH) for count, chance in enumerate(_poisson(mean)) if count)
    return each + fixed * batches / mean


def _poisson(mean: float) -> list[float]:
    """Return the chances of 0, 1, 2, ... arrivals: outward from the peak, where nothing underflows, scaled to one."""
    most = int(mean + NEGLIGIBLE * mean**0.5) + NEGLIGIBLE
    peak = int(mean)
    chances = [0.0] * most
    chances[peak] = 1.0
    for count in range(peak + 1, most):
        chances[count] = chances[count - 1] * mean / count
    for count in range(peak, 0, -1):
        chances[count - 1] = chances[count] * count / mean
    total = sum(chances)
    return [chance / total for chance in chances]


def _wait(window: int) -> str:
    return f"{(window - 1) / 2:g} s ({window - 1} s)"


if __name__ == "__main__":
    print(table())
