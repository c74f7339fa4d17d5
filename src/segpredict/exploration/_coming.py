"""Where customers are and are expected to be, by country."""

import polars as pl

PARTS_OF_ONE = 10**12  # parts of one: whole numbers add up the same in any order


def coming(scores: pl.DataFrame, homes: pl.DataFrame) -> pl.DataFrame:
    """Return how large each segment is and is expected to be, country by country.

    Parameters
    ----------
    scores
        `contracts.SCORES` of the end of the data.
    homes
        ``customer_id`` and ``country`` of everybody who was scored.

    Returns
    -------
    polars.DataFrame
        ``country``, ``segment_id``, ``now`` (customers) and ``expected`` (the sum of
        their chances), sorted. Who is too long gone to be scored is in neither.

    Examples
    --------
    >>> scores = {"customer_id": ["a", "b"], "is_eligible": [True] * 2}
    >>> scores |= {"segment_id": ["S1", "S1"], "p_S0": [0.25, 0.5], "p_S1": [0.75, 0.5]}
    >>> homes = pl.DataFrame({"customer_id": ["a", "b"], "country": ["UK", "UK"]})
    >>> coming(pl.DataFrame(scores), homes).rows()
    [('UK', 'S0', 0, 0.75), ('UK', 'S1', 2, 1.25)]
    """
    able = scores.filter("is_eligible").join(homes, on="customer_id", how="left")
    chances = [name for name in able.columns if name.startswith("p_S")]
    told = (
        able.group_by("country")
        .agg(
            pl.col(chances).mul(PARTS_OF_ONE).round().cast(pl.Int64).sum()
            / PARTS_OF_ONE
        )
        .unpivot(
            chances,
            index="country",
            variable_name="segment_id",
            value_name="expected",
        )
        .with_columns(pl.col("segment_id").str.strip_prefix("p_"))
    )
    now = able.group_by("country", "segment_id").agg(now=pl.len().cast(pl.Int64))
    return (
        told.join(now, on=["country", "segment_id"], how="left", nulls_equal=True)
        .with_columns(pl.col("now").fill_null(0))
        .select("country", "segment_id", "now", "expected")
        .sort("country", "segment_id")
    )
