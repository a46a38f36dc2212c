"""What every model has in common: frozen, strict about its keys, times written as RFC 3339 in UTC."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer

from triage.units import format_time


class Model(BaseModel):
    """A frozen value; unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, ser_json_inf_nan="null")


Moment = Annotated[datetime, PlainSerializer(format_time, return_type=str, when_used="json")]
"""A UTC time, written as RFC 3339 with `Z` in JSON."""
