"""What the clients wrote: lines of JSON of weir-load, read as they grow."""
import json


class LoadLog:
    def __init__(self, path):
        self.path = path
        self.offset = 0
        self.rest = b""
        self.requests = []  # {"due", "took", "served_by", "tried", "lost"}, times in seconds since 1970
        self.seconds = []   # the newest lines of type "second"
        self.total = None
        self.lost = 0
        self.sent = 0

    def read(self):
        """Takes in what was written since the last call."""
        try:
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                data = file.read()
        except FileNotFoundError:
            return self
        self.offset += len(data)
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.take(json.loads(line))
        return self

    def take(self, line):
        kind = line["type"]
        if kind == "request":
            self.requests.append({
                "due": line["due_unix_ms"] / 1000, "took": line["took_ms"] / 1000, "served_by": line["served_by"],
                "region": line["served_by"].split("/")[0], "tried": line["tried"], "lost": line["lost"],
                "status": line["status"], "reason": line["reason"]})
        elif kind == "second":
            self.seconds = self.seconds[-59:] + [line]
            self.sent += line["sent"]
            self.lost += line["lost"]
        elif kind == "total":
            self.total = line

    def between(self, start, end):
        """Requests that were due in [start, end)."""
        return [request for request in self.requests if start <= request["due"] < end]


def shares(requests):
    """{region: share} of the requests that a server answered."""
    counts = {}
    for request in requests:
        if request["region"]:
            counts[request["region"]] = counts.get(request["region"], 0) + 1
    total = sum(counts.values())
    return {region: count / total for region, count in counts.items()} if total else {}
