"""How many customers it takes before a figure of theirs is shown."""

MIN_CUSTOMERS_FOR_FIGURES = 5  # below it figures could tell of one person
MIN_CUSTOMERS_FOR_SHARES = 30  # below it shares are mostly chance, and grey
