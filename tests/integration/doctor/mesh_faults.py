"""The faults that tests/integration/doctor.py makes: how each is made, what doctor is to say first, how it is healed.

Every fault is a real one: processes are killed or stopped, links cut, slowed or narrowed, disks filled, files broken,
ports taken. The order matters at the end alone: what went up and down stays a finding for minutes.
"""
import signal
import time
from dataclasses import dataclass
from typing import Callable

from lab import BIN, INTERFACES, PORT, REGIONS, RUN, SERVERS, SERVICE, server_address

US, EU, AP = REGIONS


@dataclass
class Fault:
    """One fault. Any of `codes` is right as the first finding, if it speaks of `words`."""
    name: str
    codes: tuple
    words: tuple
    make: Callable
    heal: Callable = lambda: None
    quick: bool = False  # made in CI too
    asked: list = None  # the command that examines; none: weirctl doctor of the mesh
    seconds: float = 30


def quick(*arguments, **named):
    return Fault(*arguments, **named, quick=True)


def nothing():
    """Only the machine that is examined is different."""


def of_machines(bench):
    def asked(*prefix):
        """`weirctl doctor --pre` behind a program that takes something away from it."""
        return [*prefix, BIN / "weirctl", "doctor", "--pre", "--state-dir", RUN / "machine", "-o", "json"]

    without_tun = asked("unshare", "-m", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh")
    without_right = asked("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin")
    return [
        quick("no TUN device", ("WEIR-001",), (), nothing, asked=without_tun),
        quick("no right to make interfaces", ("WEIR-002",), (), nothing, asked=without_right),
        quick("the tunnel's port is taken", ("WEIR-003",), ("51820",), bench.take_port, bench.give_port, asked=asked()),
        quick("the state folder is read-only", ("WEIR-004",), (), lambda: bench.small_disk("ro,size=200m"),
              bench.no_disk, asked=asked()),
        quick("the state folder's disk is full", ("WEIR-005",), (), lambda: bench.small_disk("size=20m"),
              bench.no_disk, asked=asked()),
    ]


def of_servers(bench):
    def stop(region, which=SERVERS):
        return lambda: bench.signal_servers(region, signal.SIGSTOP, which)

    def go_on(region):
        return lambda: bench.signal_servers(region, signal.SIGCONT)

    return [
        quick("one server dies", ("WEIR-502",), (AP,), lambda: bench.kill_servers(AP, SERVERS[:1]),
              lambda: bench.start_servers(AP)),
        quick("all servers of a region die", ("WEIR-501",), (EU,), lambda: bench.kill_servers(EU),
              lambda: bench.start_servers(EU)),
        Fault("one server hangs", ("WEIR-502",), (US,), stop(US, SERVERS[1:]), go_on(US)),
        Fault("all servers of a region hang", ("WEIR-501",), (US,), stop(US), go_on(US)),
        Fault("the servers of a region are slow", ("WEIR-505",), (EU,),
              lambda: bench.link(f"set {EU} {EU}-servers both delay=60ms"), bench.heal_links),
        Fault("a quarter of a region's answers are errors", ("WEIR-701",), (AP,), lambda: bench.spoil(AP, 25),
              lambda: bench.mend(AP)),
        Fault("all of a region's answers are errors", ("WEIR-701", "WEIR-602"), (EU,), lambda: bench.spoil(EU, 100),
              lambda: bench.mend(EU)),
        Fault("a firewall between an agent and its servers", ("WEIR-501",), (AP,),
              lambda: bench.link(f"cut {AP} {AP}-servers both"), bench.heal_links),
    ]


def of_paths(bench):
    def link(line):
        return lambda: bench.link(line)

    heal = bench.heal_links
    return [
        quick("a path is cut", ("WEIR-402",), (US, AP), link(f"cut {US} {AP} both"), heal),
        quick("a path is cut in one direction", ("WEIR-403",), (f"from {EU}/agent-1 to {US}",),
              link(f"cut {EU} {US} one"), heal),
        Fault("a path loses packets", ("WEIR-404",), (US, EU), link(f"set {US} {EU} both loss=8%"), heal),
        Fault("a path loses packets in one direction", ("WEIR-404",), (f"from {US}/agent-1 to {AP}",),
              link(f"set {US} {AP} one loss=12%"), heal),
        Fault("a path takes longer", ("WEIR-408",), (US, EU), link(f"set {US} {EU} both delay=85ms"), heal),
        Fault("one direction of a path takes longer", ("WEIR-408",), (US, AP), link(f"set {US} {AP} one delay=200ms"),
              heal),
        Fault("a path's round trips vary", ("WEIR-405",), (US, EU),
              link(f"set {US} {EU} both jitter=70ms reorder=true"), heal),
        quick("large packets do not get through", ("WEIR-409",), (US, EU), link(f"set {US} {EU} both mtu=1300"), heal),
        Fault("a region is cut off", ("WEIR-202",), (AP,), link(f"isolate {AP}"), heal),
        Fault("an agent reaches only the controller", ("WEIR-401",), (EU,),
              lambda: (bench.link(f"cut {EU} {US} both"), bench.link(f"cut {EU} {AP} both")), heal),
        quick("an agent does not reach the controller", ("WEIR-211",), (AP,), link(f"cut {AP} controller both"), heal),
    ]


def of_agents(bench):
    lab = bench.lab

    def start_behind_a_squatter():
        lab.stop(f"{EU}-agent")
        bench.listener("squatter", EU, "127.0.0.1", PORT)
        time.sleep(0.5)
        lab.start_agent(EU)

    return [
        quick("an agent is killed", ("WEIR-202",), (EU,), lambda: lab.kill(f"{EU}-agent"), lambda: lab.start_agent(EU)),
        Fault("an agent stands still", ("WEIR-202",), (US,), lambda: lab.signal(f"{US}-agent", signal.SIGSTOP),
              lambda: lab.signal(f"{US}-agent", signal.SIGCONT)),
        Fault("an agent's interface is down", ("WEIR-202",), (AP,),
              lambda: bench.run(AP, "ip", "link", "set", INTERFACES[AP], "down"), lambda: bench.restart_agent(AP)),
        Fault("an agent's clock is wrong", ("WEIR-209",), (AP,), lambda: bench.start_shifted_agent(AP),
              lambda: bench.restart_agent(AP)),
        Fault("an agent runs twice", ("WEIR-210",), (AP,), lambda: bench.start_twin(AP), bench.end_twin,
              seconds=60),
        Fault("a program has the gateway's port", ("WEIR-212",), (EU,), start_behind_a_squatter,
              lambda: lab.stop("squatter")),
        Fault("an agent's disk is full", ("WEIR-208",), (US,), lambda: bench.agent_disk(US),
              lambda: bench.heal_agent_disk(US)),
    ]


def of_files(bench):
    def edit(region, change):
        return lambda: bench.edit(bench.endpoints(region), change)

    def restore(region):
        return lambda: bench.restore(bench.endpoints(region))

    in_overlay = edit(US, lambda text: text.replace(server_address(US, SERVERS[0]), "10.90.77.7"))
    return [
        quick("an endpoints file is broken", ("WEIR-301",), (AP,), edit(AP, lambda text: "services: [this is none]\n"),
              restore(AP)),
        quick("an endpoints file is emptied", ("WEIR-304",), (EU,), edit(EU, lambda text: "services: {}\n"),
              restore(EU)),
        quick("a server has an address of the overlay", ("WEIR-303",), ("10.90.77.7", US), in_overlay, restore(US)),
    ]


def of_operators(bench):
    def weirctl(*words):
        return lambda: bench.lab.weirctl(*words, "--yes")

    unpin = weirctl("weights", "unpin", SERVICE)
    return [
        quick("weights are pinned and forgotten", ("WEIR-704",), (US,),
              weirctl("weights", "pin", SERVICE, f"{US}=70,{EU}=30", "--from", US), unpin),
        Fault("a region was emptied and not filled again", ("WEIR-704",), (SERVICE,),
              weirctl("failover", "evacuate", AP), unpin),
        quick("a mode was set by hand", ("WEIR-804",), (SERVICE,),
              weirctl("policy", "mode", "shadow", "--service", SERVICE),
              weirctl("policy", "mode", "config", "--service", SERVICE)),
        quick("a join token ran out", ("WEIR-902",), (EU,), lambda: bench.token_runs_out(EU), bench.forget_token),
    ]


def of_the_controller(bench):
    lab = bench.lab

    def configure(old, new):
        return lambda: bench.configure(lambda text: text.replace(old, new))

    def start():
        lab.start_controller()
        lab.wait_for_controller()

    return [
        quick("the store's disk is nearly full", ("WEIR-104",), (), lambda: bench.fill_store(90), bench.empty_store),
        quick("the store's disk is full", ("WEIR-101",), (), lambda: bench.fill_store(10), bench.empty_store),
        Fault("a health check expects what nobody answers", ("WEIR-504",), (SERVICE,),
              configure("status: [200, 399]", "status: [204, 204]"), bench.configure_as_before),
        Fault("an in-flight limit is too low", ("WEIR-604", "WEIR-702"), (SERVICE,),
              configure("failover: {", "failover: {max_in_flight: 1, "), bench.configure_as_before),
        Fault("the dashboard's certificate has run out", ("WEIR-105",), ("web",), lambda: bench.web_certificate(-1),
              bench.configure_as_before),
        Fault("the controller stands still", ("WEIR-100",), ("hangs",),
              lambda: lab.signal("controller", signal.SIGSTOP), lambda: lab.signal("controller", signal.SIGCONT)),
        quick("the controller is killed", ("WEIR-100",), ("has ended",), lambda: lab.kill("controller"), start),
    ]


def of_what_comes_and_goes(bench):
    return [
        Fault("a server comes and goes", ("WEIR-503",), (SERVICE,), lambda: bench.flap(EU, SERVERS[0]),
              bench.restart_controller),
        Fault("a path comes and goes", ("WEIR-407",), (AP,), lambda: bench.flap_path(US, AP),
              bench.restart_controller),
    ]


def faults(bench):
    """All of them, in the order in which they are made."""
    parts = (of_machines, of_servers, of_paths, of_agents, of_files, of_operators, of_the_controller,
             of_what_comes_and_goes)
    return [fault for part in parts for fault in part(bench)]
