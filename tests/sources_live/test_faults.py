"""What the Google libraries raise, in the words of a person who has to mend it."""

import google.api_core.exceptions as gexc
import google.auth.exceptions
import pytest
import requests

from triage.errors import DeniedError, SourceError
from triage.sources.live import Access
from triage.sources.live.faults import google_faults


@pytest.mark.parametrize(
    ("raised", "denied", "says", "remedy"),
    [
        (google.auth.exceptions.RefreshError("Reauthentication is needed"), True, "were refused", "gcloud auth"),
        (google.auth.exceptions.TransportError("name resolution failed"), False, "cannot be reached", "the network"),
        (requests.ConnectionError("connection refused"), False, "cannot be reached", "the network"),
        (gexc.Forbidden("no"), True, "logging.logEntries.list is missing", "roles/logging.viewer"),
        (gexc.Forbidden("Permission 'logging.views.access' denied"), True, "logging.views.access", "viewAccessor"),
        (gexc.Forbidden("needs serviceusage.services.use"), True, "serviceusage.services.use", "serviceUsageConsumer"),
        (gexc.DeadlineExceeded("slow"), False, "no answer in time", "narrow --since"),
        (gexc.NotFound("no such view"), False, "not found", "--resource"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_errors_say_what_to_do(access: Access, raised: Exception, denied: bool, says: str, remedy: str) -> None:
    with pytest.raises(SourceError, match=says) as caught, google_faults("reading logs", "logging", access):
        raise raised
    assert isinstance(caught.value, DeniedError) is denied
    assert remedy in caught.value.remedy
