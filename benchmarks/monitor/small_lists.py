"""Small lists without an effect: how many are compared, and how often an effect is claimed.

    python benchmarks/monitor/small_lists.py

Prints the table of docs/reference/campaigns.md, plain / adjusted for the forecast. The
probabilities of the customers, which serve as the covariate, are drawn from
Beta(2m, 2(1 - m)), and their purchases by these.
"""

import numpy as np

from segpredict.analytics.campaigns.effects import ArmDifference, compare_shares

DRAWS = 4_000
MIN_COMPARED = 100  # draws from which a share of them is shown
LISTS = (  # treated, control, share who buy
    *((54, 6, 0.10), (270, 30, 0.03), (900, 100, 0.03), (450, 50, 0.10)),
    *((270, 30, 0.20), (900, 100, 0.10), (2_700, 300, 0.03)),
)


def is_claimed(found: ArmDifference | None) -> bool:
    """Return whether an interval leaves out 0."""
    return found is not None and (found.low > 0 or found.high < 0)


def main() -> None:
    print("| treated / control | share who buy | compared | false, of those compared |")
    print("| --- | --: | --: | --: |")
    for treated, control, share in LISTS:
        rng = np.random.default_rng(1)
        is_treated = np.arange(treated + control) < treated
        compared = plain = adjusted = 0
        for _ in range(DRAWS):
            forecast = rng.beta(2 * share, 2 * (1 - share), len(is_treated))
            buys = (rng.random(len(is_treated)) < forecast).astype(float)
            found = compare_shares(buys, is_treated)
            compared += found is not None
            plain += is_claimed(found)
            adjusted += is_claimed(compare_shares(buys, is_treated, forecast))
        is_many = compared >= MIN_COMPARED
        false = f"{plain / compared:.1%} / {adjusted / compared:.1%}" if is_many else "–"
        size = f"{treated:,} / {control}"
        print(f"| {size} | {share:.0%} | {compared / DRAWS:.1%} | {false} |", flush=True)


if __name__ == "__main__":
    main()
