#!/usr/bin/python3
"""The admin API of a real weir-controller, before and after it was killed.

The topology is drawn in controller_lab.py. No agent joins here.
"""

import os
import stat
import subprocess
import sys
import time

from controller_lab import BINARY, Failure, Lab, check, wait_until


def row(admin, service, region):
    return admin.call("GetWeights", service=service, from_region=region).rows[0]


def shown(weights):
    return {cell.region: cell.weight for cell in weights.to}


def check_start(lab, admin):
    status = admin.call("GetStatus")
    check(status.mesh == "lab" and status.store == "rocksdb", f"status: {status}")
    check((status.epoch, status.generation) == (1, 1), f"first publication: {status}")
    check(stat.S_IMODE(os.stat(lab.socket).st_mode) == 0o600, "the admin socket is not 0600")
    key = os.path.join(lab.state, "tunnel.key")
    check(stat.S_IMODE(os.stat(key).st_mode) == 0o600, "the tunnel's key is not 0600")
    check(shown(row(admin, "shop/web", "us-east-1")) ==
          {"us-east-1": 130, "eu-west-1": 100, "ap-northeast-1": 100}, "nearby weights")
    check(shown(row(admin, "shop/web", "eu-west-1")) ==
          {"us-east-1": 100, "eu-west-1": 130}, "residency is a hard filter")


def check_tokens(admin):
    made = admin.call("CreateToken", region="us-east-1", cluster="one", ttl_s=600, uses=2)
    check(made.secret.startswith("weir1."), "no join token")
    check(made.token.state == "open" and made.token.uses_left == 2, f"token: {made.token}")
    other = admin.call("CreateToken", region="eu-west-1", cluster="two")
    admin.call("RevokeToken", id=other.token.id)
    code, why = admin.fails("CreateToken", region="mars-1", cluster="one")
    check(code == "INVALID_ARGUMENT" and "mars-1" in why, f"unknown region: {code} {why}")
    check(admin.fails("RevokeToken", id="00000000000000ff")[0] == "NOT_FOUND", "unknown token")
    return made.token.id, other.token.id


def check_pins(admin):
    wanted = admin.weights(us_east_1=70, eu_west_1=30)
    dry = admin.call("PinWeights", service="shop/web", from_region="us-east-1", weights=wanted,
                     dry_run=True)
    check(dry.generation == 1, "a dry run published")
    pinned = admin.call("PinWeights", service="shop/web", from_region="us-east-1", weights=wanted,
                        ttl_s=3600)
    check(pinned.generation == 2, f"pin: {pinned}")
    now = row(admin, "shop/web", "us-east-1")
    check(now.pinned and shown(now) ==
          {"us-east-1": 70, "eu-west-1": 30, "ap-northeast-1": 0}, f"pinned: {now}")
    code, why = admin.fails("PinWeights", service="shop/web", from_region="us-east-1",
                            weights=admin.weights(us_east_1=0))
    check(code == "INVALID_ARGUMENT" and "above 0" in why, f"empty pin: {code} {why}")
    code, why = admin.fails("PinWeights", service="shop/none", from_region="us-east-1",
                            weights=wanted)
    check(code == "NOT_FOUND", f"unknown service: {code} {why}")

    outside = admin.call("PinWeights", service="shop/web", from_region="eu-west-1",
                         weights=admin.weights(ap_northeast_1=90, eu_west_1=10))
    check(any("residency" in guard for guard in outside.guards), f"guards: {outside.guards}")
    check({w.region: w.weight for w in outside.after} == {"us-east-1": 0, "eu-west-1": 10},
          f"residency in a pin: {outside}")
    admin.call("UnpinWeights", service="shop/web", from_region="eu-west-1")
    check(admin.fails("UnpinWeights", service="shop/web", from_region="eu-west-1")[0] ==
          "NOT_FOUND", "a pin was removed twice")


def check_steps(admin):
    """shop/pay may move a share by 0.2 per revision: it walks there, a second per step."""
    admin.call("PinWeights", service="shop/pay", from_region="us-east-1",
               weights=admin.weights(us_east_1=100))
    first = shown(row(admin, "shop/pay", "us-east-1"))
    check(0 < first["eu-west-1"] < 2000, f"the first step: {first}")
    wait_until("the walk ends", lambda: shown(row(admin, "shop/pay", "us-east-1")) ==
               {"us-east-1": 100, "eu-west-1": 0, "ap-northeast-1": 0})
    told = admin.call("ExplainWeights", service="shop/pay", from_region="us-east-1")
    check(told.change.by == "pin by root", f"explain: {told.change}")
    check(len(told.history) >= 3, f"history: {len(told.history)}")
    check(any("largest step" in guard for change in told.history for guard in change.guards),
          "no change tells of the step limit")


