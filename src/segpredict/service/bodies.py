"""The bodies that clients send: typed, bounded, and refused by the name of the field."""

from datetime import date
from typing import Annotated, Any, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, FailFast, Field, JsonValue, with_config
from typing_extensions import TypedDict  # of typing: pydantic asks for Python 3.12

from segpredict.data.cleaning import MAX_LINES

# No text for a number, no true for one, no NaN, no field that is not known.
STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
MAX_TEXT = 400  # characters of a text
NO_NUL = r"^[^\x00]*$"  # PostgreSQL keeps no such character
MAX_UNITS = 1e11  # of a number: sums of lines must fit into whole units of 10⁻⁴

Text = Annotated[str, Field(max_length=MAX_TEXT)]
Time = Annotated[str, Field(max_length=40, pattern=r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d[^\n]*)?$")]
Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Identifier = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=NO_NUL)] | Whole
Number = (
    Annotated[int, Field(ge=-int(MAX_UNITS), le=int(MAX_UNITS))]
    | Annotated[float, Field(ge=-MAX_UNITS, le=MAX_UNITS)]
)


@with_config(STRICT)
class LineBody(TypedDict):
    """One line of an order; quantity and price of a piece, or the amount of the line."""

    product_id: NotRequired[Identifier | None]
    description: NotRequired[Text | None]
    country: NotRequired[Text | None]
    quantity: NotRequired[Number | None]
    price: NotRequired[Number | None]
    amount: NotRequired[Number | None]
    discount: NotRequired[Number | None]
    refund: NotRequired[Number | None]
    order_total: NotRequired[Number | None]
    status: NotRequired[Text | None]
    cancelled: NotRequired[bool | Text | None]


@with_config(STRICT)
class CustomerLineBody(LineBody):
    """One line with its customer, its time (ISO 8601) and its order."""

    customer_id: Identifier
    time: Time
    order_id: NotRequired[Identifier | None]


class ScoreBody(BaseModel):
    """All lines of one or many customers since the shop's records begin, in any order."""

    model_config = STRICT

    as_of: date = Field(description="The cutoff: lines on or after this day are not looked at.")
    lines: Annotated[list[CustomerLineBody], Field(min_length=1, max_length=MAX_LINES), FailFast()]


class OrderBody(BaseModel):
    """One order, or what was returned under its number on one day (quantities below zero)."""

    model_config = STRICT

    order_id: Identifier
    time: Time = Field(description="A day, or a day with a time, in ISO 8601.")
    lines: Annotated[list[LineBody], Field(min_length=1, max_length=1_000), FailFast()]


class ModelFacts(BaseModel):
    """Which run an answer comes from."""

    run: str = Field(description="The digest of the run.")
    model: str = Field(description="The digest of the model.")
    segmentation: str = Field(description="The digest of the segmentation.")


class ScoreAnswer(BaseModel):
    """One row a customer: the columns of `scores.parquet`, and reasons where they were asked."""

    model: ModelFacts
    as_of: date
    scores: list[dict[str, JsonValue]]


class OrderAnswer(ScoreAnswer):
    """The new scores after an order."""

    added: bool = Field(
        description="False where the order was known already: it had been sent, or the run holds "
        "one of this number and day."
    )


class CustomerAnswer(ScoreAnswer):
    """What is known of one customer."""

    customer_id: str
    source: Literal["run", "live"] = Field(
        description="run: the scores of the run; live: computed with orders that came after it."
    )
    orders: list[dict[str, JsonValue]] = Field(description="The newest orders first.")
    history: list[dict[str, JsonValue]] = Field(
        description="How the customer was scored before, the newest first; empty without a history."
    )


class SegmentFacts(BaseModel):
    """One segment."""

    code: int
    id: str
    name: str
    customers: int = Field(description="Customers of the run who are in it now.")


class SegmentsAnswer(BaseModel):
    """The segments in order of their value."""

    model: ModelFacts
    segments: list[SegmentFacts]


class ModelAnswer(BaseModel):
    """The model's card: what it was trained on, its test and the verdict."""

    model: ModelFacts
    segpredict: str
    created: str
    first_day: date
    last_day: date
    currency: str
    horizon: int
    lookback: int
    selected: str
    verdict: str
    evaluation: dict[str, JsonValue]
    libraries: dict[str, str]
    notes: list[str]
    reload_problem: str | None = Field(
        description="Why a newer run in the folder is not served; null where there is none."
    )


class Problem(BaseModel):
    """An error (RFC 9457): what was asked and found, and what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str = Field(description="The code of the error, as on the command line.")
    fix: str
    field: str | None = Field(default=None, description="The field that is wrong.")


def schemas_of(*bodies: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schemas of bodies, for the components of the OpenAPI description."""
    found: dict[str, Any] = {}
    for body in bodies:
        schema = body.model_json_schema(ref_template="#/components/schemas/{model}")
        found |= schema.pop("$defs", {}) | {body.__name__: schema}
    return found
