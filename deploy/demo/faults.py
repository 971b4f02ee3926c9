"""What can be broken in the demo's lab, and how it is healed."""
import signal

from lab import REGIONS, SERVERS, DemoError

KINDS = {
    "servers": "both servers killed: connections are refused",
    "silent": "both servers stopped: they accept and never answer",
    "slow": "300 ms more between the agent and its servers",
    "path": "the link to one other region cut in both directions",
    "region": "cut off from everybody, agent, servers and client stopped",
}
SLOW_DELAY = "150ms"  # each way


def peer_of(region, other):
    if other:
        return other
    return next(candidate for candidate in REGIONS if candidate != region)


def parse(words):
    """(region, kind, other) of `break REGION KIND [OTHER]`."""
    if not 2 <= len(words) <= 3 or words[0] not in REGIONS or words[1] not in KINDS:
        kinds = "|".join(KINDS)
        raise DemoError(f"usage: demo break {'|'.join(REGIONS)} {kinds}  (path takes the other region too)")
    other = words[2] if len(words) == 3 else None
    if other and (words[1] != "path" or other not in REGIONS or other == words[0]):
        raise DemoError(f"only path takes another region: {', '.join(r for r in REGIONS if r != words[0])}")
    return words[0], words[1], other


def members(region):
    """Every process of a region."""
    return [f"{region}-{server}" for server in SERVERS] + [f"{region}-agent", f"{region}-client"]


def apply(lab, region, kind, other=None):
    """Breaks it and puts it on record."""
    if kind == "servers":
        for server in SERVERS:
            lab.signal(f"{region}-{server}", signal.SIGKILL)
    elif kind == "silent":
        for server in SERVERS:
            lab.signal(f"{region}-{server}", signal.SIGSTOP)
    elif kind == "slow":
        lab.netlab(f"set {region} {region}-servers both delay={SLOW_DELAY}")
    elif kind == "path":
        lab.netlab(f"cut {region} {peer_of(region, other)} both")
    elif kind == "region":
        # First the links: what is stopped a moment later can no longer answer anybody.
        lab.netlab(f"isolate {region}")
        for name in members(region):
            lab.signal(name, signal.SIGSTOP)
    fault = [region, kind, peer_of(region, other) if kind == "path" else None]
    with lab.record() as state:
        if fault not in state["faults"]:
            state["faults"].append(fault)


def heal(lab):
    """Undoes everything on record."""
    faults = lab.read_state()["faults"]
    for region, kind, _ in faults:
        if kind == "region":
            for name in members(region):
                lab.signal(name, signal.SIGCONT)
        if kind == "silent":
            for server in SERVERS:
                lab.signal(f"{region}-{server}", signal.SIGCONT)
    lab.netlab("heal")
    for region in REGIONS:
        if not all(lab.alive(f"{region}-{server}") for server in SERVERS):
            lab.stop(*[f"{region}-{server}" for server in SERVERS], patience=0)
            lab.start_servers(region)
    with lab.record() as state:
        state["faults"] = []
    return faults
