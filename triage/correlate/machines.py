"""How much memory a machine type has, as Compute Engine's documentation of machine families lists it."""

import re

GIB = 2**30
_CUSTOM = re.compile(r"(?:^|-)custom-(?:micro-|small-|medium-)?\d+-(\d+)")
"""`custom-VCPUS-MEGABYTES`, `n2-custom-8-32768`; E2's shared cores are custom types as well."""
_SIZED = re.compile(r"^(?P<family>[a-z]\w*)-(?P<shape>standard|highmem|highcpu)-(?P<cpus>\d+)")
_PER_CPU = {"standard": 4.0, "highmem": 8.0, "highcpu": 1.0}
_OWN = {
    ("n1", "standard"): 3.75,
    ("n1", "highmem"): 6.5,
    ("n1", "highcpu"): 0.9,
    ("c2d", "highcpu"): 2.0,
    ("c3", "highcpu"): 2.0,
    ("c3d", "highcpu"): 2.0,
    ("c4", "highcpu"): 2.0,
    ("n4", "highcpu"): 2.0,
}
"""GiB for each vCPU where a family differs from the others."""
_SHARED = {"e2-micro": 1.0, "e2-small": 2.0, "e2-medium": 4.0, "f1-micro": 0.6, "g1-small": 1.7}


def memory_of(machine_type: str | None) -> float | None:
    """The memory of a machine type in bytes; None where its name does not tell."""
    name = machine_type or ""
    custom, sized = _CUSTOM.search(name), _SIZED.match(name)
    if custom:
        return float(custom[1]) * 2**20
    if name in _SHARED:
        return _SHARED[name] * GIB
    if not sized:
        return None
    each = _OWN.get((sized["family"], sized["shape"]), _PER_CPU[sized["shape"]])
    return each * int(sized["cpus"]) * GIB
