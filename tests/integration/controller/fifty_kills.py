#!/usr/bin/python3
"""No acknowledged write is lost in 50 kills during writes.

The topology is drawn in controller_lab.py. In each round two writers create tokens and pin weights as
fast as they are answered; in the middle of it the controller gets SIGKILL and is started again. Then
everything that was ever acknowledged must be there, and what was under way is there or not.
"""

import random
import sys
import threading
import time

from controller_lab import Failure, Lab, check

KILLS = 50
LEAST = 200  # beside 10000: above the minimum share, so that the guards change nothing
PAIRS = [("shop/web", "us-east-1"), ("shop/web", "ap-northeast-1")]


class Writers:
    """What was acknowledged, and what was asked for when the controller died."""

    def __init__(self):
        self.tokens = set()
        self.pins = dict.fromkeys(PAIRS, 0)   # the newest acknowledged weight
        self.asked = dict.fromkeys(PAIRS, 0)  # the newest asked for
        self.newest = (0, 0)
        self.writes = 0

    def write(self, admin, one):
        """Until the controller is gone; `one` (token or pair) as fast as it is answered."""
        try:
            while True:
                if one == "token":
                    made = admin.call("CreateToken", region="us-east-1", cluster="c", ttl_s=86400)
                    self.tokens.add(made.token.id)
                else:
                    self.asked[one] += 1
                    reply = admin.call("PinWeights", service=one[0], from_region=one[1],
                                       weights=admin.weights(us_east_1=LEAST + self.asked[one],
                                                             eu_west_1=10000))
                    self.pins[one] = self.asked[one]
                    self.newest = max(self.newest, (reply.epoch, reply.generation))
                self.writes += 1
        except admin.errors:
            return

    def compare(self, admin, kill):
        listed = {token.id for token in admin.call("ListTokens").tokens}
        lost = self.tokens - listed
        check(not lost, f"kill {kill}: {len(lost)} of {len(self.tokens)} acknowledged tokens lost")
        status = admin.call("GetStatus")
        check((status.epoch, status.generation) >= self.newest,
              f"kill {kill}: generation {status.generation} after {self.newest} was acknowledged")
        for pair in PAIRS:
            if self.asked[pair] == 0:
                continue
            shown = admin.call("GetWeights", service=pair[0], from_region=pair[1]).rows[0]
            weight = {cell.region: cell.weight for cell in shown.to}["us-east-1"] - LEAST
            check(self.pins[pair] == 0 or shown.pinned, f"kill {kill}: the pin of {pair} is lost")
            check(not shown.pinned or self.pins[pair] <= weight <= self.asked[pair],
                  f"kill {kill}: {pair} has {weight}; acknowledged {self.pins[pair]}, "
                  f"asked {self.asked[pair]}")


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    rng = random.Random(seed)
    writers = Writers()
    began = time.monotonic()
    with Lab() as lab:
        for kill in range(KILLS):
            admin = lab.start()
            writers.compare(admin, kill)
            threads = [threading.Thread(target=writers.write, args=(admin, one))
                       for one in ["token", *PAIRS]]
            for thread in threads:
                thread.start()
            time.sleep(rng.uniform(0.02, 0.25))
            lab.kill()
            for thread in threads:
                thread.join()
            admin.close()
        admin = lab.start()
        writers.compare(admin, KILLS)
        check(writers.writes > 2 * KILLS, f"only {writers.writes} writes were acknowledged")
        admin.close()
        lab.stop()
    print(f"fifty kills: ok, seed {seed}: {writers.writes} acknowledged writes, "
          f"{len(writers.tokens)} tokens, 0 lost, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"FAILED: {failure}")
