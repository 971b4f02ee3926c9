"""Whether the machine itself stood still: a virtual processor taken away for a moment stops whatever runs on it, and a mesh that
calls its paths down then is right. One thread per processor sleeps and looks how late it wakes."""
import os
import threading
import time

NAP_S = 0.02
LATE_S = 0.15  # the detector's patience is of this order


class Standstill:
    def __init__(self):
        self.latest = 0.0  # time.monotonic() of the end of the last one
        self.worst = 0.0
        for processor in os.sched_getaffinity(0):
            threading.Thread(target=self.watch, args=(processor,), daemon=True).start()

    def watch(self, processor):
        os.sched_setaffinity(0, {processor})  # of this thread alone
        before = time.monotonic()
        while True:
            time.sleep(NAP_S)
            now = time.monotonic()
            late = now - before - NAP_S
            before = now
            self.worst = max(self.worst, late)
            if late > LATE_S:
                self.latest = now

    def within(self, seconds):
        return time.monotonic() - self.latest < seconds