def check_pin_ends(admin):
    admin.call("PinWeights", service="shop/web", from_region="ap-northeast-1",
               weights=admin.weights(us_east_1=1), ttl_s=1)
    check(row(admin, "shop/web", "ap-northeast-1").pinned, "not pinned")
    wait_until("a pin with an end ends",
               lambda: shown(row(admin, "shop/web", "ap-northeast-1"))["ap-northeast-1"] == 130)
    types = [event.type for event in admin.call("ListEvents").events]
    for expected in ("token.created", "token.revoked", "pin.set", "pin.removed", "pin.expired",
                     "weights.changed"):
        check(expected in types, f"no event {expected} in {sorted(set(types))}")


def check_watch(admin):
    stream = admin.call("WatchWeights", timeout=10, service="shop/web", from_region="us-east-1")
    first = next(stream)
    check(first.rows[0].pinned, "the watch's first answer")
    admin.call("UnpinWeights", service="shop/web", from_region="us-east-1")
    began = time.monotonic()
    second = next(stream)
    check(not second.rows[0].pinned and time.monotonic() - began < 3, "the watch tells of a change")
    stream.cancel()


def check_restart(lab, before, tokens):
    admin = lab.start()
    after = admin.call("GetStatus")
    check((after.epoch, after.generation) == (before.epoch, before.generation),
          f"a restart published something: {before.generation} -> {after.generation}")
    listed = {token.id: token.state for token in admin.call("ListTokens").tokens}
    check(listed.get(tokens[0]) == "open" and listed.get(tokens[1]) == "revoked",
          f"tokens after the restart: {listed}")
    check(shown(row(admin, "shop/pay", "us-east-1")) ==
          {"us-east-1": 100, "eu-west-1": 0, "ap-northeast-1": 0}, "the pin after the restart")
    told = admin.call("ExplainWeights", service="shop/pay", from_region="us-east-1")
    check(len(told.history) >= 3, "the history after the restart")
    return admin


def check_second_controller(lab):
    """The same state directory twice: the second says so and changes nothing."""
    second = subprocess.run(["ip", "netns", "exec", lab.namespace, BINARY, "run", "--config",
                             lab.config], capture_output=True, text=True, timeout=20, check=False)
    check(second.returncode == 1 and lab.state in second.stderr,
          f"a second controller: {second.returncode} {second.stderr}")


def check_config(lab):
    good = subprocess.run([BINARY, "check-config", "--config", lab.config], capture_output=True,
                          text=True, check=False)
    check(good.returncode == 0 and "overlay: 10.90.0.0/16" in good.stdout, good.stdout)
    bad = os.path.join(lab.directory, "bad.yaml")
    with open(bad, "w", encoding="utf-8") as file:
        file.write("mesh: lab\nregions: [a, a]\ntunnel: {public_endpoint: here}\nservices:\n"
                   "  - {name: web, listen_port: 1, guards: {residency: {b: [a]}}}\n")
    told = subprocess.run([BINARY, "check-config", "--config", bad], capture_output=True, text=True,
                          check=False)
    check(told.returncode == 1, "a broken file was accepted")
    for part in ("bad.yaml:2", "stands twice", "bad.yaml:3", "public_endpoint", "namespace/name",
                 "none of the mesh's regions"):
        check(part in told.stderr, f"no {part!r} in:\n{told.stderr}")


def main():
    with Lab() as lab:
        check_config(lab)
        admin = lab.start()
        check_start(lab, admin)
        tokens = check_tokens(admin)
        check_pins(admin)
        check_steps(admin)
        check_pin_ends(admin)
        check_watch(admin)
        check_second_controller(lab)
        before = admin.call("GetStatus")
        admin.close()
        lab.kill()
        admin = check_restart(lab, before, tokens)
        admin.close()
        lab.stop()
        check(not os.path.exists(lab.socket), "a clean stop left the socket behind")
    print("admin API: ok")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"FAILED: {failure}")
