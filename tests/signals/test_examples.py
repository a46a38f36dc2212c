"""The pack proves itself, example by example."""

import pytest

from triage.signals import load_pack
from triage.signals.examples import examples_of
from triage.signals.streams import CLEARS
from triage.signals.tell import Teller


@pytest.fixture(scope="module")
def seen():
    pack = load_pack()
    examples = [(signal.id, example) for signal in pack.signals for example in examples_of(signal, pack.streams)]
    told = Teller(pack).tell([example.json for _, example in examples])
    names = [set() for _ in examples]
    for row, number in told.hits.itertuples(index=False):
        names[row].add((told.wordings[number].signal.id, told.wordings[number].name))
    return list(zip(examples, names, told.streams, strict=True))


def test_every_example_is_seen_as_its_file_says(seen):
    for (signal_id, example), names, _ in seen:
        own = {name for seen_id, name in names if seen_id == signal_id and name != CLEARS}
        assert (example.via in own) if example.via else not own, (signal_id, example.trail)


def test_every_example_belongs_to_the_stream_that_it_names(seen):
    for (signal_id, example), _, stream in seen:
        if example.via:
            assert stream == example.stream, (signal_id, example.trail)
